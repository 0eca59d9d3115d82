"""Made-up runs that keep the engine's column contract, so that analysis and report are tested without it.

Not the model: each latent intention falls into a cell by one uniform shared by all arms, with shares that the arm
shifts during the campaign and that decay after it.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd

from experiments.analysis import MEASURES, Analysis, analyse, duplicate_shared_arms, list_arms, name_arm, summarise_run
from experiments.analysis.transitions import count_transitions
from sim.observers.intentions import REMOVED, IntentionTable

TACTICS = ("flood", "abuse", "amplify")
CELLS = (
    "left",
    "suspended",
    "persuaded",
    "unprompted",
    "private",
    "withheld_fear",
    "withheld_climate",
    "withheld_joint",
    "withheld_redundant",
)
CALM = dict(zip(CELLS, (0.0, 0.0, 0.01, 0.22, 0.25, 0.01, 0.02, 0.002, 0.003), strict=True))


@dataclass(frozen=True)
class Recipe:
    """How strong the operation is and how long the runs are."""

    strength: float = 1.0
    seeds: int = 20
    ticks: int = 504
    start: int = 168
    stop: int = 336
    rate: float = 18.0
    tactics: tuple[str, ...] = TACTICS
    without: tuple[str, ...] = field(default=())  #: cells that the operation cannot fill

    def force(self, chosen: frozenset[str], effort: str) -> dict[str, float]:
        share = {t: 1 / len(chosen) if effort == "equal" else 1 / len(self.tactics) for t in chosen}
        flood, abuse, amplify = (3 * self.strength * share.get(t, 0.0) for t in TACTICS)
        pull = {
            "left": 0.008 * abuse,
            "persuaded": 0.002 * amplify,
            "unprompted": 0.02 * flood - 0.012 * abuse,
            "private": -0.006 * abuse,
            "withheld_fear": 0.05 * abuse + 0.03 * flood * abuse,
            "withheld_climate": 0.02 * flood + 0.015 * amplify,
            "withheld_joint": 0.008 * flood * abuse,
            "withheld_redundant": 0.012 * flood * abuse,
        }
        return {cell: size for cell, size in pull.items() if cell not in self.without}


def compute_onset(recipe: Recipe) -> np.ndarray:
    """Return how far the operation acts in each hour, [ticks]."""
    hour = np.arange(recipe.ticks)
    return np.clip((hour - recipe.start) / 24, 0, 1) * np.exp(-np.clip(hour - recipe.stop, 0, None) / 60)


def draw_endings(
    recipe: Recipe, chosen: frozenset[str], effort: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each latent intention its hour, its ending (a place in CELLS, or after them), and if it is removed."""
    hour = np.arange(recipe.ticks)
    level = recipe.rate * rng.lognormal(0, 0.25)
    tick = np.repeat(hour, rng.poisson(level * (1 + 0.6 * np.sin(2 * np.pi * (hour - 9) / 24))))
    u = rng.random(tick.size)
    pull, onset = recipe.force(chosen, effort), compute_onset(recipe)
    shares = np.stack([np.clip(CALM[cell] + pull.get(cell, 0.0) * onset, 0, 1) for cell in CELLS])
    ending = (u >= np.cumsum(shares, axis=0)[:, tick]).sum(axis=0)
    return tick, ending, (ending == len(CELLS)) & (u > 0.996)


def intentions(recipe: Recipe, chosen: frozenset[str], effort: str, seed: int) -> IntentionTable:
    """Return the same intentions as `history` counts, one by one."""
    tick, ending, removed = draw_endings(recipe, chosen, effort, np.random.default_rng(seed))
    key, author = np.arange(tick.size, dtype=np.uint64), np.zeros(tick.size, np.int32)
    return IntentionTable(key, tick.astype(np.int32), author, np.where(removed, REMOVED, ending).astype(np.int8))


def main_groups(recipe: Recipe) -> pd.DataFrame:
    """Return what two groups lose in each seed: half of the intentions each, those with an even and an odd key."""
    rows = []
    for seed in range(recipe.seeds):
        none, full = (
            intentions(recipe, tactics, "additive", seed) for tactics in (frozenset[str](), frozenset(recipe.tactics))
        )
        before, after = (each.outcome == len(CELLS) for each in (none, full))
        masks = {("everybody", "all dissenters"): np.full(len(before), True)}
        masks |= {("abuse", name): none.key % 2 == odd for odd, name in enumerate(("attacked", "never attacked"))}
        for (kind, group), mask in masks.items():
            counts = (int((chosen & mask).sum()) for chosen in (before, before & ~after, after & ~before))
            rows.append((seed, kind, group, 50, *counts))
    return pd.DataFrame(rows, columns=["seed", "kind", "group", "people", "baseline", "lost", "gained"])


def main_transitions(recipe: Recipe) -> pd.DataFrame:
    """Return the transitions of the main arms, as the app is to build them."""
    frames = []
    for name, chosen in list_arms(recipe.tactics).items():
        for effort in ("additive", "equal") if 0 < len(chosen) < len(recipe.tactics) else ("additive",):
            for seed in range(recipe.seeds if chosen else 0):
                both = (intentions(recipe, tactics, effort, seed) for tactics in (frozenset[str](), chosen))
                frames.append(count_transitions(*both).assign(arm=name, effort=effort, seed=seed))
    return duplicate_shared_arms(pd.concat(frames, ignore_index=True))


def history(recipe: Recipe, chosen: frozenset[str], effort: str, seed: int) -> dict[str, np.ndarray]:
    """Return one run's hourly measures, name -> [ticks]."""
    rng = np.random.default_rng(seed)
    hour = np.arange(recipe.ticks)
    tick, ending, removed = draw_endings(recipe, chosen, effort, rng)
    opportunities, onset = np.bincount(tick, minlength=recipe.ticks), compute_onset(recipe)
    count = np.stack([np.bincount(tick[ending == c], minlength=recipe.ticks) for c in range(len(CELLS) + 1)])
    out = {"opportunities": opportunities, **dict(zip((*CELLS, "dissent_posts"), count, strict=True))}
    out["dissent_withheld"] = sum(out[cell] for cell in CELLS if cell.startswith("withheld"))
    out["dissent_wanted"] = out["dissent_posts"] + out["dissent_withheld"]
    out["dissent_removed"] = np.bincount(tick[removed], minlength=recipe.ticks)
    on = onset * (hour < recipe.stop)
    volume = 3 * recipe.strength * len(chosen) / len(recipe.tactics)
    crowded = np.round(out["dissent_posts"] * 4 * volume * on).astype(int)
    out["dissent_impressions"] = out["dissent_posts"] * 40 - crowded
    out["dissent_impressions_nondissenters"] = out["dissent_impressions"] // 2
    out["topic_impressions"] = opportunities * 130 + np.round(opportunities * 40 * volume * on).astype(int)
    seen = out["topic_impressions"] > 0
    share = np.full(recipe.ticks, np.nan)
    share[seen] = out["dissent_impressions"][seen] / out["topic_impressions"][seen]
    out["dissent_visibility"] = share
    out["perceived_support"] = 0.5 + 0.06 * volume * onset + rng.normal(0, 0.003, recipe.ticks)
    out["true_support"] = np.full(recipe.ticks, 0.49)
    out["perceived_supporters"] = 5 + 4 * volume * onset + rng.normal(0, 0.05, recipe.ticks)
    out["true_supporters"] = 5 - 0.2 * volume * onset
    out["perceived_extremists"] = np.full(recipe.ticks, 1.5)
    out["true_extremists"] = np.full(recipe.ticks, 0.5)
    out["mean_fear"] = 0.05 + 0.08 * volume * onset
    out["active_users"] = 150 + opportunities
    for name in MEASURES:
        out.setdefault(name, opportunities * 3)
    return out


def army_share(recipe: Recipe, chosen: frozenset[str]) -> float:
    """Return the army's share of the topic's posts: half at strength 1 with every tactic."""
    volume = max(0.0, recipe.strength) * len(chosen) / len(recipe.tactics)
    return volume / (1 + volume)


def main_frames(recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (runs, ticks) of the main arms, as the app is to build them."""
    rows, frames = [], []
    for name, chosen in list_arms(recipe.tactics).items():
        for effort in ("additive", "equal") if 0 < len(chosen) < len(recipe.tactics) else ("additive",):
            for seed in range(recipe.seeds):
                measures = history(recipe, chosen, effort, seed)
                keys = {"arm": name, "effort": effort, "seed": seed}
                row = summarise_run(measures, recipe.start, recipe.stop)
                further = {"army_share": army_share(recipe, chosen), "voices": 11.0 + seed, "wall_time": 0.3}
                rows.append({"family": "main", "variant": "full", **keys, **row, **further})
                frames.append(pd.DataFrame({**keys, "tick": np.arange(recipe.ticks), **measures}))
    return duplicate_shared_arms(pd.DataFrame(rows)), duplicate_shared_arms(pd.concat(frames, ignore_index=True))


def variant_runs(recipe: Recipe, family: str, variant: str) -> pd.DataFrame:
    """Return the arms none and all, additive, of one variant."""
    rows = []
    for chosen in (frozenset[str](), frozenset(recipe.tactics)):
        for seed in range(recipe.seeds):
            row = summarise_run(history(recipe, chosen, "additive", seed), recipe.start, recipe.stop)
            keys = {"arm": name_arm(chosen, recipe.tactics), "effort": "additive", "seed": seed}
            further = {"army_share": army_share(recipe, chosen), "wall_time": 0.3}
            rows.append({"family": family, "variant": variant, **keys, **row, **further})
    return pd.DataFrame(rows)


def variants(seeds: int = 6, strength: float = 1.0) -> pd.DataFrame:
    """Return knock-outs, robustness variants, fight-back shares, doses and prior draws."""
    few = {"seeds": seeds, "ticks": 504}
    weak = [
        variant_runs(Recipe(strength, **few, without=without), "knockout", name)
        for name, without in {
            "no_fear": ("withheld_fear", "withheld_joint", "withheld_redundant", "left"),
            "no_climate": ("withheld_climate",),
            "no_crowding": ("unprompted",),
        }.items()
    ]
    names = {
        "climate effect 0": 0.8,
        "vicarious and anticipatory fear 0": 0.5,
        "fear half-life x 1/4": 0.6,
        "fear half-life x 4": 1.3,
        "unlimited attention": 0.9,
        "readers discount recognised trolls": 0.01,
        "homophily 0": 1.1,
    }
    strong = [variant_runs(Recipe(strength * s, **few), "robustness", name) for name, s in names.items()]
    fight = [
        variant_runs(Recipe(strength * (1 - 2.2 * x), **few), "fight_back", str(x)) for x in (0.0, 0.15, 0.3, 0.45, 0.6)
    ]
    doses = [variant_runs(Recipe(strength * x, **few), "dose", str(x)) for x in (0.01, 0.1, 0.3, 1.0)]
    mixes = [
        variant_runs(Recipe(strength * (0.2 + withdraw - fight), **few), "mix", f"{withdraw}/{fight}")
        for withdraw in (0.0, 0.5)
        for fight in (0.0, 0.3)
    ]
    rng = np.random.default_rng(7)
    few["seeds"] = 2
    priors = [variant_runs(Recipe(strength * rng.uniform(0.3, 1.5), **few), "prior", str(draw)) for draw in range(16)]
    return pd.concat([*weak, *strong, *fight, *doses, *mixes, *priors], ignore_index=True)


SMALL = Recipe(seeds=4, ticks=336, start=96, stop=192)


@cache
def make_small() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the runs and the hours of the main arms of `SMALL`."""
    return main_frames(SMALL)


@cache
def analyse_small() -> Analysis:
    """Return the analysis of `SMALL`, with all variants."""
    runs, ticks = make_small()
    runs = pd.concat([runs, variants(seeds=3)], ignore_index=True)
    return analyse(runs, ticks, main_transitions(SMALL), main_groups(SMALL), TACTICS, SMALL.start, SMALL.stop)
