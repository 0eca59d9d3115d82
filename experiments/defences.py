"""Defences: how much dissent they restore, whom they harm, and what they cost, in paired worlds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.app_options import read_app_options
from experiments.folder import write_metadata
from experiments.runs import run_jobs
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


def main(config: DictConfig, folder: Path) -> None:
    """Run all jobs, pair them, write tables and report, and print what matters."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis.defences import compute_effects, compute_pair_gains, summarise_effects
    from experiments.report import defences as report

    jobs = list(make_jobs(config))
    rows: list[dict[str, Any]] = []
    notes: tuple[str, ...] = ()
    for found, said in run_jobs(run_job, jobs, config.workers, "simulating seeds"):
        rows, notes = rows + found, said
    worlds = pd.DataFrame(rows)
    paired = compute_effects(worlds)
    tables = {
        "worlds": worlds,
        "effects": paired,
        "summary": summarise_effects(paired),
        "pairs": compute_pair_gains(paired),
    }
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    write_metadata(folder, OmegaConf.to_container(config), describe_run(jobs[0].setting, config, notes))  # type: ignore[arg-type]
    report.write(folder, Console())


def make_jobs(config: DictConfig) -> Iterator[DefenceJob]:
    """Yield what is played, seed after seed.

    Raises:
        InputError: a key of `comparison` means nothing, in one line with the cure.
    """
    asked = read_app_options(config, "defences", "comparison")
    single = build_candidates(config, asked["names"])
    if not asked["scenarios"]:
        raise InputError("comparison.scenarios names none: say comparison.scenarios={all_tactics: []}")
    if not isinstance(asked["robustness_seeds"], int) or asked["robustness_seeds"] < 0:
        raise InputError(f"comparison.robustness_seeds={asked['robustness_seeds']} must be a whole number from 0")
    settings = {
        (family, name): build_variation(config, name, words)
        for family, group in ((SCENARIO, asked["scenarios"]), (ROBUSTNESS, asked["robustness"]))
        for name, words in group.items()
    }
    for seed in range(config.seed, config.seed + config.seeds):
        for (family, name), (setting, ticks) in settings.items():
            if family == SCENARIO or seed - config.seed < asked["robustness_seeds"]:
                yield DefenceJob(family, name, setting, ticks, seed, single)
        if asked["pairs"]:
            first = next(iter(asked["scenarios"]))
            yield DefenceJob(PAIRS, first, *settings[SCENARIO, first], seed, tuple(make_pairs(single)))


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


def build_variation(config: DictConfig, name: str, words: Sequence[str]) -> tuple[Setting, int]:
    """Return the setting of one variation and its ticks, which a scenario may bring along.

    Raises:
        InputError: there is no operation in it, or the run ends before a day after it.
    """
    other = apply_overrides(config, words)
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


def run_job(job: DefenceJob) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Simulate one seed, defence after defence, each with and without the operation; return a row a world, and notes.

    The world with a defence but without an operation is not simulated again for robustness.
    """
    from sim.observers.harm import ensure_harm
    from sim.world import World

    rows: list[dict[str, Any]] = []
    notes: tuple[str, ...] = ()
    campaign = job.setting.campaign
    for name, rules in ((NONE, ()), *job.defences):
        trunk = World(add_defences(job.setting, rules), rng=job.seed)
        ensure_harm(trunk.observers)
        trunk.run(campaign.start)
        notes = trunk.notes
        quiet = () if job.family == ROBUSTNESS and rules else ((NONE, ()),)
        for arm, tactics in (*quiet, ("all", campaign.tactics)):
            world = trunk.fork(replace(campaign, tactics=tactics))
            world.run(job.ticks - world.now)
            labels = {"family": job.family, "variation": job.variation, "seed": job.seed, "defence": name}
            rows.append(labels | {"arm": arm} | count_totals(world))
    return rows, notes


def count_totals(world: World) -> dict[str, Any]:
    """Return what a world's history says from the campaign's start on: totals."""
    from experiments.analysis.defences import COUNTS

    history: pd.DataFrame = world.history.iloc[world.setting.campaign.start :]
    return {name: int(history[name].sum()) for name in COUNTS}


if __name__ == "__main__":
    app("defences", main)
