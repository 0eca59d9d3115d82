"""A calibration finds the parameters that made its moments, says what it cannot find, and refuses the army's."""

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments import calibrate
from experiments.app import resumable_app
from experiments.calibration import (
    abc_posterior,
    calibration,
    files,
    measuring,
    moments,
    posterior,
    profiles,
    search,
)
from experiments.calibration.moments import Moment
from experiments.facts.facts import FACTS
from experiments.report import calibrate as report
from experiments.sweeps import plan as sweep_plan
from experiments.sweeps.design import parse_ranges
from experiments.sweeps.store import OWN_FILES
from sim.errors import InputError
from sim.setting import Setting
from tests.conftest import ROOT
from tests.looks import common_look

KEYS = ["reaction.a", "reaction.b", "reaction.idle"]
TRUTH = {"reaction.a": 0.3, "reaction.b": 0.7, "reaction.idle": 0.5}
Place = Mapping[str, float]


def toy(place: Place) -> dict[str, float]:
    """Return three moments of two parameters; the third parameter does nothing."""
    a, b = place["reaction.a"], place["reaction.b"]
    return {"x": 3.0 * a + b * b, "y": math.exp(b), "z": a * b}


TARGETS = [Moment(name, value, 0.02) for name, value in toy(TRUTH).items()]


def toys(places: Sequence[Place]) -> pd.DataFrame:
    return pd.DataFrame([toy(place) for place in places])


def searched(journal: Path, evaluate: search.Evaluate = toys, trials: int = 40) -> pd.DataFrame:
    return search.search(KEYS, TARGETS, evaluate, journal=journal, study="s", trials=trials, sobol=16, batch=8, seed=1)


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return searched(tmp_path_factory.mktemp("search") / "search.log")


def test_the_search_comes_closer_than_its_even_points(trials: pd.DataFrame) -> None:
    assert trials["distance"][16:].min() < trials["distance"][:16].min()
    expected = search.compute_distance(toys(trials[KEYS].to_dict("records")), TARGETS)  # type: ignore[arg-type]
    np.testing.assert_allclose(trials["distance"], expected)


def test_known_parameters_are_recovered_and_an_idle_one_is_not(trials: pd.DataFrame) -> None:
    places, found = trials[KEYS].to_numpy(), trials[["x", "y", "z"]].to_numpy()
    surface = posterior.fit_surface(places, found, trials["distance"].to_numpy())
    density = posterior.make_log_likelihood(surface, TARGETS, np.zeros(3))
    draws = posterior.sample_posterior(density, places[np.argsort(trials["distance"])[:10]], seed=1)
    summary = posterior.summarise_draws(KEYS, draws).set_index("key")
    for key in KEYS[:2]:
        assert summary.loc[key, "low"] < TRUTH[key] < summary.loc[key, "high"]
        assert summary.loc[key, "median"] == pytest.approx(TRUTH[key], abs=0.02)
    assert summary["verdict"].tolist() == ["identified", "identified", "not identified"]
    np.testing.assert_allclose(posterior.select_best(density, draws)[:2], [0.3, 0.7], atol=0.02)


def test_a_search_that_is_stopped_ends_as_one_that_is_not(tmp_path: Path, trials: pd.DataFrame) -> None:
    calls = 0

    def stops(places: Sequence[Place]) -> pd.DataFrame:
        nonlocal calls
        calls += 1
        if calls in (2, 5):
            raise KeyboardInterrupt
        return toys(places)

    journal = tmp_path / "search.log"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            searched(journal, stops)
    pd.testing.assert_frame_equal(searched(journal, stops), trials)
    known: list[int] = []
    again = searched(journal, lambda places: known.append(len(places)) or toys(places))  # type: ignore[func-returns-value]
    assert known == [40]  # read once for the table: nothing new was asked for
    pd.testing.assert_frame_equal(again, trials)


def test_more_trials_go_on_where_fewer_ended(tmp_path: Path, trials: pd.DataFrame) -> None:
    journal = tmp_path / "search.log"
    few = searched(journal, trials=24)
    pd.testing.assert_frame_equal(searched(journal), trials)
    pd.testing.assert_frame_equal(few, trials[:24])


def test_an_undefined_moment_is_a_failed_trial(tmp_path: Path) -> None:
    def half(places: Sequence[Place]) -> pd.DataFrame:
        found = toys(places)
        found.loc[[place["reaction.idle"] >= 0.5 for place in places], "y"] = np.nan
        return found

    found = searched(tmp_path / "search.log", half)
    assert found["distance"].isna().equals(found["reaction.idle"] >= 0.5)
    assert len(found) == 40


def test_a_surface_is_exact_on_quadratics_and_wants_enough_trials() -> None:
    rng = np.random.default_rng(1)
    places = rng.random((40, 3))
    found = np.column_stack([places[:, 0] * places[:, 1] - places[:, 2] ** 2, places.sum(axis=1)])
    surface = posterior.fit_surface(places, found, rng.random(40))
    fresh = rng.random((9, 3))
    expected = np.column_stack([fresh[:, 0] * fresh[:, 1] - fresh[:, 2] ** 2, fresh.sum(axis=1)])
    np.testing.assert_allclose(surface(fresh), expected, atol=1e-9)
    assert surface.error.max() < 1e-9
    with pytest.raises(InputError, match="10 trials that succeed, and 3 parameters need 12"):
        posterior.fit_surface(places[:10], found[:10], np.ones(10))


def test_a_likelihood_is_widened_by_scale_seeds_and_surface() -> None:
    flat = posterior.Surface(np.array([[2.0], [0.0], [0.0]]), np.array([4.0]))
    density = posterior.make_log_likelihood(flat, [Moment("x", 9.0, 3.0)], np.array([12.0]))
    np.testing.assert_allclose(density(np.array([[0.5], [1.5]])), [-0.5 * 7.0**2 / (9.0 + 144.0 + 16.0), -np.inf])


def test_the_ensemble_samples_a_known_density() -> None:
    def normal(places: posterior.F64) -> posterior.F64:
        inside = ((places > 0) & (places < 1)).all(axis=1)
        x, y = (places - 0.5).T / 0.05
        return np.where(inside, -0.5 * (x**2 + y**2 - 1.6 * x * y) / (1 - 0.64), -np.inf)

    draws = posterior.sample_posterior(normal, np.full((1, 2), 0.3), seed=2)
    assert draws.shape == (posterior.WALKERS * posterior.STEPS // posterior.THIN, 2)
    np.testing.assert_allclose(draws.mean(axis=0), 0.5, atol=0.004)
    np.testing.assert_allclose(draws.std(axis=0), 0.05, atol=0.004)
    assert np.corrcoef(draws.T)[0, 1] == pytest.approx(0.8, abs=0.04)
    even = posterior.sample_posterior(
        lambda p: np.where(((p > 0) & (p < 1)).all(axis=1), 0.0, -np.inf), np.full((1, 2), 0.5), 3
    )
    assert posterior.summarise_draws(["a", "b"], even)["verdict"].tolist() == ["not identified"] * 2


def slanted(places: posterior.F64) -> posterior.F64:
    """Return a log-likelihood that fixes x + y = 1 alone, and of z nothing."""
    return np.asarray(-0.5 * ((places[:, 0] + places[:, 1] - 1.0) / 0.05) ** 2)


def test_a_profile_lets_the_others_make_up_and_a_slice_does_not() -> None:
    grid = np.linspace(0.0, 1.0, 9)
    held, refitted = profiles.profile_searched(slanted, np.array([0.5, 0.5, 0.5]), 0, grid)
    np.testing.assert_allclose(refitted, 0.0, atol=1e-4)
    np.testing.assert_allclose(held, -0.5 * ((grid - 0.5) / 0.05) ** 2, atol=1e-9)
    table = profiles.tabulate_profile("a", grid, grid.tolist(), held, refitted)
    assert set(table["verdict"]) == {profiles.FLAT}
    assert profiles.tabulate_profile("a", grid, grid.tolist(), held, held)["verdict"].iloc[0] == profiles.CURVED
    _, idle = profiles.profile_searched(slanted, np.array([0.5, 0.5, 0.5]), 2, grid)
    np.testing.assert_allclose(idle, 0.0, atol=1e-4)


def test_what_is_not_searched_is_played_and_made_up_for_on_the_surface() -> None:
    linear = posterior.Surface(np.array([[1.0, 5.0], [1.0, 0.0], [0.0, 0.0]]), np.zeros(2))  # x = 2 u, y = 5
    targets, noise = [Moment("x", 1.0, 0.1), Moment("y", 5.0, 1.0)], np.zeros(2)
    found = np.array([[1.0, 5.0], [1.5, 5.0], [1.0, 8.0], [2.5, 5.0], [np.nan, 5.0]])
    held, refitted = profiles.profile_played(found, linear, targets, noise, np.array([0.5]))
    np.testing.assert_allclose(held[:4], [0.0, -12.5, -4.5, -112.5])
    np.testing.assert_allclose(refitted[:4], [0.0, 0.0, -4.5, -12.5], atol=1e-4)  # u moves x by 1 at most, y never
    assert np.isnan([held[4], refitted[4]]).all()


@pytest.mark.parametrize(("inside", "verdict"), [(0.75, "curved"), (0.85, "flat")])
def test_a_profile_is_flat_where_most_of_the_range_is_as_likely(inside: float, verdict: str) -> None:
    grid = np.linspace(0.0, 1.0, 101)
    line = np.where(grid <= inside, 7.0 - profiles.DROP * grid, -5.0)
    table = profiles.tabulate_profile("p.q", grid, (1.0 + 9.0 * grid).tolist(), line, line)
    assert set(table["verdict"]) == {verdict}
    assert table["span"].iloc[0] == pytest.approx(inside, abs=0.01)
    assert table["refitted"].max() == 0.0
    assert profiles.list_wide_priors(table) == ({"p.q": [1.0, 10.0]} if verdict == "flat" else {})
    assert abs(profiles.DROP - 1.92) < 0.001


def test_a_number_without_an_army_is_that_of_worlds_that_have_none() -> None:
    small = Setting().replace({"population.size": 150, "army.size": 12, "campaign.start": 24, "campaign.hours": 48})
    name = "10 messages an abused person"
    both = measuring.measure_seed(small, 3, 96, [name, name + measuring.UNARMED])
    bare = measuring.measure_seed(small.replace({"army.size": 0}), 3, 96, [name])
    assert both[name + measuring.UNARMED] == bare[name] != both[name]


def test_a_moment_that_is_met_without_an_army_is_told() -> None:
    row = {"name": "a", "target": 30.0, "scale": 2.5, "default": 28.0, "fitted": 30.0, "surface_error": 0.1}
    rows = [row | {"default, no army": 24.0, "fitted, no army": bare} for bare in (25.0, 24.0)]
    head, cells = report.make_moment_rows(pd.DataFrame(rows))
    place = head.index("fitted, no army") + 1
    assert [line[place] for line in cells] == ["fixes no dose", ""]
    assert report.format_doses(pd.DataFrame(rows)).startswith("Without an army 1 of 2 moments are within 2 scales")


def test_moments_of_the_facts_are_the_calibrated_rows_without_the_army_s() -> None:
    found = moments.make_fact_moments()
    numbers = {int(moment.name.split(" ")[0]) for moment in found}
    assert numbers == {fact.number for fact in FACTS if fact.use == "C"} - set(moments.OPERATOR_FACTS)
    r = next(moment for moment in found if moment.name == "13 r")
    assert (r.target, r.scale) == (pytest.approx(0.10), pytest.approx(0.015))
    held = moments.list_held_out(found)
    assert {int(name.split(" ")[0]) for name in held} == {fact.number for fact in FACTS if fact.use == "V"}
    assert set(measuring.list_measures()) >= {*held, *(moment.name for moment in found)}


@pytest.mark.parametrize("name", [name for name, (fact, _) in moments.list_parts().items() if fact.use in ("C", "V")])
def test_calibration_and_validation_never_share_a_fact(name: str) -> None:
    fitted = name.split(" ")[0]
    held = {held.split(" ")[0] for held in moments.list_held_out([Moment(name, 1.0, 1.0)])}
    assert held == {str(fact.number) for fact in FACTS if fact.use == "V"} - {fitted}


class Toys:
    """A player of the toy, for whom worlds of a seed are higher by a little, and who notes what was asked."""

    def __init__(self, root: Path) -> None:
        self.store, self.code, self.composer, self.workers = SimpleNamespace(root=root), "code", self, 1
        self.asked: list[tuple[tuple[str, ...], set[int]]] = []

    def compose(self, point: Place) -> None:
        return None

    def get_value(self, point: Place, key: str, cell: None) -> float:
        return 0.1

    def __call__(self, points: Sequence[Place], seeds: Sequence[int], names: Sequence[str]) -> pd.DataFrame:
        self.asked.append((tuple(names), set(seeds)))
        rows = []
        for number, point in enumerate(points):
            place = {key: point.get(key, 0.1) for key in KEYS}
            known = toy(place) | {measuring.LOST: 100.0 * place["reaction.a"]}
            rows += [{"point": number, "seed": s} | {n: known.get(n, 0.0) + 1e-3 * s for n in names} for s in seeds]
        return pd.DataFrame(rows)


def test_what_was_fitted_is_judged_in_seeds_that_no_trial_has_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        calibration, "list_held_out", lambda _: ["4 never reposted, %"]
    )  # moments of the toy are no facts
    player = Toys(tmp_path)
    counts = {"trials": 40, "sobol": 16, "batch": 8, "draws": 3, "headline_seeds": 4, "held_out_seeds": 5}
    plan = calibration.CalibrationPlan(
        seeds=[1, 2], design_seed=1, profile_points=7, particles=0, populations=1, **counts
    )
    axes = parse_ranges([f"{key}=interval(0.0,1.0)" for key in KEYS], "calibrate.parameters")
    tables = calibration.Calibration(axes, TARGETS, player, plan).compute_tables([])  # type: ignore[arg-type]
    fitting, judging = (
        set().union(*(seeds for names, seeds in player.asked if (names[0][0] in "xyz") == own)) for own in (True, False)
    )
    assert (fitting, judging) == ({1, 2}, {3, 4, 5, 6, 7})
    table = tables["moments"].set_index("name")
    assert table["default"].to_dict() == pytest.approx(
        {n: v + 1.5e-3 for n, v in toy(dict.fromkeys(KEYS, 0.1)).items()}
    )
    off = {name: search.compute_distance(table[[name]].T, TARGETS)[0] for name in ("default", "fitted")}
    assert off["fitted"] <= tables["trials"]["distance"].min() < off["default"]
    verdicts = tables["profiles"].drop_duplicates("key").set_index("key")["verdict"]
    assert verdicts.to_dict() == dict(zip(KEYS, ("curved", "curved", "flat"), strict=True))
    fitted = tables["posterior"].set_index("key")["fitted"]
    means = tables["headline"].groupby("setting")["value"].mean()
    lost = {"default": 10.0, "fitted": 100.0 * fitted["reaction.a"]}
    assert means[["default", "fitted"]].to_dict() == pytest.approx({name: v + 4.5e-3 for name, v in lost.items()})


def test_a_folder_with_both_searches_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sample(keys: Sequence[str], *given: object, **_: object) -> pd.DataFrame:
        databases.append(given[2])
        return pd.DataFrame({key: [0.2, 0.4] for key in keys} | {"weight": 0.5})

    databases: list[object] = []
    monkeypatch.setattr(calibration, "list_held_out", lambda _: ["4 never reposted, %"])
    monkeypatch.setattr(abc_posterior, "sample_abc", sample)
    counts = {"trials": 16, "sobol": 16, "batch": 8, "draws": 2, "headline_seeds": 2, "held_out_seeds": 2}
    plan = calibration.CalibrationPlan(
        seeds=[1, 2], design_seed=1, profile_points=7, particles=2, populations=1, **counts
    )
    axes = parse_ranges([f"{key}=interval(0.0,1.0)" for key in KEYS], "calibrate.parameters")
    tables = calibration.Calibration(axes, TARGETS, Toys(tmp_path), plan).compute_tables([])  # type: ignore[arg-type]
    files.write_tables(tmp_path, tables, tmp_path)
    written = {path.name for path in tmp_path.iterdir()}
    assert written | {Path(str(path)).relative_to(tmp_path).parts[0] for path in databases} <= OWN_FILES
    assert tables["posterior"]["abc_low"].tolist() == [0.2] * 3


def test_a_moment_that_no_world_shows_is_told_before_the_search() -> None:
    def player(points: Sequence[object], seeds: Sequence[int], names: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame({"point": 0, "seed": seeds, "x": 1.0, "y": [math.nan, 2.0], "z": math.nan})

    counts = dict.fromkeys(calibrate.AMOUNTS, 1)
    work = calibration.Calibration({}, TARGETS, player, calibration.CalibrationPlan(seeds=[1, 2], **counts))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^z cannot be measured in any of these worlds: raise population.size"):
        work.compute_tables([])


def test_a_table_of_moments_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text('name,target,scale\n"2 reposts, %",55,2\n13 r,0.1,0.02\n')
    expected = [Moment("2 reposts, %", 55.0, 2.0), Moment("13 r", 0.1, 0.02)]
    assert moments.read_moments(str(path)) == expected
    path.write_text(path.read_text(), encoding="utf-8-sig")  # as spreadsheets do
    assert moments.read_moments(str(path)) == expected


TABLES = {
    "name,target\n13 r,1": "must have the columns name,target,scale",
    "name,target,scale\n": "must have the columns name,target,scale, and a line a moment",
    "name,target,scale\n\n13 rr,1,1": "line 3 of calibrate.moments=",
    "name,target,scale\n2 reposts, %,45,2": "has 4 cells under 3 names: give one for each, in double quotes",
    "name,target,scale\n13 rr,1,1": "has '13 rr', which nothing measures: did you mean 13 r?",
    "name,target,scale\n13 r,much,1": "line 2 of calibrate.moments=",
    "name,target,scale\n13 r,1,0": "must have a finite target and a scale above 0",
    "name,target,scale\n13 r,0.1,1\n13 r,0.2,1": "has '13 r' twice",
    "name,target,scale\n15 posts in an active hour,9,1": "says how an army behaves",
}


@pytest.mark.parametrize("text", TABLES)
def test_a_wrong_table_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        moments.read_moments(str(path))
    assert TABLES[text] in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_table_is_one_line() -> None:
    with pytest.raises(InputError, match=r"calibrate.moments=absent cannot be opened .*FILE that exists"):
        moments.read_moments("absent")


@pytest.mark.parametrize(
    "key", ["army.rate", "campaign.intensity", "forces.x.size", "evasion.jitter", "extremists.size", "army"]
)
def test_parameters_of_an_attacker_are_refused(key: str) -> None:
    with pytest.raises(InputError, match="people and platform alone are fitted, so that nothing here can search for"):
        search.refuse_forces(["reaction.direct_fear", key])
    groups = set(Setting.__dataclass_fields__)
    assert set(search.PEOPLE_AND_PLATFORM) <= groups
    assert not set(search.PEOPLE_AND_PLATFORM) & {"army", "campaign", "forces", "evasion", "extremists"}


WORDS = {
    'calibrate.parameters=["army.rate=interval(1,9)"]': "calibrate.parameters has army.rate: people and platform alone",
    "calibrate.parameters=[]": "calibrate.parameters must be a list",
    'calibrate.parameters=["expression.reposts=0.5"]': "calibrate.parameters has 'expression.reposts=0.5': give",
    'calibrate.parameters=["expression.repost=interval(0.1,0.5)"]': "expression.repost is not a known key: ",
    'calibrate.parameters=["expression.reposts=interval(0.1,5.0)"]': "expression.reposts=4.999999999999999 must lie",
    "calibrate.trials=3": "calibrate.trials=3 must be a whole number from 8",
    "calibrate.trials=65": "65 trials that succeed, and 9 parameters need 66 to say what is known of them: raise",
    "calibrate.sobol=12": "calibrate.sobol=12 must be a power of two, so say 8 or 16",
    'calibrate.profiles=["expression.fear_weight=interval(1,9)"]': "expression.fear_weight is fitted and so profiled",
    'calibrate.profiles=["army.rate=interval(1,9)"]': "calibrate.profiles has army.rate: people and platform alone",
    'calibrate.profiles=["population.fight_share=interval(0,1)"]': "population.withdraw_share + fight_share = 1.5 is",
    "calibrate.profiles=null": "calibrate.profiles must be a list",
    "calibrate.profile_points=2": "calibrate.profile_points=2 must be a whole number from 3",
    "seeds=1": "seeds=1 says nothing of chance",
    "ticks=50": "ticks=50 is too short",
    "calibrate.moments=absent.csv": "calibrate.moments=absent.csv cannot be opened",
    "calibrate.plan=maybe": "calibrate.plan=maybe must be true or false",
}


@pytest.mark.parametrize("word", WORDS)
def test_mistakes_are_one_line(word: str, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    command_line(word)
    with pytest.raises(SystemExit) as leave:
        resumable_app("calibrate", calibrate.main)
    err = capfd.readouterr().err
    assert (leave.value.code, err.count("\n")) == (2, 1)
    assert err.startswith(WORDS[word])


def test_the_plan_is_printed(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command_line("calibrate.plan=true", "out=out")
    resumable_app("calibrate", calibrate.main)
    assert "13 r: 0.1 +- 0.015" in capfd.readouterr().out
    assert not (tmp_path / "out").exists()


def test_headline_words_say_what_is_open() -> None:
    rows = pd.DataFrame({"name": ["a", "b"], "target": 1.0, "scale": 0.1, "default": [1.0, 2.0], "fitted": [1.1, 1.0]})
    known = pd.DataFrame({"key": ["p", "q"], "verdict": ["identified", "not identified"]})
    runs = pd.DataFrame(
        {
            "setting": ["default", "default", "fitted", "fitted", "0", "0", "1", "1"],
            "seed": [1, 2] * 4,
            "value": [1.0, 2.0, 10.0, 20.0, 12.0, 22.0, 8.0, 18.0],
        }
    )
    over = calibration.compute_spread(runs)
    assert (over.value, over.draws, over.parameters, over.seeds) == (15.0, 2, 8.0, 50.0)
    words = report.format_headline(rows, known, over)
    assert words.startswith("2 of 2 moments are within 2 scales of their targets (1 by default); not identified: q; ")
    assert "7.1 points over 2 seeds" in report.format_uncertainty(over, runs)


def test_pyabc_recovers_the_toy(tmp_path: Path) -> None:
    pytest.importorskip("pyabc")
    count = 0

    def simulate(place: Place) -> dict[str, float]:
        nonlocal count
        count += 1
        return toy(place)

    sizes = {"particles": 30, "populations": 3, "workers": 1}
    found = abc_posterior.sample_abc(KEYS, TARGETS, simulate, tmp_path / "abc" / "s.db", **sizes)
    played = count
    assert found["weight"].sum() == pytest.approx(1.0)
    summary = abc_posterior.summarise_particles(KEYS, found).set_index("key")
    assert summary.loc["reaction.b", "abc_low"] < 0.7 < summary.loc["reaction.b", "abc_high"]
    widths = summary["abc_high"] - summary["abc_low"]
    assert widths["reaction.b"] < 0.6 < widths["reaction.idle"]
    again = abc_posterior.sample_abc(KEYS, TARGETS, simulate, tmp_path / "abc" / "s.db", **sizes)
    assert count - played <= 1  # its database holds all populations
    pd.testing.assert_frame_equal(again, found)


def test_pyabc_plays_in_worker_processes(tmp_path: Path) -> None:
    pytest.importorskip("pyabc")
    sizes = {"particles": 10, "populations": 1, "workers": 2}
    assert len(abc_posterior.sample_abc(KEYS, TARGETS, toy, tmp_path / "abc" / "s.db", **sizes)) == 10


def test_the_moments_of_the_documents_are_fitted_and_the_result_runs(
    command_line: Callable[..., None], tmp_path: Path
) -> None:
    part = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    (tmp_path / "moments.csv").write_text(part.partition("```csv\n")[2].partition("```")[0])
    command = part.partition("infowar-lab calibrate calibrate.moments=")[2].partition("\n\n")[0]
    words = shlex.split(f"calibrate.moments={command}".replace("\\\n", " "))
    few = {"trials": 8, "sobol": 4, "batch": 4, "draws": 2, "headline_seeds": 2, "held_out_seeds": 2}
    few |= {"profile_points": 3}
    tiny = ["population.size=100", "army.size=8", "campaign.start=24", "campaign.hours=48", "ticks=96", "seeds=2"]
    command_line(*words, *tiny, *(f"calibrate.{key}={value}" for key, value in few.items()), "out=out", "workers=1")
    resumable_app("calibrate", calibrate.main)
    own = moments.read_moments("moments.csv")
    found, held = (pd.read_parquet(tmp_path / f"out/{name}.parquet") for name in ("moments", "facts"))
    assert found[["name", "target", "scale"]].to_records(index=False).tolist() == [tuple(vars(m).values()) for m in own]
    assert not {int(moment.name.split(" ")[0]) for moment in own} & set(held["number"])
    fitted = (tmp_path / "out/overrides.txt").read_text(encoding="utf-8").split()
    assert "$(cat out/calibrate/overrides.txt)" in part
    shown = pd.read_parquet(tmp_path / "out/profiles.parquet")
    assert shown.groupby("key", sort=False).size().tolist() == [3] * 5  # two fitted, three by default
    main, wide = (
        OmegaConf.load(path).priors.ranges for path in (ROOT / "conf/suppression.yaml", "out/fitted/priors.yaml")
    )
    flat = shown[shown["verdict"] == profiles.FLAT]
    assert wide == profiles.list_wide_priors(shown)
    assert set(wide) == set(flat["key"])
    assert OmegaConf.merge(main, wide) == {**main, **wide}
    composed = sweep_plan.Composer("suppression", fitted, ROOT / "conf").compose({}).setting
    values = pd.read_parquet(tmp_path / "out/posterior.parquet").set_index("key")["fitted"]
    assert len(values) == 2
    for key, value in values.items():
        group, _, field = str(key).partition(".")
        assert getattr(getattr(composed, group), field) == value


@pytest.mark.slow
def test_a_small_world_gives_its_parameters_back(
    command_line: Callable[..., None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Moments are measured in worlds of other seeds with known shares of reposts and replies."""
    truth = {"expression.reposts": 0.62, "expression.replies": 0.22}
    small = ["population.size=150", "army.size=10", "campaign.start=24", "campaign.hours=48", "ticks=96", "seeds=3"]
    from experiments.calibration.runner import PointRunner
    from experiments.sweeps.plan import Composer
    from experiments.sweeps.store import Store

    names = ["2 reposts, %", "2 replies, %"]
    with Store(str(tmp_path / "truth"), measuring.list_measures()) as store:
        player = PointRunner(Composer("calibrate", small, ROOT / "conf"), store, 1, "code")
        shown = player.run_here(truth, range(900, 906), names)
    table = "\n".join(["name,target,scale", *(f'"{name}",{shown[name]},1' for name in names)])
    (tmp_path / "m.csv").write_text(table + "\n")
    ranges = '["expression.reposts=interval(0.2,0.8)","expression.replies=interval(0.05,0.5)"]'
    counts = {"trials": 32, "sobol": 16, "batch": 8, "draws": 2, "headline_seeds": 2, "held_out_seeds": 2}
    words = [f"calibrate.{key}={value}" for key, value in counts.items()]
    words += ["calibrate.moments=m.csv", f"calibrate.parameters={ranges}", "out=out", "workers=2"]
    command_line(*small, *words)
    resumable_app("calibrate", calibrate.main)
    found = pd.read_parquet(tmp_path / "out/posterior.parquet").set_index("key")
    for key, value in truth.items():
        assert found.loc[key, "low"] - 0.03 < value < found.loc[key, "high"] + 0.03
        assert found.loc[key, "verdict"] != "not identified"
    fitted, held = (pd.read_parquet(tmp_path / f"out/{name}.parquet") for name in ("moments", "facts"))
    assert not set(fitted["name"].str.split(" ").str[0].astype(int)) & set(held["number"])
    common_look(tmp_path / "out/report.html")
    assert "<svg" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    overrides = (tmp_path / "out/overrides.txt").read_text(encoding="utf-8").split()
    assert {word.partition("=")[0] for word in overrides} == set(truth)
    capfd.readouterr()
    resumable_app("calibrate", calibrate.main)
    assert "left" not in capfd.readouterr().err  # everything is kept: nothing was played again
