"""Facts as a table: what is recorded, which verdict follows, what is fitted to them, and the app that writes it."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.experiment import start
from experiments.facts import operation
from experiments.facts.facts import FACTS, measure_facts
from experiments.facts.recording import record_world
from experiments.facts.table import (
    MET,
    MISSED,
    OPEN,
    PARTLY,
    PENDING,
    SHOWN,
    Fact,
    Part,
    SeedWorlds,
    combine_verdicts,
    compare,
    compute_interval,
    list_fitted_parameters,
    measure,
)
from experiments.report.validity import format_headline, format_remarks, format_rows
from experiments.validity import Validity
from scripts import fit
from sim.setting import Setting
from sim.state.accounts import Accounts
from sim.state.truth import TROLL
from sim.world import World
from tests.fact_recordings import recording
from tests.looks import common_look

# Recording


@pytest.fixture(scope="module")
def small() -> Setting:
    return Setting().replace({"population.size": 200, "army.size": 12, "campaign.start": 24, "campaign.hours": 48})


def test_a_recording_holds_every_post_and_agrees_with_the_world(small: Setting) -> None:
    run, world = record_world(small, 3, 96), World(small, rng=3)
    history = world.run(96)
    assert len(run.posts.key) == history[["organic_posts", "army_posts", "extremist_posts"]].to_numpy().sum()
    assert (np.diff(run.posts.time) >= 0).all()
    assert (run.posts.root <= np.arange(len(run.posts.root))).all()
    assert np.array_equal(run.posts.author[run.posts.root], run.posts.original_author)
    for column, alone in zip(run.after, world.accounts, strict=True):
        assert np.array_equal(column, alone)  # watching changes nothing
    assert np.array_equal(run.counts.voiced, run.after.voiced)
    assert (run.counts.decided >= run.after.voiced + run.after.withheld).all()
    assert ((run.counts.first_abuse < run.counts.never) == (run.after.abuse_received > 0)).all()
    assert ((run.counts.left_at < run.counts.never) == run.after.has_left).all()
    assert run.counts.reported.sum() >= run.posts.reports.sum()
    assert ((run.counts.sessions_after > 0) == (run.counts.first_abuse < run.counts.never)).all()
    assert (run.counts.sessions_after <= run.counts.sessions).all()
    assert (run.counts.withheld_after <= run.counts.decided_after).all()
    assert (run.counts.decided_after <= run.counts.decided).all()
    assert run.counts.withheld_after.sum() <= run.after.withheld.sum()
    assert run.counts.decided_after.sum() > 0
    assert np.array_equal(run.tactic >= 0, run.role[run.posts.author] == TROLL)
    before: Accounts = run.before
    assert (before.written == 0).all()
    assert (run.after.written > 0).any()


# The table


def test_the_interval_is_student_s() -> None:
    found = compute_interval(np.array([1.0, 2.0, 3.0, np.nan]))
    assert (found.value, found.seeds) == (2.0, 3)
    assert found.hi - 2.0 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert math.isnan(compute_interval(np.array([5.0])).lo)
    assert compute_interval(np.array([math.nan])).seeds == 0


@pytest.mark.parametrize(
    ("verdicts", "pending", "whole"),
    [
        ([MET, MET, SHOWN], "", MET),
        ([MET, MISSED], "", PARTLY),
        ([MISSED, SHOWN], "", MISSED),
        ([MET, OPEN], "", OPEN),
        ([OPEN, MISSED, MET], "", PARTLY),
        ([OPEN, MISSED], "", MISSED),
        ([SHOWN], "", SHOWN),
        ([MET], "returnees", PENDING),
    ],
)
def test_a_fact_is_met_if_all_its_judged_parts_are(verdicts: list[str], pending: str, whole: str) -> None:
    assert combine_verdicts(verdicts, pending) == whole


def test_a_part_is_judged_by_its_interval_against_its_band() -> None:
    """Of 1, 2 and 3 the mean is 2 and the interval -0.5 to 4.5."""
    bands = {"wide": (-1, 5), "mean only": (1, 3), "beyond": (5, 6), "below": (-np.inf, -1), "any": (-np.inf, np.inf)}
    parts = tuple(Part(name, lambda _: 0.0, low, high) for name, (low, high) in bands.items())
    fact = Fact(1, "name", "target", "C", "source", "seen", parts)
    rows = [(1, name, seed, 1.0 + seed) for name in bands for seed in (0, 1, 2)]
    data = pd.DataFrame(rows, columns=["number", "part", "seed", "value"])
    table = compare([fact], data)
    assert table["part_verdict"].tolist() == [MET, OPEN, MISSED, MISSED, SHOWN]
    assert set(table["verdict"]) == {PARTLY}
    assert table["value"].tolist() == [2.0] * 5
    for unknown in (data.assign(value=np.nan), data[data["seed"] == 0]):
        assert compare([fact], unknown)["part_verdict"].tolist() == [OPEN] * 4 + [SHOWN]


def test_a_calibrated_number_is_told_without_an_army_too(small: Setting) -> None:
    worlds = SeedWorlds(small, 3, 96)
    found = measure(FACTS, worlds, 3).set_index(["number", "part"])
    bare = measure(FACTS, SeedWorlds(small.replace({"army.size": 0}), 3, 96), 3).set_index(["number", "part"])
    fitted = [fact.number for fact in FACTS if fact.use == "C"]
    np.testing.assert_array_equal(found.loc[fitted, "unarmed"], bare.loc[fitted, "value"])
    assert found.drop(index=fitted, level=0)["unarmed"].isna().all()
    abused = (10, "abused with a say, withheld, %")
    assert found.loc[abused, "value"] != found.loc[abused, "unarmed"]


def test_a_number_that_is_met_without_an_army_fixes_no_dose() -> None:
    parts = tuple(Part(name, lambda _: 0.0, 1, 2) for name in "ab")
    facts = [Fact(number, "name", "target", use, "source", "seen", parts) for number, use in ((1, "C"), (2, "V"))]
    rows = [
        (number, part, seed, 1.5, unarmed)
        for number in (1, 2)
        for part, unarmed in (("a", 1.2), ("b", 3.0))
        for seed in (1, 2)
    ]
    data = pd.DataFrame(rows, columns=["number", "part", "seed", "value", "unarmed"])
    data.loc[data["number"] == 2, "unarmed"] = np.nan
    table = compare(facts, data)
    assert table["fixes_no_dose"].tolist() == [True, False, False, False]
    assert [row[4] for row in format_rows(table)] == ["1.20, fixes no dose", "3.00", "", ""]


def test_a_fact_that_was_looked_at_is_named_in_the_headline() -> None:
    parts = (Part("a", lambda _: 0.0, 1, 2),)
    facts = [
        Fact(k, "name", "target", "V", "source", "seen", parts, seen="looked at" if k == 4 else "") for k in (3, 4)
    ]
    table = compare(facts, pd.DataFrame({"number": [3, 4], "part": "a", "seed": 1, "value": 1.5}))
    assert "2 facts held out (no clean test: 4)" in format_headline(table)
    assert [words[-1].startswith("No clean test: looked at.") for words in format_remarks(table)] == [False, True]


def test_all_facts_are_there_once_with_their_use() -> None:
    assert [fact.number for fact in FACTS] == list(range(1, 25))
    uses = {use: {fact.number for fact in FACTS if fact.use == use} for use in "CVD"}
    assert uses == {
        "C": {1, 2, 5, 7, 8, 10, 13, 15, 16, 18},
        "V": {3, 4, 6, 9, 11, 12, 14, 17, 19, 21, 22, 23, 24},
        "D": {20},
    }
    for fact in FACTS:
        assert fact.source
        assert fact.certainty
        assert len({part.name for part in fact.parts}) == len(fact.parts) > 0
        assert fact.pending or fact.use == "D" or any(part.is_judged for part in fact.parts)


def test_parameters_are_fitted_to_calibrated_facts_only_and_by_the_script_that_says_so() -> None:
    calibrated = {fact.number for fact in FACTS if fact.use == "C"}
    fitted = list_fitted_parameters()
    assert set(fitted) == calibrated
    assert {(name, number) for number, names in fitted.items() for name in names} == {
        (step.parameter, step.fact) for step in fit.STEPS
    }
    for step in fit.STEPS:
        assert step.low <= fit.get_value(Setting(), step.parameter) <= step.high
        Setting().replace({step.parameter: step.low})
        Setting().replace({step.parameter: step.high})


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_fitting_finds_the_value_that_meets_the_target(slope: float) -> None:
    step = fit.FitStep("", 1, lambda run: 0.0, target=3.0, tolerance=0.01, low=0.0, high=10.0)
    tried: list[tuple[float, float]] = []
    x = 5.5
    for _ in range(fit.ROUNDS):
        tried.append((x, 3.0 + slope * math.tanh(x - 4.0)))
        x = fit.propose(step, tried)
    assert tried[-1] == (pytest.approx(4.0, abs=0.01), pytest.approx(3.0, abs=0.01))
    assert x == tried[-1][0], "what is met stays"
    assert all(0 <= trial <= 10 for trial, _ in tried)


def test_fitting_stops_at_the_end_of_the_range_where_the_target_is_out_of_reach() -> None:
    step = fit.FitStep("", 1, lambda run: 0.0, target=3.0, tolerance=0.01, low=0.0, high=10.0)
    x, tried = 1.0, []
    for _ in range(fit.ROUNDS):
        tried.append((x, x / 10))
        x = fit.propose(step, tried)
    assert x == 10.0


def test_what_early_suspension_costs_is_counted_over_accounts_opened_in_the_run() -> None:
    kept = recording(people=1, extremists=2, author=[1, 1, 1, 2])
    kept.followers[:] = [9, 30, 10]
    swept = recording(people=1, extremists=4, author=[1, 2, 3, 4, 4])
    swept.followers[:] = [9, 30, 10, 2, 6]
    swept.register.opened_at[:] = [0, 0, 0, 100, 100]
    swept.register.predecessor[:] = [-1, -1, -1, 1, 2]
    swept.counts.suspended_at[:] = [swept.counts.never, 90, swept.counts.never, 120, 100 + 24 * 8]
    assert operation.measure_early_loss(kept, swept, "followers") == 10.0  # 20 over 2: the last one lasted longer
    assert operation.measure_early_loss(kept, swept, "written") == 2.0
    assert operation.measure_returned_followers(swept) == 4 / 20
    assert math.isnan(operation.measure_early_loss(kept, kept, "written"))
    assert math.isnan(operation.measure_returned_followers(kept))


# The app


def test_the_app_writes_table_figures_and_report(
    command_line: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("population.size=150", "army.size=9", "campaign.start=72", "campaign.hours=48", "ticks=200")
    command_line(*words, "seeds=2", "workers=1", "out=out")
    start(Validity)
    folder = tmp_path / "out"
    table = pd.read_parquet(folder / "validity.parquet")
    assert table["number"].drop_duplicates().tolist() == list(range(1, 25))
    assert set(pd.read_parquet(folder / "measures.parquet")["seed"]) == {1, 2}
    names = ("concentration", "rhythm", "spreading", "targets")
    drawn = sorted(path.name for path in (folder / "figures").iterdir())
    assert drawn == [f"{name}.{kind}" for name in names for kind in ("png", "svg")]
    common_look(folder / "report.html")
    html = (folder / "report.html").read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    for fact in FACTS:
        assert f"{fact.number}. {fact.name}" in html
        assert f"{fact.number}. {fact.name}" in printed
    assert "not modelled yet" not in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_a_run_too_short_to_be_measured_is_refused(
    command_line: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line("ticks=95", "campaign.start=24", "campaign.hours=24", "out=out")
    with pytest.raises(SystemExit) as left:
        start(Validity)
    assert left.value.code == 2
    line = "ticks=95 is too short: the campaign ends in hour 48 and cascades need 96 hours, so say ticks=96 or more\n"
    assert capsys.readouterr().err == line
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_defaults_meet_every_calibrated_fact() -> None:
    setting = Setting().replace(fit.SIZE)
    table = compare(FACTS, pd.concat([measure_facts(setting, seed, 384) for seed in range(1, 9)]))
    calibrated = table[table["use"] == "C"]
    assert calibrated.loc[calibrated["part_verdict"] == MISSED, ["number", "part", "value"]].to_numpy().tolist() == []
