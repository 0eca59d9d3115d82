"""React: the effect of reading on stance, opinion climate, fear, expected toxicity and habituation.

Equations, for one post read (stance s_p, toxicity x) by a person of stance s:

* drift: s += mu w (1 - x) (s_p - s) if |s_p - s| < epsilon. Bounded confidence after Deffuant, Neau,
  Amblard & Weisbuch 2000 (doi:10.1142/S0219525900000078), one-sided because readers read; the
  discount of abuse (1 - x) is an assumption.
* climate: c += alpha w ([s_p > 0] - c) for a contested post with an opinion: exponential smoothing of what was seen
  (assumption).
* fear: f += g x (1 - f), with g = `direct_fear` if the post answers the reader, `vicarious_fear` if it answers somebody
  of the reader's side; fear halves in `half_life` (assumption).
* expected toxicity: d += beta w (x [s_p opposes s] - d) for contested posts: anticipated abuse, learnt by reading
  (assumption).
* shock: felt = max(0, shock - habituation). It frightens people who reject the extremists, moves extreme sympathisers
  closer and all others further away; then habituation rises (assumption; direction as in fact 19, which is held out).

w = 1 - discount for copied texts (a visible copy betrays a troll), else 1; in worlds with credibility
(`sim.mechanisms.credibility`) times 1 - source_credibility_weight (1 - credibility of the author).
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.kernels import kernel
from sim.rng import U64, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import F64, OPINION_THRESHOLD, WITHDRAW, Accounts
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD, Posts
from sim.state.records import ActiveUsers, Exposures, StateUpdate

_LEAVE = stream("reaction/leave")


@dataclass(frozen=True, kw_only=True)
class Reaction(Rule):
    """Strength of the effects of reading on a person.

    Example:
        >>> import infowar_lab as lab
        >>> lab.Setting(reaction=lab.Reaction(half_life=24)).reaction.half_life
        24.0
    """

    persuasion: float = parameter(0.002, unit="1/post", source="assumption", low=0.0, high=1.0)
    tolerance: float = parameter(0.4, unit="stance", source="assumption: bounded confidence", low=0.0, high=2.0)
    climate_rate: float = parameter(0.02, unit="1/post", source="assumption", low=0.0, high=1.0)
    direct_fear: float = share(0.3, source="assumption: fact 10 determines only its product with fear_weight")
    vicarious_fear: float = share(0.01, source="assumption: abuse of others silences too, but less")
    anticipation: float = parameter(0.02, unit="1/post", source="assumption", low=0.0, high=1.0)
    half_life: float = parameter(72.0, unit="h", source="assumption; varied x1/4 and x4", low=0.1, high=1e6)
    discount: float = share(0.0, source="assumption; 1 in the robustness table")
    thrill: float = share(0.02, source="assumption")
    repulsion: float = share(0.01, source="assumption")
    terror: float = share(0.02, source="assumption")
    habituation: float = share(0.05, source="assumption")
    leave: float = parameter(0.002, unit="1/session", source="assumption: before the first post", low=0.0, high=1.0)
    leave_decline: float = parameter(
        1.0,
        unit="exponent",
        source="assumption: people who have written much are attached, abused or not",
        low=0.0,
        high=5.0,
    )
    leave_abuse: float = parameter(
        2.3,
        unit="1/session",
        source="fitted to fact 10 (scripts/fit.py): before the first post",
        low=0.0,
        high=100.0,
    )

    def react(
        self,
        accounts: Accounts,
        posts: Posts,
        users: ActiveUsers,
        seen: Exposures,
        seed: int,
        tick: int,
        source_credibility_weight: float = 0.0,
    ) -> StateUpdate:
        """Return the new values of the active accounts after reading `seen` in `tick`.

        `source_credibility_weight` is the weight of the author's credibility, [0, 1]; at 0 all authors count alike.
        """
        n = len(users.active)
        (s, e, c, f, d, h), (abuse, allies), leaves = (
            np.empty((6, n)),
            np.empty((2, n), np.int64),
            np.empty(n, np.bool_),
        )
        change = StateUpdate(s, e, c, f, d, h, abuse, allies, leaves)
        _react(
            change,
            accounts,
            posts,
            users,
            seen,
            seed,
            tick,
            math.log(2.0) / self.half_life,
            get_values(self),
            source_credibility_weight,
        )
        return change


def get_reference_climate(accounts: Accounts, users: ActiveUsers, update: StateUpdate, campaigning: bool) -> F64:
    """Return the reference climate of the active, [R]; until the campaign begins it is the present climate."""
    return accounts.reference_climate[users.active] if campaigning else update.opinion_climate


def apply_update(accounts: Accounts, users: ActiveUsers, update: StateUpdate, campaigning: bool) -> None:
    """Write an update into the columns: the only place where reading changes people.

    Until the campaign begins, the present climate is also written as the reference climate.
    """
    _apply_update(accounts, users, update, campaigning)


@kernel
def _apply_update(accounts, users, update, campaigning):
    for r in range(len(users.active)):
        i = users.active[r]
        accounts.stance_principal[i] = update.stance_principal[r]
        accounts.stance_extremist[i] = update.stance_extremist[r]
        accounts.opinion_climate[i], accounts.fear[i] = update.opinion_climate[r], update.fear[r]
        accounts.expected_toxicity[i], accounts.habituation[i] = update.expected_toxicity[r], update.habituation[r]
        accounts.last_read[i], accounts.notices[i], accounts.has_left[i] = users.begin, 0, update.leaves[r]
        if campaigning:
            accounts.abuse_received[i] += update.abuse[r]
        else:
            accounts.reference_climate[i] = update.opinion_climate[r]


@kernel
def _react(update, accounts, posts, users, seen, seed, tick, decay, p, credibility_weight):
    key = stream_key(seed, _LEAVE, tick)
    for r in range(len(users.active)):
        i = users.active[r]
        s, e, c = accounts.stance_principal[i], accounts.stance_extremist[i], accounts.opinion_climate[i]
        hours = (users.begin - accounts.last_read[i]) / 3600.0
        f, d, h = accounts.fear[i] * math.exp(-decay * hours), accounts.expected_toxicity[i], accounts.habituation[i]
        abuse, allies = 0, 0
        for x in range(U64(seen.start[r]), U64(seen.start[r + 1])):
            j = U64(seen.item[x])
            toxicity = posts.toxicity[j]
            if toxicity >= TOXIC_THRESHOLD:
                if posts.target[j] == i:
                    abuse += 1
                    f += p.direct_fear * toxicity * (1.0 - f)
                elif posts.target_stance[j] * s > 0.0 and abs(s) > OPINION_THRESHOLD:
                    f += p.vicarious_fear * toxicity * (1.0 - f)
            if posts.topic[j] != CONTESTED:
                continue
            w = 1.0 if posts.template[j] < 0 else 1.0 - p.discount
            if credibility_weight > 0.0:
                w *= 1.0 - credibility_weight * (1.0 - accounts.credibility[posts.original_author[j]])
            sp, se = posts.stance_principal[j], posts.stance_extremist[j]
            if abs(sp) > OPINION_THRESHOLD:
                opposed = sp * s < 0.0
                allies += sp * s > 0.0 and abs(s) > OPINION_THRESHOLD and se * e > 0.0
                c += p.climate_rate * w * ((1.0 if sp > 0.0 else 0.0) - c)
                d += p.anticipation * w * ((toxicity if opposed else 0.0) - d)
                if abs(sp - s) < p.tolerance:
                    s += p.persuasion * w * (1.0 - toxicity) * (sp - s)
            if abs(se - e) < p.tolerance:
                e += p.persuasion * w * (1.0 - toxicity) * (se - e)
            felt = posts.shock[j] - h
            if felt > 0.0:
                e = min(1.0, e + p.thrill * felt) if e > 0.5 else max(-1.0, e - p.repulsion * felt)
                if e < 0.0:
                    f += p.terror * felt * (1.0 - f)
                h += p.habituation * felt
        update.stance_principal[r], update.stance_extremist[r], update.opinion_climate[r] = s, e, c
        update.fear[r], update.expected_toxicity[r], update.habituation[r] = f, d, h
        update.abuse[r], update.allies[r] = abuse, allies
        risk = p.leave
        if abuse > 0 and accounts.reaction[i] == WITHDRAW and not accounts.hardcore[i]:
            risk += p.leave_abuse
        risk *= math.exp(-p.leave_decline * math.log(1.0 + accounts.written[i]))
        update.leaves[r] = uniform(key, accounts.key[i]) < risk
