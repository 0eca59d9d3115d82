"""How Daymude et al. (2025) is played by `infowar-lab reproduce`: keys, jobs, tables and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from experiments.keys import FieldsOf, Keys, Maybe, count_runs, key, whole

if TYPE_CHECKING:
    import pandas as pd

    from experiments.experiment import Given
    from experiments.published.daymude_2025 import Daymude
    from experiments.running.player import Player

LARGE = 10_000  #: people above which a cell is played with fewer runs


@dataclass(frozen=True, kw_only=True)
class DaymudeKeys(Keys):
    """How Daymude et al. 2025 is played."""

    runs: int = key(count_runs(2), unit="runs")
    large_runs: int = key(count_runs(2), unit="runs")
    points: int = key(whole(2, 50), unit="points")
    sweep_runs: int = key(count_runs(1), unit="runs")
    cell: dict[str, Any] | None = key(
        Maybe(FieldsOf("experiments.published.daymude_2025.Daymude")), source="Daymude et al. 2025"
    )

    def play(self, given: Given, play: Player) -> tuple[Any, ...]:
        """Simulate every cell, the authors' single runs draw by draw, and the sweep."""
        import pandas as pd

        from experiments.published import daymude_sweep as sweep
        from experiments.published.daymude_2025 import DaymudeRun, simulate_run
        from experiments.published.daymude_repeat import repeat_run
        from experiments.published.daymude_targets import REPEATS

        first = given.config.seed
        jobs = [DaymudeRun(cell, seed) for cell in self.list_cells() for seed in self.list_seeds(cell, first)]
        runs: dict[Daymude, list[dict[str, Any]]] = {}
        for job, found in zip(jobs, play(simulate_run, jobs, "runs of every cell"), strict=True):
            runs.setdefault(job.rule, []).append(found)
        repeated = play(repeat_run, list(REPEATS), "the authors' single runs")
        points = sweep.make_points(self.points, range(first, first + self.sweep_runs))
        swept = sweep.tabulate_points(points, play(sweep.simulate_point, points, "runs of the sweep"))
        cells = {cell: pd.DataFrame(rows) for cell, rows in runs.items()}
        return cells, dict(zip(REPEATS, repeated, strict=True)), swept

    def list_cells(self) -> list[Daymude]:
        """Return every cell of which a number is told, and the user's own."""
        from experiments.published.daymude_targets import SMALL, list_targets

        own = [] if self.cell is None else [replace(SMALL, **self.cell)]
        return list(dict.fromkeys([*own, *(target.cell for target in list_targets())]))

    def list_seeds(self, cell: Daymude, first: int) -> range:
        """Return the seeds of a cell, the same in all of its size."""
        return range(first, first + (self.large_runs if cell.people > LARGE else self.runs))

    @staticmethod
    def make_tables(results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return a row a run, the comparisons, the rounds of the single runs, and the sweep."""
        import pandas as pd

        from experiments.published import daymude_targets as targets

        cells, repeated, swept = results
        runs = pd.concat([rows.assign(cell=targets.format_cell(cell), **asdict(cell)) for cell, rows in cells.items()])
        columns = ["t", "s", "v", "C", "P"]
        rounds = [
            pd.DataFrame(history, columns=columns).assign(
                punishment=job.rule.punishment, boldness=job.rule.boldness, round=range(len(history))
            )
            for job, history in repeated.items()
        ]
        return {
            "runs": runs,
            "cells": targets.compare(cells, targets.list_targets()),
            "exact": targets.compare_exact(repeated),
            "rounds": pd.concat(rounds),
            "sweep": swept,
        }

    def describe(self, given: Given) -> dict[str, Any]:
        """Return what the report says of the run."""
        seeds = f"seeds from {given.config.seed} on, the same in every cell"
        return {
            "facts": {
                "Paper": "Daymude, Axelrod & Forrest 2025, PNAS (arXiv 2509.03731)",
                "Runs a cell": f"{self.runs}, of more than {LARGE:,} people {self.large_runs} ({seeds})",
                "Sweep": f"{self.points} x {self.points} points, {self.sweep_runs} runs each",
            }
        }

    @staticmethod
    def judge(tables: dict[str, pd.DataFrame]) -> bool:
        """Return whether every number is met."""
        return bool(tables["cells"]["passed"].dropna().all() and tables["exact"]["passed"].all())
