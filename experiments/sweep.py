"""Every point of a design in the same seeds, beside its baseline: thousands of runs that survive a crash."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import CONF, composed, growing_app


def sweep(*overrides: str) -> bool:
    """Do what `python -m experiments.sweep OVERRIDES` does, from a notebook or a script; return whether all succeeded.

    A script calls this under `if __name__ == "__main__":`, since workers load it.

    Raises:
        InputError: what the command would say in its one line.
    """
    return main(composed("sweep", overrides), overrides)


def main(config: DictConfig, overrides: Sequence[str]) -> bool:
    """Compose and check every point, play what is missing and report; return whether all runs succeeded."""
    from experiments.sweeps import design, identity, plan, playing

    options: dict[str, Any] = OmegaConf.to_container(config.sweep)  # type: ignore[assignment]
    playing.check(options)
    composer = plan.Composer("sweep", overrides, CONF)
    table = plan.rows(composer, design.points(options), design.baseline(options["baseline"]))
    if options["plan"]:
        print(_points(table))
        print(*playing.cautions(table, options["baseline"]), playing.size(table, config.seeds), sep="\n")
        return True
    well = playing.play(config, options, table, identity.code_of(row.cell.setting for row in table))
    if options["report"]:
        from experiments.report.sweep import write

        told = dict.fromkeys([options["outcome"], *options["measures"]])
        print(write(Path(config.out).expanduser(), *told))
        print(f"report: {config.out}/report.html")
    return well


def _points(table: Sequence[Any]) -> str:
    lines = [" ".join(f"{key}={value}" for key, value in row.values.items()) or "the configuration" for row in table]
    return "\n".join(lines)


if __name__ == "__main__":
    growing_app("sweep", main)
