"""Mechanisms: what their views can show, and what it takes to add one."""

import re
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from experiments.app import compose_config
from experiments.configuration import search_also
from experiments.settings import build_setting
from sim.hour import VIEWS, Hour, begin_hour, look_in_group
from sim.mechanisms.base import Mechanism, get_name, list_hooks, touches
from sim.mechanisms.defences.base import DefenceView
from sim.mechanisms.morale import Morale
from sim.mechanisms.views import OrganisedView, PeopleView, PlatformView
from sim.setting import Setting
from sim.state.accounts import Accounts, PublicAccounts
from sim.state.posts import Posts, PublicPosts
from sim.state.records import Orders
from sim.state.truth import Truth
from sim.world import World
from tests.conftest import ROOT
from tests.test_schedule import everything
from tests.worlds import LIVELY, fingerprint, lively, played, view_of

PRIVATE = {"fear", "stance_principal", "stance_extremist", "cohort", "opinion_climate", "morale", "willingness"}


def reachable(kind: Any, found: set[Any] | None = None) -> set[Any]:
    """Return all classes that the fields of a class lead to."""
    found = set() if found is None else found
    if kind in found:
        return found
    found.add(kind)
    for inner in get_args(kind):
        reachable(inner, found)
    if isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "_fields")):
        for inner in get_type_hints(kind).values():
            reachable(inner, found)
    return found


def test_people_and_platform_have_no_view_of_the_truth() -> None:
    assert Truth in reachable(OrganisedView)
    for view in (PeopleView, PlatformView, DefenceView):
        assert not {Truth, Orders, Hour, OrganisedView} & reachable(view)
    for view in (PlatformView, DefenceView):
        assert not {Accounts, Posts} & reachable(view)
    assert not PRIVATE & {*PublicAccounts._fields, *PublicPosts._fields, *DefenceView._fields} - {
        "stance_principal",  # of what is written
        "stance_extremist",
    }
    assert "dissent" not in PublicPosts._fields


def test_each_side_is_given_its_own_view() -> None:
    world = World(everything("fallujah_2016"), rng=1)
    kinds = {"people": PeopleView, "organised": OrganisedView, "platform": PlatformView, "defence": DefenceView}
    for mechanism in world.state.mechanisms.rules:
        assert type(view_of(world, mechanism)) is kinds[mechanism.side]
    assert {mechanism.side for mechanism in world.state.mechanisms.rules} == set(VIEWS)
    hour = begin_hour(world.state, world.setting)
    for hook in ("change_update", "change_intentions", "change_ties"):
        views = [view for _, view in look_in_group(hour, hook, hour.users, hour.seen)]
        assert views
        assert {type(view) for view in views} == {PeopleView}, "those of the organised side too"


def test_a_world_calls_the_hooks_of_its_mechanisms_alone() -> None:
    assert World(LIVELY, rng=1).state.mechanisms.rules == ()
    assert "settle" in list_hooks(Morale)
    assert "begin" not in list_hooks(Morale)
    assert [*World(replace(LIVELY, morale=Morale()), rng=1).state.mechanisms.find("begin")] == []


def test_every_hook_declares_what_it_touches_or_touches_nothing() -> None:
    """One that declares nothing gets only values and returns them; `tests/test_schedule.py` sees to it."""
    silent = {
        (get_name(rule), hook)
        for rule in everything("fallujah_2016").list_mechanisms()
        for hook in list_hooks(type(rule))
        if not hasattr(getattr(rule, hook), "touched") and rule.side != "defence"
    }
    assert silent == {("events", "inform"), ("credibility", "weigh_sources")}


def test_mechanisms_act_in_the_order_of_the_setting() -> None:
    names = [get_name(rule) for rule in everything("fallujah_2016").list_mechanisms()]
    order = ["events", *(column.name for column in fields(Setting))]
    assert names[0] == "events"
    ours = [name for name in names if name in order]
    assert ours == sorted(ours, key=order.index)


def test_a_field_of_a_mechanism_is_replaced_as_any_other() -> None:
    setting = replace(LIVELY, morale=Morale()).replace({"morale.loss": 0.5})
    assert setting.morale is not None
    assert setting.morale.loss == 0.5


# ---- one of one's own


@pytest.fixture(scope="module")
def section() -> str:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    return page.partition("## 7. A mechanism of your own")[2]


@pytest.fixture
def fatigue(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the tutorial's example into files of one's own; return their folder."""
    (tmp_path / "conf" / "mechanism").mkdir(parents=True)
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    target = re.search(r"`(_target_: \S+)`", section)
    assert code
    assert target
    (tmp_path / "my_mechanisms.py").write_text(code[1].partition("plain =")[0], encoding="utf-8")
    (tmp_path / "conf" / "mechanism" / "fatigue.yaml").write_text(target[1].rstrip(",") + "\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_mechanisms", raising=False)
    return tmp_path


def test_a_mechanism_takes_at_most_five_files_and_changes_none(section: str, fatigue: Path) -> None:
    files = re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)
    assert len(files) <= 5
    assert {str(path.relative_to(fatigue)) for path in fatigue.rglob("*.*") if path.is_file()} < set(files)
    with search_also(str(fatigue / "conf")):
        config = compose_config("run", ["mechanism=fatigue", "+mechanisms.fatigue.half_life=6", "population.size=80"])
        setting = build_setting(config)
    world = World(setting, rng=1)
    history = world.run(30)
    assert [get_name(rule) for rule in setting.mechanisms] == ["fatigue"]
    assert setting.mechanisms[0].half_life == 6.0  # type: ignore[attr-defined]
    assert history["tiredness"].iloc[-1] > 0.0
    assert (world.schedule().query("who == 'fatigue'")["hook"] == ["begin", "change_intentions"]).all()


def test_a_mechanism_is_chosen_as_a_defence_is(fatigue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*words: str) -> list[str]:
        return [get_name(rule) for rule in build_setting(compose_config("run", words)).mechanisms]

    (fatigue / "mine.yaml").write_text("_target_: my_mechanisms.Fatigue\ntiring: 0.5\n", encoding="utf-8")
    monkeypatch.chdir(fatigue)
    assert build() == build("mechanism=none") == []
    assert build("mechanism=mine.yaml") == build(f"mechanism={fatigue}/mine.yaml") == ["fatigue"]
    assert build("mechanism=[mine.yaml,conf/mechanism/fatigue.yaml]") == ["fatigue", "fatigue"]
    assert compose_config("run", ["mechanism=mine.yaml"]).mechanisms.mine.tiring == 0.5
    assert compose_config("run", ["mechanism=none"]) == compose_config("run", [])


def test_what_tires_nobody_changes_nothing_and_what_tires_silences(fatigue: Path) -> None:
    from my_mechanisms import Fatigue  # type: ignore[import-not-found]

    def play(*mechanisms: Mechanism, threads: int = 1) -> World:
        world = World(lively(population={"size": 120}).replace({"mechanisms": mechanisms}), rng=5, threads=threads)
        world.run(40)
        return world

    plain, idle, tired = play(), play(Fatigue(tiring=0.0)), play(Fatigue(tiring=0.2))
    assert idle.history.drop(columns="tiredness").equals(plain.history)
    assert tired.history["dissent_posts"].sum() < plain.history["dissent_posts"].sum()
    assert fingerprint(play(Fatigue(tiring=0.2), threads=3)) == fingerprint(tired)


def test_a_forked_world_has_a_state_of_its_own(fatigue: Path) -> None:
    from my_mechanisms import Fatigue

    world = played(lively(population={"size": 60}).replace({"mechanisms": (Fatigue(tiring=0.2),)}), 10)
    twin = world.fork(world.setting.campaign)
    twin.run(5)
    assert not np.shares_memory(*(w.state.mechanisms.get_state(Fatigue) for w in (world, twin)))
    assert world.run(5).equals(twin.history)


def test_touches_names_parts() -> None:
    assert touches("accounts.fear", "own")(lambda view: None).touched == {  # type: ignore[attr-defined]
        "reads": "accounts.fear",
        "writes": "own",
    }
