"""What a defence is: a rule that decides at named places of the tick, from what any platform knows.

A defence sees a `DefenceView`: public columns of posts and accounts, and keys for its draws. Stances, fear, who dissents and
who serves whom are not in it. It writes nothing; what it decides is carried out in `acting`:

* *publish*: `ask` who is about to post, `admit` what is posted;
* *rank*: `demote` posts in feeds;
* *trends*: `discount` what counts for them;
* *moderate*: `suspend` accounts, and have some people block others (`listed`).

`strength` is the share of the cases of a defence in which it acts; at 0 the world is the one without it, bit for bit.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit
from sim.rng import draw_each, keyed_hash, make_key
from sim.rules import Rule, share
from sim.state.accounts import F64, I64, Accounts, Register
from sim.state.graph import Adjacency
from sim.state.posts import I8, I32, TOXIC_THRESHOLD, Drafts, Posts
from sim.state.records import BLOCK, NO_EDGE_CHANGES, EdgeChanges

Bools = NDArray[np.bool_]
EMPTY_ROWS: I64 = np.zeros(0, np.int64)


class PostView(NamedTuple):
    """What anybody can see of posts, or will see of drafts. Columns of one length."""

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
    """What a platform knows in one hour. Columns of accounts are [A], those of posts [W]."""

    seed: int
    tick: int
    key: NDArray[np.uint64]  #: identity of each account, for draws
    opened_at: I64  #: tick at which it was opened; 0 for all that were there before
    suspended_until: I64
    following: Adjacency
    base: int  #: serial of row 0
    posts: PostView  #: the posts
    removed: Bools

    def find_rows(self, first: int, last: int) -> slice:
        """Return the rows of the posts of hours `first` .. `last` - 1."""
        start, stop = np.searchsorted(self.posts.time, [3600 * first, 3600 * last])
        return slice(int(start), int(stop))


class PromptOutcome(NamedTuple):
    """What becomes of drafts whose authors are asked before they post, [D]."""

    shown: Bools  #: was asked
    civil: Bools  #: was rewritten without abuse
    dropped: Bools  #: was given up


def make_post_view(posts: Posts | Drafts) -> PostView:
    """Return what anybody can see of these posts or drafts."""
    return PostView._make(getattr(posts, name) for name in PostView._fields)


@dataclass(frozen=True, kw_only=True)
class Defence(Rule):
    """Does nothing: derive from it and write what it decides. Methods draw by identity and write nothing.

    Example:
        >>> import infowar_lab as lab
        >>> class NothingNew(lab.Defence):
        ...     def admit(self, new, site):
        ...         return new.kind < 0  # no post is admitted
        >>> world = lab.World(defences=(NothingNew(),), **{"population.size": 200})
        >>> int(world.run(6)["organic_posts"].sum())
        0
    """

    strength: float = share(1.0, source="share of its cases in which it acts; 0 = none")

    def ask(self, new: PostView, view: DefenceView) -> PromptOutcome | None:
        """Return what becomes of drafts by people, who may heed a prompt; None: nobody is asked.

        Whoever writes to order is told what to say, whatever a prompt says (assumption).
        """
        return None

    def admit(self, new: PostView, view: DefenceView) -> Bools | None:
        """Return which drafts are posted, bool [D]; None: all."""
        return None

    def demote(self, rows: I64, view: DefenceView) -> F64 | None:
        """Return the points of score that each of the posts `rows` loses, >= 0; None: none."""
        return None

    def discount(self, rows: I64, view: DefenceView) -> I64:
        """Return those of the posts `rows`, written in this hour, that do not count for trends."""
        return EMPTY_ROWS

    def list_blocks(self, view: DefenceView) -> EdgeChanges:
        """Return who blocks whom from now on."""
        return NO_EDGE_CHANGES

    def suspend(self, view: DefenceView) -> tuple[I64, int]:
        """Return which accounts are suspended, ascending, and for how many hours."""
        return EMPTY_ROWS, 0


def draw_by_identity(identity: NDArray[np.uint64], stream: np.uint64, view: DefenceView, purpose: int = 0) -> F64:
    """Return one uniform for each identity (uint64 [n]): the same in every hour."""
    return np.asarray(draw_each(keyed_hash(make_key(view.seed, stream), identity), purpose))


def classify_abuse(acts: PostView, stream: np.uint64, view: DefenceView, hit: float, false_alarm: float) -> Bools:
    """Return which posts a classifier takes for abuse: its verdict on a post stays the same.

    Args:
        acts: the posts [n].
        stream: of the draws.
        site: of the hour.
        hit: P(verdict | abusive).
        false_alarm: P(verdict | civil).
    """
    rate = np.where(acts.toxicity >= TOXIC_THRESHOLD, hit, false_alarm)
    return np.asarray(draw_by_identity(acts.key, stream, view) < rate)


def make_defence_view(
    accounts: Accounts, register: Register, following: Adjacency, posts: Posts, base: int, seed: int, tick: int
) -> DefenceView:
    """Return what a platform knows in `tick` of accounts and the posts in the window."""
    columns = accounts.key, register.opened_at, accounts.suspended_until, following
    return DefenceView(seed, tick, *columns, base, make_post_view(posts), posts.removed)


def make_blocks(who: I64, whom: I64) -> EdgeChanges:
    """Return the moves by which each of `who` blocks each of `whom`."""
    n = len(who) * len(whom)
    act: Any = np.full(n, BLOCK, np.int8)
    return EdgeChanges(np.repeat(who, len(whom)).astype(np.int32), np.tile(whom, len(who)).astype(np.int32), act)


@cached_njit
def count_by_author(author, accounts):
    """Return how many of the posts by `author` (int32 [n]) each account wrote, int64 [accounts]."""
    count = np.zeros(accounts, np.int64)
    for a in author:
        count[a] += 1
    return count
