"""Reproduce a published model: its numbers beside ours, cell by cell. Exit code 1 if a number is missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.experiment import Experiment, Given, start
from experiments.keys import FieldsOf, Keys, ListOf, Maybe, Number, Word, count_runs, group, key, whole
from experiments.published.daymude_app import DaymudeKeys

if TYPE_CHECKING:
    import pandas as pd

    from experiments.published.ross_2019 import Ross
    from experiments.report.page import Report
    from experiments.running.player import Player

PAPERS = ("ross_2019", "simsom_2024", "daymude_2025")
BATCH = 50  #: runs that a process is handed at a time


@dataclass(frozen=True, kw_only=True)
class SmallNetwork(Keys):
    """The network of Truong et al. 2024 that decides."""

    path: str | None = key(Maybe(Word(said="the name of a file")))
    bots: int = key(whole(0), unit="accounts")


@dataclass(frozen=True, kw_only=True)
class SimSomKeys(Keys):
    """How Truong et al. 2024 is played."""

    runs: int = key(count_runs(2), unit="runs")
    steps: int = key(whole(1), unit="steps")
    networks: int = key(count_runs(2), unit="networks")
    scale: float = key(Number(0, 10, open="low"), unit="of the paper's size")
    rule: dict[str, Any] = key(FieldsOf("experiments.published.simsom_2024.SimSom"), source="Truong et al. 2024")


@dataclass(frozen=True, kw_only=True)
class Reproduction(Experiment):
    """Numbers of a published model beside ours."""

    paper: str = key(Word(PAPERS))
    runs: int = key(count_runs(2), unit="runs")
    links: tuple[int, ...] = key(ListOf(whole(0), example="[1,10]"), unit="links")
    bots: tuple[int, ...] = key(ListOf(whole(0), example="[0,50]"), unit="accounts")
    graph: SmallNetwork = group(SmallNetwork)
    simsom: SimSomKeys = group(SimSomKeys)
    daymude: DaymudeKeys = group(DaymudeKeys)

    @property
    def is_simsom(self) -> bool:
        """Whether the paper is Truong et al. 2024."""
        return self.paper == "simsom_2024"

    @property
    def is_daymude(self) -> bool:
        """Whether the paper is Daymude et al. 2025."""
        return self.paper == "daymude_2025"

    def play(self, given: Given, play: Player) -> tuple[Any, ...]:
        """Simulate what the paper has: of Ross et al. every cell, of Truong et al. the small network and the curves."""
        if self.is_daymude:
            return self.daymude.play(given, play)
        if self.is_simsom:
            return *self.simulate_small_network(given, play), *self.simulate_curves(given, play)
        from experiments.published.ross_targets import list_cells

        seeds = range(given.config.seed, given.config.seed + self.runs)
        return (simulate_cells(list_cells(self.links, self.bots), seeds, given.ticks, play),)

    def simulate_small_network(self, given: Given, play: Player) -> tuple[pd.DataFrame, bool, str]:
        """Return the runs on the small network, whether they are the published ones, and what the network is."""
        import pandas as pd

        from experiments.published import simsom_targets as targets
        from experiments.published.simsom_2024 import SimSom
        from experiments.published.simsom_networks import read_network

        asked, path, bots, first = self.simsom, self.graph.path, self.graph.bots, given.config.seed
        rule = SimSom(**asked.rule)
        if path is None:
            graph, bots = targets.SMALL_NETWORK(first), targets.SMALL_NETWORK.bots
        else:
            graph = read_network(path, bots)
        people = len(graph.following_start) - 1 - bots
        published = targets.hash_graph(graph) == targets.DIGEST
        judged = published and rule == targets.SMALL and asked.steps == targets.STEPS
        one = partial(targets.simulate_small, graph, people, rule, asked.steps)
        runs = pd.DataFrame(play(one, range(first, first + asked.runs), "runs on the small network"))
        follows = f"{people:,} people, {len(graph.following):,} follows"
        return runs, judged, f"{path or 'generated'}: {follows}, {asked.runs} runs"

    def simulate_curves(self, given: Given, play: Player) -> tuple[pd.DataFrame, pd.DataFrame, int]:
        """Return the runs on synthetic networks, the curves that they make, and how many people there are."""
        from experiments.published import simsom_curves as curves

        first = given.config.seed
        plan = curves.make_jobs(self.simsom.scale, range(first, first + self.simsom.networks))
        needed = curves.list_runs(plan)
        results = play(curves.simulate_run, needed, "runs on synthetic networks")
        played = curves.tabulate_runs(plan, dict(zip(needed, results, strict=True)))
        return played, curves.judge_directions(played), plan[0].run.network.people

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return a row a run, and the comparison."""
        if self.is_daymude:
            return self.daymude.make_tables(results)
        if self.is_simsom:
            from experiments.published import simsom_targets

            runs, judged, _, played, curves, _ = results
            compared = simsom_targets.compare(runs, judged)
            return {"runs": runs, "played": played, "measures": compared, "curves": curves}
        from experiments.published import ross_targets

        return {"runs": results[0], "cells": ross_targets.compare(results[0])}

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        if self.is_daymude:
            return self.daymude.describe(given)
        if self.is_simsom:
            networks = f"{results[5]:,} people, {self.simsom.networks} networks a point"
            paper = "Truong et al. 2024, PNAS Nexus 3(7), pgae258"
            return {"facts": {"Paper": paper, "Small network": results[2], "Synthetic networks": networks}}
        first = given.config.seed
        seeds = f"seeds {first} to {first + self.runs - 1}, the same in every cell"
        return {
            "facts": {
                "Paper": "Ross et al. 2019, European Journal of Information Systems 28(4)",
                "Runs a cell": f"{self.runs:,} ({seeds})",
                "Cells": self.make_tables(given, results)["cells"]["cell"].nunique(),
            }
        }

    def compose(self, given: Given, folder: Path) -> Report:
        """Return the report of the paper."""
        from experiments.report import daymude, reproduce, simsom

        return (daymude if self.is_daymude else simsom if self.is_simsom else reproduce).compose(folder)

    def judge(self, tables: dict[str, pd.DataFrame]) -> bool:
        """Return whether every published number is met."""
        if self.is_daymude:
            return self.daymude.judge(tables)
        if not self.is_simsom:
            return bool(tables["cells"]["passed"].all())
        from experiments.published.simsom_curves import AS_PUBLISHED

        curves = tables["curves"]
        deciding = curves[curves["judged"] & (curves["verdict"] != "")]
        return bool(tables["measures"]["passed"].all() and (deciding["verdict"] == AS_PUBLISHED).all())


class RossBatch(NamedTuple):
    """Runs of one cell."""

    cell: Ross
    seeds: range
    limit: int  #: ticks after which a run is given up


def simulate_batch(job: RossBatch) -> pd.DataFrame:
    """Return a row a run."""
    from experiments.published.ross_2019 import simulate_seeds

    return simulate_seeds(job.cell, job.seeds, job.limit)


def simulate_cells(cells: Sequence[Ross], seeds: range, limit: int, play: Player) -> pd.DataFrame:
    """Simulate every cell with every seed, batches side by side; the rows do not depend on the number of processes.

    Args:
        cells: what to play.
        seeds: one run a cell and seed.
        limit: ticks after which a run is given up.
        play: plays jobs.

    Returns:
        A row a run in the order of cells and seeds: the fields of its cell, and what `ross_2019.simulate` returns.
    """
    import pandas as pd

    from experiments.published.ross_2019 import Ross, simulate_seeds

    batches = [seeds[first : first + BATCH] for first in range(0, len(seeds), BATCH)]
    jobs = [RossBatch(cell, batch, limit) for cell in cells for batch in batches]
    compile_first = partial(simulate_seeds, Ross(users=20, bots=1), range(1), limit)
    played = play(simulate_batch, jobs, f"batches of {min(BATCH, len(seeds))} runs", compile_first)
    labelled = [frame.assign(**asdict(job.cell)) for job, frame in zip(jobs, played, strict=True)]
    return pd.concat(labelled, ignore_index=True)


if __name__ == "__main__":
    start(Reproduction)
