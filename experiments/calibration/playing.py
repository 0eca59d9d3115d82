"""Points of a calibration played on the engine of sweeps: what is kept is read, what is missing is played and kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import pandas as pd
from rich.console import Console

from experiments.calibration import measuring
from experiments.runs import cores
from experiments.sweeps import driving, plan
from experiments.sweeps.design import Axis, Point, at
from experiments.sweeps.files import read_table
from experiments.sweeps.local import Local
from experiments.sweeps.outcomes import OK
from experiments.sweeps.progress import shown
from experiments.sweeps.store import Store

#: sources that measure, beside those of a sweep
SOURCES = ("experiments/facts/*.py", "experiments/calibration/measuring.py", "experiments/analysis/losses.py")


@dataclass(frozen=True)
class Player:
    """Plays points and remembers them in the folder of a calibration."""

    composer: plan.Composer
    store: Store
    workers: int
    code: str  #: version of the sources

    def __call__(self, points: Sequence[Point], seeds: Sequence[int], wanted: Sequence[str]) -> pd.DataFrame:
        """Return a row a point and seed: `point` (place in `points`), `seed`, and what is wanted, nan if it failed."""
        cells = [self.composer.cell(point) for point in points]
        different = list({cell.name: cell for cell in cells}.values())
        jobs = [self._job(job, wanted) for job in plan.jobs(different, seeds, self.code)]
        missing = driving.missing(self.store, jobs)
        if missing:
            engine = Local(measuring.measure, measuring.prepare, self.workers or cores(), self.store.work)
            with shown(Console(stderr=True)) as show:
                driving.drive(self.store, engine, missing, show)
        found = self._read(jobs, wanted)
        rows = [
            {"point": number, "seed": seed} | found.get((cell.name, seed), {})
            for number, cell in enumerate(cells)
            for seed in seeds
        ]
        return pd.DataFrame(rows, columns=["point", "seed", *wanted]).astype(dict.fromkeys(wanted, float))

    def here(self, point: Point, seeds: Sequence[int], wanted: Sequence[str]) -> dict[str, float]:
        """Return the mean over seeds of what is wanted, played in this process and not kept."""
        cell = self.composer.cell(point)
        found = pd.DataFrame([measuring.measured(cell.setting, seed, cell.ticks, wanted) for seed in seeds])
        return {str(name): float(value) for name, value in found.mean().items()}

    def _job(self, job: plan.Job, wanted: Sequence[str]) -> plan.Job:
        return replace(job, run_id=f"{job.run_id}-{digest(list(wanted))}", task=(*job.task, tuple(wanted)))

    def _read(self, jobs: Sequence[plan.Job], wanted: Sequence[str]) -> dict[tuple[str, int], dict[str, float]]:
        table = read_table(self.store.runs, ["run_id", "status", *wanted])
        if table is None:
            return {}
        kept = {row["run_id"]: row for row in table.to_pylist() if row["status"] == OK}
        both = [(job, kept[job.run_id]) for job in jobs if job.run_id in kept]
        return {(job.point, job.seed): {name: row[name] for name in wanted} for job, row in both}


def points(axes: Mapping[str, Axis], places: Sequence[Mapping[str, float]]) -> list[Point]:
    """Return the points at places between 0 and 1."""
    import numpy as np

    return at(axes, np.array([[place[key] for key in axes] for place in places]))


def digest(value: Any) -> str:
    """Return a short hash of a value that JSON can hold."""
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=6).hexdigest()
