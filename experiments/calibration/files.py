"""Files of a calibration: its tables, and the fitted setting in two forms that other apps accept."""

from pathlib import Path

import pandas as pd
import yaml

from experiments.calibration.profiles import list_wide_priors
from experiments.running.drafts import write_text


def write_tables(folder: Path, tables: dict[str, pd.DataFrame], drafts: Path) -> None:
    """Write a Parquet file a table; `overrides.txt`, words for a command line; `fitted/people.yaml`, for Hydra.

    `fitted/priors.yaml` gives the main job the whole range of every parameter whose profile is flat. Texts are drafted
    in `drafts`.
    """
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    values = dict(zip(tables["posterior"]["key"], tables["posterior"]["fitted"].tolist(), strict=True))
    (folder / "fitted").mkdir(exist_ok=True)
    write_text(" ".join(f"{key}={value}" for key, value in values.items()) + "\n", folder / "overrides.txt", drafts)
    fitted = "# @package _global_\n" + yaml.safe_dump(_nest_keys(values))
    write_text(fitted, folder / "fitted" / "people.yaml", drafts)
    wide = {"priors": {"ranges": list_wide_priors(tables["profiles"])}}
    write_text("# @package _global_\n" + yaml.safe_dump(wide), folder / "fitted" / "priors.yaml", drafts)


def _nest_keys(values: dict[str, float]) -> dict[str, dict[str, float]]:
    groups: dict[str, dict[str, float]] = {}
    for key, value in values.items():
        group, _, field = key.partition(".")
        groups.setdefault(group, {})[field] = value
    return groups
