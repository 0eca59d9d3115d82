"""Search for parameters whose moments come close to their targets, by Optuna; a journal on disk survives a crash.

The only module that may import an optimiser (tests/test_docs.py), and it searches parameters of people and platform
alone: `refuse_forces`. Tree-structured Parzen estimator: Bergstra et al. 2011; Sobol points come first.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import qmc

from experiments.calibration.moments import Moment
from sim.errors import InputError, suggest

PEOPLE_AND_PLATFORM = (
    "population", "graph", "following", "activity", "attention", "reaction", "expression", "credibility", "feed",
    "trending", "moderation",
)  # fmt: skip
Places = list[dict[str, float]]  #: a place in [0, 1] for each parameter
Evaluate = Callable[[Places], pd.DataFrame]  #: from places to a row of moments each
Show = Callable[[int, float], None]  #: gets how many trials are known, and the least distance


def refuse_forces(keys: Sequence[str], where: str = "calibrate.parameters") -> None:
    """Raise InputError unless every key is a field of people or platform; `where` they stand."""
    for key in keys:
        group, dot, _ = key.partition(".")
        if group not in PEOPLE_AND_PLATFORM or not dot:
            near = suggest(group, PEOPLE_AND_PLATFORM)
            raise InputError(
                f"{where} has {key}: people and platform alone are fitted, so that nothing here can "
                f"search for a better attack (docs/ethics.md); {near}"
            )


def compute_distance(found: pd.DataFrame, moments: Sequence[Moment]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the sum of squared errors in units of each moment's scale, [rows]; nan where a moment is undefined."""
    errors = [(found[moment.name].to_numpy(np.float64) - moment.target) / moment.scale for moment in moments]
    return np.sum(np.square(errors), axis=0)


def search(
    keys: Sequence[str],
    moments: Sequence[Moment],
    evaluate: Evaluate,
    *,
    journal: Path,
    study: str,
    trials: int,
    sobol: int,
    batch: int,
    seed: int,
    show: Show = lambda known, least: None,
) -> pd.DataFrame:
    """Return a row a trial: the place of every key, the moments, and `distance`, in order of the trials.

    The first are Sobol points, so that the whole ranges are known; the others are proposed by what is known. A batch
    that was cut short is finished first: a search that was killed ends as one that was not.

    Args:
        keys: what is searched, each from 0 to 1.
        moments: what should be met.
        evaluate: returns the moments at some places; what it said of a place, it says again.
        journal: file that the search is kept in.
        study: name of this search there; another problem has another name.
        trials: how many in all; more of them go on where fewer ended.
        sobol: how many of them are Sobol points, a power of two.
        batch: trials that are proposed before any of them is known.
        seed: of the proposals.
        show: is called after each batch.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lock = JournalFileOpenLock(str(journal))  # the other kind is a symbolic link, which Windows keeps from most users
    storage = JournalStorage(JournalFileBackend(str(journal), lock))
    kept = optuna.create_study(storage=storage, study_name=study, load_if_exists=True)
    first = qmc.Sobol(len(keys), rng=seed).random(sobol)
    while (known := len(kept.get_trials(deepcopy=False))) < trials or _list_started(kept):
        end = min(trials, -(-known // batch) * batch if known % batch or _list_started(kept) else known + batch)
        for number in range(known, end):
            place = dict(zip(keys, first[number].tolist(), strict=True)) if number < len(first) else None
            kept.add_trial(_make_trial(place or _propose_place(kept, keys, seed + number)))
        started = _list_started(kept)
        distances = compute_distance(evaluate([trial.params for trial in started]), moments)
        for trial, value in zip(started, distances.tolist(), strict=True):
            told = {"values": value} if math.isfinite(value) else {"state": TrialState.FAIL}
            kept.tell(trial.number, **told)
        ended = kept.get_trials(deepcopy=False)
        show(len(ended), min((trial.value for trial in ended if trial.value is not None), default=math.nan))
    return _make_table([trial.params for trial in kept.get_trials(deepcopy=False)], evaluate, moments)


def _list_started(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that were proposed and not evaluated."""
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _make_trial(place: Mapping[str, float]) -> FrozenTrial:
    """Return a trial that is under way at `place`; it enters the journal whole."""
    scale: dict[str, BaseDistribution] = {key: FloatDistribution(0.0, 1.0) for key in place}
    return optuna.create_trial(state=TrialState.RUNNING, params=dict(place), distributions=scale)


def _propose_place(kept: optuna.Study, keys: Sequence[str], seed: int) -> dict[str, float]:
    """Return where to look next, by what `kept` holds and `seed` alone; drawn in a copy, so that it is one record."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(multivariate=True, constant_liar=True, n_startup_trials=0, seed=seed)
    copy = optuna.create_study(sampler=sampler)
    copy.add_trials(kept.get_trials(deepcopy=False))
    return dict(copy.ask({key: FloatDistribution(0.0, 1.0) for key in keys}).params)


def _make_table(places: Places, evaluate: Evaluate, moments: Sequence[Moment]) -> pd.DataFrame:
    found = evaluate(places)
    return pd.concat([pd.DataFrame(places), found.reset_index(drop=True)], axis=1).assign(
        distance=compute_distance(found, moments)
    )
