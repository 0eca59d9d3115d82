"""Validity: twenty stylised facts of real platforms, and what the simulated one shows beside them."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import describe
from experiments.runs import cores
from experiments.settings import build
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting

LEAST_TICKS = 96  #: cascades are given 48 hours, and fact 14 needs hours before and after


def main(config: DictConfig, folder: Path) -> None:
    """Play and measure every seed, write the table and the report, and print what matters."""
    from rich.console import Console

    from experiments.facts import table
    from experiments.facts.facts import FACTS
    from experiments.report import validity

    setting = build(config)
    check(setting, config.ticks)
    seeds = range(config.seed, config.seed + config.seeds)
    measured = collect(setting, seeds, config.ticks, config.workers)
    compared = table.compare(FACTS, measured)
    measured.to_parquet(folder / "measures.parquet", index=False)
    compared.to_parquet(folder / "validity.parquet", index=False)
    worlds = table.Worlds(setting, config.seed, config.ticks)
    facts = {
        "seeds": len(seeds),
        "hours": config.ticks,
        "worlds a seed": "quiet, with the operation, without shock, swept",
    }
    describe(folder, OmegaConf.to_container(config), {"facts": facts})  # type: ignore[arg-type]
    validity.write(folder, compared, worlds)
    validity.show(compared, Console())


def check(setting: Setting, ticks: int) -> None:
    """Raise InputError unless the run is long enough to be measured and holds the campaign."""
    campaign = setting.campaign
    least = max(LEAST_TICKS, campaign.end)
    if ticks < least:
        raise InputError(
            f"ticks={ticks} is too short: the campaign ends in hour {campaign.end} and cascades need "
            f"{LEAST_TICKS} hours, so say ticks={least} or more"
        )


def collect(setting: Setting, seeds: range, ticks: int, workers: int) -> pd.DataFrame:
    """Return the measures of all seeds in their order, played side by side with a progress bar."""
    import pandas as pd

    from experiments.facts.facts import measured
    from experiments.runs import Run, processes, progress, warm_up

    workers = min(workers or cores(), len(seeds))
    found: list[pd.DataFrame] = []
    with progress(len(seeds), "compiling kernels", "seeds, four worlds each") as advance:
        if workers <= 1:
            for seed in seeds:
                found.append(measured(setting, seed, ticks))
                advance(1)
        else:
            warm_up([Run("", "", "", "", 0, setting, ticks)])
            with processes(workers) as pool:
                for frame in pool.map(measured, repeat(setting), seeds, repeat(ticks)):
                    found.append(frame)
                    advance(1)
    return pd.concat(found, ignore_index=True)


if __name__ == "__main__":
    app("validity", main)
