"""The model of Daymude et al. (2025) does what its specification says, and the app tells a miss from a hit."""

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments import reproduce
from experiments.experiment import start
from experiments.published import daymude_kernels as kernels
from experiments.published import daymude_sweep
from experiments.published import daymude_targets as targets
from experiments.published.daymude_2025 import (
    PROPORTIONAL,
    UNIFORM,
    Daymude,
    DaymudeRun,
    find_suppression,
    measure,
    simulate,
    simulate_run,
    solve_rate,
)
from experiments.published.daymude_exact import compute_expected, compute_uniform_threshold
from experiments.published.daymude_kernels import choose_act
from experiments.published.daymude_repeat import Repeat, repeat_run
from experiments.published.daymude_targets import Target, compare, compare_exact, format_cell, list_targets, make_cell
from experiments.report import daymude as report
from sim.errors import InputError
from sim.rng import U64, make_key, mix, stream, uniform
from tests.conftest import ROOT
from tests.looks import common_look

KINDS = (UNIFORM, PROPORTIONAL)
TINY = Daymude(people=40, rounds=300, boldness=2.0)


def punish(act: float, t: float, s: float, proportional: bool) -> float:
    """Return the punishment of an act that is seen, by the specification."""
    return 0.0 if act <= t else s * (act - t) if proportional else s


def act_of(d: float, b: float, t: float, s: float, v: float, proportional: bool) -> float:
    """Return the closed form of the specification."""
    if d <= t:
        return d
    if not proportional:
        return d if b * (d - t) >= s * (v + (1 - v) * d) else t
    if v == 1:
        return d if b >= s else t
    turn = (t + (b - v * s) / ((1 - v) * s)) / 2
    return d if d <= turn else t if turn <= t else turn


def play_plainly(rule: Daymude, seed: int) -> list[tuple[float, ...]]:
    """Play a run by the specification, one person after another, with the keyed draws of `daymude_2025`."""
    which, where, seen = (make_key(seed, stream(f"daymude_2025.{name}")) for name in ("parameter", "candidate", "seen"))
    wanted, bold = (column.tolist() for column in rule.draw_people(seed))
    now = list(rule.draw_start(seed))
    rows, former_cost, accepted_cost = [], math.inf, math.inf
    for r in range(rule.rounds):
        before = list(now)
        if r >= 1:
            place = int(3 * uniform(which, U64(r)))
            low, high = [(0.0, 1.0), (1e-9, math.inf), (0.0, 1.0)][place]
            least, most = max(low, now[place] - rule.step), min(high, now[place] + rule.step)
            now[place] = least + (most - least) * uniform(where, U64(r))
        t, s, v = now
        said = punished = 0.0
        for i in range(rule.people):
            act = act_of(wanted[i], bold[i], t, s, v, rule.is_proportional)
            said += act
            chance = v + (1 - v) * act
            if rule.expected:
                punished += chance * punish(act, t, s, rule.is_proportional)
            elif uniform(U64(mix(seen, U64(r))), U64(i)) < chance:
                punished += punish(act, t, s, rule.is_proportional)
        cost = rule.adamancy * said + punished
        if r >= 1 and cost > (accepted_cost if rule.textbook else former_cost):
            now = before
        else:
            accepted_cost = cost
        former_cost = cost
        rows.append((*now, said / rule.people, punished / rule.people))
    return rows


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"textbook": True},
        {"expected": True},
        {"random_start": True, "boldness": 0.5},
        {"adamancy": 3.0, "step": 0.4},
    ],
)
def test_every_round_is_the_specification_s_bit_for_bit(kind: str, change: dict[str, Any]) -> None:
    rule = replace(TINY, punishment=kind, **change)
    for seed in (1, 2):
        history, _ = simulate(rule, seed)
        assert [tuple(row) for row in history.tolist()] == play_plainly(rule, seed)


def test_both_rules_of_comparison_part_ways() -> None:
    def is_rising(rule: Daymude) -> bool:
        """Return whether some round was accepted at a higher cost than the one accepted before it."""
        history, _ = simulate(rule, 3)
        cost = history[:, 3] + history[:, 4]
        accepted = [0, *(1 + np.flatnonzero((np.diff(history[:, :3], axis=0) != 0.0).any(axis=1)))]
        return bool((np.diff(cost[accepted]) > 0.0).any())

    assert is_rising(TINY)
    assert not is_rising(replace(TINY, textbook=True))


def test_the_rule_of_comparison_decides_between_suppression_and_leniency() -> None:
    theirs, textbook = (
        [simulate_run(DaymudeRun(make_cell(UNIFORM, 2.0, textbook=rule), seed))["S"] for seed in range(6)]
        for rule in (False, True)
    )
    assert sum(theirs) == 6
    assert sum(textbook) <= 1


def test_no_act_is_better_than_the_one_chosen() -> None:
    rng = random.Random(1)
    for _ in range(400):
        d, v, t = rng.random(), rng.choice([0.0, 1.0, rng.random(), rng.random()]), rng.random()
        b, s, proportional = rng.expovariate(0.5), rng.expovariate(0.5), rng.random() < 0.5

        def gain(act: float) -> float:
            return -b * (d - act) - (v + (1 - v) * act) * punish(act, t, s, proportional)  # noqa: B023

        chosen = choose_act(d, b, t, s, v, proportional)
        assert 0 <= chosen <= d
        assert gain(chosen) >= max(gain(d * step / 1000) for step in range(1001)) - 1e-12
        assert gain(chosen) >= gain(min(d, t))
        assert chosen == act_of(d, b, t, s, v, proportional)


@pytest.mark.parametrize("kind", KINDS)
def test_acts_never_rise_with_severity_and_never_fall_with_boldness(kind: str) -> None:
    rng = random.Random(2)
    for _ in range(300):
        d, v, t = rng.random(), rng.random(), rng.random()
        steps = sorted(rng.expovariate(0.5) for _ in range(6))
        by_severity = [choose_act(d, 1.0, t, s, v, kind == PROPORTIONAL) for s in steps]
        by_boldness = [choose_act(d, b, t, 1.0, v, kind == PROPORTIONAL) for b in steps]
        assert by_severity == sorted(by_severity, reverse=True)
        assert by_boldness == sorted(by_boldness)


def test_people_are_defiant_from_the_threshold_on() -> None:
    for b, v, t, s in ((1.0, 0.2, 0.25, 0.6), (2.0, 0.7, 0.1, 1.0)):
        threshold = compute_uniform_threshold(b, v, t, s)
        assert choose_act(threshold - 1e-9, b, t, s, v, False) == t
        assert choose_act(threshold + 1e-9, b, t, s, v, False) == threshold + 1e-9
    assert compute_uniform_threshold(1.0, 0.0, 0.25, 1.5) == math.inf


def test_every_exact_number_is_met_and_a_wrong_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    table = compare_exact({})
    assert len(table) == 65
    assert table["passed"].all()
    key = (0.9, 1.0, 0.2, 0.25, 2.0)
    monkeypatch.setitem(targets.ACTS, key, (0.250000, 0.312502))
    monkeypatch.setitem(targets.COMPLIANT, 0.1, 0.310409)
    assert compare_exact({})["passed"].value_counts().to_dict() == {True: 63, False: 2}


@pytest.mark.parametrize(
    ("kind", "values"),
    [(kind, values) for kind in KINDS for values in ((0.25, 1.0, 0.25, 0.1, 0.1), (0.4, 2.0, 0.0, 2.0, 0.8))],
)
def test_quadrature_agrees_with_a_sum_over_people(kind: str, values: tuple[float, ...]) -> None:
    desire, boldness, t, s, v = values
    rule = Daymude(punishment=kind, desire=desire, boldness=boldness, tolerance=t, severity=s, surveillance=v)
    n = 400
    middles = (np.arange(n) + 0.5) / n
    rate = solve_rate(desire)
    wanted = -np.log(1 - middles * (1 - math.exp(-rate))) / rate
    bold = -boldness * np.log(middles)
    sums = np.zeros(4)
    for d in wanted.tolist():
        for b in bold[:: 1 + (d <= t) * (n - 1)].tolist():
            act = act_of(d, b, t, s, v, kind == PROPORTIONAL)
            chance = v + (1 - v) * act
            part = np.array([act, chance * punish(act, t, s, rule.is_proportional), d > t and act == d, t < act < d])
            sums += part * (n if d <= t else 1)
    expected = compute_expected(rule)
    assert sums / n**2 == pytest.approx(expected[:4], abs=2e-3)
    assert expected.compliant == pytest.approx((wanted <= t).mean(), abs=2 / n)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_round_is_the_expected_one(kind: str) -> None:
    rule = Daymude(
        people=200_000, rounds=1, punishment=kind, boldness=2.0, tolerance=0.1, severity=1.0, surveillance=0.5
    )
    history, desire = simulate(rule, 5)
    expected = compute_expected(rule)
    assert history[0, :3].tolist() == [0.1, 1.0, 0.5]
    assert history[0, 3] == pytest.approx(expected.act, abs=4.5 * 0.25 / math.sqrt(rule.people))
    assert history[0, 4] == pytest.approx(expected.punishment, abs=4.5 * 0.4 / math.sqrt(rule.people))
    assert find_suppression(history[:, 3], float(desire.mean())) == 2


def test_people_are_drawn_by_their_laws() -> None:
    for mean, rate in ((0.1, 9.995441), (0.25, 3.593512), (0.4, 1.229933)):
        assert solve_rate(mean) == pytest.approx(rate, abs=5e-7)
        desire, boldness = Daymude(people=200_000, desire=mean, boldness=3.0).draw_people(7)
        assert desire.mean() == pytest.approx(mean, abs=4.5 * 0.3 / math.sqrt(200_000))
        assert 0.0 < desire.min() < desire.max() < 1.0
        assert boldness.mean() == pytest.approx(3.0, abs=4.5 * 3.0 / math.sqrt(200_000))
        assert abs(np.corrcoef(desire, boldness)[0, 1]) < 4.5 / math.sqrt(200_000)
    for mean in (0.001, 0.499):
        rate = solve_rate(mean)
        assert 1 / rate - math.exp(-rate) / (1 - math.exp(-rate)) == pytest.approx(mean, rel=1e-6)


def test_an_authority_changes_one_thing_by_one_step_within_its_bounds() -> None:
    for kind in KINDS:
        history, _ = simulate(replace(TINY, rounds=3000, punishment=kind, step=0.3), 4)
        moved = np.diff(history[:, :3], axis=0)
        assert ((moved != 0.0).sum(axis=1) <= 1).all()
        assert (np.abs(moved) <= 0.3 + 1e-12).all()
        assert (moved != 0.0).any(axis=0).all()
        assert history[:, :3].min() >= 0.0
        assert history[:, 1].min() >= kernels.LEAST_SEVERITY
        assert history[:, [0, 2]].max() <= 1.0
    still, _ = simulate(replace(TINY, step=0.0), 4)
    assert (still[:, :3] == [0.25, 0.1, 0.1]).all()


def test_starts_at_random_are_uniform_and_the_same_in_every_cell() -> None:
    starts = np.array([replace(TINY, random_start=True).draw_start(seed) for seed in range(2000)])
    assert starts.mean(axis=0) == pytest.approx([0.5] * 3, abs=4.5 * 0.29 / math.sqrt(2000))
    assert replace(TINY, random_start=True, boldness=9.0).draw_start(3) == tuple(starts[3])
    one, bolder = (replace(TINY, boldness=b).draw_people(3) for b in (1.0, 2.0))
    assert np.array_equal(one[0], bolder[0])
    assert bolder[1] == pytest.approx(2.0 * one[1])


def test_suppression_is_timed_by_a_window() -> None:
    acts = np.array([0.2] * 600 + [0.0] * 600)
    found = find_suppression(acts, 0.2)
    assert found == next(n for n in range(500, 1201) if acts[n - 500 : n].mean() < 0.25 * 0.2)
    assert found == 976
    assert find_suppression(acts[:700], 0.2) == 701
    assert find_suppression(np.zeros(499), 0.2) == 500
    assert find_suppression(np.zeros(500), 0.2) == 500
    history = np.column_stack([np.tile([0.1, 2.0, 0.3], (1200, 1)), acts, acts / 2])
    told = measure(history, np.array([0.1, 0.3]))
    assert (told["t"], told["s"], told["v"], told["C"], told["S"]) == (0.1, 2.0, 0.3, 0.0, True)
    assert told["C_all"] == pytest.approx(0.1)
    assert told["P_all"] == pytest.approx(0.05)
    assert (told["C_first"], told["P_first"]) == (0.2, 0.1)


def test_a_repeated_run_draws_in_the_authors_order() -> None:
    for kind in KINDS:
        rule = replace(TINY, people=300, rounds=400, punishment=kind)
        rng, scale = np.random.default_rng(11), 1 / solve_rate(rule.desire)
        wanted: list[float] = []
        while len(wanted) < rule.people:
            wanted += [x for x in rng.exponential(scale, rule.people) if x <= 1.0]
        bold, tried = rng.exponential(rule.boldness, rule.people), rng.integers(3, size=rule.rounds)
        now, bar, ended = [0.25, 0.1, 0.1], math.inf, []
        for r in range(rule.rounds):
            before = list(now)
            if r:
                bounds = [(0.0, 1.0), (1e-9, math.inf), (0.0, 1.0)][tried[r]]
                near = max(bounds[0], now[tried[r]] - 0.05), min(bounds[1], now[tried[r]] + 0.05)
                now[tried[r]] = rng.uniform(*near)
            t, s, v = now
            acts = [act_of(d, b, t, s, v, rule.is_proportional) for d, b in zip(wanted, bold.tolist(), strict=False)]
            seen = [u < v + (1 - v) * act for u, act in zip(rng.random(rule.people), acts, strict=True)]
            punished = [punish(act, t, s, rule.is_proportional) * saw for act, saw in zip(acts, seen, strict=True)]
            cost = float(np.sum(acts) + np.sum(punished))
            now, bar = (before if cost > bar else now), cost
            ended.append(tuple(now))
        assert [tuple(row) for row in repeat_run(Repeat(rule, 11))[:, :3].tolist()] == ended


@pytest.mark.slow
def test_the_authors_single_runs_end_where_theirs_did() -> None:
    table = compare_exact({job: repeat_run(job) for job in targets.REPEATS})
    assert len(table) == 65 + 12
    assert table["passed"].all()


def test_targets_are_the_told_ones() -> None:
    found = list_targets()
    assert len(found) == len({(one.cell, one.measure) for one in found}) == 9 * 9 + 8 * 2 + 13
    by_source = pd.Series([one.source for one in found]).value_counts().to_dict()
    assert by_source == {targets.AUTHORS: 81, targets.EXACT: 16, targets.REWRITE: 13}
    assert all(one.error > 0.0 for one in found if one.measure == "S")
    names = [format_cell(one.cell) for one in found]
    assert len(set(names)) == len({one.cell for one in found}) == 22
    assert "uniform, B=2, N=100,000, textbook rule" in names
    assert format_cell(make_cell(PROPORTIONAL, 1.0, step=0.1, rounds=50)) == "proportional, B=1, R=50, e=0.1"


def runs(**columns: list[float]) -> pd.DataFrame:
    """Return runs with these measures, and the others the same in all."""
    length = len(next(iter(columns.values())))
    return pd.DataFrame({**{name: [0.5] * length for name in targets.MEASURES}, "S": [False] * length, **columns})


def test_verdicts_need_three_errors() -> None:
    rng = np.random.default_rng(1)
    cell, own = make_cell(UNIFORM, 2.0), runs(t=rng.normal(0.3, 0.1, 50).tolist())
    mean, error = targets.estimate(own, "t")
    combined = math.hypot(error, 0.01)
    for apart, passed in ((2.99, True), (-2.99, True), (3.01, False), (-3.01, False)):
        table = compare({cell: own}, [Target(cell, "t", mean + apart * combined, 0.01)])
        assert table["passed"].tolist() == [passed]
    assert compare({cell: own}, [])["passed"].isna().all()
    assert len(compare({cell: own}, [])) == len(targets.MEASURES)
    never = targets.estimate(own, "S")
    assert never == (0.0, pytest.approx(math.sqrt(2 / 54 * 52 / 54 / 54)))


def test_an_answer_has_a_name() -> None:
    cases = ((0.1, 0.1, 0.2), (0.2, 0.5, 0.2), (0.3, 0.5, 0.2), (0.5, 0.5, 0.2))
    assert [report.classify_act(*case) for case in cases] == [0, 1, 2, 3]


def test_the_sweep_has_the_published_ends() -> None:
    jobs = daymude_sweep.make_points(3, [1, 2])
    assert len(jobs) == len(set(jobs)) == 2 * 3 * 3 * 2
    assert sorted({job.rule.desire for job in jobs}) == [0.005, 0.25, 0.495]
    assert sorted({job.rule.boldness for job in jobs}) == [0.1, 5.05, 10.0]
    assert all(job.rule.random_start and not job.rule.textbook for job in jobs)


def test_nothing_else_reaches_the_search_of_an_authority() -> None:
    """The only search over a repressor's parameters is the published one, and it plays no world (docs/ethics.md)."""
    users = {
        path.relative_to(ROOT).as_posix()
        for folder in ("sim", "experiments", "infowar_lab")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bdaymude", path.read_text(encoding="utf-8"))
    }
    own = {path for path in users if path.startswith("experiments/published/daymude_")}
    assert users - own == {"experiments/reproduce.py", "experiments/report/daymude.py", "experiments/apps.py"}
    assert not [path for path in own if re.search(r"sim\.(world|tick|hour|setting)", (ROOT / path).read_text("utf-8"))]


def app(command_line: Callable[..., None], *words: str) -> object:
    command_line("workers=1", "paper=daymude_2025", *words)
    try:
        start(reproduce.Reproduction)
    except SystemExit as leave:
        return leave.code
    return 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that puts one small cell of a told share in the place of all."""

    def put(share: float) -> None:
        cell = make_cell(UNIFORM, 0.2, people=200, rounds=600)
        lenient = make_cell(UNIFORM, 0.2, people=200, rounds=600, textbook=True)
        monkeypatch.setattr(targets, "TABLE", ())
        monkeypatch.setattr(targets, "SHARES", ((cell, 50, share), (lenient, 50, share)))
        job = Repeat(replace(TINY, rounds=200), 1)
        monkeypatch.setattr(targets, "REPEATS", {job: tuple(repeat_run(job)[-1, :3])})
        monkeypatch.setattr(daymude_sweep, "SMALL", replace(TINY, rounds=600))

    return put


SMALLER = ("daymude.runs=8", "daymude.points=2", "daymude.sweep_runs=1", "out=out/daymude")


def test_the_app_writes_and_prints_what_it_found(
    command_line: Callable[..., None],
    small: Callable[[float], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    small(1.0)
    own = "daymude.cell={people: 100, rounds: 700, boldness: 3}"
    assert app(command_line, *SMALLER, own) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "68 of 68 exact numbers are met to six digits" in out
    assert "2 of 2 of a rewrite" in out
    folder = tmp_path / "out/daymude"
    compared, played, swept = (pd.read_parquet(folder / f"{name}.parquet") for name in ("cells", "runs", "sweep"))
    assert compared["cell"].iloc[0] == "uniform, B=3, N=100, R=700"
    assert (len(played), len(swept)) == (3 * 8, 2 * 2 * 2)
    for name in ("acts", "phases", "rounds", "shares", "sweep", "costs"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 1000
    common_look(folder / "report.html")


def test_a_miss_is_named_and_leaves_with_code_1(
    command_line: Callable[..., None], small: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    small(0.0)
    assert app(command_line, *SMALLER) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "Missed: share of runs suppressed at uniform, B=0.2, N=200, R=600" in out


WORDS = {
    "daymude.runs=1": "daymude.runs=1 must be a whole number from 2 to 10000",
    "daymude.points=1": "daymude.points=1 must be a whole number from 2 to 50",
    "daymude.cell=3": "daymude.cell=3 must be names and values: fields of Daymude, as in '{NAME: VALUE}'",
    "daymude.cell={bold: 3}": "daymude.cell.bold is not a known key of Daymude: did you mean boldness?",
    "daymude.cell={boldness: 0}": "daymude.cell.boldness=0 must lie in [1e-06, 1e+06] (mean boldness (B))",
    "daymude.cell={desire: 0.5}": "daymude.cell.desire=0.5 must lie in [0.001, 0.499] (mean of desired dissent (D))",
    "daymude.cell={punishment: both}": "daymude.cell.punishment='both' is unknown: "
    "choose one of: proportional, uniform",
}


@pytest.mark.parametrize("words", WORDS)
def test_a_mistake_is_one_line(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str], tmp_path: Path, words: str
) -> None:
    assert app(command_line, words) == 2
    assert capfd.readouterr() == ("", WORDS[words] + "\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_mistake_in_a_rule_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^Daymude.severity=0 must lie in \[1e-09, 1e\+06\] \(cost of a punishment"):
        Daymude(severity=0)


@pytest.mark.slow
def test_every_told_number_is_met() -> None:
    found = {}
    for cell in dict.fromkeys(target.cell for target in list_targets()):
        seeds = range(1, 13 if cell.people > 10_000 else 65)
        found[cell] = pd.DataFrame([simulate_run(DaymudeRun(cell, seed)) for seed in seeds])
    table = compare(found, list_targets())
    assert len(table) == 110
    assert table[~table["passed"]]["cell"].tolist() == []
