"""Rounds of a race: means with intervals, and the false-positive rate from which a defence is worse than the army."""

import pandas as pd

from experiments.analysis.pairing import compute_interval, ratio_of_means

MEASURES = ("deficit", "restored", "silenced", "innocent", "dissenters", "innocent_quiet", "organised", "lost", "rung")


def summarise_rounds(rounds: pd.DataFrame) -> pd.DataFrame:
    """Return means over seeds with 95% t-intervals: `rate, round, measure, value, lo, hi, seeds`.

    `precision` is the percentage of organised accounts among all that the detector had suspended under the campaign
    (ratio of means, Fieller's interval; nan where the number of suspensions does not differ clearly from 0).

    Args:
        rounds: a row a seed, rate and round, as `experiments.race.run_job` gives them.
    """
    rows = []
    for (rate, number), group in rounds.groupby(["rate", "round"], sort=False):
        found = {name: compute_interval(group[name]) for name in MEASURES}
        whole = group["organised"] + group["innocent"]
        right = ratio_of_means(100 * group["organised"], whole)
        found["precision"] = right if compute_interval(whole).lo > 0 else compute_interval([])
        labels = {"rate": rate, "round": number, "seeds": len(group)}
        rows += [labels | {"measure": name} | value._asdict() for name, value in found.items()]
    return pd.DataFrame(rows)


def compute_net_harm(rounds: pd.DataFrame) -> pd.DataFrame:
    """Return for each rate, in the last round, by how much the defence silences more than the army.

    Columns: `rate`; `alone`, what the detector silences where nobody campaigns minus what the army costs where there is
    no detector, and `net`, minus what it restores under the campaign; each in posts a world with `_lo` and `_hi` (95%
    t-intervals over seeds). Above 0 the defence is the worse of the two, or makes matters worse.
    """
    last = rounds[rounds["round"] == rounds["round"].max()]
    rows = []
    for rate, group in last.groupby("rate"):
        row: dict[str, object] = {"rate": rate, "seeds": len(group)}
        for name, gap in (("alone", group["silenced"] - group["deficit"]), ("net", -group["restored"])):
            row |= dict(zip((name, f"{name}_lo", f"{name}_hi"), compute_interval(gap), strict=True))
        rows.append(row)
    return pd.DataFrame(rows)
