"""Every point of a design in the same seeds, beside its baseline; thousands of runs that survive a crash."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.app import compose_config, resumable_app
from experiments.configuration import CONF
from experiments.keys import read_group
from experiments.workers import hide_main


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
    sealing.seal(Path(config.out).expanduser())
    return well


def _format_points(table: Sequence[Any]) -> str:
    lines = [" ".join(f"{key}={value}" for key, value in row.values.items()) or "the configuration" for row in table]
    return "\n".join(lines)


if __name__ == "__main__":
    resumable_app("sweep", main)
