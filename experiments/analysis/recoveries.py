"""Times of recovery by length and intensity of a campaign, with bootstrap intervals over seeds."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.analysis.pairing import compute_interval
from experiments.analysis.recovery import (
    DAY,
    NO_DEFICIT,
    RECOVERED,
    REFERENCE_DAYS,
    compute_median_time,
    compute_recovery,
)

F64 = NDArray[np.float64]
RESAMPLES = 500
MAIN = "as it is"  #: the setting without any intervention
CASE = ["intervention", "hours", "intensity"]


class DeficitPaths(NamedTuple):
    """The hourly deficits of one case."""

    deficit: F64  #: [seeds, ticks]
    left: F64  #: [seeds, ticks] the part that people who left for good would have wanted to say
    stop: int  #: the tick after the campaign's last


def group_deficits(deficits: pd.DataFrame, start: int) -> dict[tuple[str, int, float], DeficitPaths]:
    """Return the deficits of each case, (intervention, hours, intensity), seeds in order.

    Args:
        deficits: rows as `experiments.recovery.run_job` gives them.
        start: the campaign's first tick.
    """
    found = {}
    key: Any
    for key, rows in deficits.groupby(CASE, sort=False):
        name, hours, intensity = key
        wide = rows.pivot(index="seed", columns="tick", values=["deficit", "left"])
        deficit, left = (wide[value].to_numpy(np.float64) for value in ("deficit", "left"))
        found[str(name), int(hours), float(intensity)] = DeficitPaths(deficit, left, start + int(hours))
    return found


def get_reference_days(case: DeficitPaths, start: int) -> slice:
    """Return the ticks of the campaign's last days, whose mean deficit is the reference."""
    return slice(max(start, case.stop - REFERENCE_DAYS * DAY), case.stop)


def compute_half_life(case: DeficitPaths, start: int, rows: NDArray[np.int64]) -> float:
    """Return the hours in which half the mean deficit of these seeds (rows [n]) is made good.

    nan without a deficit, infinity where the run ends first.
    """
    found = compute_recovery(case.deficit[rows].mean(axis=0), start, case.stop)
    if found.outcome == NO_DEFICIT:
        return float("nan")
    return found.hours if found.outcome == RECOVERED else float("inf")


def resample_seeds(seeds: int, seed: int = 1) -> NDArray[np.int64]:
    """Return `RESAMPLES` draws of seeds with replacement, [RESAMPLES, seeds]: the same for every case."""
    return np.random.default_rng(seed).integers(seeds, size=(RESAMPLES, seeds))


def summarise_times(deficits: pd.DataFrame, start: int) -> pd.DataFrame:
    """Return a row a case.

    Columns: `intervention, hours, intensity, seeds`; `reference` (mean hourly deficit in the campaign's last days) with
    `reference_lo` and `reference_hi` (95% t-interval over seeds); `half_life` of the mean deficit with `lo` and `hi`
    (95% bootstrap over seeds; infinity: not within the run); `median` and `recovered` (Kaplan-Meier median over the
    `with_deficit` seeds that have one, infinity where half never do, and how many of these recovered); `remaining`
    (mean deficit of the last day, a share of the reference) with its bootstrap bounds, and `leaver_share` (the part of
    the remaining deficit that is due to people who left for good, a share of the reference). Where the reference does
    not differ clearly from 0 there is no deficit to recover from: times and shares are nan.
    """
    rows = []
    for (name, hours, intensity), case in group_deficits(deficits, start).items():
        n = len(case.deficit)
        sampled = np.array([compute_half_life(case, start, draw) for draw in resample_seeds(n)])
        single = [
            found for path in case.deficit if (found := compute_recovery(path, start, case.stop)).outcome != NO_DEFICIT
        ]
        observed = [found.outcome == RECOVERED for found in single]
        whole = compute_recovery(case.deficit.mean(axis=0), start, case.stop)
        reference = compute_interval(case.deficit[:, get_reference_days(case, start)].mean(axis=1))
        left = [_compute_remaining(case, start, draw) for draw in resample_seeds(n)]
        row = {"intervention": name, "hours": hours, "intensity": intensity, "seeds": n, "reference": whole.reference}
        row |= {"reference_lo": reference.lo, "reference_hi": reference.hi, "with_deficit": len(single)}
        told = {
            "half_life": compute_half_life(case, start, np.arange(n)), "lo": _compute_quantile(sampled, 0.025),
            "hi": _compute_quantile(sampled, 0.975), "median": _compute_median([one.hours for one in single], observed),
            "recovered": sum(observed), "remaining": whole.remaining,
            "remaining_lo": _compute_quantile(np.array(left), 0.025),
            "remaining_hi": _compute_quantile(np.array(left), 0.975),
            "leaver_share": case.left[:, -DAY:].mean() / whole.reference if whole.reference > 0 else float("nan"),
        }  # fmt: skip
        rows.append(row | (told if reference.lo > 0 else dict.fromkeys(told, float("nan"))))
    return pd.DataFrame(rows)


def select_hardest(times: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the setting as it is at the highest intensity, by length."""
    return times[(times["intervention"] == MAIN) & (times["intensity"] == times["intensity"].max())].sort_values(
        "hours"
    )


def compute_contrasts(deficits: pd.DataFrame, start: int) -> pd.DataFrame:
    """Return by how much more a larger campaign leaves behind than a smaller one, in the same seeds.

    Columns: `what` ("hours": the longest against the shortest at the highest intensity; "intensity": the highest
    against the lowest at the longest), `less` and `more`, `change` (in `remaining`, a share) with its 95% bootstrap
    interval `lo` and `hi`; nan where one of the two left no deficit that can be told from 0.
    """
    cases, rows = {key: case for key, case in group_deficits(deficits, start).items() if key[0] == MAIN}, []
    _, hours, levels = map(sorted, map(set, zip(*cases, strict=True)))
    ends = {
        "hours": [(length, levels[-1]) for length in (hours[0], hours[-1])],
        "intensity": [(hours[-1], level) for level in (levels[0], levels[-1])],
    }
    for place, (what, pair) in enumerate(ends.items()):
        if pair[0] == pair[1]:
            continue
        both = [cases[MAIN, *key] for key in pair]
        whole = np.arange(len(both[0].deficit))
        drawn = np.array(
            [
                np.diff([_compute_remaining(case, start, draw) for case in both])[0]
                for draw in resample_seeds(len(whole))
            ]
        )
        told = all(
            compute_interval(case.deficit[:, get_reference_days(case, start)].mean(axis=1)).lo > 0 for case in both
        )
        change = np.diff([_compute_remaining(case, start, whole) for case in both])[0]
        found = (
            (float(change), _compute_quantile(drawn, 0.025), _compute_quantile(drawn, 0.975)) if told else (np.nan,) * 3
        )
        rows.append((what, pair[0][place], pair[1][place], *found, len(whole)))
    return pd.DataFrame(rows, columns=["what", "less", "more", "change", "lo", "hi", "seeds"])


def compute_speedups(deficits: pd.DataFrame, start: int) -> pd.DataFrame:
    """Return what each intervention changes in the deficit, in posts an hour, with minus without it in the same seeds.

    Columns: `intervention, remaining_change, lo, hi` (mean deficit of the run's last day), `deficit_change, deficit_lo,
    deficit_hi` (that of the campaign's last days) and `seeds`. Bounds are 95% t-intervals over seeds.
    """
    cases, rows = group_deficits(deficits, start), []
    for (name, hours, intensity), case in cases.items():
        if name == MAIN:
            continue
        bare = cases[MAIN, hours, intensity]
        parts = [slice(-DAY, None), get_reference_days(case, start)]
        gaps = [(case.deficit[:, part] - bare.deficit[:, part]).mean(axis=1) for part in parts]
        rows.append((name, *compute_interval(gaps[0]), *compute_interval(gaps[1]), len(gaps[0])))
    names = ["intervention", "remaining_change", "lo", "hi", "deficit_change", "deficit_lo", "deficit_hi", "seeds"]
    return pd.DataFrame(rows, columns=names)


def _compute_remaining(case: DeficitPaths, start: int, rows: NDArray[np.int64]) -> float:
    return compute_recovery(case.deficit[rows].mean(axis=0), start, case.stop).remaining


def _compute_median(hours: list[float], observed: list[bool]) -> float:
    """Return the Kaplan-Meier median, infinity where half never recover and nan where no seed has a deficit."""
    found = compute_median_time(hours, observed)
    return float("inf") if hours and np.isnan(found) else found


def _compute_quantile(sampled: F64, share: float) -> float:
    """Return a quantile of what is known; infinity counts as longer than anything."""
    known = np.sort(sampled[~np.isnan(sampled)])
    return float(known[min(len(known) - 1, int(share * len(known)))]) if len(known) else float("nan")
