"""Stories: every scenario tells one; its arms differ by what it is about; mistakes are one line."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments import story
from experiments.analysis.stories import compare_arms, make_timeline
from experiments.experiment import start
from experiments.report.story import format_verdict
from experiments.settings import apply_overrides, build_setting, describe_run
from sim.errors import InputError
from sim.mechanisms.events import Events
from sim.world import World
from tests.looks import common_look
from tests.test_conf import CONF, composed

SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))
FEW = ["population.size=60", "army.size=6"]


def told(*overrides: str):
    config = composed("story", *overrides)
    OmegaConf.resolve(config)
    return config


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_tells_a_story_of_measures_that_its_world_has(scenario: str):
    config = told(f"scenario={scenario}", "population.size=60")
    tale = story.read_story(config)
    assert all(picture["look"] for picture in tale["pictures"])
    labels = [label for picture in tale["pictures"] for label in picture["lines"].values()]
    assert all(isinstance(label, str) for label in labels), "a bare `true` is no label in YAML"
    arms = build_setting(config), build_setting(apply_overrides(config, tale["without"], "story.without"))
    assert (arms[0] == arms[1]) == (scenario == "quiet")
    world = World(arms[0], rng=1)
    world.run(2)
    story.check_measures(tale, world.history)
    parts = make_timeline(OmegaConf.to_container(config), config.ticks)  # type: ignore[arg-type]
    assert bool(len(parts)) == (scenario != "quiet")


def test_a_timeline_names_its_parts_plainly():
    config = OmegaConf.to_container(told("scenario=suspension_wave"))
    parts = make_timeline(config, 336).set_index("what")["start"].to_dict()  # type: ignore[arg-type]
    assert parts == {"campaign": 72, "false reports": 72, "sweeps under pressure": 120}


def test_a_story_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    words = ["scenario=protest_day", "population.size=80", "ticks=150", "seeds=2", "workers=1", f"out={tmp_path / 's'}"]
    words.append("story.outcomes=[{measure: dissent_posts, label: Dissent, from: 120, to: 136}]")
    monkeypatch.setattr(sys, "argv", ["story", *words])
    start(story.Story)
    common_look(tmp_path / "s" / "report.html")
    page = (tmp_path / "s" / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 3
    assert "Look at how quickly the wave is over" in page
    assert "there is nobody to carry it out" in page
    assert "the same with events.protest.sessions=1.0" in page
    ticks = pd.read_parquet(tmp_path / "s" / "ticks.parquet")
    before = ticks[ticks["tick"] < 120].set_index(["seed", "tick"]).drop(columns="rallied_posts", errors="ignore")
    one, other = (before[before["arm"] == arm].drop(columns="arm") for arm in ("with", "without"))
    pd.testing.assert_frame_equal(one[other.columns], other)


def test_a_report_says_who_else_plays_and_what_its_world_has():
    config = told("scenario=sleepers_unmasked", *FEW)
    found = describe_run(build_setting(config), config, ("60 nodes",))["facts"]
    assert found["Further forces"] == "sleepers (Sleepers, 4 accounts and 2 hired)"
    assert found["Mechanisms"] == "credibility"


def test_differences_are_paired_and_say_when_there_is_none():
    ticks = pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "tick": tick, "posts": 10.0 * seed + gain * (arm == "with")}
            for arm in ("with", "without")
            for seed, gain in ((1, 2.0), (2, 4.0))
            for tick in range(4)
        ]
    )
    row = compare_arms(ticks, [{"measure": "posts", "label": "Posts", "from": 1, "to": 3}]).iloc[0]
    assert (row["with"], row["without"], row["value"], row["seeds"]) == (18.0, 15.0, 3.0, 2)
    assert (
        format_verdict(row.to_dict())
        == "Posts 18.0 with, 15.0 without: no effect found, 3.0 (95% interval \u22129.7 to 15.7), 2 paired worlds."
    )


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["ticks=100"], "story.outcomes[2] compares hours 136 to 240 of 100: say ticks=240 or more"),
        (["~story.pictures"], "story.pictures is missing: name a scenario that tells a story, see --help"),
        (["story.title=3"], "story.title=3 must be a text"),
        (["story.pictures=[3]"], "story.pictures[0]=3 must be names and values: title, lines, look"),
        (
            ["story.outcomes=[{measure: abuse, label: Abuse, from: 3, to: 3}]"],
            "story.outcomes[0] compares hours 3 to 3: say a later `to`",
        ),
        (
            ["story.outcomes=[{measure: abuse, label: Abuse, to: 3}]"],
            "story.outcomes[0].from is missing: name a scenario that tells a story, see --help",
        ),
        (
            [
                "ticks=9",
                "story.outcomes=[{measure: a, label: A, from: 3, to: 9}, {measure: b, label: B, from: 3, to: 24}]",
            ],
            "story.outcomes[1] compares hours 3 to 24 of 9: say ticks=24 or more",
        ),
    ],
)
def test_a_story_that_can_not_be_told_is_one_line(overrides: list[str], said: str):
    with pytest.raises(InputError) as error:
        story.read_story(told("scenario=protest_day", *overrides))
    assert str(error.value) == said


def test_what_a_story_is_compared_with_must_exist():
    config = told("scenario=protest_day", *FEW)
    with pytest.raises(
        InputError, match=r"story\.without has events\.battle\.extremist_volume=1\.0, which names no key"
    ):
        apply_overrides(config, ["events.battle.extremist_volume=1.0"], "story.without")
    world = World(build_setting(config), rng=1)
    world.step()
    tale = {"outcomes": [], "pictures": [{"lines": {"dissent_pots": ""}}]}
    with pytest.raises(InputError, match="dissent_pots, which is unknown: did you mean dissent_posts"):
        story.check_measures(tale, world.history)


def test_an_event_changes_traits_and_gives_them_back():
    setting = build_setting(
        told("scenario=protest_day", "population.size=60", "events.protest.start=1", "events.protest.hours=2")
    )
    world = World(setting, rng=1)
    accounts, usual = world.accounts, world.accounts.sessions.copy()
    dissent = accounts.cohort == 1
    world.run(2)
    assert (accounts.sessions[dissent] == 2.0 * usual[dissent]).all()
    assert (accounts.sessions[~dissent] == usual[~dissent]).all()
    world.run(2)
    assert (accounts.sessions == usual).all()
    assert world.state.mechanisms.get_state(Events).baseline is None
