"""Recovery: length and intensity of a campaign against the time in which half of its deficit is made good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.experiment import Experiment, Given, start
from experiments.keys import CHANGES, ListOf, Named, Number, key, whole
from experiments.runs import fork_arms
from experiments.settings import describe_run
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


@dataclass(frozen=True, kw_only=True)
class Recovery(Experiment):
    """How long a campaign's deficit lasts, by its length and intensity."""

    place = "recovery"
    hours: tuple[int, ...] = key(ListOf(whole(1), 1, rising=True, example="[24,72]"), unit="h")
    intensities: tuple[float, ...] = key(ListOf(Number(0, 1, open="low"), 1, rising=True, example="[0.5,1.0]"))
    interventions: dict[str, tuple[str, ...]] = key(Named(CHANGES))

    def make_jobs(self, given: Given) -> list[RecoveryJob]:
        """Return what is played, seed after seed."""
        from experiments.analysis.recoveries import MAIN

        settings = {MAIN: given.setting} | {
            name: given.alter(words, f"recovery.interventions.{name}").setting
            for name, words in self.interventions.items()
        }
        campaign = settings[MAIN].campaign
        if not (campaign.tactics and settings[MAIN].army.size):
            raise InputError("there is no campaign: set campaign.tactics and army.size")
        after = given.ticks - campaign.start - self.hours[-1]
        if after < 24:
            raise InputError(f"ticks={given.ticks} leaves no day to recover: say ticks={given.ticks - after + 24}")
        jobs = []
        for seed in given.seeds:
            for name, setting in settings.items():
                for length in self.hours if name == MAIN else self.hours[-1:]:
                    timed = replace(setting, campaign=replace(setting.campaign, hours=length))
                    hard = self.intensities if name == MAIN else self.intensities[-1:]
                    jobs.append(RecoveryJob(name, timed, seed, campaign.start + length + after, hard))
        return jobs

    @staticmethod
    def simulate(job: RecoveryJob) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Simulate one seed with and without the campaign, at each intensity.

        Returns:
            a row an hour and intensity: `intervention, hours, intensity, seed, tick, deficit` (standing dissenting
            posts, without minus with the campaign) and `left` (dissenting intentions of people who have left, with
            minus without); notes.
        """
        import pandas as pd

        campaign = job.setting.campaign
        conduct = [{"tactics": ()}, *({"intensity": intensity} for intensity in job.intensities)]
        arms = (replace(campaign, **each) for each in conduct)  # type: ignore[arg-type]
        none, *others = fork_arms(job.setting, job.seed, job.ticks, arms)
        parts = []
        for intensity, world in zip(job.intensities, others, strict=True):
            without, arm = none.history, world.history
            standing = [frame["dissent_posts"] - frame["dissent_removed"] for frame in (without, arm)]
            labels = {"intervention": job.intervention, "hours": campaign.hours, "intensity": intensity}
            counts = {"deficit": standing[0] - standing[1], "left": arm["left"] - without["left"]}
            parts.append(pd.DataFrame(labels | {"seed": job.seed, "tick": without["tick"]} | counts))
        return pd.concat(parts, ignore_index=True), none.notes

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return the deficits, and what is said of them."""
        import pandas as pd

        from experiments.analysis.recoveries import compute_contrasts, compute_speedups, summarise_times

        deficits, start = pd.concat([found for found, _ in results], ignore_index=True), given.config.campaign.start
        tables = {"deficits": deficits, "times": summarise_times(deficits, start)}
        return tables | {
            "contrasts": compute_contrasts(deficits, start),
            "speedups": compute_speedups(deficits, start),
        }

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        first, told = self.make_jobs(given)[0], describe_run(given.setting, given.config, results[-1][-1])
        start, after = given.config.campaign.start, first.ticks - first.setting.campaign.end
        told["facts"]["Campaign"] = f"from hour {start}, as in the table; {after} hours are watched after each"
        return told


if __name__ == "__main__":
    start(Recovery)
