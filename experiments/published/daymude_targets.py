"""Numbers of Daymude et al. (2025), the cells they belong to, and how ours are set beside them.

Three kinds. *Exact*: acts and thresholds in closed form, populations by quadrature, and final parameters of the
authors' single runs, all to six digits. *Authors' code*: means and standard deviations of its trials at N = 10,000, run
beside this project. *Rewrite*: shares of runs that end suppressed under the textbook rule, at other numbers of people
and without chance in punishments, which the authors did not publish: of an independent program.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.published.daymude_2025 import PROPORTIONAL, UNIFORM, Daymude
from experiments.published.daymude_exact import compute_expected, compute_uniform_threshold
from experiments.published.daymude_kernels import choose_act, find_turn
from experiments.published.daymude_repeat import Repeat
from sim.state.accounts import F64

AUTHORS, REWRITE, EXACT = "authors' code", "rewrite", "quadrature"
WITHIN = 3.0  #: combined standard errors that a difference may reach
DIGITS = 6  #: of an exact number
MEASURES = {
    "t": "tolerance at the end",
    "s": "severity at the end",
    "v": "surveillance at the end",
    "C": "dissent, last 100 rounds",
    "P": "punishment, last 100 rounds",
    "C_all": "dissent, all rounds",
    "P_all": "punishment, all rounds",
    "T": "suppression time, rounds",
    "S": "share of runs suppressed",
    "C_first": "dissent, first round",
    "P_first": "punishment, first round",
}
TOLD = ("t", "s", "v", "C", "P", "C_all", "P_all", "T", "S")  #: columns of the published table, in its order
FIRST = ("C_first", "P_first")


class Target(NamedTuple):
    """One number."""

    cell: Daymude
    measure: str  #: a key of MEASURES
    value: float
    error: float  #: standard error; 0 of an exact number
    source: str = AUTHORS


SMALL = Daymude(people=10_000, rounds=3000)
SINGLE = Daymude(rounds=5000)


def make_cell(punishment: str, boldness: float, base: Daymude = SMALL, **other: Any) -> Daymude:
    """Return a cell; whatever is not said is that of the published table."""
    return replace(base, punishment=punishment, boldness=boldness, **other)


#: cell, runs, (mean, SD) by the columns of TOLD without S, and S
TABLE = (
    (make_cell(UNIFORM, 1.0), 100, ((0.0137, 0.0126), (3.388, 0.283), (0.902, 0.082), (0.0191, 0.0071),
      (0.00396, 0.00132), (0.0311, 0.0024), (0.01363, 0.00185), (571, 34)), 1.000),
    (make_cell(UNIFORM, 2.0), 64, ((0.0113, 0.0107), (4.847, 0.436), (0.950, 0.044), (0.0203, 0.0053),
      (0.02319, 0.00598), (0.1091, 0.0186), (0.03391, 0.00379), (1582, 248)), 1.000),
    (make_cell(UNIFORM, 3.0), 64, ((0.3592, 0.3647), (2.749, 1.415), (0.768, 0.264), (0.1430, 0.1003),
      (0.05284, 0.05006), (0.2244, 0.0303), (0.01446, 0.01563), (2879, 236)), 0.297),
    (make_cell(UNIFORM, 8.0), 64, ((0.9686, 0.0190), (0.618, 0.376), (0.507, 0.272), (0.2500, 0.0018),
      (0.00012, 0.00012), (0.2500, 0.0018), (0.00028, 0.00007), (3001, 0)), 0.000),
    (make_cell(PROPORTIONAL, 0.5), 64, ((0.0097, 0.0094), (4.093, 0.482), (0.941, 0.055), (0.0167, 0.0050),
      (0.00032, 0.00028), (0.0305, 0.0022), (0.00624, 0.00095), (579, 38)), 1.000),
    (make_cell(PROPORTIONAL, 1.0), 64, ((0.0336, 0.1242), (5.983, 1.151), (0.951, 0.123), (0.0266, 0.0403),
      (0.00355, 0.00159), (0.0563, 0.0355), (0.02640, 0.00565), (954, 391)), 0.969),
    (make_cell(PROPORTIONAL, 1.2), 64, ((0.6220, 0.3434), (0.683, 1.675), (0.536, 0.328), (0.2210, 0.0752),
      (0.00428, 0.01170), (0.2343, 0.0439), (0.00512, 0.01147), (2869, 432)), 0.109),
    (make_cell(PROPORTIONAL, 3.0), 64, ((0.9622, 0.0543), (0.040, 0.045), (0.459, 0.281), (0.2501, 0.0022),
      (0.00001, 0.00002), (0.2501, 0.0022), (0.00006, 0.00004), (3001, 0)), 0.000),
    (make_cell(UNIFORM, 2.0, random_start=True), 64, ((0.0102, 0.0118), (5.255, 0.401), (0.942, 0.047),
      (0.0199, 0.0052), (0.01793, 0.00470), (0.0623, 0.0229), (0.03854, 0.00616), (966, 308)), 1.000),
)  # fmt: skip
#: cell, runs, share suppressed: of the independent rewrite
SHARES = (
    (make_cell(UNIFORM, 1.0, textbook=True), 64, 1.000),
    (make_cell(UNIFORM, 2.0, textbook=True), 64, 0.016),
    (make_cell(UNIFORM, 3.0, textbook=True), 64, 0.000),
    (make_cell(PROPORTIONAL, 0.5, textbook=True), 64, 1.000),
    (make_cell(PROPORTIONAL, 1.0, textbook=True), 64, 0.875),
    (make_cell(PROPORTIONAL, 1.2, textbook=True), 64, 0.000),
    (make_cell(UNIFORM, 3.0, people=1000), 96, 0.00),
    (make_cell(UNIFORM, 3.0, people=100_000), 20, 1.00),
    (make_cell(UNIFORM, 3.0, people=1000, expected=True), 96, 0.00),
    (make_cell(UNIFORM, 3.0, expected=True), 96, 0.25),
    (make_cell(UNIFORM, 3.0, people=100_000, expected=True), 20, 1.00),
    (make_cell(UNIFORM, 2.0, people=100_000), 24, 1.00),
    (make_cell(UNIFORM, 2.0, people=100_000, textbook=True), 20, 0.60),
)
#: (d, b, v, t, s): act under uniform, under proportional punishment
ACTS = {
    (0.5, 1.0, 0.2, 0.25, 0.6): (0.250000, 0.500000),
    (0.7, 1.0, 0.2, 0.25, 0.6): (0.250000, 0.700000),
    (0.75, 1.0, 0.2, 0.25, 0.6): (0.750000, 0.750000),
    (0.9, 1.0, 0.2, 0.25, 2.0): (0.250000, 0.312500),
    (0.7, 1.0, 0.2, 0.25, 1.0): (0.250000, 0.625000),
    (0.9, 1.0, 0.5, 0.25, 0.6): (0.900000, 0.900000),
    (0.7, 1.0, 0.5, 0.25, 1.5): (0.250000, 0.291667),
    (0.6, 2.0, 1.0, 0.25, 0.6): (0.600000, 0.600000),
    (0.6, 1.0, 1.0, 0.25, 2.0): (0.250000, 0.250000),
    (1.0, 4.0, 0.3, 0.0, 3.0): (1.000000, 0.738095),
}
#: (b, v, t, s): desire beyond which people are defiant (uniform), act beyond which nobody goes (proportional)
THRESHOLDS = (
    (UNIFORM, (1.0, 0.2, 0.25, 0.6), 0.711538),
    (UNIFORM, (1.0, 0.5, 0.25, 0.6), 0.785714),
    (PROPORTIONAL, (1.0, 0.2, 0.25, 1.0), 0.625000),
)
#: punishment, (D, B, t, s, v): E[act], E[punishment], share defiant, share partial
POPULATIONS = {
    (UNIFORM, (0.25, 1.0, 0.25, 0.1, 0.1)): (0.232782, 0.014748, 0.259292, 0.0),
    (UNIFORM, (0.25, 2.0, 0.25, 0.1, 0.1)): (0.240704, 0.017045, 0.308050, 0.0),
    (UNIFORM, (0.25, 8.0, 0.25, 0.1, 0.1)): (0.247509, 0.019390, 0.361352, 0.0),
    (UNIFORM, (0.25, 2.0, 0.1, 1.0, 0.5)): (0.142454, 0.106794, 0.140623, 0.0),
    (UNIFORM, (0.4, 2.0, 0.0, 2.0, 0.8)): (0.081440, 0.227226, 0.121656, 0.0),
    (PROPORTIONAL, (0.25, 0.5, 0.25, 0.1, 0.1)): (0.239268, 0.004966, 0.338275, 0.027618),
    (PROPORTIONAL, (0.25, 1.0, 0.25, 0.1, 0.1)): (0.244428, 0.005360, 0.363242, 0.014738),
    (PROPORTIONAL, (0.25, 3.0, 0.25, 0.1, 0.1)): (0.248095, 0.005643, 0.381127, 0.005133),
    (PROPORTIONAL, (0.25, 2.0, 0.1, 1.0, 0.5)): (0.197843, 0.085090, 0.466650, 0.057146),
    (PROPORTIONAL, (0.4, 2.0, 0.0, 2.0, 0.8)): (0.160245, 0.291941, 0.385231, 0.064098),
}
#: tolerance: share compliant at D = 0.25
COMPLIANT = {0.25: 0.609533, 0.1: 0.310408}
#: a single run of the authors: tolerance, severity, surveillance at its end
REPEATS = {
    Repeat(make_cell(UNIFORM, 2.0, SINGLE)): (0.000550, 8.900253, 0.914318),
    Repeat(make_cell(UNIFORM, 8.0, SINGLE)): (0.950218, 0.776210, 0.014432),
    Repeat(make_cell(PROPORTIONAL, 1.0, SINGLE)): (0.000550, 10.280721, 0.919176),
    Repeat(make_cell(PROPORTIONAL, 3.0, SINGLE)): (0.884000, 0.003630, 0.045081),
}


def list_targets() -> list[Target]:
    """Return every number that runs are judged by; the first round's are exact, of cells whose start is fixed."""
    found = []
    for cell, runs, values, suppressed in TABLE:
        errors = [(value, spread / math.sqrt(runs)) for value, spread in values]
        told = [*errors, (suppressed, compute_share_error(suppressed, runs))]
        found += [Target(cell, measure, *pair) for measure, pair in zip(TOLD, told, strict=True)]
        if not cell.random_start:
            exact = compute_expected(cell)
            pairs = zip(FIRST, (exact.act, exact.punishment), strict=True)
            found += [Target(cell, measure, value, 0.0, EXACT) for measure, value in pairs]
    return found + [Target(cell, "S", share, compute_share_error(share, runs), REWRITE) for cell, runs, share in SHARES]


def compute_share_error(share: float, runs: int) -> float:
    """Return the standard error of a share of runs after Agresti & Coull, which no share makes zero."""
    count = runs + 4.0
    adjusted = (share * runs + 2.0) / count
    return math.sqrt(adjusted * (1.0 - adjusted) / count)


def estimate(runs: pd.DataFrame, measure: str) -> tuple[float, float]:
    """Return (mean, standard error) of a measure over the runs of one cell."""
    values = runs[measure].astype(float)
    mean = float(values.mean())
    if measure == "S":
        return mean, compute_share_error(mean, len(runs))
    return mean, float(values.std()) / math.sqrt(len(runs))


def format_cell(cell: Daymude) -> str:
    """Return how a cell is called, such as "uniform, B=2, textbook"."""
    words = [cell.punishment, f"B={cell.boldness:g}"]
    usual = replace(SMALL, punishment=cell.punishment, boldness=cell.boldness)
    names = {"people": "N", "rounds": "R", "desire": "D", "adamancy": "A", "step": "e"}
    names |= {"tolerance": "t", "severity": "s", "surveillance": "v"}
    for field, symbol in names.items():
        value = getattr(cell, field)
        if value != getattr(usual, field):
            words.append(f"{symbol}={value:,}" if isinstance(value, int) else f"{symbol}={value:g}")
    flags = {"random_start": "random start", "textbook": "textbook rule", "expected": "without chance"}
    return ", ".join([*words, *(said for field, said in flags.items() if getattr(cell, field))])


def compare(runs: dict[Daymude, pd.DataFrame], targets: Iterable[Target]) -> pd.DataFrame:
    """Set our cells beside the numbers.

    Args:
        runs: cell -> a row a run, of `daymude_2025.simulate_run`.
        targets: numbers; those of cells that were not run are left out.

    Returns:
        A row a cell and measure: whatever is told of it, and every measure of a cell of which nothing is.
    """
    told = {(target.cell, target.measure): target for target in targets}
    known = {cell for cell, _ in told}
    rows = []
    for cell, group in runs.items():
        for measure in MEASURES:
            target = told.get((cell, measure))
            if target or cell not in known:
                rows.append(_make_row(cell, measure, group, target))
    return pd.DataFrame(rows).astype({"passed": "boolean", "target": float, "target_error": float})


def _make_row(cell: Daymude, measure: str, runs: pd.DataFrame, target: Target | None) -> dict[str, Any]:
    ours, error = estimate(runs, measure)
    row: dict[str, Any] = {"cell": format_cell(cell), "measure": measure, "runs": len(runs), "source": ""}
    row |= {"target": None, "target_error": None, "ours": ours, "error": error, "passed": None}
    if target:
        passed = abs(ours - target.value) <= WITHIN * math.hypot(error, target.error)
        row |= {"source": target.source, "target": target.value, "target_error": target.error, "passed": passed}
    return row


def compare_exact(repeated: dict[Repeat, F64]) -> pd.DataFrame:
    """Set numbers that are exact to six digits beside ours; `repeated` has the history of each repeated run."""
    rows = []
    for (desire, boldness, surveillance, tolerance, severity), told in ACTS.items():
        where = f"d={desire:g}, b={boldness:g}, v={surveillance:g}, t={tolerance:g}, s={severity:g}"
        for punishment, value in zip((UNIFORM, PROPORTIONAL), told, strict=True):
            ours = choose_act(desire, boldness, tolerance, severity, surveillance, punishment == PROPORTIONAL)
            rows.append(("act", f"{punishment}, {where}", value, ours))
    for punishment, (boldness, surveillance, tolerance, severity), value in THRESHOLDS:
        where = f"{punishment}, b={boldness:g}, v={surveillance:g}, t={tolerance:g}, s={severity:g}"
        ours = compute_uniform_threshold(boldness, surveillance, tolerance, severity)
        if punishment == PROPORTIONAL:
            ours = find_turn(boldness, tolerance, severity, surveillance)
        rows.append(("threshold", where, value, ours))
    for (punishment, (desire, boldness, tolerance, severity, surveillance)), told4 in POPULATIONS.items():
        rule = Daymude(
            punishment=punishment, desire=desire, boldness=boldness, tolerance=tolerance, severity=severity,
            surveillance=surveillance,
        )  # fmt: skip
        where = f"{punishment}, D={desire:g}, B={boldness:g}, t={tolerance:g}, s={severity:g}, v={surveillance:g}"
        names = ("E[act]", "E[punishment]", "share defiant", "share partial")
        rows += zip(names, [where] * len(names), told4, compute_expected(rule), strict=False)
    for tolerance, value in COMPLIANT.items():
        ours = compute_expected(Daymude(tolerance=tolerance)).compliant
        rows.append(("share compliant", f"D=0.25, t={tolerance:g}", value, ours))
    for job, history in repeated.items():
        where = f"{job.rule.punishment}, B={job.rule.boldness:g}, seed {job.seed}"
        rows += [
            (f"{name} after {len(history):,} rounds", where, value, ours)
            for name, value, ours in zip(("t", "s", "v"), REPEATS[job], history[-1], strict=False)
        ]
    table = pd.DataFrame(rows, columns=["measure", "where", "target", "ours"])
    return table.assign(passed=np.abs(table["ours"] - table["target"]) <= 0.5001 * 10.0**-DIGITS)
