"""Which parameters matter to an outcome: Morris's screening or Sobol's indices, simulated like a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.app import resumable_app
from experiments.configuration import CONF
from experiments.keys import Change, Keys, ListOf, Word, count_runs, key, read_group, whole
from experiments.sweep import SweepKeys
from sim.errors import InputError, suggest


@dataclass(frozen=True, kw_only=True)
class SensitivityKeys(Keys):
    """What is varied, and by which design."""

    place = "sensitivity"
    method: str = key(Word(("morris", "sobol")))
    draws: int = key(count_runs(0), unit="trajectories, or base points")
    design_seed: int = key(whole(0))
    ranges: tuple[str, ...] = key(ListOf(Change(said="KEY=interval(LOW,HIGH)")), source="assumption")


def main(config: DictConfig, overrides: Sequence[str]) -> bool:
    """Sample the ranges, play what is missing, and report; return whether all runs succeeded."""
    from experiments.analysis.sensitivity import METHODS, compute_indices, sample_points
    from experiments.sweeps import design, identity, plan, runner, sealing

    options = read_group(config, "sweep")
    asked = read_group(config, "sensitivity")
    _check_options(options, asked, METHODS)
    runner.check_options(options)
    SweepKeys.read(config)
    SensitivityKeys.read(config)
    axes = design.parse_ranges(asked["ranges"], "sensitivity.ranges")
    places = sample_points(asked["method"], list(axes), asked["draws"], asked["design_seed"])
    composer = plan.Composer("sensitivity", overrides, CONF)
    table = plan.compose_rows(composer, design.map_points(axes, places), design.parse_baseline(options["baseline"]))
    runner.check_measures(options["measures"], table)
    if options["plan"]:
        print(*runner.list_cautions(table, options["baseline"]), runner.format_size(table, config.seeds), sep="\n")
        return True
    code = identity.hash_code(row.cell.setting for row in table)
    well = runner.run_sweep(config, options, table, code, composer.scenario)
    folder = Path(config.out)
    answers, column = _read_answers(folder, table, options["outcome"])
    found = compute_indices(asked["method"], list(axes), places, answers, asked["design_seed"])
    found.to_parquet(folder / "sensitivity.parquet", index=False)
    from experiments.report.page import write_report
    from experiments.report.sensitivity import compose

    print(write_report(partial(compose, folder, asked["method"], column), folder).headline)
    print(f"report: {config.out}/report.html")
    sealing.seal(folder)
    return well


def _read_answers(folder: Path, table: Sequence[Any], outcome: str) -> Any:
    """Return the mean of the outcome over seeds at every point of the plan, in its order, and the outcome's column."""
    import numpy as np

    from experiments.analysis.sweeps import average_by_point
    from experiments.running.progress import format_count
    from experiments.sweeps.reading import find_effect_column, tidy
    from experiments.sweeps.sequential_stopping import name_point

    frame = tidy(folder)
    column = find_effect_column(frame, outcome)
    points = average_by_point(frame.fillna({"baseline": ""}), ["point", "baseline"], column)
    value = dict(zip(zip(points["point"], points["baseline"], strict=True), points["value"], strict=True))
    answers = np.array([value.get(name_point(row), np.nan) for row in table])
    if lacking := int(np.isnan(answers).sum()):
        raise InputError(
            f"{lacking} of {format_count(len(answers), 'point')} without any {outcome}, and indices need all: see the "
            f"errors in {folder}/runs, and say sweep.retry=failed or narrow the ranges"
        )
    return answers, column


def _check_options(options: dict[str, Any], asked: dict[str, Any], methods: Sequence[str]) -> None:
    if asked["method"] not in methods:
        raise InputError(f"sensitivity.method={asked['method']} is unknown: {suggest(str(asked['method']), methods)}")
    for name in ("grid", "list", "random", "lhs", "sobol", "csv"):
        if options[name]:
            raise InputError(f"sweep.{name} is not for sensitivity, which draws its own points: say sensitivity.ranges")
    if options["until"]:
        raise InputError("sweep.until is not for sensitivity: say seeds=K and sensitivity.draws=N")
    if not isinstance(asked["ranges"], list):
        raise InputError("""sensitivity.ranges must be a list: 'sensitivity.ranges=["KEY=interval(LOW,HIGH)"]'""")


if __name__ == "__main__":
    resumable_app("sensitivity", main)
