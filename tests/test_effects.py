"""At twenty paired seeds each mechanism changes the outcome that it is named for, and only by its own path. Minutes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from experiments.analysis.pairing import Interval, compute_interval
from sim.actors.committee import Brigade, Committee
from sim.actors.sleeper import Sleepers
from sim.campaigns import Event, Operation
from sim.mechanisms.credibility import Credibility
from sim.mechanisms.morale import Morale
from sim.people.population import Population
from sim.setting import Setting
from sim.world import World

SEEDS, TICKS, START = range(1, 21), 120, 48
PEOPLE = Setting(population=Population(size=400, sessions_per_day=4.0, interest=0.3))
QUIET = replace(PEOPLE, army=replace(PEOPLE.army, size=0), credibility=Credibility(), morale=Morale())

pytestmark = pytest.mark.slow


def does(tactic: str, **fields: Any) -> Operation:
    return Operation(tactic=tactic, **{"start": START, "hours": 72, **fields})


def effect(on: Setting, off: Setting, measure: str, seeds: Sequence[int] = SEEDS) -> Interval:
    """Return the paired difference of an hourly mean from the start on, with its 95% interval."""
    means = [
        [float(np.nanmean(World(setting, rng=seed).run(TICKS)[measure].iloc[START:])) for seed in seeds]
        for setting in (on, off)
    ]
    return compute_interval(np.array(means[0]) - np.array(means[1]))


def arms(operation: Operation, kind: Any = Brigade, **fields: Any) -> tuple[Setting, Setting]:
    """Return a world in which the force carries out the operation, and one in which it is silent."""
    on, off = (
        replace(QUIET, forces=(kind(operations=(order,), **fields),))
        for order in (operation, replace(operation, intensity=0.0))
    )
    return on, off


@pytest.mark.parametrize("measure", ["targeted_credibility", "targeted_impressions"])
def test_a_smear_discredits_its_target_and_takes_its_reach(measure: str) -> None:
    on, off = arms(does("smear"), Committee, size=12)
    assert effect(on, off, measure).hi < 0.0
    harmless = Credibility(smear=0.0)
    without = (replace(arm, credibility=harmless) for arm in (on, off))
    removed = effect(*without, measure, seeds=range(1, 6))
    assert removed.value == 0.0 if measure == "targeted_credibility" else removed.hi > 0.0 or removed.value > 0.0


@pytest.mark.parametrize("voice", ["impersonate", "news"])
def test_distress_silences_propagandists(voice: str) -> None:
    on, off = arms(does("demoralise", delivery=voice), size=20)
    assert effect(on, off, "extremist_posts").hi < 0.0
    fearless = (replace(arm, morale=Morale(loss=0.0)) for arm in (on, off))
    assert effect(*fearless, "extremist_posts", seeds=range(1, 4)).value == 0.0


def test_genuine_distress_that_is_amplified_silences_propagandists() -> None:
    rout = (Event(start=START, hours=72, distress=0.1),)
    loud, silent = arms(does("demoralise", delivery="amplify"), size=20)
    on, off = (replace(arm, events=rout) for arm in (loud, silent))
    assert effect(on, off, "extremist_posts").hi < 0.0
    assert effect(loud, silent, "extremist_posts", seeds=range(1, 4)).value == 0.0, "nothing genuine to amplify"


def test_some_sympathisers_and_propagandists_defect() -> None:
    on, off = arms(does("demoralise"), size=20)
    assert effect(on, off, "propagandists").hi < 0.0
    assert effect(on, off, "sympathisers").hi < 0.0
    loyal = [replace(arm, morale=Morale(defection=0.0)) for arm in (on, off)]
    assert effect(loyal[0], loyal[1], "propagandists", seeds=range(1, 4)).value == 0.0
    kept = effect(loyal[0], loyal[1], "sympathisers", seeds=range(1, 4))
    assert kept.lo <= 0.0 <= kept.hi


def test_an_unmasked_persona_lifts_morale() -> None:
    on, _ = arms(does("demoralise", risk=0.005), size=20)
    assert effect(on, replace(on, morale=Morale(defiance=0.0)), "morale_propagandists").lo > 0.0
    masked, _ = arms(does("demoralise", risk=0.0), size=20)
    unmoved = replace(masked, morale=Morale(defiance=0.0))
    assert effect(masked, unmoved, "morale_propagandists", seeds=range(1, 4)).value == 0.0


def test_unmasked_sleepers_cost_genuine_dissenters_their_credibility() -> None:
    force = Sleepers(operations=(does("civic", start=0, hours=TICKS),))
    on, off = (replace(QUIET, forces=(force,), events=(Event(start=60, hours=1, unmask=n),)) for n in (3, 0))
    assert effect(on, off, "credibility_dissenters").hi < 0.0
    apart = (replace(arm, credibility=Credibility(spillover=0.0)) for arm in (on, off))
    assert effect(*apart, "credibility_dissenters", seeds=range(1, 4)).value == 0.0


def test_sleepers_sway_by_being_believed() -> None:
    on, off = arms(does("sway"), Sleepers, size=10)
    assert effect(on, off, "stance_dissenters").lo > 0.0
    deaf = (replace(arm, reaction=replace(arm.reaction, persuasion=0.0)) for arm in (on, off))
    assert effect(*deaf, "stance_dissenters", seeds=range(1, 4)).value == 0.0


def test_a_day_of_protest_is_heard() -> None:
    day = Event(start=START, hours=24, who="dissenters", sessions=2.0, interest=1.5, rally_share=0.4)
    on, off = (replace(QUIET, events=(event,)) for event in (day, replace(day, sessions=1.0, interest=1.0)))
    assert effect(on, off, "dissent_posts").lo > 0.0
    full = replace(QUIET, population=replace(QUIET.population, interest=1.0, interest_sigma=0.0))
    talk = replace(day, sessions=1.0, rally_share=0.0)
    heard, usual = (replace(full, events=(event,)) for event in (talk, replace(talk, interest=1.0)))
    assert effect(heard, usual, "dissent_posts", seeds=range(1, 4)).value == 0.0, "who speaks of nothing else already"
    talk_only, calm = (replace(QUIET, events=(event,)) for event in (talk, replace(talk, interest=1.0)))
    assert effect(talk_only, calm, "dissent_posts").lo > 0.0
