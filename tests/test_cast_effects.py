"""Each mechanism moves its named outcome, over 20 paired worlds, by its own path: take the path away and it does not.

    python -m pytest -m slow tests/test_cast_effects.py -rP

prints every effect with its 95% interval.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.pairing import compute_interval
from sim.actors.committee import Brigade
from sim.actors.contender import Contender
from sim.actors.reporters import Reporters
from sim.actors.sleeper import Sleepers
from sim.campaigns import Operation
from sim.mechanisms.channels import Channels
from sim.mechanisms.credibility import Credibility
from sim.mechanisms.following import Following
from sim.mechanisms.migration import Migration
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.setting import Setting
from sim.world import World
from tests.worlds import HOURS, START, lively

SEEDS, TICKS = range(1, 21), START + HOURS
FIXED = Following(follow=0.0, refind=0.0, unfollow=0.0, block=0.0, mute=0.0)
SWEEP = Pressure(start=START + 4, hours=24, lag=2, hit=0.4, false_alarm=0.02)
SWEPT = replace(lively(population={"size": 120}), pressure=SWEEP, returns=Returns(delay=3.0, aged=0.0), following=FIXED)
REPORTED = replace(
    lively(population={"size": 120}, moderation={"error": 0.3, "capacity": 10}),
    forces=(Reporters(size=8, start=START, hours=HOURS, rate=0.5),),
)
LOUD: dict[str, Any] = {
    "posts_per_day": 40.0,
    "followers": 25.0,
    "shocking_share": 0.8,
    "shock": 0.4,
    "escalation_step": 0.05,
    "size": 3,
}
RIVALS = replace(
    lively(population={"size": 120, "sympathiser_share": 0.2}, extremists={"size": 0}),
    forces=tuple(Contender(name=name, recruits=4, **LOUD) for name in ("first", "second")),
    recruiting=Recruiting(join=0.3),
)
ROOMS = replace(RIVALS, channels=Channels(rooms=2, seats=6, hour=3, invite=1.0, detection_rate=0.03))
ABUSED = lively(population={"size": 150}, campaign={"toxic_share": 0.8}, expression={"unprompted": 0.3})
BACKED = replace(ABUSED, solidarity=Solidarity(rally_posts=10, comfort=0.0))
MOVED = replace(ABUSED, migration=Migration(flee=0.6, follow=0.2, pursuit=1000))


def contenders(setting: Setting, **changes: Any) -> Setting:
    return replace(setting, forces=tuple(replace(force, **changes) for force in setting.forces))


class Played(NamedTuple):
    """What outcomes are made of."""

    history: pd.DataFrame
    hits: float  #: abusive answers read since the campaign began


class Effect(NamedTuple):
    """What is compared: the sign of the outcome's difference, with and without, and with the path taken away."""

    with_: Setting
    without: Setting
    cut: Setting  #: with the mechanism, without its path
    outcome: Callable[[Played], float]
    sign: int
    base: Setting | None = None  #: without the mechanism and without its path, if the path is not the mechanism's own


def total(measure: str, first: int = START, stop: int | None = None) -> Callable[[Played], float]:
    return lambda world: float(world.history[measure].iloc[first:stop].sum())


def last(measure: str) -> Callable[[Played], float]:
    return lambda world: float(world.history[measure].iloc[-1])


def organised(world: Played) -> float:
    return float(world.history[["army_posts", "extremist_posts"]].iloc[SWEEP.start :].sum().sum())


def hit(world: Played) -> float:
    return world.hits


NO_SWEEP = replace(SWEPT, pressure=None)
BRIEF = replace(SWEPT, pressure=replace(SWEEP, suspension=0, appeal=0))  # takes posts down, and silences nobody
FOUND = replace(SWEPT, following=replace(FIXED, refind=0.8))
EXACT = replace(REPORTED, moderation=replace(REPORTED.moderation, error=0.0))
DULL = replace(ABUSED, expression=replace(ABUSED.expression, contagion=0.0))
UNFOLLOWED, MUTED = (
    replace(ABUSED, following=rule) for rule in (replace(FIXED, unfollow=0.2), replace(FIXED, mute=1.0))
)
SILENT = replace(ABUSED, campaign=replace(ABUSED.campaign, intensity=0.0))
CIVIL = replace(
    ABUSED,
    campaign=replace(ABUSED.campaign, tactics=("flood",), toxic_share=0.0),
    expression=replace(ABUSED.expression, toxic_posts=0.0, toxic_replies=0.0),
)
KEPT = replace(ABUSED, following=FIXED)
SMEARED = replace(
    lively(population={"size": 120}, army={"size": 0}),
    credibility=Credibility(association=1.0),
    forces=(Brigade(size=12, delay=0.0, operations=(Operation(tactic="smear", start=START, targets=3),)),),
)
MUTE = replace(SMEARED, expression=replace(SMEARED.expression, reposts=0.0, replies=0.0))  # nobody takes sides
CLEAN = Credibility(association=0.0)
PLANTED = replace(
    lively(population={"size": 120}, army={"size": 0}),
    credibility=Credibility(),
    forces=(Sleepers(operations=(Operation(tactic="civic", start=START, hours=HOURS),)),),
)
IDLE = replace(PLANTED, forces=(Sleepers(operations=(Operation(tactic="civic", start=START, intensity=0.0),)),))
HOME = replace(ABUSED, attention=replace(ABUSED.attention, search=0, trends=0))  # nobody reads any tag
EFFECTS = {
    "sweeps silence the organised": Effect(SWEPT, NO_SWEEP, BRIEF, organised, -1),
    "sweeps silence dissenters who did nothing": Effect(SWEPT, NO_SWEEP, BRIEF, total("suspended"), 1),
    "operators who return write again": Effect(
        SWEPT, replace(SWEPT, returns=None), replace(SWEPT, returns=Returns(delay=1e6, aged=0.0)), organised, 1
    ),
    # the path: who comes upon a returned account had followed the one before
    "returned accounts are found again": Effect(
        FOUND, SWEPT,
        replace(FOUND, army=replace(FOUND.army, followers=0.0), extremists=replace(FOUND.extremists, followers=0.0)),
        last("returned_followers"), 1,
    ),
    # the path: a block hides; a tie that is only cut does not
    "who blocks is hit less": Effect(
        replace(ABUSED, following=replace(FIXED, block=1.0)), ABUSED,
        replace(ABUSED, following=replace(FIXED, unfollow=1.0)), hit, -1,
    ),
    # the path: people come upon what they cut themselves off from
    "who is flooded unfollows": Effect(
        UNFOLLOWED, KEPT, replace(SILENT, following=UNFOLLOWED.following), last("army_followers"), -1,
        replace(SILENT, following=FIXED),
    ),
    # the path: abuse that is seen frightens
    "who mutes is less afraid": Effect(
        MUTED, KEPT, replace(CIVIL, following=MUTED.following), total("mean_fear"), -1, replace(CIVIL, following=FIXED),
    ),
    # the path: who reposts or backs somebody
    "who defends the smeared is tainted": Effect(
        SMEARED, replace(SMEARED, credibility=CLEAN), MUTE, last("credibility_dissenters"), -1,
        replace(MUTE, credibility=CLEAN),
    ),
    "civil engagement earns trust": Effect(
        PLANTED, IDLE, replace(PLANTED, credibility=Credibility(civic=0.0)), last("credibility_sleepers"), 1
    ),
    # the path: reviewers err
    "false reports take dissent down": Effect(
        REPORTED, replace(REPORTED, forces=()), EXACT, total("dissent_removed"), 1, replace(EXACT, forces=()),
    ),
    "outbidding raises the shock": Effect(
        contenders(RIVALS, escalation="outbidding", recruits=0),
        contenders(RIVALS, escalation="outbidding", recruits=0, shocking_share=0.0),
        contenders(RIVALS, escalation="outbidding", recruits=0, escalation_step=0.0),
        last("shock_highest"),
        1,
    ),
    "shock repels the many": Effect(
        RIVALS, contenders(RIVALS, shocking_share=0.0), contenders(RIVALS, shock=0.0, escalation_step=0.0),
        last("extremist_stance_others"), -1,
    ),
    "shock thrills the few": Effect(
        RIVALS, contenders(RIVALS, shocking_share=0.0), contenders(RIVALS, shock=0.0, escalation_step=0.0),
        last("extremist_stance_supporters"), 1,
    ),
    "shock frightens": Effect(
        RIVALS, contenders(RIVALS, shocking_share=0.0), contenders(RIVALS, shock=0.0, escalation_step=0.0),
        last("fear_others"), 1,
    ),
    "recruits write": Effect(
        RIVALS, replace(RIVALS, recruiting=None), contenders(RIVALS, recruits=0), total("extremist_posts", 0), 1
    ),
    "rooms move their members": Effect(
        ROOMS, RIVALS, replace(ROOMS, channels=Channels(rooms=2, seats=6, pull=0.0, recruit=0.0, raid_fear=0.0)),
        last("extremist_stance_supporters"), 1,
    ),
    "watching empties rooms": Effect(
        ROOMS, replace(ROOMS, channels=Channels(rooms=2, seats=6, hour=3, invite=1.0, detection_rate=0.0)),
        replace(ROOMS, channels=Channels(rooms=2, seats=6, hour=3, invite=1.0, detection_rate=0.03, lag=10**6)),
        total("room_members", 0), -1,
    ),
    "who moves expects less abuse": Effect(
        MOVED, replace(MOVED, migration=Migration(flee=0.0)),
        replace(MOVED, migration=Migration(flee=0.6, follow=0.2, pursuit=0, chase=1.0)),
        last("dissenters_expected_toxicity"), -1,
    ),
    # the path: others look the matter up under the old tag
    "moving costs sight of others": Effect(
        MOVED, ABUSED, replace(HOME, migration=MOVED.migration), total("dissent_impressions_nondissenters"), -1, HOME,
    ),
    # the path: people are prompted by what their side says
    "solidarity prompts": Effect(
        BACKED, ABUSED, replace(DULL, solidarity=BACKED.solidarity), total("dissent_posts"), 1, DULL
    ),
    "solidarity comforts": Effect(
        replace(ABUSED, solidarity=Solidarity(rally_posts=0, comfort=0.5)),
        replace(ABUSED, solidarity=Solidarity(rally_posts=0, comfort=0.0)),
        replace(ABUSED, solidarity=Solidarity(rally_posts=10, comfort=0.0)),
        total("dissenters_fear"), -1,
    ),
}  # fmt: skip


@cache
def played(setting: Setting, seed: int) -> Played:
    """Return what is left of a world: the same for all effects that compare with it."""
    world = World(setting, rng=seed)
    return Played(world.run(TICKS), float(world.accounts.abuse_received[: world.n_organic].sum()))


def differences(one: Setting, other: Setting, outcome: Callable[[Played], float]) -> np.ndarray:
    """Return the differences of the outcome over paired seeds."""
    return np.array([outcome(played(one, seed)) - outcome(played(other, seed)) for seed in SEEDS])


@pytest.mark.slow
@pytest.mark.parametrize("name", EFFECTS)
def test_the_named_outcome_moves_by_its_own_path(name: str) -> None:
    effect = EFFECTS[name]
    found = compute_interval(differences(effect.with_, effect.without, effect.outcome))
    print(f"{name}: {found.value:.4g} [{found.lo:.4g}, {found.hi:.4g}], {len(SEEDS)} paired worlds")
    assert min(effect.sign * found.lo, effect.sign * found.hi) > 0.0
    cut = compute_interval(differences(effect.cut, effect.base or effect.without, effect.outcome))
    print(f"  without its path: {cut.value:.4g} [{cut.lo:.4g}, {cut.hi:.4g}]")
    assert abs(cut.value) < 0.25 * abs(found.value) or cut.lo <= 0.0 <= cut.hi
