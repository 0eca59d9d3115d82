"""Dock our model to Ross et al. 2019: the same curve in the limit of their assumptions, then one relaxed at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import describe
from experiments.runs import Run, play_all
from experiments.settings import build, changed
from sim.errors import InputError
from sim.setting import Setting

LIMIT, ROSS = "limit", "Ross et al. 2019"
DAY = 24
TIPPED = 2 / 3  #: the paper's mark: the bots win in two runs of three


def plan(setting: Setting, relaxed: Mapping[str, Mapping[str, Any]], config: DictConfig) -> list[Run]:
    """Return a run for each variant, number of bots and seed; `arm` names the number."""
    variants = {LIMIT: setting} | {name: changed(setting, changes) for name, changes in relaxed.items()}
    seeds = range(config.seed, config.seed + config.seeds)
    return [
        Run("docking", name, str(bots), "equal", seed, changed(variant, {"army.size": bots}), config.ticks)
        for name, variant in variants.items()
        for bots in config.bots
        for seed in seeds
    ]


def won(ticks: pd.DataFrame) -> float:
    """Return 1 if the principal's side wrote more on the topic than dissent in the last day, 0.5 if as much, else 0."""
    last = ticks.iloc[-DAY:]
    return 0.5 * (1.0 + float(np.sign(last["loyal_posts"].sum() - last["dissent_posts"].sum())))


def ross(bots: Sequence[int], links: int, seeds: range) -> pd.DataFrame:
    """Return the wins of bots in their model: variant, bots, seed, won."""
    from experiments.published.ross_2019 import Ross, play_seeds

    cells = []
    for number in bots:
        runs = play_seeds(Ross(users=1000, bots=number, links=links, bot_links=links), seeds)
        cells.append(pd.DataFrame({"bots": number, "seed": list(seeds), "won": runs["bots_win"].to_numpy(float)}))
    return pd.concat(cells, ignore_index=True).assign(variant=ROSS)


def curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Return P(the bots' side wins) by variant and bots with 95% Wilson intervals.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    table = runs.groupby(["variant", "bots"], sort=False)["won"].agg(["mean", "size"]).reset_index()
    z, n = 1.96, table["size"]
    centre = (table["mean"] + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(table["mean"] * (1 - table["mean"]) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return table.assign(lo=centre - half, hi=centre + half).rename(columns={"mean": "wins", "size": "seeds"})


def tipping(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each variant the number of bots at which they win two runs of three.

    By straight lines between the points: `tipping` is nan where it is not reached; `early` and `late` are where the
    interval's upper and lower end reach it.
    """
    rows = []
    for name, rows_of in table.groupby("variant", sort=False):
        points = [_crossing(rows_of["bots"].to_numpy(float), rows_of[end].to_numpy()) for end in ("wins", "hi", "lo")]
        rows.append((name, *points, float(rows_of["wins"].iloc[-1] - rows_of["wins"].iloc[0])))
    return pd.DataFrame(rows, columns=["variant", "tipping", "early", "late", "rise"])


def _crossing(bots: np.ndarray[Any, np.dtype[np.float64]], wins: np.ndarray[Any, Any]) -> float:
    reached = np.flatnonzero(wins >= TIPPED)
    if not reached.size:
        return float("nan")
    k = int(reached[0])
    if k == 0:
        return float(bots[0])
    share = (TIPPED - wins[k - 1]) / (wins[k] - wins[k - 1])
    return float(bots[k - 1] + share * (bots[k] - bots[k - 1]))


def main(config: DictConfig, folder: Path) -> None:
    """Play all variants and their model, write the tables and the report, and print what moves the tipping point."""
    from rich.console import Console

    from experiments.report import docking as report

    bots = list(config.bots)
    if (
        not bots
        or any(not isinstance(n, int) or isinstance(n, bool) or n < 0 for n in bots)
        or bots != sorted(set(bots))
    ):
        raise InputError(f"bots={bots} must be rising whole numbers of at least 0, such as bots=[0,20,50]")
    if config.ticks < DAY:
        raise InputError(f"ticks={config.ticks} is less than the day that decides who wins: say ticks=72")
    setting = build(config)
    relaxed: dict[str, Any] = OmegaConf.to_container(config.relaxed)  # type: ignore[assignment]
    rows = [
        {"variant": run.variant, "bots": int(run.arm), "seed": run.seed, "won": won(played.ticks)}
        for run, played in play_all(plan(setting, relaxed, config), config.workers, "playing worlds")
    ]
    ours = pd.DataFrame(rows).sort_values(["bots", "seed"], kind="stable")
    order = [LIMIT, *relaxed]
    ours = ours.sort_values("variant", key=lambda names: names.map(order.index), kind="stable")
    seeds = range(config.seed, config.seed + config.seeds)
    theirs = ross(bots, config.graph.links, range(config.seed, config.seed + config.ross_seeds))
    runs = pd.concat([theirs, ours], ignore_index=True)
    table = curves(runs)
    runs.to_parquet(folder / "runs.parquet", index=False)
    table.to_parquet(folder / "docking.parquet", index=False)
    tipping(table).to_parquet(folder / "tipping.parquet", index=False)
    facts = {
        "People": f"{setting.population.size:,} on a preferential-attachment graph, {config.graph.links} links each",
        "Runs": f"{config.seeds} a point of ours (seeds {seeds[0]} to {seeds[-1]}), {config.ticks} hours each; "
        f"{config.ross_seeds} a point of theirs",
        "Wins": "the principal's side writes more on the topic in the last 24 hours",
    }
    asked: dict[str, Any] = OmegaConf.to_container(config)  # type: ignore[assignment]
    describe(folder, asked, {"facts": facts})
    report.write(folder)
    report.show(folder, Console())


if __name__ == "__main__":
    app("docking", main)
