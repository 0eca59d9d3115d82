"""The main job: what flooding, abuse and amplification cost dissent, in paired worlds.

Every arm has the same people, graph and chance (`seed`; common random numbers), so an arm differs from the
arm "none" (control) only by what the army caused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import write_metadata
from experiments.runs import Run, simulate_all
from experiments.settings import build_setting, describe_run, replace_fields
from sim.campaigns import TACTICS
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting

KNOCKOUTS: Mapping[str, Mapping[str, Any]] = {
    "no_fear": {
        "reaction.direct_fear": 0.0,
        "reaction.vicarious_fear": 0.0,
        "reaction.terror": 0.0,
        "reaction.leave_abuse": 0.0,
        "expression.anticipation": 0.0,
    },
    "no_climate": {"expression.climate_weight": 0.0},
    "no_crowding": {"attention.army_competes": False},
}


def make_robustness_changes(setting: Setting) -> dict[str, dict[str, Any]]:
    """Return the changes of each row of the robustness table, by name."""
    half_life = setting.reaction.half_life
    rows: dict[str, dict[str, Any]] = {
        "climate effect 0": {"expression.climate_weight": 0.0},
        "vicarious and anticipatory fear 0": {"reaction.vicarious_fear": 0.0, "expression.anticipation": 0.0},
        "fear half-life x 1/4": {"reaction.half_life": half_life / 4},
        "fear half-life x 4": {"reaction.half_life": half_life * 4},
        "unlimited attention": {"attention.items": 10_000, "attention.mentions": 10_000, "attention.memory": 48},
        "chronological feed": {"feed.engagement": 0.0},
        "recognised trolls discounted": {"reaction.discount": 1.0},
        "nobody leaves because of abuse": {"reaction.leave_abuse": 0.0},
        "leaving does not fall with posts": {"reaction.leave_decline": 0.0},
    }
    if hasattr(setting.graph, "homophily"):
        rows["homophily 0"] = {"graph.homophily": 0.0}
    return rows


def set_fight_back(setting: Setting, share: float) -> dict[str, Any]:
    """Return the changes that make `share` of people fight back, the others mixed as before."""
    people = setting.population
    others = 1.0 - people.fight_share
    withdraw = people.withdraw_share / others * (1.0 - share) if others else 0.0
    ordered = {"population.withdraw_share": withdraw, "population.fight_share": share}
    return ordered if share > people.fight_share else dict(reversed(ordered.items()))


def sample_priors(ranges: Mapping[str, Sequence[float]], draws: int, seed: int) -> list[dict[str, float]]:
    """Return a Latin hypercube of `draws` points over uniform `ranges` (McKay, Beckman & Conover 1979)."""
    from scipy.stats import qmc

    if not ranges or not draws:
        return []
    low, high = zip(*ranges.values(), strict=True)
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise InputError(f"priors.ranges={dict(ranges)} must be [low, high] with low < high")
    points = qmc.scale(qmc.LatinHypercube(len(ranges), rng=seed).random(draws), low, high)
    return [dict(zip(ranges, point.tolist(), strict=True)) for point in points]


def make_runs(config: DictConfig, setting: Setting) -> list[Run]:
    """Return every run of the job: main arms, knock-outs, robustness, fight-back shares and prior draws.

    Draw after draw takes the seeds of the main arms in turn, so that each has the main setting's world beside it.
    """
    for name in ("knockouts.seeds", "robustness.seeds", "priors.draws"):
        if (given := OmegaConf.select(config, name)) < 0:
            raise InputError(f"{name}={given} must be 0 or more: say {name}=0 to leave these worlds out")
    seeds = range(config.seed, config.seed + config.seeds)
    few = seeds[: min(config.robustness.seeds, len(seeds))]
    some = seeds[: min(config.knockouts.seeds, len(seeds))]
    runs = [run for seed in seeds for run in make_main_arms(setting, seed, config.ticks)]
    for name, changes in KNOCKOUTS.items():
        runs += make_pairs("knockout", name, replace_fields(setting, changes), some, config.ticks)
    for name, row in make_robustness_changes(setting).items():
        runs += make_pairs("robustness", name, replace_fields(setting, row), few, config.ticks)
    for share in config.robustness.fight_back:
        runs += make_pairs(
            "fight_back", str(share), replace_fields(setting, set_fight_back(setting, share)), few, config.ticks
        )
    for dose in config.robustness.doses:
        runs += make_pairs("dose", str(dose), replace_fields(setting, {"campaign.intensity": dose}), few, config.ticks)
    ranges = OmegaConf.to_container(config.priors.ranges)
    for number, draw in enumerate(sample_priors(ranges, config.priors.draws, config.seed)):  # type: ignore[arg-type]
        one = [seeds[number % len(seeds)]]
        runs += make_pairs("prior", str(number), replace_fields(setting, draw), one, config.ticks)
    return runs


def make_main_arms(setting: Setting, seed: int, ticks: int) -> Iterator[Run]:
    """Yield all subsets of the tactics at both efforts; "none" and "all" are the same in both and run once."""
    from experiments.analysis import EFFORTS, list_arms

    for name, chosen in list_arms(TACTICS).items():
        for effort in EFFORTS[: 1 if name in ("none", "all") else 2]:
            arm = {"campaign.tactics": tuple(t for t in TACTICS if t in chosen), "campaign.effort": effort}
            yield Run("main", "full", name, effort, seed, replace_fields(setting, arm), ticks)


def make_pairs(family: str, variant: str, setting: Setting, seeds: Sequence[int], ticks: int) -> Iterator[Run]:
    """Yield the arms "none" and "all" of one variant."""
    for seed in seeds:
        for name, tactics in (("none", ()), ("all", TACTICS)):
            arm = replace_fields(setting, {"campaign.tactics": tactics, "campaign.effort": "additive"})
            yield Run(family, variant, name, "additive", seed, arm, ticks)


def main(config: DictConfig, folder: Path) -> None:
    """Play, analyse, write the tables and the report, and print what matters."""
    from rich.console import Console

    from experiments.analysis import analyse, duplicate_shared_arms
    from experiments.report import suppression as report
    from experiments.report import terminal

    setting = build_setting(config)
    campaign = setting.campaign
    if campaign.end >= config.ticks:
        raise InputError(
            f"ticks={config.ticks} ends before the campaign does (hour {campaign.end}): say ticks={campaign.end + 72}"
        )
    rows, ticks, notes = simulate_runs(make_runs(config, setting), config.workers)
    ticks = duplicate_shared_arms(ticks)
    analysis = analyse(duplicate_shared_arms(rows), ticks, TACTICS, campaign.start, campaign.end)
    for name, frame in analysis.to_frames().items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    ticks.to_parquet(folder / "ticks.parquet", index=False)
    write_metadata(folder, OmegaConf.to_container(config), describe_run(setting, config, notes))  # type: ignore[arg-type]
    terminal.show(report.write(folder), Console())


SILENT_DEFAULTS = {
    "campaign.effort": "additive",
    "campaign.intensity": 1.0,
    "attention.army_competes": True,
    "reaction.discount": 0.0,
}


def get_world_key(run: Run) -> tuple[Setting, int, int]:
    """Return what determines a run: setting, seed and ticks.

    Where nobody is ordered anything, fields that act on the army's posts alone decide nothing: a silent
    army leaves the world as it is (tests/test_purity.py), so such runs share one world.
    """
    silent = not run.setting.campaign.tactics
    return (replace_fields(run.setting, SILENT_DEFAULTS) if silent else run.setting), run.seed, run.ticks


def simulate_runs(runs: Sequence[Run], workers: int) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Simulate each different world once.

    Returns a row a run, the hourly measures of the main arms, and notes on the graph.
    """
    import pandas as pd

    worlds: dict[tuple[Setting, int, int], list[Run]] = {}
    for run in runs:
        worlds.setdefault(get_world_key(run), []).append(run)
    rows: dict[Run, dict[str, Any]] = {}
    hours: dict[Run, pd.DataFrame] = {}
    notes: tuple[str, ...] = ()
    for first, played in simulate_all([same[0] for same in worlds.values()], workers, "simulating worlds"):
        notes = played.notes
        for run in worlds[get_world_key(first)]:
            rows[run] = played.row | run.labels
            if run.family == "main":
                hours[run] = played.ticks
    table = pd.DataFrame([rows[run] for run in runs])
    return table, pd.concat([hours[run] for run in runs if run in hours], ignore_index=True), notes


if __name__ == "__main__":
    app("suppression", main)
