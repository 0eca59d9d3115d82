"""Reproduce a published model: its numbers beside ours, cell by cell. Exit code 1 if a number is missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import MAX_INTEGER, app
from experiments.folder import write_metadata
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from experiments.published.ross_2019 import Ross

PAPERS = ("ross_2019", "simsom_2024")
BATCH = 50  #: runs that a process is handed at a time


def main(config: DictConfig, folder: Path) -> bool:
    """Simulate every cell, write tables, figures and the report, print the comparison; return whether all is met."""
    check_options(config)
    return reproduce_simsom(config, folder) if config.paper == "simsom_2024" else reproduce_ross(config, folder)


def reproduce_simsom(config: DictConfig, folder: Path) -> bool:
    """Reproduce Truong et al. 2024: the small network that decides, and curves on synthetic ones."""
    from experiments.published.simsom_curves import AS_PUBLISHED
    from experiments.published.simsom_targets import compare
    from experiments.report import simsom as report

    asked: dict[str, Any] = OmegaConf.to_container(config)  # type: ignore[assignment]
    check_simsom_options(asked["simsom"], asked["graph"]["bots"])
    runs, judged, network = simulate_small_network(asked)
    played, curves, people = simulate_curves(asked)
    compared = compare(runs, judged)
    for name, frame in {"runs": runs, "played": played, "measures": compared, "curves": curves}.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    facts = {
        "Paper": "Truong et al. 2024, PNAS Nexus 3(7), pgae258",
        "Small network": network,
        "Synthetic networks": f"{people:,} people, {asked['simsom']['networks']} networks a point",
    }
    write_metadata(folder, asked, {"facts": facts})
    report.write(folder, compared, curves)
    report.show(compared, curves)
    deciding = curves[curves["judged"] & (curves["verdict"] != "")]
    return bool(compared["passed"].all() and (deciding["verdict"] == AS_PUBLISHED).all())


def simulate_small_network(asked: dict[str, Any]) -> tuple[pd.DataFrame, bool, str]:
    """Return the runs on the small network, whether they are the published ones, and what the network is."""
    from functools import partial

    import pandas as pd

    from experiments.published import simsom_targets as targets
    from experiments.published.simsom_2024 import SimSom
    from experiments.published.simsom_networks import read_network
    from experiments.runs import run_jobs

    options, path, bots = asked["simsom"], asked["graph"]["path"], asked["graph"]["bots"]
    rule = SimSom(**options["rule"])
    if path is None:
        graph, bots = targets.SMALL_NETWORK(asked["seed"]), targets.SMALL_NETWORK.bots
    else:
        graph = read_network(path, bots)
    people = len(graph.following_start) - 1 - bots
    judged = targets.hash_graph(graph) == targets.DIGEST and rule == targets.SMALL and options["steps"] == targets.STEPS
    one = partial(targets.simulate_small, graph, people, rule, options["steps"])
    seeds = range(asked["seed"], asked["seed"] + options["runs"])
    runs = pd.DataFrame(run_jobs(one, seeds, asked["workers"], "runs on the small network"))
    name = f"{path or 'generated'}: {people:,} people, {len(graph.following):,} follows, {len(seeds)} runs"
    return runs, judged, name


def simulate_curves(asked: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the runs on synthetic networks, the curves that they make, and how many people there are."""
    from experiments.published import simsom_curves as curves
    from experiments.runs import run_jobs

    options = asked["simsom"]
    plan = curves.make_jobs(options["scale"], range(asked["seed"], asked["seed"] + options["networks"]))
    needed = curves.list_runs(plan)
    results = run_jobs(curves.simulate_run, needed, asked["workers"], "runs on synthetic networks")
    played = curves.tabulate_runs(plan, dict(zip(needed, results, strict=True)))
    return played, curves.judge_directions(played), plan[0].run.network.people


def check_simsom_options(options: dict[str, Any], bots: Any) -> None:
    """Raise InputError unless numbers of runs, steps and bots and the scale are what they may be."""
    if not isinstance(bots, int) or isinstance(bots, bool) or bots < 0:
        raise InputError(f"graph.bots={bots} must be a whole number from 0")
    for key, least in {"runs": 2, "networks": 2, "steps": 1}.items():
        value = options[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InputError(f"simsom.{key}={value} must be a whole number from {least}")
    scale = options["scale"]
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale <= 10:
        raise InputError(f"simsom.scale={scale} must be a number above 0, at most 10: 1 is the paper's size")


def reproduce_ross(config: DictConfig, folder: Path) -> bool:
    """Reproduce Ross et al. 2019, cell by cell."""
    from rich.console import Console

    from experiments.published.ross_targets import check_whole_numbers, compare, list_cells
    from experiments.report import reproduce as report

    asked: dict[str, Any] = OmegaConf.to_container(config)  # type: ignore[assignment]
    links, bots = (check_whole_numbers(key, asked[key]) for key in ("links", "bots"))
    seeds = range(config.seed, config.seed + config.runs)
    runs = simulate_cells(list_cells(links, bots), seeds, config.ticks, config.workers)
    compared = compare(runs)
    runs.to_parquet(folder / "runs.parquet", index=False)
    compared.to_parquet(folder / "cells.parquet", index=False)
    facts = {
        "Paper": "Ross et al. 2019, European Journal of Information Systems 28(4)",
        "Runs a cell": f"{len(seeds):,} (seeds {seeds[0]} to {seeds[-1]}, the same in every cell)",
        "Cells": compared["cell"].nunique(),
    }
    write_metadata(folder, asked, {"facts": facts})
    report.write(folder, compared, runs)
    report.show(compared, Console())
    return bool(compared["passed"].all())


def check_options(config: DictConfig) -> None:
    """Raise InputError unless the paper is known and there are runs enough for a standard error."""
    if config.paper not in PAPERS:
        raise InputError(f"paper={config.paper} is unknown: {suggest(str(config.paper), PAPERS)}")
    if not isinstance(config.runs, int) or isinstance(config.runs, bool) or not 2 <= config.runs <= MAX_INTEGER:
        raise InputError(f"runs={config.runs} must be a whole number from 2 to {MAX_INTEGER}")


def simulate_cells(cells: Sequence[Ross], seeds: range, limit: int, workers: int) -> pd.DataFrame:
    """Simulate every cell with every seed, batches side by side; the rows do not depend on the number of processes.

    Args:
        cells: what to play.
        seeds: one run a cell and seed.
        limit: ticks after which a run is given up.
        workers: processes; 0 means one for each core that this process may use.

    Returns:
        A row a run in the order of cells and seeds: the fields of its cell, and what `ross_2019.simulate` returns.
    """
    import pandas as pd

    from experiments.published.ross_2019 import Ross, simulate_seeds
    from experiments.runs import count_cores, open_process_pool, show_progress_bar

    jobs = [(cell, seeds[first : first + BATCH]) for cell in cells for first in range(0, len(seeds), BATCH)]
    workers = min(workers or count_cores(), len(jobs))
    played: list[pd.DataFrame] = []
    with show_progress_bar(len(jobs), "compiling kernels", f"batches of {min(BATCH, len(seeds))} runs") as advance:
        simulate_seeds(Ross(users=20, bots=1), range(1), limit)
        if workers <= 1:
            for cell, part in jobs:
                played.append(simulate_seeds(cell, part, limit))
                advance(1)
        else:
            with open_process_pool(workers) as pool:
                for frame in pool.map(simulate_seeds, *zip(*jobs, strict=True), [limit] * len(jobs)):
                    played.append(frame)
                    advance(1)
    labelled = [frame.assign(**asdict(cell)) for (cell, _), frame in zip(jobs, played, strict=True)]
    return pd.concat(labelled, ignore_index=True)


def run_app() -> None:
    """Run the app; leave with code 1 if a published number was missed."""
    met: list[bool] = []
    app("reproduce", lambda config, folder: met.append(main(config, folder)))
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    run_app()
