"""Defences: how much dissent they restore, whom they harm, and what they cost, in paired worlds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig

from experiments.experiment import Experiment, Given, start
from experiments.keys import CHANGES, Described, Flag, Keys, ListOf, Named, Word, count_runs, group, key
from experiments.runs import fork_arms
from experiments.settings import apply_overrides, build_setting, describe_run, instantiate_group
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting
    from sim.world import World

NONE = "none"  #: the arm without an operation, and the absence of any defence
SCENARIO, ROBUSTNESS, PAIRS = "scenario", "robustness", "pairs"


class DefenceJob(NamedTuple):
    """All worlds of one seed under one variation of the setting."""

    family: str  #: SCENARIO | ROBUSTNESS | PAIRS
    variation: str
    setting: Setting
    ticks: int
    seed: int
    defences: tuple[tuple[str, tuple[Any, ...]], ...]  #: name, rules


@dataclass(frozen=True, kw_only=True)
class Comparison(Keys):
    """What is compared."""

    names: tuple[str, ...] = key(ListOf(Word()))
    pairs: bool = key(Flag())
    scenarios: dict[str, tuple[str, ...]] = key(Named(CHANGES, 1, example="{all_tactics: []}"))
    robustness: dict[str, tuple[str, ...]] = key(Named(CHANGES))
    robustness_seeds: int = key(count_runs(0), unit="seeds")


@dataclass(frozen=True, kw_only=True)
class Defences(Experiment):
    """How much dissent defences restore, whom they harm, and what they cost."""

    comparison: Comparison = group(Comparison)
    candidates: dict[str, Any] = key(Named(Described(), 1), source="conf/defence")

    def make_jobs(self, given: Given) -> list[DefenceJob]:
        """Return what is played, seed after seed."""
        asked = self.comparison
        single = build_candidates(given.config, asked.names)
        settings = {
            (family, name): build_variation(given.config, name, words, f"comparison.{key}.{name}")
            for family, key, variations in (
                (SCENARIO, "scenarios", asked.scenarios),
                (ROBUSTNESS, "robustness", asked.robustness),
            )
            for name, words in variations.items()
        }
        jobs = []
        for seed in given.seeds:
            for (family, name), (setting, ticks) in settings.items():
                if family == SCENARIO or seed - given.seeds[0] < asked.robustness_seeds:
                    jobs.append(DefenceJob(family, name, setting, ticks, seed, single))
            if asked.pairs:
                first = next(iter(asked.scenarios))
                jobs.append(DefenceJob(PAIRS, first, *settings[SCENARIO, first], seed, tuple(make_pairs(single))))
        return jobs

    @staticmethod
    def simulate(job: DefenceJob) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """Simulate one seed, defence after defence, with and without the operation; return a row a world, and notes.

        The world with a defence but without an operation is not simulated again for robustness.
        """
        from sim.observers.harm import ensure_harm

        rows: list[dict[str, Any]] = []
        campaign, world = job.setting.campaign, None
        for name, rules in ((NONE, ()), *job.defences):
            quiet = () if job.family == ROBUSTNESS and rules else ((NONE, ()),)
            conduct = dict((*quiet, ("all", campaign.tactics)))
            arms = (replace(campaign, tactics=tactics) for tactics in conduct.values())
            worlds = fork_arms(
                add_defences(job.setting, rules), job.seed, job.ticks, arms, lambda world: ensure_harm(world.observers)
            )
            for arm, world in zip(conduct, worlds, strict=True):
                labels = {"family": job.family, "variation": job.variation, "seed": job.seed, "defence": name}
                rows.append(labels | {"arm": arm} | count_totals(world))
        return rows, world.notes if world else ()

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return a row a world, and what each defence changes in the same seed."""
        import pandas as pd

        from experiments.analysis.defences import compute_effects, compute_pair_gains, summarise_effects

        worlds = pd.DataFrame([row for rows, _ in results for row in rows])
        paired = compute_effects(worlds)
        summary, pairs = summarise_effects(paired), compute_pair_gains(paired)
        return {"worlds": worlds, "effects": paired, "summary": summary, "pairs": pairs}

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        return describe_run(self.make_jobs(given)[0].setting, given.config, results[-1][-1])


def build_candidates(config: DictConfig, names: Sequence[str]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """Return the defences that are tried, by name; all of the candidates if none is named."""
    for name in names:
        if name not in config.candidates:
            raise InputError(
                f"comparison.names has {name}, which is unknown: {suggest(str(name), list(config.candidates))}"
            )
    return tuple(
        (name, (instantiate_group(config.candidates[name], f"candidates.{name}"),))
        for name in names or map(str, config.candidates)
    )


def make_pairs(single: Sequence[tuple[str, tuple[Any, ...]]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield every two defences together."""
    for (one, first), (other, second) in combinations(single, 2):
        yield f"{one} + {other}", (*first, *second)


def build_variation(config: DictConfig, name: str, words: Sequence[str], key: str) -> tuple[Setting, int]:
    """Return the setting of one variation, whose words are those of `key`, and its ticks; a scenario may bring its own.

    Raises:
        InputError: there is no operation in it, or the run ends before a day after it.
    """
    other = apply_overrides(config, words, key)
    setting = build_setting(other)
    campaign = setting.campaign
    if not (campaign.tactics and campaign.hours and setting.army.size):
        raise InputError(f"{name} has no operation to defend against: give it campaign.tactics and army.size")
    if campaign.end + 24 > other.ticks:
        raise InputError(f"ticks={other.ticks} is too short for {name}: say ticks={campaign.end + 24} or more")
    return setting, other.ticks


def add_defences(setting: Setting, rules: Sequence[Any]) -> Setting:
    """Return `setting` with these defences added; those that have accounts join the forces."""
    forces = tuple(rule for rule in rules if hasattr(rule, "create_accounts"))
    others = tuple(rule for rule in rules if not hasattr(rule, "create_accounts"))
    return replace(setting, forces=(*setting.forces, *forces), defences=(*setting.defences, *others))


def count_totals(world: World) -> dict[str, Any]:
    """Return what a world's history says from the campaign's start on: totals."""
    from experiments.analysis.defences import COUNTS

    history: pd.DataFrame = world.history.iloc[world.setting.campaign.start :]
    return {name: int(history[name].sum()) for name in COUNTS}


if __name__ == "__main__":
    start(Defences)
