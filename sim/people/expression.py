"""Speak: who has an intention, who voices or withholds it, and why.

A latent intention on the contested topic is voiced if its own uniform u < p(fear, climate), with

    logit p = willingness + climate_weight * (own support - 1/2) -/+ fear_weight * (f + anticipation * d)

(minus for people who withdraw, 0 for the indifferent, plus `fight_weight` for people who fight back). The hard core
react to neither fear nor climate. "Own support" is the perceived share of the person's own side (spiral of silence:
Noelle-Neumann 1974, doi:10.1111/j.1460-2466.1974.tb00367.x; the logistic form is an assumption). The reference state is
fear 0 and the climate perceived just before the campaign. An intention with u < p(reference) that is not voiced is
*withheld*. Its outcome category says what would have restored it with the same u: no fear, the reference climate,
either of them, or only both together.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit, inline_kernel, kernel
from sim.people.population import classify_cohort
from sim.rng import U64, draw, draw_each, mix, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import DISSENTER, F64, FIGHT, INDIFFERENT, OPINION_THRESHOLD, Accounts
from sim.state.posts import (
    CONTESTED,
    ORIGINAL,
    REPLY,
    REPOST,
    TOXIC_THRESHOLD,
    Posts,
    fill_reply,
    fill_repost,
    make_drafts,
)
from sim.state.records import (
    CLIMATE,
    EVERYDAY,
    FEAR,
    HOUR,
    JOINT,
    LEFT,
    PERSUADED,
    PRIVATE,
    REDUNDANT,
    SUSPENDED,
    UNPROMPTED,
    VOICED,
    ActiveUsers,
    DissentingIntentions,
    Exposures,
    Intentions,
    SpeechRecord,
    StateUpdate,
)

_POST = stream("expression/post")
_CHOICE = stream("expression/choice")

# Purposes: salts that give each decision about an intention its own uniform.
_COUNT, _TOPIC, _PROMPT, _SPEAK, _KIND, _SIDE, _ABUSE, _HARSH, _APPEAL, _GAP, _SUBJECT = map(np.uint64, range(11))
MAX_INTENTIONS = 20  #: most intentions in a session


@dataclass(frozen=True, kw_only=True)
class Expression(Rule):
    """When people speak and what kind of post they write.

    Example:
        >>> import infowar_lab as lab
        >>> lab.Setting(expression=lab.Expression(climate_weight=0.0)).expression.climate_weight
        0.0
    """

    climate_weight: float = parameter(
        2.0, unit="log-odds", source="fitted to fact 13 (scripts/fit.py)", low=-100.0, high=100.0
    )
    fear_weight: float = parameter(
        9.0, unit="log-odds", source="fitted to fact 10 (scripts/fit.py)", low=0.0, high=100.0
    )
    anticipation: float = parameter(
        0.5, unit="1", source="assumption: weight of expected toxicity against fear", low=0.0, high=100.0
    )
    fight_weight: float = parameter(3.0, unit="log-odds", source="assumption", low=0.0, high=100.0)
    unprompted: float = share(0.5, source="assumption: intentions that need no prompt")
    contagion: float = parameter(0.3, unit="1/post", source="assumption", low=0.0, high=100.0)
    reposts: float = share(0.495, source="fitted to fact 2 (scripts/fit.py)")
    replies: float = share(0.345, source="fitted to fact 2 (scripts/fit.py)")
    opposing_replies: float = share(0.5, source="assumption")
    toxic_posts: float = share(0.01, source="assumption: the low end of fact 8's band; replies are fitted")
    toxic_replies: float = share(0.042, source="fitted to fact 8 (scripts/fit.py)")
    public_toxicity: float = parameter(
        2.2, unit="factor", source="fitted to fact 8 (scripts/fit.py)", low=0.0, high=100.0
    )
    retaliation: float = share(0.3, source="assumption")
    fading: float = parameter(
        1.15,
        unit="h",
        source="69 minutes, Wu & Huberman 2007 (Digg; second-hand); 0 = posts of all ages weigh alike",
        low=0.0,
        high=1e4,
    )
    topics: int = parameter(12, unit="topics", source="assumption", low=2, high=30_000)
    gap: float = parameter(120.0, unit="s", source="assumption", low=0.1, high=3600.0)

    def decide(
        self, accounts: Accounts, active_users: ActiveUsers, update: StateUpdate, reference: F64, seed: int, tick: int
    ) -> Intentions:
        """Return the intentions of the active and their outcomes; `reference` is the reference climate, [R]."""
        start = np.zeros(len(active_users.active) + 1, np.int64)
        total = _count_intentions(start, accounts.key, accounts.intentions_per_session, active_users, seed, tick)
        wanted = Intentions(start, np.empty(total, np.uint64), np.empty(total, np.int8))
        _decide(wanted, accounts, active_users.active, update, reference, seed, tick, get_values(self))
        return wanted

    def speak(
        self,
        accounts: Accounts,
        posts: Posts,
        base: int,
        users: ActiveUsers,
        seen: Exposures,
        update: StateUpdate,
        wanted: Intentions,
        seed: int,
        tick: int,
    ) -> SpeechRecord:
        """Return the drafts of all active accounts and the outcomes of dissenting intentions."""
        said, dissenting = _count_said(wanted.outcome, wanted.start, users.active, accounts.cohort)
        intentions = _make_dissenting_intentions(dissenting + MAX_INTENTIONS * len(users.absent))
        counts = np.zeros((3, len(users.active)), np.int64)
        speech = SpeechRecord(make_drafts(said), intentions, *counts)
        _speak(speech, accounts, posts, base, users, seen, update, wanted, seed, tick, get_values(self))
        if len(users.absent):
            dissenting = _record_absent(intentions, dissenting, accounts, users.absent, seed, tick)
        return speech._replace(dissenting=DissentingIntentions._make(column[:dissenting] for column in intentions))


def draw_chances(keys: NDArray[np.uint64]) -> tuple[F64, F64]:
    """Return the uniforms that decide whether contested intentions [I] are prompted, and whether they are voiced."""
    return draw_each(keys, _PROMPT), draw_each(keys, _SPEAK)


def record_counts(accounts: Accounts, users: ActiveUsers, speech: SpeechRecord) -> None:
    """Write how many contested intentions each active account voiced and withheld into the columns."""
    _record_counts(accounts.voiced, accounts.withheld, users.active, speech.voiced, speech.withheld)


@kernel
def _record_counts(voiced, withheld, active, more_voiced, more_withheld):
    for r in range(len(active)):
        voiced[active[r]] += more_voiced[r]
        withheld[active[r]] += more_withheld[r]


@inline_kernel
def _make_identity(key, person, ordinal):
    """Return the identity (uint64) of a person's intention number `ordinal`; `key` is the key of the tick."""
    return mix(mix(key, person), np.uint64(ordinal))


@cached_njit
def _draw_count(mean, u):
    """Invert the geometric distribution of mean `mean`: P(n >= k) = (mean/(1+mean))^k, at most MAX_INTENTIONS."""
    if mean <= 0.0:
        return 0
    return min(MAX_INTENTIONS, int(math.log(u) / math.log(mean / (1.0 + mean))))


@kernel
def _count_intentions(start, keys, intentions, users, seed, tick):
    """Fill in where the intentions of each active account start; return the number of all."""
    key = stream_key(seed, _POST, tick)
    for r in range(len(users.active)):
        i, start[r + 1] = users.active[r], start[r]
        if not users.returns[r]:
            start[r + 1] += _draw_count(intentions[i], draw(_make_identity(key, keys[i], MAX_INTENTIONS), _COUNT))
    return start[len(users.active)]


def _make_dissenting_intentions(count: int) -> DissentingIntentions:
    return DissentingIntentions(np.empty(count, np.uint64), np.empty(count, np.int32), np.empty(count, np.int8))


@kernel
def _record_absent(dissenting, first, accounts, rows, seed, tick):
    """Fill in, from place `first` on, the dissenting intentions that people who left or are suspended would have had.

    Returns the place after the last one.
    """
    key, d = stream_key(seed, _POST, tick), first
    for r in range(len(rows)):
        i = rows[r]
        if accounts.cohort[i] != DISSENTER:
            continue
        count = _draw_count(
            accounts.intentions_per_session[i], draw(_make_identity(key, accounts.key[i], MAX_INTENTIONS), _COUNT)
        )
        for o in range(count):
            post = _make_identity(key, accounts.key[i], o)
            if draw(post, _TOPIC) < accounts.interest[i]:
                dissenting.key[d], dissenting.author[d] = post, i
                dissenting.outcome[d] = LEFT if accounts.has_left[i] else SUSPENDED
                d += 1
    return d


@cached_njit
def logistic(x):
    """Return 1/(1 + exp(-x)), float64 in (0, 1)."""
    return 1.0 / (1.0 + math.exp(-x))


@cached_njit
def compute_voicing_probability(willingness, reaction, hardcore, stance, fear, climate, p):
    """Return the probability of voicing a contested intention: the equation at the top of this file."""
    if hardcore:
        return logistic(willingness)
    own = 0.5
    if stance > OPINION_THRESHOLD:
        own = climate
    elif stance < -OPINION_THRESHOLD:
        own = 1.0 - climate
    push = 0.0
    if reaction == FIGHT:
        push = p.fight_weight * fear
    elif reaction != INDIFFERENT:
        push = -p.fear_weight * fear
    return logistic(willingness + p.climate_weight * (own - 0.5) + push)


@cached_njit
def classify_outcome(u, current, no_fear, old_climate, reference):
    """Return the outcome of an intention with uniform `u`: VOICED, PRIVATE, FEAR, CLIMATE, JOINT or REDUNDANT.

    current, no_fear, old_climate, reference: readiness now, without fear, with the reference climate, and with both.
    """
    if u < current:
        return VOICED
    if u >= reference:
        return PRIVATE
    if u < no_fear:
        return JOINT if u < old_climate else FEAR
    return CLIMATE if u < old_climate else REDUNDANT


# The following functions are inlined into the loop over people.


@inline_kernel
def _decide_outcome(u, accounts, i, stance, fear, climate, old, p):
    b, kind, steady = accounts.willingness[i], accounts.reaction[i], accounts.hardcore[i]
    now, outcome = compute_voicing_probability(b, kind, steady, stance, fear, climate, p), VOICED
    if u >= now:
        no_fear = compute_voicing_probability(b, kind, steady, stance, 0.0, climate, p)
        old_climate = compute_voicing_probability(b, kind, steady, stance, fear, old, p)
        outcome = classify_outcome(
            u, now, no_fear, old_climate, compute_voicing_probability(b, kind, steady, stance, 0.0, old, p)
        )
    return outcome


@inline_kernel
def _is_prompted(u, accounts, i, allies, fear, p):
    drive = p.unprompted + (1.0 - p.unprompted) * (1.0 - math.exp(-p.contagion * allies))
    if accounts.reaction[i] == FIGHT:
        drive += (1.0 - drive) * fear
    return u < drive


@kernel
def _decide(wanted, accounts, active, update, reference, seed, tick, p):
    """Fill in the identity and the outcome of every intention."""
    key = stream_key(seed, _POST, tick)
    for r in range(len(active)):
        i = active[r]
        person, stance = accounts.key[i], update.stance_principal[r]
        alarm = min(1.0, update.fear[r] + p.anticipation * update.expected_toxicity[r])
        first = wanted.start[r]
        for x in range(first, wanted.start[r + 1]):
            post = _make_identity(key, person, x - first)
            outcome = EVERYDAY
            if draw(post, _TOPIC) < accounts.interest[i]:
                outcome = UNPROMPTED
                if _is_prompted(draw(post, _PROMPT), accounts, i, update.allies[r], update.fear[r], p):
                    outcome = _decide_outcome(
                        draw(post, _SPEAK), accounts, i, stance, alarm, update.opinion_climate[r], reference[r], p
                    )
            wanted.key[x], wanted.outcome[x] = post, outcome


@kernel
def _count_said(outcomes, start, active, cohort):
    """Return how many intentions are voiced, and how many are contested and a dissenter's."""
    said, dissenting = 0, 0
    for r in range(len(active)):
        member = cohort[active[r]] == DISSENTER
        for x in range(start[r], start[r + 1]):
            said += outcomes[x] in (VOICED, EVERYDAY)
            dissenting += member and outcomes[x] != EVERYDAY
    return said, dissenting


@kernel
def _speak(speech, accounts, posts, base, users, seen, update, wanted, seed, tick, p):
    """Fill in the drafts, and the outcomes of dissenting intentions from the first place on."""
    new, mine = speech.drafts, speech.dissenting
    choice = stream_key(seed, _CHOICE, tick)
    d, m = np.int64(0), 0  # not a literal, which would compile the called functions again
    for r in range(len(users.active)):
        i = users.active[r]
        stance, extremist = update.stance_principal[r], update.stance_extremist[r]
        second = float(users.second[r])
        for x in range(wanted.start[r], wanted.start[r + 1]):
            post, outcome = wanted.key[x], wanted.outcome[x]
            contested, dissenting = outcome != EVERYDAY, False
            if contested:
                member = accounts.cohort[i] == DISSENTER
                dissenting = member and classify_cohort(stance, extremist) == DISSENTER
                speech.decided[r] += outcome != UNPROMPTED
                speech.voiced[r] += outcome == VOICED
                speech.withheld[r] += outcome >= FEAR and outcome <= REDUNDANT
                if member:
                    mine.key[m], mine.author[m], mine.outcome[m] = post, i, outcome if dissenting else PERSUADED
                    m += 1
                if outcome != VOICED:
                    continue
            second -= p.gap * math.log(draw(post, _GAP))
            new.key[d] = post
            new.author[d] = i
            new.time[d] = tick * HOUR + _fit_into_hour(second, users.second[r], users.length)
            new.dissent[d] = dissenting
            _compose(
                new, d, accounts, posts, base, seen, r, i, stance, extremist, contested, update.fear[r], choice,
                users.begin, p,
            )  # fmt: skip
            d += 1


@inline_kernel
def _fit_into_hour(second, start, length):
    """Return the second of the hour of a post of a session that started at `start`.

    What comes after the end of the hour begins it in worlds with one slice. With more, gaps shrink so that all end
    within the hour and nothing is posted before its session (assumption).
    """
    if length == HOUR:
        return int(second) % HOUR
    rest = float(HOUR - start)
    return min(HOUR - 1, int(start + rest * (1.0 - math.exp((start - second) / rest))))


@inline_kernel
def _compose(new, d, accounts, posts, base, seen, r, i, stance, extremist, contested, fear, choice, now, p):
    """Fill draft `d` with a repost of, or reply to, a post just seen, or with an original."""
    post = new.key[d]
    u = draw(post, _KIND)
    wanted = REPOST if u < p.reposts else (REPLY if u < p.reposts + p.replies else ORIGINAL)
    opposing = wanted == REPLY and draw(post, _SIDE) < p.opposing_replies
    j = -1
    if wanted != ORIGINAL:
        j = _pick(posts, seen, r, i, stance, extremist, contested, wanted, opposing, mix(choice, post), now, p.fading)
    new.original_author[d] = i
    new.appeal[d] = draw_appeal(draw(post, _APPEAL))
    if j >= 0 and wanted == REPOST:
        fill_repost(new, d, posts, base, j)
        return
    new.topic[d] = CONTESTED if contested else 1 + int(draw(post, _SUBJECT) * (p.topics - 1))
    new.stance_principal[d] = stance if contested else 0.0
    new.stance_extremist[d] = extremist if contested else 0.0
    rate = p.toxic_posts
    if j >= 0:
        fill_reply(new, d, posts, j)
        rate = p.toxic_replies
        if contested and accounts.public[posts.original_author[j]]:
            rate *= p.public_toxicity
        if opposing and accounts.reaction[i] == FIGHT:
            rate += p.retaliation * fear
    if draw(post, _ABUSE) < rate:
        new.toxicity[d] = TOXIC_THRESHOLD + (1.0 - TOXIC_THRESHOLD) * draw(post, _HARSH)


@cached_njit
def draw_appeal(u):
    """Return the appeal of a post: density 5 (1 - a)^4 (SimSoM, Truong et al. 2024, doi:10.1093/pnasnexus/pgae258)."""
    return 1.0 - math.exp(math.log(1.0 - u) / 5.0)


@inline_kernel
def _pick(posts, seen, r, i, stance, extremist, contested, wanted, opposing, choice, now, fading):
    """Draw one suitable item of the session, by weight: row in the ledger, -1 for none.

    Weighted choice by the smallest -ln(u)/w (Efraimidis & Spirakis 2006, doi:10.1016/j.ipl.2005.11.003),
    u keyed by (intention, post) and never by position. People repost, and reply in agreement to, posts of their own
    side on both axes (as for allies); opposing replies go to the other side on the principal's axis.
    w = appeal (1 + reposts) for reposts, halved with each `fading` hours of the item's age at `now` (s), else 1.
    """
    best, least = np.int64(-1), math.inf
    for x in range(U64(seen.start[r]), U64(seen.start[r + 1])):
        j = U64(seen.item[x])
        if (posts.topic[j] == CONTESTED) != contested or posts.original_author[j] == i or posts.removed[j]:
            continue
        side = posts.stance_principal[j] * stance
        agreed = side > 0.0 and posts.stance_extremist[j] * extremist > 0.0
        if contested and not (side < 0.0 if opposing else agreed):
            continue
        weight = 1.0
        if wanted == REPOST:
            if posts.toxicity[j] >= TOXIC_THRESHOLD or posts.author[j] == i:
                continue
            weight = posts.appeal[j] * (1.0 + posts.reposts[j])
            if fading > 0.0:
                weight *= math.exp(-math.log(2.0) * (now - posts.time[j]) / (3600.0 * fading))
            if weight == 0.0:
                continue
        u = uniform(choice, posts.key[j])
        if 1.0 - u > least * weight:
            continue  # -ln(u) is at least 1 - u
        rank = -math.log(u) / weight
        if rank < least:
            best, least = np.int64(j), rank
    return best
