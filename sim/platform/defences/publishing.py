"""Defences at *publish*: what is posted, and what authors are asked before.

None of them knows who is organised. No effect sizes were found for limits and friction: they are experiments.
"""

from dataclasses import dataclass

import numpy as np

from sim.kernels import kernel
from sim.noise import stream
from sim.platform.defences.base import Acts, Asked, Bools, Defence, Site, chance, counted
from sim.rules import parameter, share
from sim.state.accounts import I64
from sim.state.bonds import holds
from sim.state.posts import REPLY, TOXIC

_LIMIT = stream("defences/limit")
_AGE = stream("defences/age")
_CIRCLE = stream("defences/circle")
_PROMPT = stream("defences/prompt")
DAY = 24


@dataclass(frozen=True, kw_only=True)
class RateLimit(Defence):
    """Nobody posts more than `most` times in 24 hours; of what goes beyond, the share `strength` is not posted."""

    most: int = parameter(40, unit="posts/day", source="assumption", low=0, high=10**6)

    def admit(self, new: Acts, site: Site) -> Bools:
        """Return which drafts are posted, in order of time."""
        return within(new, site, np.full(len(site.key), self.most), chance(new.key, _LIMIT, site) < self.strength)


@dataclass(frozen=True, kw_only=True)
class AccountAge(Defence):
    """Accounts that are younger than `young` post no more than `most` times in 24 hours.

    Young is who was opened during the run: all that were there at hour 0 are old.
    """

    most: int = parameter(5, unit="posts/day", source="assumption", low=0, high=10**6)
    young: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)

    def admit(self, new: Acts, site: Site) -> Bools:
        """Return which drafts are posted, in order of time."""
        fresh = (site.joined > 0) & (site.tick - site.joined < self.young)
        most = np.where(fresh, self.most, np.iinfo(np.int64).max)
        return within(new, site, most, chance(new.key, _AGE, site) < self.strength)


@dataclass(frozen=True, kw_only=True)
class ReplyLimit(Defence):
    """The share `strength` of all accounts let nobody answer whom they do not follow."""

    def admit(self, new: Acts, site: Site) -> Bools:
        """Return which drafts are posted."""
        closed = chance(site.key, _CIRCLE, site) < self.strength
        kept = np.ones(len(new.key), np.bool_)
        _answerable(kept, new, closed, site.following)
        return kept


@dataclass(frozen=True, kw_only=True)
class Prompt(Defence):
    """Who is about to post abuse is asked to think again: most post it, some revise it, some give it up.

    Katsaros, Yang & Fratamico 2022: of 100 prompts 69 were sent, 22 revised and 9 cancelled. That what is revised is
    civil is an assumption.
    """

    hit: float = share(0.8, source="assumption: P(asked | abusive)")
    revised: float = share(0.22, source="Katsaros 2022")
    cancelled: float = share(0.09, source="Katsaros 2022")

    def ask(self, new: Acts, site: Site) -> Asked:
        """Return what becomes of the drafts."""
        shown = (new.toxicity >= TOXIC) & (chance(new.key, _PROMPT, site) < self.strength * self.hit)
        u = chance(new.key, _PROMPT, site, 1)
        dropped = shown & (u < self.cancelled)
        return Asked(shown, shown & ~dropped & (u < self.cancelled + self.revised), dropped)


def within(new: Acts, site: Site, most: I64, enforced: Bools) -> Bools:
    """Return which drafts keep their authors at `most` (int64 [A]) posts in 24 hours, or are not `enforced`, bool [D].

    Drafts of one author are taken in order of time; what is not posted does not count.
    """
    day = site.rows(site.tick - DAY + 1, site.tick + 1)
    count = counted(site.acts.author[day], len(site.key))
    kept = np.ones(len(new.key), np.bool_)
    _within(kept, count, most, enforced, new.author, np.lexsort((new.key, new.time)))
    return kept


@kernel
def _within(kept, count, most, enforced, author, order):
    for d in order:
        a = author[d]
        if count[a] >= most[a] and enforced[d]:
            kept[d] = False
        else:
            count[a] += 1


@kernel
def _answerable(kept, new, closed, following):
    for d in range(len(kept)):
        target, author = new.target[d], new.author[d]
        if new.kind[d] == REPLY and target >= 0 and target != author and closed[target]:
            kept[d] = holds(following, target, author)
