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
`sim.people.reaction`), feeds (`lift` ln c is added to a post's score), and belief (`sim.mechanisms.morale`).
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.kernels import kernel
from sim.mechanisms.base import PeopleMechanism, touches
from sim.mechanisms.views import Bools, OrganisedView, PeopleView
from sim.observers.base import Observer, StepRecord, mean
from sim.platform.feed import list_scored
from sim.rules import get_values, parameter, share
from sim.state.accounts import DISSENTER, I64
from sim.state.posts import CIVIC, CONTESTED, REPLY, REPOST, SMEAR

MIN_CREDIBILITY = 0.01  #: feeds treat lower credibility as this value


@dataclass(frozen=True, kw_only=True)
class Credibility(PeopleMechanism):
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

    def create_state(self, view: PeopleView) -> None:
        """Write the credibility of all accounts at the start."""
        accounts, n = view.accounts, view.n_organic
        accounts.baseline_credibility[:n], accounts.baseline_credibility[n:] = self.people, self.strangers
        accounts.credibility[:] = accounts.baseline_credibility

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Measure credibility."""
        return [CredibilityMeasures()]

    def weigh_sources(self, weight: float, view: PeopleView) -> float:
        """Have readers doubt authors of low credibility."""
        return max(weight, self.source_credibility_weight)

    @touches(reads="accounts.credibility posts", writes="posts.score")
    def change_scores(self, view: PeopleView) -> None:
        """Add `lift` ln c once to the scores of the posts of the hour and of those that they repost or answer."""
        if self.lift:
            posts, rows = view.posts, list_scored(view.posts, view.base, view.new)
            credibility = view.accounts.credibility[posts.original_author[rows]]
            posts.score[rows] += self.lift * np.log(np.maximum(credibility, MIN_CREDIBILITY))

    @touches(reads="posts hour.users hour.seen", writes="accounts.credibility accounts.baseline_credibility")
    def settle(self, view: PeopleView) -> None:
        """Apply one hour of reading to the credibility of all accounts, and let it recover."""
        accounts, each = view.accounts, 1.0 / max(1, view.n_organic)
        pressure, merit = np.zeros((2, len(accounts.key)))
        _judge(pressure, merit, accounts, view.posts, view.base, view.users, view.seen, each, get_values(self))
        _update_credibility(accounts, pressure, merit, 1.0 - 0.5 ** (1.0 / self.half_life))

    @touches(reads="accounts.cohort", writes="accounts.credibility accounts.baseline_credibility")
    def respond_to_unmasking(self, rows: I64, is_sleeper: Bools, view: PeopleView) -> None:
        """Lower the credibility of the accounts `rows`, and of all dissenters for each of them that `is_sleeper`."""
        accounts = view.accounts
        for believed in accounts.credibility[rows[is_sleeper]].tolist():
            accounts.credibility[accounts.cohort == DISSENTER] *= 1.0 - self.spillover * believed
        accounts.baseline_credibility[rows] *= self.unmasked_factor
        accounts.credibility[rows] = np.minimum(accounts.credibility[rows], accounts.baseline_credibility[rows])


class CredibilityMeasures:
    """Measures credibility."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return credibility of dissenters and sleepers, impressions of smears and civic posts, unmasked accounts."""
        accounts, sleepers = step.accounts, step.truth.find_sleepers()
        sleepers = sleepers[step.register.opened_at[sleepers] <= step.tick]
        themes = np.bincount(step.posts.theme[step.seen.item], minlength=CIVIC + 1)
        return {
            "credibility_dissenters": mean(accounts.credibility[accounts.cohort == DISSENTER]),
            "credibility_sleepers": mean(accounts.credibility[sleepers]),
            "unmasked": int(np.count_nonzero(accounts.unmasked)),
            "smear_impressions": int(themes[SMEAR]),
            "civic_impressions": int(themes[CIVIC]),
        }


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
