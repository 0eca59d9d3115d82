"""Unmasked sleepers: what their number and the hour cost genuine moderates, with and without spillover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.app_options import read_app_options
from experiments.folder import write_metadata
from experiments.runs import run_jobs
from experiments.settings import build_setting, describe_run, set_keys
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting

KEPT_COLUMNS = ("tick", "credibility_dissenters", "dissent_impressions", "dissent_posts", "unmasked")


class UnmaskingJob(NamedTuple):
    """One world: `number` sleepers unmasked at this hour, with or without spillover."""

    number: int
    hour: int  #: -1 where nobody is
    spillover: bool
    seed: int
    setting: Setting
    ticks: int


def main(config: DictConfig, folder: Path) -> None:
    """Simulate all cases, compare each with the same world in which nobody is unmasked, draw and print."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis.unmaskings import compute_costs
    from experiments.report import unmasking as report

    jobs = list(make_jobs(config))
    ticks = pd.concat(run_jobs(run_job, jobs, config.workers, "simulating worlds"), ignore_index=True)
    ticks.to_parquet(folder / "ticks.parquet", index=False)
    compute_costs(ticks).to_parquet(folder / "unmasking.parquet", index=False)
    setting = jobs[0].setting
    write_metadata(folder, OmegaConf.to_container(config), describe_run(setting, config, ("", "drawn for each seed")))  # type: ignore[arg-type]
    Console().print(report.write(folder))


def make_jobs(config: DictConfig) -> Iterator[UnmaskingJob]:
    """Yield every world to be played.

    Raises:
        InputError: a number or an hour is not valid, or the scenario has nobody to unmask.
    """
    asked = read_app_options(config, "unmasking", "unmasking")
    for name, least in (("numbers", 1), ("hours", 0)):
        if not asked[name] or any(not isinstance(value, int) or value < least for value in asked[name]):
            raise InputError(f"unmasking.{name}={asked[name]} must be whole numbers from {least}, as in [1, 3]")
    if max(asked["hours"]) >= config.ticks:
        raise InputError(f"unmasking.hours={asked['hours']} goes beyond ticks={config.ticks}: say fewer hours")
    if OmegaConf.select(config, "events.unmasking") is None:
        raise InputError("nobody is unmasked here: say scenario=sleepers_unmasked, or give a scenario events.unmasking")
    whole = [(0, -1), *((number, hour) for number in asked["numbers"] for hour in asked["hours"])]
    for spills in (True, False):
        for number, hour in whole:
            setting = build_setting(set_keys(config, make_changes(number, hour, spills), "unmasking"))
            for seed in range(config.seed, config.seed + config.seeds):
                yield UnmaskingJob(number, hour, spills, seed, setting, config.ticks)


def make_changes(number: int, hour: int, spills: bool) -> list[str]:
    """Return what differs in one case; nobody is unmasked by an own act, so the number is exact."""
    return [
        f"events.unmasking.unmask={number}",
        f"events.unmasking.start={max(hour, 0)}",
        "forces.sleepers.operations.awake.risk=0.0",
        *([] if spills else ["credibility.spillover=0.0"]),
    ]


def run_job(job: UnmaskingJob) -> pd.DataFrame:
    """Return the hourly measures of one world."""
    from sim.world import World

    history = World(job.setting, rng=job.seed).run(job.ticks)[[*KEPT_COLUMNS]]
    return history.assign(number=job.number, hour=job.hour, spillover=job.spillover, seed=job.seed)


if __name__ == "__main__":
    app("unmasking", main)
