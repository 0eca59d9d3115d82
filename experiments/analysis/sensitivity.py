"""Which parameters matter: Morris's screening and Sobol's indices, by SALib.

Morris: doi:10.1080/00401706.1991.10484804, with the absolute means of Campolongo et al.,
doi:10.1016/j.envsoft.2006.10.004. Sobol: first-order and total indices by Saltelli et al.,
doi:10.1016/j.cpc.2009.09.018.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.extras import require
from sim.errors import InputError

METHODS = ("morris", "sobol")
LEVELS = 4  #: of Morris's grid
F64 = NDArray[np.float64]


def sample_points(method: str, keys: Sequence[str], draws: int, seed: int) -> F64:
    """Return the points, between 0 and 1, [points, keys], at which to evaluate the model.

    Args:
        method: "morris", draws x (keys + 1) points, or "sobol", draws x (keys + 2).
        keys: names of the parameters, two or more.
        draws: trajectories of Morris; base points of Sobol, a power of two.
        seed: of the sample.

    Raises:
        InputError: there are too few draws or keys, or SALib is not installed.
    """
    if len(keys) < 2:
        raise InputError(f"sensitivity.ranges={list(keys)} must name two parameters or more: see --help")
    if draws < 2:
        raise InputError(f"sensitivity.draws={draws} must be a whole number from 2")
    if method == "morris":
        return _import_salib("sample.morris").sample(_make_problem(keys), draws, num_levels=LEVELS, seed=seed)
    if draws & (draws - 1):
        below = 1 << (draws.bit_length() - 1)
        raise InputError(f"sensitivity.draws={draws}: Sobol needs a power of two, so say {below} or {2 * below}")
    return _import_salib("sample.sobol").sample(_make_problem(keys), draws, calc_second_order=False, seed=seed)


def compute_indices(method: str, keys: Sequence[str], places: F64, answers: F64, seed: int) -> pd.DataFrame:
    """Return what each parameter does to the answers, with 95% bootstrap intervals.

    Args:
        method, keys, places: as `sample` had and gave them.
        answers: [points], of the model; no nan.
        seed: of the bootstrap.

    Returns:
        `key, index, value, half`: for Morris `mu_star` (mean absolute effect of a parameter's whole range) and
        `sigma` (their standard deviation, half nan); for Sobol `S1` and `ST` (shares of the variance, nan where
        the answers do not vary).
    """
    problem = _make_problem(keys)
    if np.allclose(answers, answers[0], rtol=1e-12, atol=0.0):  # no effect, and no variance that has shares
        names, value = (("mu_star", "sigma"), 0.0) if method == "morris" else (("S1", "ST"), float("nan"))
        found, columns = dict.fromkeys(names, [value] * len(keys)), dict.fromkeys(names, [value] * len(keys))
    elif method == "morris":
        found = _import_salib("analyze.morris").analyze(problem, places, answers, num_levels=LEVELS, seed=seed)
        columns = {"mu_star": found["mu_star_conf"], "sigma": [float("nan")] * len(keys)}
    else:
        found = _import_salib("analyze.sobol").analyze(problem, answers, calc_second_order=False, seed=seed)
        columns = {"S1": found["S1_conf"], "ST": found["ST_conf"]}
    rows = [
        (key, name, float(value), float(half))
        for name, halves in columns.items()
        for key, value, half in zip(keys, found[name], halves, strict=True)
    ]
    return pd.DataFrame(rows, columns=["key", "index", "value", "half"])


def _make_problem(keys: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}


def _import_salib(name: str) -> Any:
    from importlib import import_module

    require("sensitivity", "sensitivity", "SALib")
    return import_module(f"SALib.{name}")
