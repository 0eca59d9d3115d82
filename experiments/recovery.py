"""Recovery: length and intensity of a campaign against the time in which half of its deficit is made good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.app_options import read_app_options
from experiments.folder import write_metadata
from experiments.runs import run_jobs
from experiments.settings import apply_overrides, build_setting, describe_run
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting


class RecoveryJob(NamedTuple):
    """Worlds of one seed that share the length of the campaign and the quiet days before it."""

    intervention: str  #: MAIN of `analysis.summarise_recoveries`, or what might speed recovery up
    setting: Setting
    seed: int
    ticks: int
    intensities: tuple[float, ...]


def main(config: DictConfig, folder: Path) -> None:
    """Run all jobs, time recoveries, write tables and report, and print what matters."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis.recoveries import compute_contrasts, compute_speedups, summarise_times
    from experiments.report import recovery as report

    jobs = list(make_jobs(config))
    parts: list[pd.DataFrame] = []
    notes: tuple[str, ...] = ()
    for found, said in run_jobs(run_job, jobs, config.workers, "simulating seeds"):
        notes = said
        parts.append(found)
    deficits = pd.concat(parts, ignore_index=True)
    start, after = config.campaign.start, jobs[0].ticks - jobs[0].setting.campaign.end
    tables = {"deficits": deficits, "times": summarise_times(deficits, start)}
    tables |= {"contrasts": compute_contrasts(deficits, start), "speedups": compute_speedups(deficits, start)}
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    told = describe_run(jobs[0].setting, config, notes)
    told["facts"]["Campaign"] = f"from hour {start}, as in the table; {after} hours are watched after each"
    write_metadata(folder, OmegaConf.to_container(config), told)  # type: ignore[arg-type]
    report.write(folder, Console())


def make_jobs(config: DictConfig) -> Iterator[RecoveryJob]:
    """Yield what is played, seed after seed.

    Raises:
        InputError: a key of `recovery` means nothing, in one line with the cure.
    """
    from experiments.analysis.recoveries import MAIN

    asked = read_app_options(config, "recovery", "recovery")
    hours, intensities = asked["hours"], asked["intensities"]
    if not hours or any(not isinstance(h, int) or h < 1 for h in hours) or sorted(set(hours)) != hours:
        raise InputError(f"recovery.hours={hours} must be whole numbers from 1, rising, as in [24, 72]")
    if not intensities or any(not 0 < x <= 1 for x in intensities) or sorted(set(intensities)) != intensities:
        raise InputError(f"recovery.intensities={intensities} must lie in (0, 1], rising, as in [0.5, 1.0]")
    settings = {MAIN: build_setting(config)} | {
        name: build_setting(apply_overrides(config, words)) for name, words in asked["interventions"].items()
    }
    campaign = settings[MAIN].campaign
    if not (campaign.tactics and settings[MAIN].army.size):
        raise InputError("there is no campaign: set campaign.tactics and army.size")
    after = config.ticks - campaign.start - hours[-1]
    if after < 24:
        raise InputError(f"ticks={config.ticks} leaves no day to recover: say ticks={config.ticks - after + 24}")
    for seed in range(config.seed, config.seed + config.seeds):
        for name, setting in settings.items():
            for length in hours if name == MAIN else hours[-1:]:
                timed = replace(setting, campaign=replace(setting.campaign, hours=length))
                hard: Sequence[float] = intensities if name == MAIN else intensities[-1:]
                yield RecoveryJob(name, timed, seed, campaign.start + length + after, tuple(hard))


def run_job(job: RecoveryJob) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Simulate one seed with and without the campaign, at each intensity.

    Returns:
        a row an hour and intensity: `intervention, hours, intensity, seed, tick, deficit` (standing dissenting posts,
        without minus with the campaign) and `left` (dissenting intentions of people who have left, with minus without);
        notes.
    """
    import pandas as pd

    from sim.world import World

    campaign = job.setting.campaign
    trunk = World(job.setting, rng=job.seed)
    trunk.run(campaign.start)

    def history(**conduct: Any) -> pd.DataFrame:
        world = trunk.fork(replace(campaign, **conduct))
        return world.run(job.ticks - world.now)

    none = history(tactics=())
    parts = []
    for intensity in job.intensities:
        arm = history(intensity=intensity)
        standing = [frame["dissent_posts"] - frame["dissent_removed"] for frame in (none, arm)]
        parts.append(
            pd.DataFrame(
                {
                    "intervention": job.intervention,
                    "hours": campaign.hours,
                    "intensity": intensity,
                    "seed": job.seed,
                }
                | {"tick": none["tick"], "deficit": standing[0] - standing[1], "left": arm["left"] - none["left"]}
            )
        )
    return pd.concat(parts, ignore_index=True), trunk.notes


if __name__ == "__main__":
    app("recovery", main)
