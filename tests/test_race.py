"""A detector in the loop: what it sees, whom it suspends, the army's ladder, and which silences more."""

from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig, OmegaConf

from experiments import experiment, race
from experiments.analysis.races import compute_net_harm, summarise_rounds
from experiments.detection.adapter import DetectorAdapter, find_writers, make_view, shuffle_accounts, snapshot_platform
from experiments.detection.coaction import CoAction
from experiments.detection.detector import F64, Detector
from experiments.detection.view import PlatformView
from experiments.experiment import conduct
from experiments.folder import open_result_folder
from experiments.report.race import format_headline, format_scope
from experiments.running.work import Work
from sim.errors import InputError
from sim.mechanisms.defences.base import DefenceView
from sim.mechanisms.defences.watching import DetectorDefence, delay_view
from sim.observers.harm import Harm
from sim.state.posts import REPOST
from sim.state.truth import ORGANIC
from sim.world import World
from tests.looks import common_look, rows_of_tables
from tests.test_conf import composed
from tests.test_defences import acts, hidden, place, site
from tests.worlds import LIVELY, START, fingerprint, played

LOOKER = DetectorAdapter(CoAction("repost", window=600, min_coactions=1))
TICKS = START + 24
SMALL = ["population.size=120", "army.size=9", "extremists.size=2", "ticks=48", "campaign.start=2", "campaign.hours=22",
         "campaign.targets=4", "seeds=2", "workers=1", "race.rates=[0.05,0.5]", "race.calibration=1", "race.rounds=2",
         "race.watch.every=6", "race.watch.lag=1", "race.detector.window=3600",
         "race.detector.min_coactions=1"]  # fmt: skip


class Given:
    """A detector whose scores are known."""

    def __init__(self, score: list[float]) -> None:
        self.score, self.posts = score, 0

    def __call__(self, site: DefenceView) -> np.ndarray:
        """Return the scores, and note how many posts were shown."""
        self.posts = len(site.posts.key)
        return np.array(self.score)


@pytest.fixture(scope="module")
def world() -> World:
    return played(LIVELY, TICKS)


def test_the_most_suspect_are_suspended_as_far_as_there_is_time() -> None:
    found = Given([0.0, 3.0, 5.0, 1.0, 4.0, 9.0])
    where = place(acts(author=[1, 2], time=[0, 3 * 3600]), 4)
    where = where._replace(suspended_until=np.array([0, 0, 0, 0, 0, 99]))
    watch = DetectorDefence(detector=found, limit=1.0, every=2, lag=2, capacity=2, hours=7)
    rows, hours = watch.suspend(where)
    assert rows.tolist() == [2, 4], "the best score is suspended already, and 1.0 is not above the limit"
    assert hours == 7
    assert found.posts == 1, "what is younger than the lag is not shown"
    assert not len(watch.suspend(where._replace(tick=5))[0]), "it looks every two hours"
    assert not len(replace(watch, strength=0.0).suspend(where)[0])
    assert not len(DetectorDefence().suspend(where)[0])


def test_what_was_known_before_is_a_part_of_what_is_known_now() -> None:
    where = place(acts(author=[1, 2, 3], time=[0, 3600, 7200]), 2)
    assert [len(delay_view(where, lag).posts.key) for lag in (0, 1, 2)] == [3, 2, 1]


def test_a_watch_at_strength_0_is_none() -> None:
    bare = World(LIVELY, rng=5)
    bare.observers.append(Harm())
    bare.run(TICKS)
    watch = DetectorDefence(detector=LOOKER, every=2, lag=1, strength=0.0)
    off = played(replace(LIVELY, defences=(watch,)), TICKS)
    assert fingerprint(off) == fingerprint(bare)
    on = played(replace(LIVELY, defences=(replace(watch, strength=1.0),)), TICKS)
    assert on.history["suspensions_organised"].sum() > bare.history["suspensions_organised"].sum()


def test_a_detector_in_the_loop_sees_no_truth(world: World) -> None:
    seeing = LOOKER(site(world, world.accounts, world.state.ledger.get_rows()))
    assert seeing.any()
    np.testing.assert_array_equal(LOOKER(site(world, *hidden(world))), seeing)


def test_the_view_is_what_the_ledger_holds(world: World) -> None:
    order = shuffle_accounts(snapshot_platform(world))
    shown, posts = make_view(snapshot_platform(world), order), world.state.ledger.get_rows()
    assert (order[shown.posts["account_id"].to_numpy()] == posts.author).all()
    reposts = (posts.kind == REPOST) & ~posts.removed
    assert ((shown.posts["repost_of"].to_numpy() >= 0) == reposts).all(), "nothing is left of what was taken down"
    assert ((shown.posts["kind"] == "repost").to_numpy() == (posts.kind == REPOST)).all()
    assert (shown.posts["deleted"].to_numpy() == posts.removed).all()
    assert set(find_writers(snapshot_platform(world))) == set(posts.author.tolist())


def test_the_place_of_an_account_says_nothing_of_who_it_is(world: World) -> None:
    """Rows would: the organised come last."""

    class Last(Detector):
        def score(self, view: PlatformView) -> F64:
            return view.accounts["account_id"].to_numpy().astype(float)

    organised = world.role != ORGANIC
    assert np.flatnonzero(organised).min() > np.flatnonzero(~organised).max()
    score = DetectorAdapter(Last())(snapshot_platform(world))
    assert sorted(score) == list(range(len(score)))
    mean = score.mean()
    assert abs(score[organised].mean() - mean) < 3 * score.std() / np.sqrt(organised.sum())


@cache
def small() -> DictConfig:
    found = composed("race", *SMALL)
    OmegaConf.resolve(found)
    OmegaConf.set_struct(found, False)
    return found


def config(*overrides: str) -> DictConfig:
    return OmegaConf.merge(small(), OmegaConf.from_dotlist(list(overrides)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, seeds_played: list[int]) -> Path:
    out = tmp_path_factory.mktemp("race") / "result"
    seeds_played.clear()
    said = StringIO()
    with redirect_stdout(said), open_result_folder(str(out), OmegaConf.to_container(config())) as draft:
        conduct(race.Race, config(), draft, Work())
    (out.parent / "said").write_text(said.getvalue(), encoding="utf-8")
    return out


def test_all_worlds_of_a_match_have_its_seed(folder: Path, seeds_played: list[int]):
    calibration, *played = seeds_played
    assert calibration == race.CALIBRATION_SEED + 1
    assert played == sorted(played), "seed after seed, its worlds one after the other"
    assert set(played) == set(pd.read_parquet(folder / "rounds.parquet")["seed"]) == {1, 2}
    assert min(played.count(1), played.count(2)) >= 4, "at least one world without a detector and one at either rate"


def test_worlds_that_are_no_pairs_are_refused():
    world = {"standing": 9.0, "opportunities": 20.0}
    whole = {"quiet": world, "campaign": world}
    with pytest.raises(ValueError, match="opportunities differ"):
        race.compare_worlds(whole, whole | {"quiet": world | {"opportunities": 21.0}})


def test_rounds_follow_the_ladder(folder: Path):
    rounds = pd.read_parquet(folder / "rounds.parquet")
    assert len(rounds) == 2 * 2 * 2
    for _, one in rounds.groupby(["seed", "rate"]):
        rung, lost = one["rung"].tolist(), one["lost"].tolist()
        assert rung[0] == 0
        assert all(
            after == min(3, before + (share > 0.1))
            for before, after, share in zip(rung[:-1], rung[1:], lost[:-1], strict=True)
        )
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 1
    assert "Not modelled" in page


def test_tables_fit_a_terminal(folder: Path):
    said = (folder.parent / "said").read_text(encoding="utf-8")
    assert rows_of_tables(said, "Every round") == 1 + 4
    assert rows_of_tables(said, "Which silences more") == 1 + 2


def test_a_laxer_rate_suspends_more_people(folder: Path):
    rounds = pd.read_parquet(folder / "rounds.parquet")
    people = rounds.groupby("rate")[["innocent", "innocent_quiet"]].sum().sum(axis=1)
    assert people[0.05] < people[0.5]


def test_a_ladder_changes_the_army_and_how_it_hides_alone():
    setting, ladder, watch = race.build_race(experiment.Given(config()), race.Race.read(config()))
    assert ladder[0] == setting
    assert [rung.evasion.participation for rung in ladder] == [1.0, 0.5, 0.5, 0.5]
    assert [rung.army.span for rung in ladder] == [10, 10, 3, 3]
    assert all(replace(rung, army=setting.army, evasion=setting.evasion) == setting for rung in ladder)
    assert watch.detector == DetectorAdapter(CoAction("repost", window=3600, min_coactions=1))


RATES = "must be a rising list of one or more, each item a number above 0 and below 1, as in [0.01,0.1]"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("race.rates=[0.1,0.01]", f"race.rates=[0.1, 0.01] {RATES}"),
        ("race.rates=0.1", f"race.rates=0.1 {RATES}"),
        ("race.rates=[x]", f"race.rates=[x] {RATES}"),
        ("race.rates=[0,1]", f"race.rates=[0, 1] {RATES}"),
        ("race.rates=null", f"race.rates=null {RATES}"),
        ("race.rounds=0", "race.rounds=0 must be a whole number from 1 to 10000"),
        ("race.calibration=0.5", "race.calibration=0.5 must be a whole number from 1 to 10000"),
        ("race.tolerance=2", "race.tolerance=2 must be a number from 0 to 1"),
        ("race.tolerance=x", "race.tolerance=x must be a number from 0 to 1"),
        (
            "race.ladder=[]",
            "race.ladder=[] must be a list of one or more, each item names, each with a number, a word, "
            "true or false, or a list of these, as in '[{},{evasion.jitter: 600}]'",
        ),
        (
            "race.ladder=[3]",
            "race.ladder[0]=3 must be names, each with a number, a word, true or false, or a list of these, as in "
            "'{NAME: VALUE}'",
        ),
        (
            "race.ladder=[{reaction.direct_fear: 0}]",
            "race.ladder changes reaction.direct_fear: it may change keys of army and evasion alone",
        ),
        ("race.ladder=[{army.spans: 3}]", "army.spans names no field of army: did you mean span?"),
        ("race.watch.lags=3", "race.watch.lags is not a known key of DetectorDefence: did you mean lag?"),
        (
            "race.watch.limit=3",
            "race.watch.limit is not a known key of DetectorDefence: choose one of: capacity, every, hours, lag, "
            "strength",
        ),
        ("race.watch.lag=99", "race.watch.lag=99 must lie in [0, 40] (h)"),
        (
            "race.detector._target_=experiments.detection.nulls.Volume",
            "race.detector: Volume() takes no arguments: say '~race.detector' "
            "'+race.detector={_target_: module.Class}' with what it takes",
        ),
        ("army.size=0", "nothing to race: give it army.size, campaign.tactics and ticks=48 or more"),
    ],
)
def test_mistakes_are_one_line(override: str, said: str):
    with pytest.raises(InputError) as error:
        race.build_race(experiment.Given(config(override)), race.Race.read(config(override)))
    assert str(error.value) == said


def rounds(silenced: float, restored: float) -> pd.DataFrame:
    noise = np.random.default_rng(1)
    blank = dict.fromkeys(("innocent", "dissenters", "innocent_quiet", "organised", "lost", "rung"), 0.0)
    return pd.DataFrame(
        {"seed": seed, "rate": rate, "round": number, "deficit": 20.0 + noise.normal()}
        | {"restored": restored + noise.normal(), "silenced": silenced * rate + noise.normal()} | blank
        for seed in range(6) for rate in (0.01, 0.5) for number in (1, 2)
    )  # fmt: skip


def test_a_detector_that_must_learn_is_refused():
    with pytest.raises(InputError, match="learns from labels, which nobody has within a run"):
        race.build_detector({"_target_": "experiments.detection.learners.Boosted"})


def test_which_silences_more_is_told():
    worse = compute_net_harm(rounds(silenced=200.0, restored=-10.0))
    assert worse["alone"].round(-1).tolist() == [-20.0, 80.0]
    assert format_headline(worse).startswith("At a false-positive rate of 0.5 the detector silences more dissent than")
    assert format_headline(worse).split(": at 0.5 it is ")[1].split(";")[0].endswith(" posts a world more")
    assert "(6 seeds)" in format_scope(worse)
    better = compute_net_harm(rounds(silenced=2.0, restored=10.0))
    assert format_headline(better).startswith(
        "At no false-positive rate from 0.01 to 0.5 was the detector found to silence more dissent than the army: at "
        "0.5 it is "
    )
    assert format_headline(better).endswith(
        " posts a world fewer; it still restores dissent in the last round at 0.01, 0.5."
    )
    assert ": at 0.5 it is 1" in format_headline(better)
    mixed = rounds(2.0, 10.0)
    mixed.loc[mixed["rate"] == 0.5, "restored"] -= 20.0
    assert format_headline(compute_net_harm(mixed)).endswith(
        "at 0.01; under the campaign it makes matters worse at 0.5."
    )
    caught = rounds(1.0, 1.0).assign(organised=9.0, innocent=3.0)
    assert set(summarise_rounds(caught).set_index("measure").loc["precision", "value"]) == {75.0}
    assert len(summarise_rounds(rounds(1.0, 1.0))) == 2 * 2 * 10


def test_limits_are_taken_from_what_a_watch_shows():
    seen = []

    class Noting(Detector):
        def score(self, view: PlatformView) -> F64:
            seen.append(view.posts["time"].max())
            return np.zeros(len(view.accounts))

    setting, _, watch = race.build_race(experiment.Given(config()), race.Race.read(config()))
    for lag in (0, 10):
        race.score_null_world((setting, 3, 48, replace(watch, detector=DetectorAdapter(Noting()), lag=lag)))
    assert seen[0] >= 47 * 3600 > 38 * 3600 > seen[1] >= 36 * 3600
