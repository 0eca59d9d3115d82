"""A design is read as Hydra would read it, and every point is checked before anything runs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from experiments.analysis.summary import MEASURES
from experiments.app import resumable_app
from experiments.configuration import CONF
from experiments.settings import build_setting, get_baseline_changes
from experiments.sweep import SweepKeys, main, sweep
from experiments.sweeps import design, plan, runner, world
from sim.errors import InputError

NONE: dict[str, Any] = {"grid": [], "list": [], "random": [], "lhs": [], "sobol": [], "csv": None}
NONE |= {"draws": 8, "design_seed": 1}
SMALL = ["population.size=150", "army.size=20", "campaign.start=4", "campaign.hours=12", "ticks=24"]


def points(**parts: Any) -> list[dict[str, Any]]:
    return design.make_points(NONE | parts)


def test_no_design_is_one_point() -> None:
    assert points() == [{}]


def test_a_grid_is_every_combination_in_order() -> None:
    found = points(grid=["army.size=0,50", "feed=chronological,engagement", "ticks=9"])
    assert [tuple(point.values()) for point in found] == [
        (0, "chronological", 9),
        (0, "engagement", 9),
        (50, "chronological", 9),
        (50, "engagement", 9),
    ]
    assert list(found[0]) == ["army.size", "feed", "ticks"]


def test_a_grid_takes_what_hydra_takes() -> None:
    assert [point["ticks"] for point in points(grid=["ticks=range(1,8,3)"])] == [1, 4, 7]
    tactics = points(grid=["campaign.tactics=[flood,abuse],[]"])
    assert [point["campaign.tactics"] for point in tactics] == [["flood", "abuse"], []]
    assert points(grid=["campaign.principal=choice(state,'party')"])[1] == {"campaign.principal": "party"}


def test_a_list_and_a_table_are_points_one_by_one(tmp_path: Path) -> None:
    assert points(list=["army.size=20 feed=chronological", "army.size=80"]) == [
        {"army.size": 20, "feed": "chronological"},
        {"army.size": 80},
    ]
    (tmp_path / "points.csv").write_text("army.size,feed\n20,chronological\n80,engagement\n")
    assert points(csv=str(tmp_path / "points.csv")) == [
        {"army.size": 20, "feed": "chronological"},
        {"army.size": 80, "feed": "engagement"},
    ]


def test_parts_are_crossed() -> None:
    found = points(grid=["feed=chronological,engagement"], lhs=["army.rate=interval(1,9)"], draws=5)
    assert len(found) == 10
    assert [point["army.rate"] for point in found[:5]] == [point["army.rate"] for point in found[5:]]


@pytest.mark.parametrize("method", ["random", "lhs", "sobol"])
def test_a_sample_stays_in_its_ranges_and_is_the_same_again(method: str) -> None:
    words = ["a=interval(2,3)", "b=int(interval(1,4))", "c=tag(log,interval(0.01,100))", "d=x,y", "e=range(3,9,3)"]
    found = points(**{method: words}, draws=256)
    assert found == points(**{method: words}, draws=256)
    assert found != points(**{method: words}, draws=256, design_seed=2)
    assert all(2 <= point["a"] < 3 and 0.01 <= point["c"] <= 100 for point in found)
    assert {point["b"] for point in found} == {1, 2, 3, 4}
    assert {(point["d"], point["e"]) for point in found} == {(d, e) for d in "xy" for e in (3, 6)}
    assert all(isinstance(point["b"], int) for point in found)
    assert abs(np.mean([point["c"] < 1 for point in found]) - 0.5) < 0.1


def test_a_latin_hypercube_visits_every_stratum_once() -> None:
    found = points(lhs=["a=interval(0,10)"], draws=10)
    assert sorted(int(point["a"]) for point in found) == list(range(10))


MISTAKES = {
    "grid=[army.size]": "sweep.grid has 'army.size', which is not of the form KEY=VALUE: see --help",
    "grid=[army.size=4;6]": "which cannot be read: put a value with special signs in two pairs of quotes",
    "lhs=[army.size=interval(4]": "sweep.lhs has 'army.size=interval(4', which cannot be read: ( needs )",
    "grid=[+army.size=3]": "put + and ~ on the command line itself",
    "grid=[seed=1,2]": "a design cannot vary seed; seeds=K seed=S say which seeds",
    "grid=[a=interval(0,1)]": "an interval needs sweep.lhs, sobol or random",
    "lhs=[a=3]": "give a range, a=interval(LOW,HIGH)",
    "lhs=[a=interval(3,3)]": "LOW must be below HIGH",
    "lhs=[a=tag(log,interval(0,1))]": "above 0 for a log",
    "sobol=[a=interval(0,1)] draws=100": "Sobol points need a power of two, so say 64 or 128",
    "random=[a=interval(0,1)] draws=0": "sweep.draws=0 must be a whole number from 1",
    "list=[a=1,2]": "a point has one value for each key",
    "csv=nowhere.csv": "sweep.csv=nowhere.csv cannot be opened",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_in_a_design_is_said(words: str) -> None:
    parts = dict(word.split("=", 1) for word in words.split())
    given: dict[str, Any] = {
        key: [value[1:-1]] if value.startswith("[") else int(value) if value.isdigit() else value
        for key, value in parts.items()
    }
    with pytest.raises(InputError) as error:
        points(**given)
    assert MISTAKES[words] in str(error.value)


def test_a_key_in_two_parts_or_twice_is_refused() -> None:
    with pytest.raises(InputError, match="stands in two parts"):
        points(grid=["a=1,2"], list=["a=3"])
    with pytest.raises(InputError, match="names a twice"):
        points(grid=["a=1,2", "a=3"])


# The plan


@pytest.fixture(scope="module")
def composer() -> plan.Composer:
    return plan.Composer("sweep", [*SMALL, "seed=3", "sweep.draws=2", "out=x"], CONF)


@pytest.mark.parametrize(
    "point",
    [
        {},
        {"feed": "chronological", "army.rate": 2, "army.size": 5},
        {"scenario": "quiet"},
        {"graph": "preferential", "campaign.tactics": ["flood"]},
        {"defence": ["prompt", "rate_limit"], "army.size": 5},
        {"defence": []},
    ],
)
def test_a_point_is_what_hydra_composes(composer: plan.Composer, point: dict[str, Any]) -> None:
    words = [f"{key}={str(value).replace(chr(39), '')}" for key, value in point.items()]
    base = [word for word in SMALL if word.split("=")[0] not in point]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("sweep", base + words)
    OmegaConf.resolve(config)
    cell = composer.compose(point)
    assert cell.setting == build_setting(config)
    assert cell.ticks == config.ticks
    assert all(cell.config[key] == OmegaConf.to_container(config)[key] for key in cell.config)


def test_an_unknown_choice_in_a_list_is_named(composer: plan.Composer) -> None:
    with pytest.raises(InputError, match=r"^defence=rate is unknown: choose one of: .*rate_limit"):
        composer.compose({"defence": ["prompt", "rate"]})


def test_what_one_point_says_is_forgotten_at_the_next() -> None:
    fresh = plan.Composer("sweep", [*SMALL, "feed=chronological"], CONF)
    sizes = [fresh.compose(point).setting.army.size for point in ({"army.size": 5}, {}, {"feed": "engagement"})]
    assert sizes == [5, 20, 20]
    assert fresh.compose({}).setting.feed.engagement == 0
    assert fresh.compose({"feed": "engagement"}).setting.feed.engagement == 1


def test_equal_configurations_are_one_cell_however_they_are_written(composer: plan.Composer) -> None:
    name = composer.compose({"feed": "chronological"}).name
    assert composer.compose({"feed.engagement": 0, "feed.window": 0}).name == name
    assert composer.compose({"feed.engagement": 0.0, "feed.window": 0.0}).name == name
    assert composer.compose({"feed": "chronological", "army.size": 20}).name == name
    assert composer.compose({}).name != name
    assert composer.compose({"ticks": 23}).name != composer.compose({}).name


def test_what_an_empty_army_would_do_decides_nothing(composer: plan.Composer, tmp_path: Path) -> None:
    here = composer.compose({"army.size": 0})
    other = composer.compose(
        {"army.size": 0, "army.quota": 9, "campaign.intensity": 0.2, "campaign.tactics": ["abuse"]}
    )
    assert here.name == other.name
    assert here.setting != other.setting
    for key, value in {"army.size": 1, "campaign.start": 5, "campaign.hours": 11, "reaction.half_life": 9}.items():
        assert composer.compose({"army.size": 0, key: value}).name != here.name
    measures = [world.measure((cell.setting, cell.files, 2, cell.ticks), tmp_path)[0] for cell in (here, other)]
    assert set(measures[0]) == set(MEASURES)
    np.testing.assert_equal(measures[0], measures[1])


def test_a_graph_s_file_is_part_of_the_identity(tmp_path: Path) -> None:
    edges = tmp_path / "ring.edges"
    composer = plan.Composer("sweep", ["graph=file", f"graph.path={edges}"], CONF)
    edges.write_text("0 1\n1 2\n2 0\n")
    first = composer.compose({}).name
    assert composer.compose({}).name == first
    edges.write_text("0 1\n1 2\n2 1\n")
    assert composer.compose({}).name != first


def test_baselines_with_equal_hash_are_played_once(composer: plan.Composer) -> None:
    table = plan.compose_rows(composer, points(grid=["army.size=0,5,9", "army.quota=3,4"]), {"army.size": 0})
    assert len(table) == 6
    assert len({row.baseline.name for row in table if row.baseline}) == 1
    assert len(plan.list_configurations(table)) == 1 + 4
    cells = plan.list_configurations(table)
    jobs = plan.make_jobs(cells, range(3, 5), "code")
    assert len({job.run_id for job in jobs}) == len(jobs) == 10
    others = plan.make_jobs(cells, range(3, 5), "another code")
    assert {job.run_id for job in jobs}.isdisjoint(job.run_id for job in others)


SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_baseline_is_what_the_story_of_the_scenario_names(scenario: str) -> None:
    fresh = plan.Composer("sweep", [f"scenario={scenario}", "population.size=200"], CONF)
    (row,) = plan.compose_rows(fresh, [{}], None)
    without = OmegaConf.load(CONF / f"scenario/{scenario}.yaml").story.without
    assert bool(row.changes) == bool(row.baseline) == bool(without)
    assert not row.baseline or row.baseline.name != row.cell.name
    assert not runner.list_cautions([row], None) or scenario == "quiet"
    named = {word.partition("=")[0] for word in without}
    assert named - set(row.changes) == set(row.changes) - named - {"army.size"} | named & {"campaign.intensity"}


def test_each_point_has_the_baseline_of_its_own_scenario() -> None:
    fresh = plan.Composer("sweep", ["population.size=200"], CONF)
    table = plan.compose_rows(fresh, points(grid=["scenario=committee_smear,flooded_hashtag,quiet"]), None)
    smear = {"forces.committee.operations.smear.intensity": 0.0}
    assert [row.changes for row in table] == [smear, {"army.size": 0}, {}]
    assert runner.list_cautions(table, None) == [
        "1 of 3 points is without a baseline, as the story of the scenario names none: only levels are told; "
        """'sweep.baseline=["KEY=VALUE"]' compares"""
    ]
    (silent,) = plan.compose_rows(plan.Composer("sweep", ["~story"], CONF), [{}], None)
    assert silent.changes == {"army.size": 0}, "as in a replay, a scenario without a story is compared with no orders"


@pytest.mark.parametrize("scenario", ["flooded_hashtag", "fallujah_2016"])
def test_an_army_without_orders_is_no_army(scenario: str, tmp_path: Path) -> None:
    fresh = plan.Composer("sweep", [f"scenario={scenario}", *SMALL[:2], "ticks=100"], CONF)
    words = get_baseline_changes(fresh.compose({}).config["story"])
    cells = [fresh.compose(point) for point in (design.parse_story_baseline(words), design.parse_baseline(words) or {})]
    assert [cell.setting.army.size for cell in cells] == [0, 20]
    measures = [world.measure((cell.setting, cell.files, 1, cell.ticks), tmp_path)[0] for cell in cells]
    np.testing.assert_equal(measures[0], measures[1])


def test_points_that_are_their_own_baseline_are_said_before_anything_is_played() -> None:
    fresh = plan.Composer("sweep", ["scenario=committee_smear"], CONF)
    sizes = points(grid=["forces.committee.size=5,10"])
    assert runner.list_cautions(plan.compose_rows(fresh, sizes, None), None) == []
    assert runner.list_cautions(plan.compose_rows(fresh, sizes, {}), []) == []
    (line,) = runner.list_cautions(plan.compose_rows(fresh, sizes, {"army.size": 0}), ["army.size=0"])
    assert line == (
        "every point equals its baseline, in which army.size=0 changes nothing, so every difference is 0: say "
        """'sweep.baseline=["KEY=VALUE"]' with what the points are about, or sweep.baseline=[] for levels alone"""
    )
    levels = points(grid=["forces.committee.operations.smear.intensity=0,0.5,1"])
    (line,) = runner.list_cautions(plan.compose_rows(fresh, levels, None), None)
    assert line.startswith("1 of 3 points is equal to the baseline (forces.committee.operations.smear.intensity=0.0), ")


def test_a_story_s_baseline_that_a_point_can_not_have_is_one_line() -> None:
    fresh = plan.Composer("sweep", ["scenario=counter_moves"], CONF)
    with pytest.raises(InputError) as error:
        plan.compose_rows(fresh, points(grid=["migration=default,none"]), None)
    assert str(error.value) == (
        "migration.flee is a key of another choice: add migration=default (at the point migration=none "
        "migration.flee=0.0 solidarity.rally_posts=0 solidarity.comfort=0.0), the baseline of its story: say "
        """'sweep.baseline=["KEY=VALUE"]', or sweep.baseline=[] for none"""
    )
    assert len(plan.compose_rows(fresh, points(grid=["migration=default,none"]), {"solidarity.rally_posts": 0})) == 2


def test_a_point_that_leaves_a_key_out_has_the_configuration_s_value(composer: plan.Composer) -> None:
    table = plan.compose_rows(composer, points(list=["army.size=5 feed=chronological", "ticks=30"]), {})
    assert [row.values for row in table] == [
        {"army.size": 5, "feed": "chronological", "ticks": 24},
        {"army.size": 20, "feed": "engagement", "ticks": 30},
    ]


SAID = {
    "army.sise=0,5": "army.sise is not a known key: did you mean army.size? (at the point army.sise=0)",
    "feed=chronological,newest": "feed=newest is unknown: choose one of: chronological, engagement "
    "(at the point feed=newest)",
    "army.discipline=0.5,1.5": "army.discipline=1.5 must lie in [0, 1] (share) (at the point army.discipline=1.5)",
    "army.size=3,many": "army.size='many' must be a number (at the point army.size=many)",
    "graph.path=x": "graph.path is a key of another choice: add graph=configuration or graph=file "
    "(at the point graph.path=x)",
    "campaign.victims=[999]": "Campaign.victims has 999, but the people are accounts 0 to 149: name some of "
    "these (at the point campaign.victims=[999])",
    "ticks=0": "ticks=0 must be a whole number from 1 to 1000000 (at the point ticks=0)",
}


@pytest.mark.parametrize("word", SAID)
def test_every_override_is_checked_before_anything_runs(word: str, composer: plan.Composer) -> None:
    with pytest.raises(InputError) as error:
        plan.compose_rows(composer, points(grid=[word]), {})
    assert str(error.value) == SAID[word]


def test_a_mistake_is_one_line_and_leaves_nothing(
    command_line: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command_line('sweep.grid=["army.sise=0,5"]')
    with pytest.raises(SystemExit) as leave:
        resumable_app("sweep", main)
    assert (leave.value.code, *capfd.readouterr()) == (2, "", SAID["army.sise=0,5"] + "\n")
    assert list(tmp_path.iterdir()) == []


OPTIONS = {
    "sweep.retry=all": "sweep.retry=all is unknown: choose one of: failed, none",
    "sweep.until=narrow": "sweep.until=narrow is unknown: choose one of: half_width, null",
    "sweep.plan=3": "sweep.plan=3 must be true or false",
    "sweep.time_limit=0": "sweep.time_limit=0 must be a number above 0, or null",
    "sweep.grid=3": """sweep.grid=3 must be a list: 'sweep.grid=["KEY=VALUE"]'""",
    "sweep.merge=3": """sweep.merge=3 must be a list: 'sweep.merge=["DIR"]'""",
    "sweep.merge=[out/none]": "sweep.merge has out/none, which is no folder of a sweep: it has no runs/ in it",
    "sweep.outcome=lost_disent": "sweep.outcome=lost_disent is unknown: did you mean lost_dissent or "
    "lost_dissent_percent?",
    "sweep.max_seeds=1.5": "sweep.max_seeds=1.5 must be a whole number from 0 to 10000",
    "sweep.measures=[3]": "sweep.measures=[3] must be a list of measures, each once: [targeted_credibility]",
    "sweep.measures=[a,a]": "sweep.measures=['a', 'a'] must be a list of measures, each once: [targeted_credibility]",
    "sweep.measures=[mean_fear]": ("sweep.measures has mean_fear, which every sweep has: leave it out"),
    "sweep.until=half_width": "sweep.until=half_width needs what is narrow enough: add sweep.half_width=NUMBER",
}


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    whole = OmegaConf.merge(*(OmegaConf.load(CONF / f"{name}.yaml") for name in ("base", "sweep")))  # its engine
    return dict(OmegaConf.to_container(whole.sweep, resolve=True))  # type: ignore[arg-type]


def check_sweep(options: dict[str, Any]) -> None:
    runner.check_options(options)
    SweepKeys.read(OmegaConf.create({"sweep": options}))


@pytest.mark.parametrize("word", OPTIONS)
def test_every_option_of_a_sweep_is_checked(word: str, options: dict[str, Any]) -> None:
    key, value = word.removeprefix("sweep.").split("=")
    with pytest.raises(InputError) as error:
        check_sweep(options | {key: yaml.safe_load(value)})
    assert str(error.value) == OPTIONS[word]


CALLED = {
    "seeds=0": "seeds=0 must be a whole number from 1 to 10000",
    "workers=-1": "workers=-1 must be a whole number from 0 to 1024",
    "out=3": "out=3 must be the name of a folder",
    "sweep.grid={army.size:[0,5]}": "sweep.grid={army.size:[0,5]} must be a list: 'sweep.grid=[\"ITEM\"]', see --help",
    "sweep.grid=[army.size=0,5]": "sweep.grid=[army.size=0,5] cannot be read: put each item of the list in quotes, "
    "'sweep.grid=[\"army.size=0,5\"]'",
    "sweep.grid=[army.size=0,5,feed=x]": "sweep.grid=[army.size=0,5,feed=x] cannot be read: put each item of the list "
    "in quotes, 'sweep.grid=[\"KEY=VALUES\"]'",
    "sweep.grid=[army.size]": "sweep.grid[0]=army.size must be KEY=VALUES, as in '\"KEY=VALUE\"'",
    "sweep.grid=army.size=0,5": "sweep.grid=army.size=0,5 cannot be read: give a list, "
    "'sweep.grid=[\"army.size=0,5\"]'",
    "sweep.baseline=[army.size]": "sweep.baseline[0]=army.size must be KEY=VALUES, as in '\"KEY=VALUE\"'",
    """sweep.list=['army.size=0','army.size=0']""": "sweep.list names army.size=0 twice: name it once",
    "army.size=6,7": "army.size=6,7 has several values: say one, or 'sweep.grid=[\"army.size=6,7\"]' for a point with "
    "each",
    "campaign.tactics=abuse,flood": "campaign.tactics=abuse,flood is no list: say campaign.tactics=[abuse,flood]",
    "army.sise=3": "army.sise is not a known key: did you mean army.size?",
    "feed=newest": "feed=newest is unknown: choose one of: chronological, engagement",
}


@pytest.mark.parametrize("word", CALLED)
def test_a_call_from_a_notebook_is_checked_as_the_command_is(word: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        sweep("sweep.plan=true", f"out={tmp_path}/out", word)
    assert str(error.value) == CALLED[word]


def test_the_plan_alone_writes_nothing(command_line: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command_line('sweep.grid=["army.size=0,5", "feed=chronological,engagement"]', "sweep.plan=true", "seeds=3")
    resumable_app("sweep", main)
    out, err = capfd.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "army.size=0 feed=chronological",
        "army.size=0 feed=engagement",
        "army.size=5 feed=chronological",
        "army.size=5 feed=engagement",
        "2 of 4 points are equal to the baseline (army.size=0), with differences of 0",
        "4 points (4 different, and 0 baselines beside them) x 3 seeds = 12 runs",
    ]
    assert list(tmp_path.iterdir()) == []


def test_points_that_are_repeated_are_named(command_line: Any, capfd: pytest.CaptureFixture[str]) -> None:
    command_line('sweep.grid=["army.size=4,5,4,5.0,7"]', "sweep.plan=true", "seeds=1")
    resumable_app("sweep", main)
    *_, line, size = capfd.readouterr().out.splitlines()
    assert line == "2 of 5 points are the same as another, and played once: army.size=4; army.size=5.0"
    assert size.startswith("5 points (3 different, ")


def test_a_plan_of_one_point_is_said_as_one(command_line: Any, capfd: pytest.CaptureFixture[str]) -> None:
    command_line("sweep.plan=true", "seeds=1")
    resumable_app("sweep", main)
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "1 point (1 different, and 1 baseline beside it) x 1 seed = 2 runs"


def test_help_teaches_designs(command_line: Any, capfd: pytest.CaptureFixture[str]) -> None:
    command_line("--help")
    with pytest.raises(SystemExit) as leave:
        resumable_app("sweep", main)
    assert not leave.value.code
    out = capfd.readouterr().out
    for words in ("sweep.grid=", "interval(", "sweep.csv=", "sweep.retry=failed", "sweep.plan=true", "sweep.until="):
        assert words in out


def test_a_multirun_of_a_sweep_is_refused(command_line: Any, capfd: pytest.CaptureFixture[str]) -> None:
    command_line("-m", "seed=1,2")
    with pytest.raises(SystemExit) as leave:
        resumable_app("sweep", main)
    assert leave.value.code == 2
    assert capfd.readouterr().err == "-m is not for sweep, which has its own design: see --help\n"
