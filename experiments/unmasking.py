"""Unmasked sleepers: what their number and the hour cost genuine moderates, with and without spillover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import OmegaConf

from experiments.experiment import Experiment, Given, start
from experiments.keys import ListOf, key, whole
from experiments.settings import describe_run
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


@dataclass(frozen=True, kw_only=True)
class Unmasking(Experiment):
    """What unmasked sleepers cost genuine moderates."""

    place, label = "unmasking", "simulating worlds"
    numbers: tuple[int, ...] = key(ListOf(whole(1), 1, example="[1,3]"), unit="sleepers")
    hours: tuple[int, ...] = key(ListOf(whole(0), 1, example="[132,192]"), unit="h")

    def make_jobs(self, given: Given) -> list[UnmaskingJob]:
        """Return every world to be played."""
        if max(self.hours) >= given.ticks:
            raise InputError(f"unmasking.hours={list(self.hours)} goes beyond ticks={given.ticks}: say fewer hours")
        if OmegaConf.select(given.config, "events.unmasking") is None:
            raise InputError(
                "nobody is unmasked here: say scenario=sleepers_unmasked, or give a scenario events.unmasking"
            )
        whole = [(0, -1), *((number, hour) for number in self.numbers for hour in self.hours)]
        jobs = []
        for has_spillover in (True, False):
            for number, hour in whole:
                setting = given.alter(make_changes(number, hour, has_spillover), "unmasking").setting
                jobs += [UnmaskingJob(number, hour, has_spillover, seed, setting, given.ticks) for seed in given.seeds]
        return jobs

    @staticmethod
    def simulate(job: UnmaskingJob) -> pd.DataFrame:
        """Return the hourly measures of one world."""
        from sim.world import World

        history = World(job.setting, rng=job.seed).run(job.ticks)[[*KEPT_COLUMNS]]
        return history.assign(number=job.number, hour=job.hour, spillover=job.spillover, seed=job.seed)

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return the hours of every world, and each case against the same world in which nobody is unmasked."""
        import pandas as pd

        from experiments.analysis.unmaskings import compute_costs

        ticks = pd.concat(results, ignore_index=True)
        return {"ticks": ticks, "unmasking": compute_costs(ticks)}

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        return describe_run(self.make_jobs(given)[0].setting, given.config, ("", "drawn for each seed"))


def make_changes(number: int, hour: int, has_spillover: bool) -> list[str]:
    """Return what differs in one case; nobody is unmasked by an own act, so the number is exact."""
    return [
        f"events.unmasking.unmask={number}",
        f"events.unmasking.start={max(hour, 0)}",
        "forces.sleepers.operations.awake.risk=0.0",
        *([] if has_spillover else ["credibility.spillover=0.0"]),
    ]


if __name__ == "__main__":
    start(Unmasking)
