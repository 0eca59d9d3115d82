"""Every point of a design in the same seeds, beside its baseline; thousands of runs that survive a crash."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.app import compose_config, resumable_app
from experiments.configuration import CONF
from experiments.keys import Change, Flag, Keys, ListOf, Maybe, Number, Word, count_runs, key, read_group, whole
from experiments.workers import hide_main

WORDS = ListOf(Change(said="KEY=VALUES", example='"KEY=VALUE"'))


@dataclass(frozen=True, kw_only=True)
class SweepKeys(Keys):
    """What is varied, how it is compared, and what a run may take."""

    place = "sweep"
    grid: tuple[str, ...] = key(WORDS)
    list: tuple[str, ...] = key(WORDS)
    random: tuple[str, ...] = key(WORDS)
    lhs: tuple[str, ...] = key(WORDS)
    sobol: tuple[str, ...] = key(WORDS)
    csv: str | None = key(Maybe(Word(said="the name of a CSV file")))
    draws: int = key(count_runs(0), unit="points")
    design_seed: int = key(whole(0))
    baseline: tuple[str, ...] | None = key(Maybe(WORDS))
    engine: str = key(Word(("local", "ray")))
    address: str = key(Word(said="auto, or the address of a cluster"))
    plan: bool = key(Flag())
    retry: str = key(Word(("none", "failed")))
    merge: tuple[str, ...] = key(ListOf(Word(said="the name of a folder")))
    stop_after: int | None = key(Maybe(whole(1)), unit="runs")
    series: bool = key(Flag())
    time_limit: float | None = key(Maybe(Number(0, open="low")), unit="s")
    memory_limit: float | None = key(Maybe(Number(0, open="low")), unit="MiB")
    until: str | None = key(Maybe(Word(("half_width",))))
    outcome: str = key(Word(said="the name of a measure"))
    measures: tuple[str, ...] = key(ListOf(Word(said="the name of a measure")))
    half_width: float | None = key(Maybe(Number(0, open="low")), unit="that of the outcome")
    max_seeds: int = key(count_runs(0), unit="seeds")
    report: bool = key(Flag())


def sweep(*overrides: str) -> bool:
    """Do what `python -m experiments.sweep OVERRIDES` does, from a notebook or a script; return whether all succeeded.

    Raises:
        InputError: what the command would say in its one line.

    Example:
        >>> import infowar_lab as lab
        >>> small = ["population.size=100", "ticks=24", "campaign.start=1", "seeds=1", "workers=1"]
        >>> lab.sweep('sweep.grid=["army.size=10,20"]', *small, "sweep.report=false", "out=out/armies")
        2 points (2 different, and 1 baseline beside them) x 1 seed = 3 runs; 0 are kept (0 taken over), 3 to simulate
        ...
        3 runs are done, 0 failed: out/armies
        True
    """
    with hide_main():
        return main(compose_config("sweep", overrides), overrides)


def main(config: DictConfig, overrides: Sequence[str]) -> bool:
    """Compose and check every point, play what is missing and report; return whether all runs succeeded."""
    from experiments.sweeps import design, identity, plan, runner, sealing

    options = read_group(config, "sweep")
    runner.check_options(options)
    SweepKeys.read(config)
    composer = plan.Composer("sweep", overrides, CONF)
    table = plan.compose_rows(composer, design.make_points(options), design.parse_baseline(options["baseline"]))
    runner.check_measures(options["measures"], table)
    if options["plan"]:
        print(_format_points(table))
        print(*runner.list_cautions(table, options["baseline"]), runner.format_size(table, config.seeds), sep="\n")
        return True
    code = identity.hash_code(row.cell.setting for row in table)
    well = runner.run_sweep(config, options, table, code, composer.scenario)
    if options["report"]:
        from experiments.report.page import write_report
        from experiments.report.sweep import compose

        folder, told = Path(config.out), dict.fromkeys([options["outcome"], *options["measures"]])
        print(write_report(partial(compose, folder, *told), folder).headline)
        print(f"report: {config.out}/report.html")
    sealing.seal(Path(config.out))
    return well


def _format_points(table: Sequence[Any]) -> str:
    lines = [" ".join(f"{key}={value}" for key, value in row.values.items()) or "the configuration" for row in table]
    return "\n".join(lines)


if __name__ == "__main__":
    resumable_app("sweep", main)
