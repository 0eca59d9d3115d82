"""What is lost under each mix of people who withdraw when afraid and who fight back."""

import numpy as np
import pandas as pd

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.pairing import Interval, compute_interval

SHARES = ["withdraw", "fight"]
COLUMNS = [*SHARES, "seed", "lost_dissent_percent"]


def select_mixes(effects: pd.DataFrame) -> pd.DataFrame:
    """Return what the whole operation costs under each mix in each seed: `COLUMNS`, shares and percent.

    Args:
        effects: of `contrasts.compute_outcomes`; family "mix" is used, whose `variant` is "withdraw/fight".
    """
    rows = effects[(effects["family"] == "mix") & (effects["arm"] == ALL) & (effects["effort"] == ADDITIVE)]
    shares = rows["variant"].str.split("/", expand=True).reindex(columns=[0, 1]).astype(float)
    return rows.assign(withdraw=shares[0], fight=shares[1])[COLUMNS]


def summarise_mixes(mixes: pd.DataFrame) -> pd.DataFrame:
    """Return the surface: `withdraw, fight, value, lo, hi, seeds`, percent with its 95% interval over seeds."""
    rows = [
        (*shares, *compute_interval(group["lost_dissent_percent"]), len(group))
        for shares, group in mixes.groupby(SHARES)
    ]
    return pd.DataFrame(rows, columns=[*SHARES, "value", "lo", "hi", "seeds"])


def fit_slopes(mixes: pd.DataFrame) -> dict[str, Interval]:
    """Return by how many points the loss changes for each further tenth of people who withdraw, and who fight back.

    A plane is fitted to the mixes of each seed by least squares; the interval is over seeds. All nan without mixes.
    """
    slopes = []
    for _, group in mixes.dropna().groupby("seed"):
        plane = np.column_stack([np.ones(len(group)), group[SHARES].to_numpy(np.float64)])
        slopes.append(np.linalg.lstsq(plane, group["lost_dissent_percent"].to_numpy(np.float64))[0][1:] / 10)
    found = np.array(slopes).reshape(-1, 2)
    return {name: compute_interval(found[:, place]) for place, name in enumerate(SHARES)}
