"""Validity: twenty stylised facts of real platforms beside those of the simulated one."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import write_metadata
from experiments.runs import count_cores
from experiments.settings import build_setting
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting

MIN_TICKS = 96  #: cascades are given 48 hours, and fact 14 needs hours before and after


def main(config: DictConfig, folder: Path) -> None:
    """Simulate and measure every seed, write the table and the report, and print what matters."""
    from rich.console import Console

    from experiments.facts import table
    from experiments.facts.facts import FACTS
    from experiments.report import validity

    setting = build_setting(config)
    check_ticks(setting, config.ticks)
    seeds = range(config.seed, config.seed + config.seeds)
    measured = measure_seeds(setting, seeds, config.ticks, config.workers)
    compared = table.compare(FACTS, measured)
    measured.to_parquet(folder / "measures.parquet", index=False)
    compared.to_parquet(folder / "validity.parquet", index=False)
    worlds = table.SeedWorlds(setting, config.seed, config.ticks)
    facts = {
        "seeds": len(seeds),
        "hours": config.ticks,
        "worlds a seed": "quiet, with the operation, without shock, swept",
    }
    write_metadata(folder, OmegaConf.to_container(config), {"facts": facts})  # type: ignore[arg-type]
    validity.write(folder, compared, worlds)
    validity.show(compared, Console())


def check_ticks(setting: Setting, ticks: int) -> None:
    """Raise InputError unless the run is long enough to be measured and holds the campaign."""
    campaign = setting.campaign
    least = max(MIN_TICKS, campaign.end)
    if ticks < least:
        raise InputError(
            f"ticks={ticks} is too short: the campaign ends in hour {campaign.end} and cascades need "
            f"{MIN_TICKS} hours, so say ticks={least} or more"
        )


def measure_seeds(setting: Setting, seeds: range, ticks: int, workers: int) -> pd.DataFrame:
    """Return the measures of all seeds in their order, played side by side with a progress bar."""
    import pandas as pd

    from experiments.facts.facts import measure_facts
    from experiments.runs import Run, open_process_pool, show_progress_bar, warm_up

    workers = min(workers or count_cores(), len(seeds))
    found: list[pd.DataFrame] = []
    with show_progress_bar(len(seeds), "compiling kernels", "seeds, four worlds each") as advance:
        if workers <= 1:
            for seed in seeds:
                found.append(measure_facts(setting, seed, ticks))
                advance(1)
        else:
            warm_up([Run("", "", "", "", 0, setting, ticks)])
            with open_process_pool(workers) as pool:
                for frame in pool.map(measure_facts, repeat(setting), seeds, repeat(ticks)):
                    found.append(frame)
                    advance(1)
    return pd.concat(found, ignore_index=True)


if __name__ == "__main__":
    app("validity", main)
