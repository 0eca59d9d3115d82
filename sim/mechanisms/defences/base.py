"""Defences: rules that decide at fixed places of the tick, from data that every platform has.

A defence is a mechanism that sees a `DefenceView`: public columns of posts and accounts, and keys for its draws, but
no stances, fear, cohorts or roles. It writes nothing; `effects` carries out its decisions:

* *publish*: `ask` authors before they post, `admit` posts;
* *rank*: `demote` posts in feeds;
* *trends*: `discount` posts that do not count for trends;
* *moderate*: `suspend` accounts, and `list_blocks` of some people against others.

A defence acts in a share `strength` of its cases; at 0 results are those without it, bit for bit.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit
from sim.mechanisms.base import Mechanism, no_op
from sim.mechanisms.views import Bools, OrganisedView
from sim.observers.base import Observer
from sim.observers.harm import Harm
from sim.rng import draw_each, keyed_hash, make_key
from sim.rules import share
from sim.state.accounts import EMPTY_ROWS, F64, I64, Accounts, Register
from sim.state.graph import Adjacency
from sim.state.posts import I8, I32, TOXIC_THRESHOLD, Drafts, Posts
from sim.state.records import BLOCK, NO_EDGE_CHANGES, EdgeChanges


class PostView(NamedTuple):
    """The public columns of posts or drafts, all of one length."""

    key: NDArray[np.uint64]  #: identity, for draws
    author: I32
    time: I64  #: seconds since the start
    kind: I8
    topic: NDArray[np.int16]
    toxicity: F64
    template: I32
    root: I64
    original_author: I32
    target: I32


class DefenceView(NamedTuple):
    """The data of a platform in one hour. Columns of accounts are [A], those of posts [W]."""

    seed: int
    tick: int
    key: NDArray[np.uint64]  #: identity of each account, for draws
    opened_at: I64  #: tick at which the account was opened; 0 if before the run
    suspended_until: I64
    following: Adjacency
    base: int  #: serial of row 0
    posts: PostView  #: the posts
    removed: Bools
    own: Any = None  #: what the defence's `create_state` returned

    def find_rows(self, first: int, last: int) -> slice:
        """Return the rows of the posts of hours `first` .. `last` - 1."""
        start, stop = np.searchsorted(self.posts.time, [3600 * first, 3600 * last])
        return slice(int(start), int(stop))


class PromptOutcome(NamedTuple):
    """Outcomes of drafts whose authors are prompted before they post, [D]."""

    shown: Bools  #: the author was prompted
    civil: Bools  #: the author rewrote it without abuse
    dropped: Bools  #: the author gave it up


def make_post_view(posts: Posts | Drafts) -> PostView:
    """Return the public columns of these posts or drafts."""
    return PostView._make(getattr(posts, name) for name in PostView._fields)


@dataclass(frozen=True, kw_only=True)
class Defence(Mechanism):
    """Base of defences, which does nothing: derive a class and override methods. They must not write to the view.

    Example:
        >>> import infowar_lab as lab
        >>> class NothingNew(lab.Defence):
        ...     def admit(self, new, view):
        ...         return new.kind < 0  # no post is admitted
        >>> world = lab.World(defences=(NothingNew(),), **{"population.size": 200})
        >>> int(world.run(6)["organic_posts"].sum())
        0
    """

    side: ClassVar[str] = "defence"
    strength: float = share(1.0, source="share of its cases; 0 = none")

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Count harm."""
        return [Harm()]

    @no_op
    def ask(self, new: PostView, view: DefenceView) -> PromptOutcome | None:
        """Return the outcomes of drafts by people, who may heed a prompt; None: nobody is prompted.

        Organised accounts ignore prompts, because they write to order (assumption).
        """
        return None

    @no_op
    def admit(self, new: PostView, view: DefenceView) -> Bools | None:
        """Return which drafts are posted, bool [D]; None: all."""
        return None

    @no_op
    def demote(self, rows: I64, view: DefenceView) -> F64 | None:
        """Return how much score each of the posts `rows` loses, >= 0; None: nothing."""
        return None

    @no_op
    def discount(self, rows: I64, view: DefenceView) -> I64:
        """Return the rows among `rows`, posts of this hour, that do not count for trends."""
        return EMPTY_ROWS

    @no_op
    def list_blocks(self, view: DefenceView) -> EdgeChanges:
        """Return who blocks whom from now on."""
        return NO_EDGE_CHANGES

    @no_op
    def suspend(self, view: DefenceView) -> tuple[I64, int]:
        """Return the accounts to suspend, ascending, and for how many hours."""
        return EMPTY_ROWS, 0


def draw_by_identity(identity: NDArray[np.uint64], stream: np.uint64, view: DefenceView, purpose: int = 0) -> F64:
    """Return one uniform for each identity (uint64 [n]): the same in every hour."""
    return np.asarray(draw_each(keyed_hash(make_key(view.seed, stream), identity), purpose))


def classify_abuse(posts: PostView, stream: np.uint64, view: DefenceView, hit: float, false_alarm: float) -> Bools:
    """Return which posts a classifier calls abuse; its verdict on a post never changes.

    Args:
        posts: the posts [n].
        stream: of the draws.
        view: of the hour.
        hit: P(verdict | abusive).
        false_alarm: P(verdict | civil).
    """
    rate = np.where(posts.toxicity >= TOXIC_THRESHOLD, hit, false_alarm)
    return np.asarray(draw_by_identity(posts.key, stream, view) < rate)


def make_defence_view(
    accounts: Accounts, register: Register, following: Adjacency, posts: Posts, base: int, seed: int, tick: int
) -> DefenceView:
    """Return the data that defences see in `tick`."""
    columns = accounts.key, register.opened_at, accounts.suspended_until, following
    return DefenceView(seed, tick, *columns, base, make_post_view(posts), posts.removed)


def make_blocks(who: I64, whom: I64) -> EdgeChanges:
    """Return the changes by which each of `who` blocks each of `whom`."""
    n = len(who) * len(whom)
    act: Any = np.full(n, BLOCK, np.int8)
    return EdgeChanges(np.repeat(who, len(whom)).astype(np.int32), np.tile(whom, len(who)).astype(np.int32), act)


@cached_njit
def count_by_author(author, accounts):
    """Return the number of posts of each account, int64 [accounts]; `author` (int32 [n]) is the author of each post."""
    count = np.zeros(accounts, np.int64)
    for a in author:
        count[a] += 1
    return count
