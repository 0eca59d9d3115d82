"""A folder of results, read back: all that a report may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

#: what the page says of the run: command, campaign {start, stop} in ticks, facts {label: value}, versions, notes
ABOUT = "about.yaml"
TABLES = (
    "summary",
    "contrasts",
    "causes",
    "knockouts",
    "decomposition",
    "interactions",
    "doses",
    "mixes",
    "robustness",
    "recovery",
    "timeline",
    "daily_changes",
    "flows",
    "groups",
    "findings",
)


class Finding(NamedTuple):
    """One number that sentences are made of; its unit is in its name."""

    value: float
    lo: float
    hi: float
    seeds: int  #: how many seeds, draws or shares it rests on
    note: str


@dataclass(frozen=True)
class Results:
    """What `about.yaml` says and the tables beside it."""

    run: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    config: str  #: text of config.yaml, "" if there is none

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    @property
    def start(self) -> int:
        """The campaign's first tick."""
        return int(self.run["campaign"]["start"])

    @property
    def stop(self) -> int:
        """The tick after the campaign's last."""
        return int(self.run["campaign"]["stop"])

    def get_finding(self, name: str) -> Finding:
        """Return the row `name` of the findings."""
        row = self["findings"].set_index("name").to_dict("index")[name]
        return Finding(float(row["value"]), float(row["lo"]), float(row["hi"]), int(row["seeds"]), str(row["note"]))


def read_results(folder: Path) -> Results:
    """Read one run's folder.

    Raises:
        FileNotFoundError: names the first file that a report needs and that is not there.
    """
    needed = [folder / ABOUT, *(folder / f"{name}.parquet" for name in TABLES)]
    for path in needed:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: give the folder of a finished suppression run")
    run = yaml.safe_load(needed[0].read_text(encoding="utf-8"))
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    return Results(run, {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}, text)
