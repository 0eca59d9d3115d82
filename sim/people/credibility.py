"""Credibility: how far an account is believed, what smears take from it, and what civil engagement earns.

Each account has one number c in [0, 1], the mean over all people of how far they believe it (mean field; assumption).
One reading affects one reader, so it changes the mean by 1/N for N people. In one hour, with c at its start:

* smear: a reading of content that smears T, by an author of credibility c_v, adds smear c_v / N to the pressure on T;
* association: a reading of content that defends T (a repost of T, or a reply that agrees with T) adds
  association (baseline_T - c_T) / N to the pressure on the defender, while c_T is below its baseline;
* civic: a reading of civic content adds civic / N to the merit of its author.

Then c = 1 - (1 - c exp(-pressure)) exp(-merit). After that c recovers half of the way to `baseline_credibility` in
`half_life`. Merit that raises c above the baseline also raises the baseline. All of this is assumption.

Credibility has effects in three places: persuasion, climate and expected toxicity (`source_credibility_weight`, see
`sim.people.reaction`), feeds (`lift` ln c is added to a post's score), and belief (`sim.people.morale`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.rng import stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import DISSENTER, F64, I64, Accounts
from sim.state.posts import CIVIC, CONTESTED, REPLY, REPOST, SMEAR, Posts
from sim.state.records import ActiveUsers, Exposures, Orders

_UNMASK = stream("credibility/unmask")
MIN_CREDIBILITY = 0.01  #: feeds treat lower credibility as this value


@dataclass(frozen=True, kw_only=True)
class Credibility(Rule):
    """Credibility at the start, and what changes it."""

    people: float = share(0.7, source="assumption")
    strangers: float = share(0.5, source="assumption: accounts that nobody knows")
    source_credibility_weight: float = share(0.5, source="assumption: in persuasion, climate and expected toxicity")
    lift: float = parameter(1.0, unit="score", source="assumption", low=0, high=100)
    smear: float = share(0.3, source="assumption")
    association: float = share(0.3, source="assumption: as much as a smear of the defender")
    civic: float = share(0.05, source="assumption")
    half_life: float = parameter(240.0, unit="h", source="assumption: slow recovery", low=0.1, high=1e6)
    unmasked_factor: float = share(0.1, source="assumption")
    spillover: float = share(0.1, source="assumption: moderates lose trust too")

    def initialise(self, accounts: Accounts, n_organic: int) -> None:
        """Write the credibility of all accounts at the start."""
        accounts.baseline_credibility[:n_organic], accounts.baseline_credibility[n_organic:] = (
            self.people,
            self.strangers,
        )
        accounts.credibility[:] = accounts.baseline_credibility

    def judge(
        self, accounts: Accounts, posts: Posts, base: int, users: ActiveUsers, seen: Exposures, people: int
    ) -> None:
        """Apply one hour of reading to the credibility of all accounts, and let it recover."""
        pressure, merit = np.zeros((2, len(accounts.key)))
        _judge(pressure, merit, accounts, posts, base, users, seen, 1.0 / max(1, people), get_values(self))
        _update_credibility(accounts, pressure, merit, 1.0 - 0.5 ** (1.0 / self.half_life))

    def raise_scores(self, posts: Posts, base: int, new: slice, credibility: F64) -> None:
        """Add `lift` ln c once to the scores of the rows `new` and of the posts that they repost or answer.

        Call it directly after `Feed.rank`, which rewrites these scores: otherwise the lift is added twice.
        """
        if self.lift:
            older = np.concatenate([posts.parent[new], posts.root[new]]) - base
            rows = np.unique(np.concatenate([older[older >= 0], np.arange(new.start, new.stop)]))
            posts.score[rows] += self.lift * np.log(
                np.maximum(credibility[posts.original_author[rows]], MIN_CREDIBILITY)
            )

    def unmask(self, accounts: Accounts, rows: I64, is_sleeper: NDArray[np.bool_]) -> None:
        """Lower the credibility of the accounts `rows`, and of all dissenters for each of them that `is_sleeper`."""
        for believed in accounts.credibility[rows[is_sleeper]].tolist():
            accounts.credibility[accounts.cohort == DISSENTER] *= 1.0 - self.spillover * believed
        accounts.baseline_credibility[rows] *= self.unmasked_factor
        accounts.credibility[rows] = np.minimum(accounts.credibility[rows], accounts.baseline_credibility[rows])


def find_unmasked(orders: Orders, seed: int, tick: int) -> I64:
    """Return the distinct account rows that posts of these orders unmask, ascending; keyed by post."""
    if not len(orders.risk):
        return np.zeros(0, np.int64)
    caught = np.empty(len(orders.risk), np.bool_)
    _mark_unmasked(caught, orders.drafts.key, orders.risk, seed, tick)
    return np.unique(orders.drafts.author[caught]).astype(np.int64)


@kernel
def _judge(pressure, merit, accounts, posts, base, users, seen, each, p):
    """Sum the effects of all readings of the hour, in order."""
    for r in range(len(users.active)):
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            author, theme = posts.original_author[j], posts.theme[j]
            if theme == SMEAR:
                content = posts.root[j] - base
                if content >= 0 and posts.target[content] >= 0:
                    pressure[posts.target[content]] += p.smear * accounts.credibility[author] * each
            elif theme == CIVIC:
                merit[author] += p.civic * each
            elif posts.topic[j] == CONTESTED:
                whom, who = -1, posts.author[j]
                if posts.kind[j] == REPOST and author != who:
                    whom = author
                elif posts.kind[j] == REPLY and posts.target_stance[j] * posts.stance_principal[j] > 0.0:
                    whom = posts.target[j]
                if whom >= 0:
                    lost = accounts.baseline_credibility[whom] - accounts.credibility[whom]
                    pressure[who] += p.association * max(0.0, lost) * each


@kernel
def _update_credibility(accounts, pressure, merit, recovery):
    for i in range(len(accounts.key)):
        c = accounts.credibility[i]
        c = 1.0 - (1.0 - c * math.exp(-pressure[i])) * math.exp(-merit[i])
        accounts.baseline_credibility[i] = max(accounts.baseline_credibility[i], c)
        accounts.credibility[i] = c + recovery * (accounts.baseline_credibility[i] - c)


@kernel
def _mark_unmasked(caught, keys, risk, seed, tick):
    key = stream_key(seed, _UNMASK, tick)
    for d in range(len(keys)):
        caught[d] = uniform(key, keys[d]) < risk[d]
