"""One import: what a notebook gets, that its examples are true, and what it says of a mistake."""

import ast
import doctest
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import infowar_lab as lab
from experiments.app import compose_config
from experiments.notebook import comparing
from experiments.running.work import Work
from experiments.settings import build_setting
from experiments.teaching.replay_runs import ReplayJob, create_worlds
from sim.errors import InputError
from tests.conftest import ROOT
from tests.worlds import LIVELY, lively

HEAVY = {"numba", "mesa", "pandas", "matplotlib", "hydra", "omegaconf", "numpy", "scipy", "networkx", "rich"}
TICKS = 30
SMALL = lively(population={"size": 60}, campaign={"start": 6}, army={"size": 10}).replace({"ticks": TICKS})
TINY = ("population.size=60", f"ticks={TICKS}", "campaign.start=6")


def run(code: str, folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own whose working folder is `folder`, which comes first where imports look."""
    whole = f"import sys; sys.path[:0] = {[str(path) for path in (*paths, ROOT)]!r}\n{code}"
    return subprocess.run([sys.executable, "-c", whole], cwd=folder, capture_output=True, text=True)


# ---- the package


def test_the_import_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import infowar_lab; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(run(code, tmp_path).stdout.split())
    assert {"infowar_lab", "sim"} <= loaded
    assert not HEAVY & loaded


def test_names_are_one_list() -> None:
    tree = ast.parse((ROOT / "infowar_lab" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.asname: statement.module
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert typed == lab._HOME
    assert set(lab.__all__) == {"__version__", *typed}
    assert dir(lab) == sorted(lab.__all__)
    assert 20 <= len(lab.__all__) <= 30


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match=r"^infowar_lab has no Wrold: there are World, Setting, load"):
        lab.Wrold  # noqa: B018


def test_all_can_be_imported_at_once(tmp_path: Path) -> None:
    said = run("from infowar_lab import *; print(__version__, World.__name__, load.__name__)", tmp_path)
    assert said.stdout.split()[1:] == ["World", "load"], said.stderr


@pytest.mark.parametrize("name", ["sim", "experiments"])
@pytest.mark.parametrize("made", ["{}.py", "{}/__init__.py"])
def test_a_file_of_the_user_s_in_place_of_ours_is_named(name: str, made: str, tmp_path: Path) -> None:
    path = tmp_path / made.format(name)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    for before in ("", f"import {name}; "):
        error = run(f"{before}import infowar_lab", tmp_path, tmp_path).stderr.splitlines()[-1]
        assert error == (
            f"ImportError: infowar_lab needs its own package {name}, but `import {name}` finds {path}: "
            "rename that file or folder, and start Python again"
        )


def test_a_folder_without_code_is_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    assert run("import infowar_lab", tmp_path, tmp_path).stderr == ""


def test_the_page_lists_every_name() -> None:
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| .+ \|$", page, re.MULTILINE)
    assert ["__version__", *listed] == lab.__all__


# ---- examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One working folder for all examples: some read what an earlier one has written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made := tmp_path_factory.mktemp("examples"))
        yield made


@pytest.mark.filterwarnings("ignore:coords should be an ndarray")  # xarray on some of its versions
@pytest.mark.parametrize("name", lab._HOME)
def test_the_example_is_true(name: str, folder: Path) -> None:
    if name == "dataset":
        pytest.importorskip("xarray")
    documented = inspect.getdoc(getattr(lab, name)) or ""
    assert "\nExample:\n" in documented
    test = doctest.DocTestParser().get_doctest(documented, {}, name, None, 0)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    assert runner.run(test, out=said.append).failed == 0, "".join(said)
    assert len(test.examples) > 1


# ---- settings


def test_what_is_loaded_is_what_a_command_plays() -> None:
    words = ["scenario=committee_smear", "population.size=90", "ticks=50"]
    assert lab.load(*words) == build_setting(compose_config("run", words))
    assert lab.load(*words).ticks == 50
    assert lab.load() == lab.Setting()


def test_a_setting_is_changed_by_field_group_and_ticks() -> None:
    changed = LIVELY.replace({"army.size": 3, "feed": lab.Feed(depth=5), "ticks": 7, "credibility": None})
    assert (changed.army.size, changed.feed.depth, changed.ticks) == (3, 5, 7)
    assert changed.population == LIVELY.population
    assert lab.load("ticks=9").replace({"ticks": 9}).loaded_from is None


@dataclass(frozen=True, kw_only=True)
class Nothing(lab.Defence):
    """A defence of a user's own."""


# ---- comparisons


@pytest.fixture(scope="module")
def comparison() -> lab.Comparison:
    return lab.compare(SMALL, seeds=[4, 5, 6], workers=1)


def test_worlds_are_paired_by_seed_and_counted(comparison: lab.Comparison) -> None:
    silent = SMALL.replace({"campaign.tactics": ()})
    for seed in (4, 5, 6):
        for arm, setting in (("with", SMALL), ("without", silent)):
            alone = lab.World(setting, seed=seed).run(TICKS)
            hours = comparison.hours.query("arm == @arm and seed == @seed")
            pd.testing.assert_frame_equal(hours[list(alone)].reset_index(drop=True), alone)
            rows = comparison.table.query("seed == @seed").set_index("outcome")[arm]
            assert rows["dissent_posts"] == alone["dissent_posts"][6:].sum()
            assert rows["mean_fear"] == pytest.approx(alone["mean_fear"][6:].mean())


def test_a_table_is_tidy(comparison: lab.Comparison) -> None:
    table = comparison.table
    assert list(table) == ["seed", "outcome", "with", "without", "difference"]
    assert not table.duplicated(["seed", "outcome"]).any()
    known = table.dropna()
    assert (known["difference"] == known["with"] - known["without"]).all()


def test_an_effect_is_the_mean_of_paired_differences(comparison: lab.Comparison) -> None:
    effect = comparison.effect("army_posts")
    difference = comparison.table.query("outcome == 'army_posts'")["difference"]
    half = 4.302652729911275 * difference.std() / np.sqrt(3)  # Student's t, 2 degrees of freedom
    assert (effect.value, effect.seeds) == (pytest.approx(difference.mean()), 3)
    assert (effect.lo, effect.hi) == (pytest.approx(effect.value - half), pytest.approx(effect.value + half))
    assert effect.without == 0 < effect.with_


def test_an_effect_is_a_sentence(comparison: lab.Comparison) -> None:
    sentence = str(comparison.effect("dissent_posts"))
    assert sentence == repr(comparison.effect("dissent_posts"))
    assert re.fullmatch(
        r"dissent_posts \(total from hour 6 on\): [\d.]+ with, [\d.]+ without: (no effect found, )?\u2212?[\d.]+ "
        r"\(95% interval \u2212?[\d.]+ to \u2212?[\d.]+\), 3 paired worlds\.",
        sentence,
    )
    assert "(mean of hours 6 to 30)" in str(comparison.effect("mean_fear"))


def test_one_pair_has_no_interval() -> None:
    one = lab.compare(SMALL, seeds=1, workers=1)
    assert "no interval from so few worlds" in str(one.effect("dissent_posts"))
    assert repr(one) == "<Comparison of 1 pair of worlds over 30 hours, without: campaign.tactics=[]>"


def test_a_notebook_shows_what_matters(comparison: lab.Comparison) -> None:
    page = comparison._repr_html_()
    assert page.count("<li>") == len(comparison.key_outcomes) == 5
    assert str(comparison.effect("mean_fear")) in page
    told = lab.compare(["scenario=committee_smear", "population.size=60", "ticks=110"], seeds=2, workers=1)
    assert told.changes == "forces.committee.operations.smear.intensity=0.0"
    assert told.time_span == (96, 110)
    assert told.key_outcomes == (
        "targeted_credibility",
        "targeted_impressions",
        "credibility_dissenters",
        "dissent_posts",
    )
    assert told.effect("smear_impressions").without == 0.0
    late = told.hours.query("arm == 'with' and tick >= 96").groupby("seed")["targeted_credibility"].mean()
    assert told.effect("targeted_credibility").with_ == pytest.approx(late.mean())
    assert "(mean from hour 96 on)" in str(told.effect("targeted_credibility"))


def test_what_differs_can_be_said_in_every_way() -> None:
    army, loaded = SMALL.replace({"army.size": 0}), lab.load(*TINY)
    for without in ("army.size=0", ["army.size=0"], army):
        assert lab.compare(SMALL, without, seeds=1, workers=1).effect("army_posts").without == 0
    found = lab.compare(loaded, ["feed=chronological", "army.size=3"], seeds=1, workers=1)
    chronological = lab.World(loaded.replace({"feed.engagement": 0.0, "feed.window": 0.0, "army.size": 3}), seed=1).run(
        TICKS
    )
    assert found.effect("reads").without == chronological["reads"][6:].sum()


def test_a_curve_is_drawn_with_and_without(comparison: lab.Comparison) -> None:
    axes = comparison.plot("army_posts")
    dashed, solid = axes.get_lines()
    assert dashed.get_linestyle() == "--"
    expected = comparison.hours.query("arm == 'with'").groupby("tick")["army_posts"].mean().rolling(24, min_periods=1)
    np.testing.assert_allclose(np.asarray(solid.get_ydata(), float), expected.mean().to_numpy())
    assert not np.asarray(dashed.get_ydata(), float).any()
    assert comparison.plot(ax=axes) is axes
    with pytest.raises(InputError, match="arm is not an hourly measure here: the nearest of"):
        comparison.plot("arm")


def test_a_script_needs_no_guard(comparison: lab.Comparison, tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "import infowar_lab as lab\n"
        "from tests.test_lab import SMALL\n"
        "print(lab.compare(SMALL, seeds=[4, 5, 6], workers=2).effect('dissent_posts'))\n"
    )
    said = run(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')", tmp_path)
    assert said.stdout.strip() == str(comparison.effect("dissent_posts")), said.stderr


def test_a_script_that_sweeps_needs_no_guard(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    words = ["sweep.grid=['army.size=5,10']", *TINY, "seeds=1", "workers=2", "sweep.report=false", "out=here"]
    script.write_text(f"print('loaded')\nimport infowar_lab as lab\nprint(lab.sweep(*{words!r}))\n")
    said = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    lines = said.stdout.splitlines()
    assert (lines[0], lines[-2:]) == ("loaded", ["3 runs are done, 0 failed: here", "True"]), said.stderr
    assert lines.count("loaded") == 1, "a worker has loaded the script"


def test_a_class_of_the_notebook_is_played_in_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def noted(play: Callable[[ReplayJob], Any], takes: list[ReplayJob], workers: int, *rest: Any) -> list[None]:
        asked.append(workers)
        assert sys.modules["__main__"] is not main
        return []

    main = sys.modules["__main__"]
    monkeypatch.setattr(comparing, "run_jobs", noted)
    comparing.simulate_pairs(len, [ReplayJob((SMALL,), 1, TICKS, 0)], 3)
    monkeypatch.setattr(Nothing, "__module__", "__main__")
    comparing.simulate_pairs(len, [ReplayJob((SMALL.replace({"defences": (Nothing(),)}),), 1, TICKS, 0)], 3)
    assert asked == [3, 1]
    assert sys.modules["__main__"] is main


def test_a_class_of_the_notebook_in_a_sweep_is_one_line() -> None:
    with pytest.raises(InputError, match=r"_target_: __main__\.Mine is of a notebook or a script, .*mine\.Mine"):
        lab.sweep("feed._target_=__main__.Mine", "sweep.plan=true")


# ---- replays and data


def test_a_replay_is_shown_inside_a_notebook(tmp_path: Path) -> None:
    page = lab.replay(SMALL, "army.size=0", seeds=2, title='A "title" & more', workers=1)
    path = page.save(str(tmp_path / "mine.html"))
    assert path.read_text(encoding="utf-8") == page.html
    assert "A &#34;title&#34; &amp; more" in page.html
    frame = page._repr_html_()
    assert frame.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert frame.count('"') == 6  # of three attributes: nothing ends the page before its time
    assert re.fullmatch(r"<Replay of \d+ KiB: a notebook shows it, save\('replay.html'\) writes it>", repr(page))


def test_a_replay_of_a_scenario_is_about_its_story() -> None:
    page = lab.replay(["scenario=committee_smear", "population.size=40", "ticks=100"], workers=1)
    assert "<title>A committee smears one critic</title>" in page.html
    assert "targeted_credibility" in page.html


def test_a_world_can_be_shown_alone() -> None:
    def arms(page: lab.Replay) -> list[str]:
        return re.findall(r'"arm": "(\w+)"', page.html)

    quiet = lab.load("scenario=quiet", *TINY)
    assert arms(lab.replay(SMALL, workers=1)) == ["without", "with"]
    assert [arms(lab.replay(alone, *rest, workers=1)) for alone, *rest in ((SMALL, []), (quiet,))] == [["only"]] * 2


def test_data_are_what_the_command_writes(tmp_path: Path) -> None:
    place = lab.export(SMALL, tmp_path / "data", seed=3, formats=["parquet"])
    accounts = pd.read_parquet(place / "accounts.parquet")
    truth = pd.read_parquet(place / "truth" / "truth_accounts.parquet")
    assert len(accounts) == len(truth) == len(create_worlds(ReplayJob((SMALL,), 3, 1, 0))[0].agents)
    assert not [path for path in place.iterdir() if path.name.startswith("world-")]
    config = yaml.safe_load((place / "config.yaml").read_text(encoding="utf-8"))
    assert config["army"] == {"_target_": "sim.actors.army.Army"} | config["army"]
    assert (config["seed"], config["ticks"], config["population"]["size"]) == (3, TICKS, 60)
    lab.export(SMALL, str(place), seed=4, formats=["parquet"])  # a former export is replaced
    assert not pd.read_parquet(place / "accounts.parquet").equals(accounts)


def test_data_are_not_written_where_a_command_writes(tmp_path: Path) -> None:
    with Work(tmp_path / "data") as work:
        work.begin()
        with pytest.raises(InputError, match="data is in use by another run: wait for it, or name another folder"):
            lab.export(SMALL, tmp_path / "data", formats=["parquet"])
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_is_read_by_any_kind_of_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    words = ('sweep.grid=["army.size=5"]', *TINY, "seeds=1", "workers=1", "sweep.report=false")
    assert lab.sweep(*words, f"out={tmp_path}/one")
    tables = [lab.tidy(folder) for folder in (tmp_path / "one", f"{tmp_path}/one", "~/one", "$HOME/one")]
    assert all(table.equals(tables[0]) for table in tables)


# ---- worlds


def test_a_seed_has_two_names_and_may_be_a_generator() -> None:
    expected = lab.World(SMALL, rng=3).run(4)
    drawn = lab.World(SMALL, np.random.default_rng(9))
    assert lab.World(SMALL, seed=3).run(4).equals(expected)
    assert lab.World(SMALL, seed=np.int64(3)).run(4).equals(expected)
    assert lab.World(SMALL, seed=drawn.seed).run(4).equals(drawn.run(4))
    assert lab.World(SMALL).seed == 1


@pytest.mark.parametrize("seed", [2**63 - 1, 2**64 - 1, 10**40])
def test_a_long_seed_plays(seed: int) -> None:
    world = lab.World(SMALL, seed=seed)
    assert lab.World(SMALL, seed=world.seed).run(3).equals(world.run(3))


@pytest.mark.parametrize("changes", [{"army.size": np.int64(3)}, {"army": lab.Army(size=3)}, {"ticks": np.int32(3)}])
def test_numbers_of_numpy_are_numbers(changes: dict[str, Any]) -> None:
    setting = lab.World(SMALL, **changes).setting
    assert 3 in (setting.army.size, setting.ticks)
    assert {type(setting.army.size), type(setting.ticks)} == {int}


def test_a_world_says_what_it_is() -> None:
    world = lab.World(SMALL, seed=8)
    assert repr(world) == "<World: 60 people, 14 organised accounts, hour 0 of 30, seed 8>"
    world.run(3)
    assert "hour 3 of 30" in repr(world)


def test_a_world_is_drawn() -> None:
    world = lab.World(SMALL)
    world.run_model()
    axes = world.plot("reads", "army_posts")
    assert [line.get_label() for line in axes.get_lines()] == ["reads", "army posts"]
    expected = world.history["reads"].rolling(24, min_periods=1).mean()
    np.testing.assert_allclose(np.asarray(axes.get_lines()[0].get_ydata(), float), expected)
    assert len(world.plot(ax=axes).get_lines()) == 5
    assert type(world) is lab.World
    assert type(lab.World(SMALL).fork(SMALL.campaign)) is lab.World


# ---- mistakes

MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "several": (
        lambda: lab.load("scenario=quiet army.size=20"),
        "'scenario=quiet army.size=20' holds several changes: give each as a text of its own, load('KEY=VALUE', ...)",
    ),
    "no text": (lambda: lab.load(3), "3 is not text: say load('KEY=VALUE', ...)"),  # type: ignore[arg-type]
    "a key of an app": (
        lambda: lab.load("army.size=3", "seed=3"),
        "seed=3 is no part of a setting: leave seed out, and say it where worlds are played",
    ),
    "no override": (lambda: lab.load("committee_smear"), "committee_smear is not of the form KEY=VALUE: see --help"),
    "a value out of range": (
        lambda: lab.load("army.size=-1"),
        "army.size=-1 must lie in [0, 1e+08] (accounts)",
    ),
    "no setting": (
        lambda: lab.compare(3),
        "3 is not a setting: give a Setting, or overrides such as 'scenario=committee_smear'",
    ),
    "a world of what is no setting": (
        lambda: lab.World("army.size=3"),  # type: ignore[arg-type]
        "setting='army.size=3' is not a Setting: use Setting(...) or load('KEY=VALUE')",
    ),
    "a scenario as a setting": (
        lambda: lab.World(scenario="quiet"),
        "scenario='quiet' is a configuration: use World(load('scenario=quiet'))",
    ),
    "two seeds": (
        lambda: lab.World(rng=3, seed=4),
        "rng=3 and seed=4 both give the seed: give one of them",
    ),
    "two seeds, one of them as by default": (
        lambda: lab.World(rng=1, seed=2),
        "rng=1 and seed=2 both give the seed: give one of them",
    ),
    "no part of a setting": (
        lambda: lab.World(persons=4),
        "persons is no part of a setting: the nearest of 27 are expression, evasion, pressure, moderation, extremists, "
        "events; or say GROUP.FIELD",
    ),
    "no rule": (lambda: lab.World(army=3), "army=3 must be a rule of class Army"),
    "no rule of a setting": (
        lambda: lab.Setting(population=3),  # type: ignore[arg-type]
        "population=3 must be a rule of class Population",
    ),
    "a rule of another group": (
        lambda: lab.Setting(reaction=lab.Feed()),  # type: ignore[arg-type]
        "reaction=Feed(engageme...4, window=6.0) must be a rule of class Reaction",
    ),
    "a class in place of a rule": (
        lambda: lab.Setting(army=lab.Army),  # type: ignore[arg-type]
        "army=<class 'sim.actors.army.Army'> must be a rule of class Army",
    ),
    "no rule where one must be": (
        lambda: lab.Setting(feed=None),  # type: ignore[arg-type]
        "feed=None must be a rule of class Feed",
    ),
    "no graph": (lambda: lab.Setting(graph="mine.txt"), "graph='mine.txt' must be a rule of class NetworkRule"),  # type: ignore[arg-type]
    "one where several may be": (
        lambda: lab.Setting(defences=Nothing()),  # type: ignore[arg-type]
        "defences=Nothing(strength=1.0) must be a tuple of rules of class Defence",
    ),
    "a graph as an army": (
        lambda: lab.Setting(army=lab.CommunityGraph()),  # type: ignore[arg-type]
        "army=CommunityGrap...homophily=0.7) must be a rule of class Army",
    ),
    "a mechanism that is none": (
        lambda: lab.Setting(mechanisms=(lab.CommunityGraph(),)),  # type: ignore[arg-type]
        "mechanisms=(CommunityGrap...homophily=0.7),) must be a tuple of rules of class Mechanism",
    ),
    "no force": (lambda: lab.Setting(forces=(3,)), "forces=(3,) must be a tuple of rules of class Force"),  # type: ignore[arg-type]
    "an old keyword of a rule": (
        lambda: lab.Population(boldness=1),  # type: ignore[call-arg]
        "boldness is not a known key of Population: its name is now willingness",
    ),
    "an old key of a world": (
        lambda: lab.World(**{"population.boldness": 1}),
        "population.boldness names no field of population: its name is now willingness",
    ),
    "a key without its group": (
        lambda: lab.World(boldness=1),
        "boldness is no part of a setting: did you mean population.willingness?",
    ),
    "an unknown keyword of a setting": (
        lambda: lab.Setting(populaton=3),  # type: ignore[call-arg]
        "populaton is no part of a setting: did you mean population?; or say GROUP.FIELD",
    ),
    "no field": (
        lambda: lab.World(**{"army.sise": 4}),
        "army.sise names no field of army: did you mean size?",
    ),
    "no ticks": (lambda: lab.Setting(ticks=0), "Setting.ticks=0 must lie in [1, 1e+09] (h)"),
    "a change that is none": (
        lambda: lab.compare(SMALL, "army.size"),
        "without has 'army.size': say 'KEY=VALUE', such as without='army.size=0'",
    ),
    "a change that cannot be read": (
        lambda: lab.compare(SMALL, "army.size=[1"),
        "army.size=[1 cannot be read: say KEY=VALUE",
    ),
    "a change of what is not there": (
        lambda: lab.compare(lab.load(), "army.sise=0"),
        "army.sise=0 names no key: did you mean army.size or army.shift or army.jitter?",
    ),
    "the same twice": (
        lambda: lab.compare(SMALL, "army.size=10"),
        "both worlds would be the same: say what differs, such as without='army.size=0'",
    ),
    "nobody under orders": (
        lambda: lab.compare(SMALL.replace({"army.size": 0})),
        "both worlds would be the same: say what differs, such as without='army.size=0'",
    ),
    "other lengths": (
        lambda: lab.compare(SMALL, "ticks=20"),
        "ticks=20 without and 30 with: give both the same",
    ),
    "other lengths of a replay": (
        lambda: lab.replay(SMALL, "ticks=20"),
        "ticks=20 without and 30 with: give both the same",
    ),
    "too short": (
        lambda: lab.compare(SMALL.replace({"ticks": 6})),
        "ticks=6 ends before anything happens, in hour 6: give more",
    ),
    "no pair": (
        lambda: lab.compare(SMALL, seeds=0),
        "seeds=0 must be a number of paired worlds from 1, or different seeds",
    ),
    "a seed twice": (
        lambda: lab.compare(SMALL, seeds=[3, 3]),
        "seeds=[3, 3] must be a number of paired worlds from 1, or different seeds",
    ),
    "less than no worker": (
        lambda: lab.compare(SMALL, workers=-1),
        "workers=-1 must be 0, for one a core, or a number of processes",
    ),
    "no outcome": (
        lambda: lab.compare(SMALL, seeds=1, workers=1).effect("dissent_post"),
        "dissent_post is no outcome of this comparison: "
        "did you mean dissent_posts or dissent_wanted or dissent_visibility?",
    ),
    "no measure of a comparison": (
        lambda: lab.compare(SMALL, seeds=1, workers=1).plot("army_post"),
        "army_post is not an hourly measure here: did you mean army_posts or loyal_posts?",
    ),
    "half an hour": (lambda: lab.World(SMALL).run(1.5), "run(1.5) must be a whole number of hours from 0"),  # type: ignore[arg-type]
    "no measure of a world": (
        lambda: _played_world().plot("army_post"),
        "army_post is not an hourly measure here: did you mean army_posts or loyal_posts?",
    ),
    "nothing to be drawn": (
        lambda: lab.World(SMALL).plot(),
        "no hour has been played yet: say world.run(24) or world.run_model() first",
    ),
    "a language": (lambda: lab.replay(SMALL, language="fr"), "language=fr must be en or ar"),
    "people": (
        lambda: lab.replay(SMALL, people=0),
        "people=0 must be from 1 to 5000: a page has room for no more dots",
    ),
    "a page's place": (
        lambda: lab.Replay("").save("/dev/null/page.html"),
        "/dev/null/page.html cannot be written (File exists): name another file",
    ),
    "a world's data": (
        lambda: lab.export(lab.World(SMALL), "data"),
        "a world does not keep its posts: say export(world.setting, folder, seed=world.seed)",
    ),
    "a format": (
        lambda: lab.export(SMALL, "data", formats=["parket"]),
        "formats has parket, which is unknown: did you mean parquet?",
    ),
}


def _played_world() -> lab.World:
    world = lab.World(SMALL)
    world.step()
    return world


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_the_cure(mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make, line = MISTAKES[mistake]
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value) == line


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(InputError, match=r"holds mine\.txt, which no run wrote: name another folder"):
        lab.export(SMALL, tmp_path)
