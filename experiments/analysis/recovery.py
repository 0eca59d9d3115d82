"""How long dissent takes to come back after the campaign."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
DAY = 24
REFERENCE_DAYS = 3
RECOVERED, CENSORED, NO_DEFICIT = "recovered", "censored", "no deficit"
LATE = "late"


class Recovery(NamedTuple):
    """One deficit's recovery."""

    outcome: str  #: RECOVERED | CENSORED (the run ended first) | NO_DEFICIT (nothing to recover from)
    hours: float  #: from the campaign's end to recovery, or to the end of what could be seen; nan without a deficit
    reference: float  #: mean hourly deficit in the campaign's last days
    overshoot: float  #: largest 24 h surplus after the campaign, as a share of the reference; 0 if none
    remaining: float  #: mean deficit in the run's last 24 h, as a share of the reference; nan if it is not seen
    is_late: bool  #: recovered, but within the last day of what could be seen


def compute_recovery(deficit: ArrayLike, start: int, stop: int) -> Recovery:
    """Return when the deficit halves: the first hour from which the next 24 h average below half the reference.

    Args:
        deficit: [ticks] hourly standing dissent without minus with the operation.
        start, stop: the campaign's first tick and the tick after its last. The reference is the mean over its last
            `REFERENCE_DAYS` days, or over all of it if it is shorter.
    """
    x = np.asarray(deficit, dtype=np.float64)
    during = x[max(start, stop - REFERENCE_DAYS * DAY) : stop]
    reference = float(during.mean()) if during.size else float("nan")
    if not reference > 0:
        return Recovery(NO_DEFICIT, float("nan"), reference, float("nan"), float("nan"), False)
    after = x[stop:]
    if after.size < DAY:
        return Recovery(CENSORED, 0.0, reference, float("nan"), float("nan"), False)
    days = np.convolve(after, np.full(DAY, 1 / DAY), mode="valid")
    overshoot = max(0.0, -float(days.min()) / reference)
    remaining = float(days[-1]) / reference
    halved = np.flatnonzero(days < reference / 2)
    if halved.size:
        is_late = halved[0] > 0 and halved[0] >= days.size - DAY
        return Recovery(RECOVERED, float(halved[0]), reference, overshoot, remaining, bool(is_late))
    return Recovery(CENSORED, float(days.size), reference, overshoot, remaining, False)


def kaplan_meier(hours: ArrayLike, observed: ArrayLike) -> tuple[F64, F64]:
    """Return the times of events, ascending, and the product-limit share not yet recovered just after each.

    Args:
        hours: [n] time of the event or of censoring.
        observed: [n] True for an event, False for censoring.
    """
    t, seen = np.asarray(hours, dtype=np.float64), np.asarray(observed, dtype=bool)
    times = np.unique(t[seen])
    at_risk = np.array([(t >= time).sum() for time in times], dtype=np.float64)
    events = np.array([((t == time) & seen).sum() for time in times], dtype=np.float64)
    return times, np.cumprod(1 - events / at_risk).astype(np.float64)


def compute_median_time(hours: ArrayLike, observed: ArrayLike) -> float:
    """Return the Kaplan-Meier median: the first time by which half have recovered; nan if half never do."""
    times, surviving = kaplan_meier(hours, observed)
    reached = np.flatnonzero(surviving <= 0.5 + 1e-12)
    return float(times[reached[0]]) if reached.size else float("nan")


def summarise_recoveries(deficits: dict[str, pd.DataFrame], start: int, stop: int) -> pd.DataFrame:
    """Return recovery of each arm in each seed and of the mean over seeds (`seed` = -1).

    Args:
        deficits: arm -> frame of hourly deficits, index seed, one column a tick.

    Returns:
        `arm, seed` and the fields of `Recovery`.
    """
    rows = []
    for arm, frame in deficits.items():
        for seed, path in zip(frame.index, frame.to_numpy(np.float64), strict=True):
            rows.append((arm, int(seed), *compute_recovery(path, start, stop)))
        rows.append((arm, -1, *compute_recovery(frame.to_numpy(np.float64).mean(axis=0), start, stop)))
    return pd.DataFrame(rows, columns=["arm", "seed", *Recovery._fields])
