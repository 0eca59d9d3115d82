"""Validity: twenty-four stylised facts of real platforms beside those of the simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.experiment import Experiment, Given, start
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.report.page import Report
    from sim.setting import Setting

MIN_TICKS = 96  #: cascades are given 48 hours, and fact 14 needs hours before and after


class FactJob(NamedTuple):
    """The worlds of one seed."""

    seed: int
    setting: Setting
    ticks: int


@dataclass(frozen=True, kw_only=True)
class Validity(Experiment):
    """Stylised facts of real platforms beside those of the simulated one."""

    label = "seeds, five worlds each"

    def make_jobs(self, given: Given) -> list[FactJob]:
        """Return a job a seed."""
        check_ticks(given.setting, given.ticks)
        return [FactJob(seed, given.setting, given.ticks) for seed in given.seeds]

    @staticmethod
    def simulate(job: FactJob) -> pd.DataFrame:
        """Return what is measured in the worlds of one seed."""
        from experiments.facts.facts import measure_facts

        return measure_facts(job.setting, job.seed, job.ticks)

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return every number of every seed, and each fact with its verdict."""
        import pandas as pd

        from experiments.facts.facts import FACTS
        from experiments.facts.table import compare

        measured = pd.concat(results, ignore_index=True)
        return {"measures": measured, "validity": compare(FACTS, measured)}

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        worlds = "quiet, with the operation, with all its shifts worked, without shock, swept"
        return {"facts": {"seeds": len(given.seeds), "hours": given.ticks, "worlds a seed": worlds}}

    def compose(self, given: Given, folder: Path) -> Report:
        """Return the report; its pictures are of the first seed's worlds."""
        import pandas as pd

        from experiments.facts.table import SeedWorlds
        from experiments.report.validity import compose

        worlds = SeedWorlds(given.setting, given.seeds[0], given.ticks)
        return compose(pd.read_parquet(folder / "validity.parquet"), worlds)


def check_ticks(setting: Setting, ticks: int) -> None:
    """Raise InputError unless the run is long enough to be measured and holds the campaign."""
    campaign = setting.campaign
    least = max(MIN_TICKS, campaign.end)
    if ticks < least:
        raise InputError(
            f"ticks={ticks} is too short: the campaign ends in hour {campaign.end} and cascades need "
            f"{MIN_TICKS} hours, so say ticks={least} or more"
        )


if __name__ == "__main__":
    start(Validity)
