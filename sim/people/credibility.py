"""Credibility: how far an account is believed, what smears take from it, and what civil engagement earns.

One number an account, c in [0, 1]: the mean over all people of how far they believe it (mean field; assumption). One
reading moves one reader, so it moves the mean by the share 1/N of N people. In one hour, with c as the hour found it:

* smear: a reading of content that smears T, by a voice of credibility c_v, adds smear c_v / N to the pressure on T;
* association: a reading of content that defends T - a repost of T, or an answer that agrees with T - adds
  association (standing_T - c_T) / N to the pressure on who defends, while T is below its standing;
* civic: a reading of civic content adds civic / N to the merit of its voice.

Then c = 1 - (1 - c exp(-pressure)) exp(-merit), and c recovers: half of the way to `standing` in `half_life`; what
merit raises above the standing raises the standing too. All of this is assumption.

Credibility weighs in three places: in persuasion, climate and expectation (`source_credibility_weight`, see `sim.people.reaction`), in
feeds (`lift` ln c is added to a post's score), and in belief (`sim.people.morale`).
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
MIN_CREDIBILITY = 0.01  #: credibility below which feeds make no difference


@dataclass(frozen=True, kw_only=True)
class Credibility(Rule):
    """How believable accounts are at first, and what moves it."""

    people: float = share(0.7, source="assumption: standing of ordinary people")
    strangers: float = share(0.5, source="assumption: standing of accounts that nobody knows")
    source_credibility_weight: float = share(0.5, source="assumption: weight in persuasion, climate and expectation")
    lift: float = parameter(1.0, unit="score", source="assumption: weight of ln credibility in feeds", low=0, high=100)
    smear: float = share(0.3, source="assumption: belief that one reading of a wholly credible smear destroys")
    association: float = share(0.3, source="assumption: the same for who defends somebody wholly discredited")
    civic: float = share(0.05, source="assumption: doubt that one reading of civic content removes")
    half_life: float = parameter(240.0, unit="h", source="assumption: slow recovery", low=0.1, high=1e6)
    unmasked_factor: float = share(0.1, source="assumption: share that is left to who is unmasked")
    spillover: float = share(0.1, source="assumption: what the unmasking of a wholly credible sleeper costs moderates")

    def initialise(self, accounts: Accounts, n_organic: int) -> None:
        """Write the first credibility of all accounts, people first."""
        accounts.baseline_credibility[:n_organic], accounts.baseline_credibility[n_organic:] = (
            self.people,
            self.strangers,
        )
        accounts.credibility[:] = accounts.baseline_credibility

    def judge(
        self, accounts: Accounts, posts: Posts, base: int, users: ActiveUsers, seen: Exposures, people: int
    ) -> None:
        """Let what was read in an hour act on the credibility of all accounts, and let it recover."""
        pressure, merit = np.zeros((2, len(accounts.key)))
        _judge(pressure, merit, accounts, posts, base, users, seen, 1.0 / max(1, people), get_values(self))
        _update_credibility(accounts, pressure, merit, 1.0 - 0.5 ** (1.0 / self.half_life))

    def raise_scores(self, posts: Posts, base: int, new: slice, credibility: F64) -> None:
        """Add `lift` ln c to the scores of the rows `new` and of what they repost or answer, each once.

        `Feed.rank` must have written the scores of these same rows anew right before: the lift would pile up on a score
        that already holds it.
        """
        if self.lift:
            older = np.concatenate([posts.parent[new], posts.root[new]]) - base
            rows = np.unique(np.concatenate([older[older >= 0], np.arange(new.start, new.stop)]))
            posts.score[rows] += self.lift * np.log(
                np.maximum(credibility[posts.original_author[rows]], MIN_CREDIBILITY)
            )

    def unmask(self, accounts: Accounts, rows: I64, is_sleeper: NDArray[np.bool_]) -> None:
        """Let the accounts `rows` lose what they were believed; for each that `spills`, dissenters lose a part too."""
        for believed in accounts.credibility[rows[is_sleeper]].tolist():
            accounts.credibility[accounts.cohort == DISSENTER] *= 1.0 - self.spillover * believed
        accounts.baseline_credibility[rows] *= self.unmasked_factor
        accounts.credibility[rows] = np.minimum(accounts.credibility[rows], accounts.baseline_credibility[rows])


def find_unmasked(orders: Orders, seed: int, tick: int) -> I64:
    """Return whom the posts of these orders unmask: distinct account rows, ascending; keyed by post."""
    if not len(orders.risk):
        return np.zeros(0, np.int64)
    caught = np.empty(len(orders.risk), np.bool_)
    _mark_unmasked(caught, orders.drafts.key, orders.risk, seed, tick)
    return np.unique(orders.drafts.author[caught]).astype(np.int64)


@kernel
def _judge(pressure, merit, accounts, posts, base, users, seen, each, p):
    """Sum up what all readings of the hour do, in order."""
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
