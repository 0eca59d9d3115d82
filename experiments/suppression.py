"""The main job: what flooding, abuse and amplification cost dissent, in paired worlds.

Every arm has the same people, graph and chance (`seed`; common random numbers), so an arm differs from the
arm "none" (control) only by what the army caused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from experiments.experiment import Experiment, Given, start
from experiments.keys import Keys, ListOf, Named, Number, count_runs, group, key
from experiments.runs import Run, simulate_all
from sim.campaigns import TACTICS
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.analysis.pairing import Interval
    from experiments.running.player import Player
    from experiments.runs import RunResult
    from sim.setting import Setting

    WorldKey = tuple[Setting, int, int]

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
    from sim.people.networks import PreferentialAttachment

    half_life, people = setting.reaction.half_life, setting.population
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
        "streams that rank 256 posts": {"feed.depth": 256},
        "nobody looks up the topic": {"attention.search_rate": 0.0},
        "no trends": {"attention.trends": 0},
        "interest in the topic x 1/4": {"population.interest": people.interest / 4},
        "6% of people write most of it": {
            "population.specialist_share": 0.06,
            "population.interest": people.interest / 10,
        },
        "half of the people are hard core": {"population.hardcore_share": 0.5},
        "no moderation": {"moderation.capacity": 0},
        "nobody reads within the hour": {"activity.slice": 60},
        "anybody may follow the army": {"army.affinity": 0.0},
    }
    if hasattr(setting.graph, "fame"):
        rows["followers more alike"] = {"graph.fame": 0.0, "graph.spread": 0.8}
    if hasattr(setting.graph, "homophily"):
        rows["homophily 0"] = {"graph.homophily": 0.0}
        rows["preferential graph"] = {"graph": PreferentialAttachment()}
    return rows


def set_fight_back(setting: Setting, share: float) -> dict[str, Any]:
    """Return the changes that make `share` of people fight back, the others mixed as before."""
    people = setting.population
    others = 1.0 - people.fight_share
    return set_reactions(setting, people.withdraw_share / others * (1.0 - share) if others else 0.0, share)


def set_reactions(setting: Setting, withdraw: float, fight: float) -> dict[str, Any]:
    """Return the changes to these shares of people, in an order in which their sum is never above 1."""
    ordered = {"population.withdraw_share": withdraw, "population.fight_share": fight}
    return ordered if fight > setting.population.fight_share else dict(reversed(ordered.items()))


def sample_priors(ranges: Mapping[str, Sequence[float]], draws: int, seed: int) -> list[dict[str, float]]:
    """Return a Latin hypercube of `draws` points over uniform `ranges` (McKay, Beckman & Conover 1979)."""
    from scipy.stats import qmc

    if not ranges or not draws:
        return []
    for name, ends in ranges.items():
        if len(ends) != 2 or ends[0] >= ends[1]:
            raise InputError(f"priors.ranges: {name}={list(ends)} must be [LOW,HIGH] with LOW < HIGH, as in [0.1,0.9]")
    low, high = zip(*ranges.values(), strict=True)
    points = qmc.scale(qmc.LatinHypercube(len(ranges), rng=seed).random(draws), low, high)
    return [dict(zip(ranges, point.tolist(), strict=True)) for point in points]


def make_main_arms(setting: Setting, seed: int, ticks: int) -> Iterator[Run]:
    """Yield all subsets of the tactics at both efforts; "none" and "all" are the same in both and run once."""
    from experiments.analysis import EFFORTS, list_arms

    for name, chosen in list_arms(TACTICS).items():
        for effort in EFFORTS[: 1 if name in ("none", "all") else 2]:
            arm = {"campaign.tactics": tuple(t for t in TACTICS if t in chosen), "campaign.effort": effort}
            yield Run("main", "full", name, effort, seed, setting.replace(arm), ticks)


def make_pairs(family: str, variant: str, setting: Setting, seeds: Sequence[int], ticks: int) -> Iterator[Run]:
    """Yield the arms "none" and "all" of one variant."""
    for seed in seeds:
        for name, tactics in (("none", ()), ("all", TACTICS)):
            arm = setting.replace({"campaign.tactics": tactics, "campaign.effort": "additive"})
            yield Run(family, variant, name, "additive", seed, arm, ticks)


@dataclass(frozen=True, kw_only=True)
class Knockouts(Keys):
    """Runs in which one pathway is knocked out."""

    seeds: int = key(count_runs(0), unit="seeds")


@dataclass(frozen=True, kw_only=True)
class Robustness(Keys):
    """The table of other assumptions."""

    seeds: int = key(count_runs(0), unit="seeds")
    fight_back: tuple[float, ...] = key(ListOf(Number(0, 1)), unit="share", source="assumption")


@dataclass(frozen=True, kw_only=True)
class Dose(Keys):
    """The dose-response curve."""

    seeds: int = key(count_runs(0), unit="seeds")
    intensities: tuple[float, ...] = key(ListOf(Number(0, 1)), source="assumption")


@dataclass(frozen=True, kw_only=True)
class Precision(Keys):
    """How many pairs of worlds, with the whole operation and without, are enough."""

    half_width: float = key(Number(0, 100, open="low"), unit="points", source="design")
    max_seeds: int = key(count_runs(0), unit="seeds")


@dataclass(frozen=True, kw_only=True)
class Reactions(Keys):
    """The surface over the mix of people who withdraw and who fight back."""

    seeds: int = key(count_runs(0), unit="seeds")
    withdraw: tuple[float, ...] = key(ListOf(Number(0, 1)), unit="share", source="assumption")
    fight: tuple[float, ...] = key(ListOf(Number(0, 1)), unit="share", source="assumption")


@dataclass(frozen=True, kw_only=True)
class Priors(Keys):
    """What is not known about people."""

    draws: int = key(count_runs(0), unit="draws")
    ranges: dict[str, tuple[float, ...]] = key(Named(ListOf(Number(), 2, example="[LOW,HIGH]")), source="assumption")


@dataclass(frozen=True, kw_only=True)
class Suppression(Experiment):
    """What flooding, abuse and amplification cost dissent."""

    label = "simulating worlds"
    knockouts: Knockouts = group(Knockouts)
    dose: Dose = group(Dose)
    precision: Precision = group(Precision)
    reactions: Reactions = group(Reactions)
    robustness: Robustness = group(Robustness)
    priors: Priors = group(Priors)

    def make_jobs(self, given: Given) -> list[Run]:
        """Return every run planned ahead: main arms, knock-outs, doses, other assumptions, mixes and prior draws.

        Draw after draw takes the seeds of the main arms in turn, so that each has the main setting's world beside it.
        Where a part asks for more seeds than the main arms have, the whole operation is played in these too.
        """
        setting, seeds, ticks = given.setting, given.seeds, given.ticks
        if setting.campaign.end >= ticks:
            end = setting.campaign.end
            raise InputError(f"ticks={ticks} ends before the campaign does (hour {end}): say ticks={end + 72}")
        few, some, doses, mixed = (
            range(seeds.start, seeds.start + part.seeds)
            for part in (self.robustness, self.knockouts, self.dose, self.reactions)
        )
        runs = [run for seed in seeds for run in make_main_arms(setting, seed, ticks)]
        beyond = range(seeds.stop, max(part.stop for part in (seeds, few, some)))
        runs += make_pairs("main", "full", setting, beyond, ticks)
        variants = [("knockout", name, changes, some) for name, changes in KNOCKOUTS.items()]
        variants += [("robustness", name, row, few) for name, row in make_robustness_changes(setting).items()]
        shares = self.robustness.fight_back
        variants += [("fight_back", str(share), set_fight_back(setting, share), few) for share in shares]
        variants += [
            ("dose", str(size), {"campaign.dose": "saturation", "campaign.intensity": size}, doses)
            for size in self.dose.intensities
        ]
        mixes = [mix for mix in product(self.reactions.withdraw, self.reactions.fight) if sum(mix) <= 1]
        variants += [
            ("mix", f"{withdraw}/{fight}", set_reactions(setting, withdraw, fight), mixed) for withdraw, fight in mixes
        ]
        draws = sample_priors(self.priors.ranges, self.priors.draws, given.config.seed)
        for number, draw in enumerate(draws):
            place = number % len(seeds)
            variants.append(("prior", str(number), draw, seeds[place : place + 1]))
        for family, name, changes, some in variants:
            runs += make_pairs(family, name, setting.replace(changes), some, ticks)
        return runs

    def play(self, given: Given, play: Player) -> list[Any]:
        """Simulate each different world once, and more pairs until the interval of the loss is narrow enough.

        Returns one value: `collect_results`.
        """
        runs = self.make_jobs(given)
        played = simulate_worlds(runs, {}, play, self.label)
        while more := self.plan_more(given, runs, played):
            runs += more
            played |= simulate_worlds(more, played, play, "more pairs of worlds")
        return [collect_results(runs, played)]

    def plan_more(self, given: Given, runs: Sequence[Run], played: Mapping[WorldKey, RunResult]) -> list[Run]:
        """Return pairs of the main setting for as many more seeds as a narrow enough interval needs."""
        from experiments.analysis.sweeps import estimate_seeds_needed

        _, lo, hi = compute_loss(runs, played)
        if math.isnan(lo):
            return []
        done = len({run.seed for run in runs if run.family == "main"})
        needed = estimate_seeds_needed((hi - lo) / 2, done, self.precision.half_width)
        first = given.config.seed
        more = range(first + done, first + min(needed, self.precision.max_seeds))
        return list(make_pairs("main", "full", given.setting, more, given.ticks))

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return every table of the analysis."""
        from experiments.analysis import analyse, duplicate_shared_arms

        campaign = given.setting.campaign
        rows, ticks, transitions = (duplicate_shared_arms(frame) for frame in results[0][:3])
        analysis = analyse(rows, ticks, transitions, results[0][3], TACTICS, campaign.start, campaign.end)
        return {**analysis.to_frames(), "ticks": ticks, "transitions": transitions}


SILENT_DEFAULTS = {
    "campaign.effort": "additive",
    "campaign.dose": "half",
    "campaign.intensity": 1.0,
    "attention.army_competes": True,
    "reaction.discount": 0.0,
}


def get_world_key(run: Run) -> WorldKey:
    """Return what determines a run: setting, seed and ticks.

    Where nobody is ordered anything, fields that act on the army's posts alone decide nothing: a silent
    army leaves the world as it is (tests/test_purity.py), so such runs share one world.
    """
    silent = not run.setting.campaign.tactics
    return (run.setting.replace(SILENT_DEFAULTS) if silent else run.setting), run.seed, run.ticks


def simulate_worlds(
    runs: Sequence[Run], known: Mapping[WorldKey, RunResult], play: Player, label: str
) -> dict[WorldKey, RunResult]:
    """Simulate each different world that is not `known`, once."""
    worlds: dict[WorldKey, Run] = {}
    for run in runs:
        if get_world_key(run) not in known:
            worlds.setdefault(get_world_key(run), run)
    found = simulate_all(list(worlds.values()), play, label, compiled=bool(known))
    return dict(zip(worlds, found, strict=True))


def make_run_table(runs: Sequence[Run], played: Mapping[WorldKey, RunResult]) -> pd.DataFrame:
    """Return a row a run."""
    import pandas as pd

    return pd.DataFrame([played[get_world_key(run)].row | run.labels for run in runs])


def compute_loss(runs: Sequence[Run], played: Mapping[WorldKey, RunResult]) -> Interval:
    """Return the interval of the share of dissent that the whole operation costs the main setting, in percent."""
    from experiments.analysis.arms import ALL, NONE
    from experiments.analysis.losses import compute_losses
    from experiments.analysis.pairing import compute_interval

    pairs = [run for run in runs if run.family == "main" and run.arm in (ALL, NONE)]
    return compute_interval(compute_losses(make_run_table(pairs, played))["lost_percent"])


def collect_results(
    runs: Sequence[Run], played: Mapping[WorldKey, RunResult]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Return what was simulated.

    These are: a row a run, the hourly measures and the transitions of the main arms, what groups of dissenters lose
    under the whole operation, and notes on the graph.
    """
    import pandas as pd

    main = [(run, played[get_world_key(run)]) for run in runs if run.family == "main"]
    transitions = [
        one.transitions.assign(arm=run.arm, effort=run.effort, seed=run.seed)
        for run, one in main
        if one.transitions is not None
    ]
    groups = [one.groups.assign(seed=run.seed) for run, one in main if one.groups is not None]
    return (
        make_run_table(runs, played),
        pd.concat([one.ticks for _, one in main], ignore_index=True),
        pd.concat(transitions, ignore_index=True),
        pd.concat(groups, ignore_index=True),
        main[-1][1].notes,
    )


if __name__ == "__main__":
    start(Suppression)
