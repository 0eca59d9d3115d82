"""Read a sweep's folder: levels and paired differences, one row for each point and seed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

from experiments.configuration import expand_path
from experiments.extras import require
from experiments.running.outcomes import OK
from experiments.sweeps.files import read_table
from sim.errors import InputError

if TYPE_CHECKING:
    import xarray

RUN_COLUMNS = (
    "run_id",
    "point",
    "seed",
    "code",
    "status",
    "error",
    "wall_time",
)  #: columns of runs that are no metrics
LOST = ("lost_dissent", "lost_dissent_percent")  #: what is paired by itself
DIFFERENCE = "_difference"  #: ends the name of a metric's paired difference


def read_design(folder: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the points of the last command, a row a point, and the names of the keys that it varied.

    Columns: the keys, then `point`, `baseline` (None for none) and `code`.

    Raises:
        InputError: the folder is none of a sweep.
    """
    path = Path(expand_path(str(folder), "folder")) / "design.parquet"
    if not path.is_file():
        raise InputError(f"{folder} is no folder of a sweep: it has no design.parquet; give the out=DIR of one")
    rows = pq.read_table(path, columns=["values", "point", "baseline", "code"]).to_pylist()
    values = [json.loads(row.pop("values")) for row in rows]
    keys = list(dict.fromkeys(key for point in values for key in point))
    texts = [{key: str(x) if isinstance(x, list) else x for key, x in point.items()} for point in values]
    return pd.DataFrame([text | row for text, row in zip(texts, rows, strict=True)]), keys


def tidy(folder: str | Path) -> pd.DataFrame:
    """Return every run of the last command's points, a row a point and seed, its difference to its baseline beside it.

    Columns: the varied keys; `point` and `baseline` (names of configurations), `seed`, `status`, `error`, `wall_time`;
    every metric (its level), `lost_dissent` and `lost_dissent_percent` (of the baseline's standing posts); and
    METRIC_difference, the level minus the baseline's in the same seed, nan where one of both failed or there is no
    baseline. A point that was not played yet has no row.

    Raises:
        InputError: the folder is none of a sweep, or holds no run of it.

    Example:
        >>> import infowar_lab as lab
        >>> table = lab.tidy("out/armies")  # the folder that the example of `sweep` has filled
        >>> table["army.size"].tolist()
        [10, 20]
    """
    points, keys = read_design(folder)
    table = read_table(Path(expand_path(str(folder), "folder")) / "runs")
    runs = table.to_pandas() if table is not None else pd.DataFrame(columns=list(RUN_COLUMNS))
    runs = runs.astype({"status": str})
    runs = runs.sort_values("status", key=lambda status: status != OK, kind="stable").drop_duplicates("run_id")
    metrics = [name for name in runs.columns if name not in RUN_COLUMNS]
    levels = points.merge(runs, on=["point", "code"])
    if levels.empty:
        raise InputError(f"{folder} holds no run of its design yet: run the same sweep again")
    beside = runs.loc[runs["status"] == OK, ["point", "code", "seed", *metrics]].rename(columns={"point": "baseline"})
    paired = levels[["baseline", "code", "seed"]].merge(beside, on=["baseline", "code", "seed"], how="left")
    differences = levels[metrics] - paired[metrics]
    kept = levels[[*keys, "point", "baseline", "seed", "status", "error", "wall_time", *metrics]]
    lost = _compute_lost(levels, paired) if {"dissent_posts", "dissent_removed"} <= set(metrics) else pd.DataFrame()
    found = pd.concat([kept, lost, differences.add_suffix(DIFFERENCE)], axis=1)
    return found.sort_values([*keys, "seed"], ignore_index=True, kind="stable") if keys else found


def _compute_lost(levels: pd.DataFrame, paired: pd.DataFrame) -> pd.DataFrame:
    """Return the dissenting posts that would have stood without the operation and do not, and their share."""
    here, there = (frame["dissent_posts"] - frame["dissent_removed"] for frame in (levels, paired))
    lost = there - here
    return pd.DataFrame(dict(zip(LOST, (lost, 100 * lost / there.where(there > 0)), strict=True)))


def find_effect_column(frame: pd.DataFrame, outcome: str) -> str:
    """Return the column of `frame` that tells of `outcome`: the paired difference where there is one, else the level.

    Raises:
        InputError: there is no such outcome.
    """
    from sim.errors import suggest

    difference = f"{outcome}{DIFFERENCE}"
    if difference in frame and frame[difference].notna().any():
        return difference
    if outcome in frame:
        return outcome
    numbers = map(str, frame.select_dtypes("number"))
    known = [name for name in numbers if not name.endswith(DIFFERENCE) and name != "seed"]
    raise InputError(f"{outcome} is no outcome of this sweep: {suggest(outcome, known)}")


def dataset(folder: str | Path) -> "xarray.Dataset":
    """Return `tidy` as an xarray Dataset with a dimension for each varied key and one for seeds, nan where no run is.

    Raises:
        InputError: xarray is not installed, the folder is none of a sweep, or two of its points have the same values.

    Example:
        >>> import infowar_lab as lab
        >>> armies = lab.dataset("out/armies")  # as for `tidy`
        >>> dict(armies["dissent_posts"].sizes)
        {'army.size': 2, 'seed': 1}
    """
    require("dataset", "xarray", "xarray")
    frame, (_, keys) = tidy(folder), read_design(folder)
    index: list[Any] = [*keys, "seed"]
    if frame.duplicated(index).any():
        raise InputError(f"{folder} holds two points of the same values: a Dataset needs one")
    return frame.set_index(index).to_xarray()
