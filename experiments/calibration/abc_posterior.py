"""A posterior without a response surface: sequential approximate Bayesian computation by pyABC, world by world.

It asks for thousands of worlds where the surface asks for none, and its draws are not keyed: another call gives other
particles.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.calibration.moments import Moment
from experiments.running.pool import open_process_pool


def sample_abc(
    keys: Sequence[str],
    moments: Sequence[Moment],
    simulate: Callable[[Mapping[str, float]], Mapping[str, float]],
    database: Path,
    *,
    particles: int,
    populations: int,
    workers: int,
) -> pd.DataFrame:
    """Return a row a particle: its place in [0, 1] for every key, and `weight`.

    Args:
        keys: parameters, with even priors.
        moments: what should be met; the distance is the sum of squared errors in scales.
        simulate: returns the moments at a place.
        database: file of pyABC, whose folder is made; populations that it holds are not played again.
        particles: of a population.
        populations: one after the other, each closer than the last.
        workers: processes; with one, everything stays in this one.
    """
    pyabc = _import_pyabc()
    database.parent.mkdir(exist_ok=True)
    names = [f"p{number}" for number in range(len(keys))]
    prior = pyabc.Distribution(**{name: pyabc.RV("uniform", 0.0, 1.0) for name in names})
    observed = {moment.name: moment.target for moment in moments}
    scale = {moment.name: moment.scale for moment in moments}

    def play_model(place: Mapping[str, float]) -> dict[str, float]:
        return dict(simulate({key: float(place[name]) for key, name in zip(keys, names, strict=True)}))

    def measure_distance(found: Mapping[str, float], target: Mapping[str, float]) -> float:
        errors = [(found[name] - target[name]) / scale[name] for name in scale]
        return float(np.nan_to_num(np.sum(np.square(errors)), nan=np.inf))

    with _sampler(pyabc, workers) as sampler:
        steps = pyabc.ABCSMC(play_model, prior, measure_distance, population_size=particles, sampler=sampler)
        fresh = not database.exists()
        address = f"sqlite:///{database.resolve().as_posix()}"
        history = steps.new(address, observed) if fresh else steps.load(address)
        left = populations - history.n_populations
        if left > 0:
            history = steps.run(max_nr_populations=left)
    places, weight = history.get_distribution()
    return places[names].set_axis(list(keys), axis=1).reset_index(drop=True).assign(weight=np.asarray(weight))


def summarise_particles(keys: Sequence[str], found: pd.DataFrame) -> pd.DataFrame:
    """Return `key, abc_low, abc_median, abc_high`: weighted quantiles (5, 50, 95%) of the places."""
    rows = []
    for key in keys:
        order = found.sort_values(key)
        reached = order["weight"].cumsum() / order["weight"].sum()
        values = [float(order[key].iloc[int(np.searchsorted(reached, q))]) for q in (0.05, 0.5, 0.95)]
        rows.append((key, *values))
    return pd.DataFrame(rows, columns=["key", "abc_low", "abc_median", "abc_high"])


@contextmanager
def _sampler(pyabc: Any, workers: int) -> Iterator[Any]:
    """Yield what plays worlds for pyABC; its own pools of processes fork, and so do not work everywhere."""
    if workers == 1:
        yield pyabc.SingleCoreSampler()
        return
    with open_process_pool(workers) as pool:
        yield pyabc.ConcurrentFutureSampler(pool, client_max_jobs=2 * workers)


def _import_pyabc() -> Any:
    import pyabc

    logging.getLogger("ABC").setLevel(logging.WARNING)
    return pyabc
