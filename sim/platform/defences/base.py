"""What a defence is: a rule that decides at named places of the tick, from what any platform knows.

A defence sees a `Site`: public columns of posts and accounts, and keys for its draws. Stances, fear, who dissents and
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
from numba import njit
from numpy.typing import NDArray

from sim.noise import draws, key_of, mixed
from sim.rules import Rule, share
from sim.state.accounts import F64, I64, Accounts, Register
from sim.state.graph import Rows
from sim.state.posts import I8, I32, TOXIC, Drafts, Posts
from sim.state.records import BLOCK, UNMOVED, Moves

Bools = NDArray[np.bool_]
NOBODY: I64 = np.zeros(0, np.int64)


class Acts(NamedTuple):
    """What anybody can see of posts, or will see of drafts. Columns of one length."""

    key: NDArray[np.uint64]  #: identity, for draws
    author: I32
    time: I64  #: seconds since the start
    kind: I8
    topic: NDArray[np.int16]
    toxicity: F64
    template: I32
    root: I64
    voice: I32
    target: I32


class Site(NamedTuple):
    """What a platform knows in one hour. Columns of accounts are [A], those of posts [W]."""

    seed: int
    tick: int
    key: NDArray[np.uint64]  #: identity of each account, for draws
    joined: I64  #: tick at which it was opened; 0 for all that were there before
    suspended_until: I64
    following: Rows
    base: int  #: serial of row 0
    acts: Acts  #: the posts
    removed: Bools

    def rows(self, first: int, last: int) -> slice:
        """Return the rows of the posts of hours `first` .. `last` - 1."""
        start, stop = np.searchsorted(self.acts.time, [3600 * first, 3600 * last])
        return slice(int(start), int(stop))


class Asked(NamedTuple):
    """What becomes of drafts whose authors are asked before they post, [D]."""

    shown: Bools  #: was asked
    civil: Bools  #: was rewritten without abuse
    dropped: Bools  #: was given up


def acts_of(posts: Posts | Drafts) -> Acts:
    """Return what anybody can see of these posts or drafts."""
    return Acts._make(getattr(posts, name) for name in Acts._fields)


@dataclass(frozen=True, kw_only=True)
class Defence(Rule):
    """Does nothing: derive from it and write what it decides. Methods draw by identity and write nothing."""

    strength: float = share(1.0, source="share of its cases in which it acts; 0 = none")

    def ask(self, new: Acts, site: Site) -> Asked | None:
        """Return what becomes of drafts by people, who may heed a prompt; None: nobody is asked.

        Whoever writes to order is told what to say, whatever a prompt says (assumption).
        """
        return None

    def admit(self, new: Acts, site: Site) -> Bools | None:
        """Return which drafts are posted, bool [D]; None: all."""
        return None

    def demote(self, rows: I64, site: Site) -> F64 | None:
        """Return the points of score that each of the posts `rows` loses, >= 0; None: none."""
        return None

    def discount(self, rows: I64, site: Site) -> I64:
        """Return those of the posts `rows`, written in this hour, that do not count for trends."""
        return NOBODY

    def listed(self, site: Site) -> Moves:
        """Return who blocks whom from now on."""
        return UNMOVED

    def suspend(self, site: Site) -> tuple[I64, int]:
        """Return which accounts are suspended, ascending, and for how many hours."""
        return NOBODY, 0


def chance(identity: NDArray[np.uint64], stream: np.uint64, site: Site, purpose: int = 0) -> F64:
    """Return one uniform for each identity (uint64 [n]): the same in every hour."""
    return np.asarray(draws(mixed(key_of(site.seed, stream), identity), purpose))


def taken_for_abuse(acts: Acts, stream: np.uint64, site: Site, hit: float, false_alarm: float) -> Bools:
    """Return which posts a classifier takes for abuse: its verdict on a post stays the same.

    Args:
        acts: the posts [n].
        stream: of the draws.
        site: of the hour.
        hit: P(verdict | abusive).
        false_alarm: P(verdict | civil).
    """
    rate = np.where(acts.toxicity >= TOXIC, hit, false_alarm)
    return np.asarray(chance(acts.key, stream, site) < rate)


def site_of(
    accounts: Accounts, register: Register, following: Rows, posts: Posts, base: int, seed: int, tick: int
) -> Site:
    """Return what a platform knows in `tick` of accounts and the posts in the window."""
    columns = accounts.key, register.joined, accounts.suspended_until, following
    return Site(seed, tick, *columns, base, acts_of(posts), posts.removed)


def blocks(who: I64, whom: I64) -> Moves:
    """Return the moves by which each of `who` blocks each of `whom`."""
    n = len(who) * len(whom)
    act: Any = np.full(n, BLOCK, np.int8)
    return Moves(np.repeat(who, len(whom)).astype(np.int32), np.tile(whom, len(who)).astype(np.int32), act)


@njit(cache=True)
def counted(author, accounts):
    """Return how many of the posts by `author` (int32 [n]) each account wrote, int64 [accounts]."""
    count = np.zeros(accounts, np.int64)
    for a in author:
        count[a] += 1
    return count
