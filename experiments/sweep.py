"""Every point of a design in the same seeds, beside its baseline: thousands of runs that survive a crash."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import CONF, growing_app
from sim.errors import InputError

CHOICES = {"retry": ("none", "failed"), "until": (None, "half_width")}
TRUTHS = ("plan", "series", "report")


def sweep(*overrides: str) -> bool:
    """Do what `python -m experiments.sweep OVERRIDES` does, from a notebook or a script; return whether all succeeded.

    A script calls this under `if __name__ == "__main__":`, since workers load it.

    Raises:
        InputError: what the command would say in its one line.
    """
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("sweep", list(overrides))
    OmegaConf.resolve(config)
    return main(config, overrides)


def main(config: DictConfig, overrides: Sequence[str]) -> bool:
    """Compose and check every point, play what is missing and report; return whether all runs succeeded."""
    from experiments.sweeps import design, plan

    sweep: dict[str, Any] = OmegaConf.to_container(config.sweep)  # type: ignore[assignment]
    _check(sweep)
    composer = plan.Composer("sweep", overrides, CONF)
    baseline = design.baseline(sweep["baseline"])
    table = plan.rows(composer, design.points(sweep), baseline)
    code = plan.code_version({type(rule): rule for row in table for rule in vars(row.cell.setting).values()}.values())
    if sweep["plan"]:
        print(_points(table))
        print(_size(table, config.seeds))
        return True
    return _play(config, sweep, table, code)


def _play(config: DictConfig, sweep: Mapping[str, Any], table: Sequence[Any], code: str) -> bool:
    """Play what the store lacks, and more seeds where they are wanted; tell how it went."""
    from experiments.analysis.summary import MEASURES
    from experiments.folder import describe
    from experiments.sweeps import driving, plan
    from experiments.sweeps.store import OK, Store

    def jobs_of(cells: Sequence[plan.Cell], seeds: int) -> list[plan.Job]:
        return plan.jobs(cells, range(config.seed, config.seed + seeds), code)

    with Store(config.out, MEASURES) as store:
        store.write_design([_design(row, code) for row in table])
        with store.writing():
            describe(store.root, OmegaConf.to_container(config), {"facts": _facts(config, table)})  # type: ignore[arg-type]
        taken = sum(store.merge(Path(folder).expanduser()) for folder in sweep["merge"])
        if sweep["retry"] == "failed":
            store.forget_failed()
        jobs = jobs_of(plan.cells_of(table), config.seeds)
        left = driving.missing(store, jobs)
        print(_size(table, config.seeds), f"{len(jobs) - len(left)} are kept ({taken} taken over), {len(left)} to play")
        for more in _rounds(store, sweep, table, left, config.seeds, jobs_of):
            jobs += more
            _drive(store, sweep, config.workers, driving.missing(store, more))
        store.compact()
        status = store.status()
    every = {job.run_id for job in jobs}
    failed = sum(status.get(name) != OK for name in every)
    if sweep["report"]:
        from experiments.report.sweep import write

        print(write(store.root, sweep["outcome"]))
    print(f"{len(every) - failed} runs are done, {failed} failed: {config.out}")
    return not failed


def _rounds(
    store: Any, sweep: Mapping[str, Any], table: Sequence[Any], left: list[Any], seeds: int, jobs_of: Any
) -> Iterator[list[Any]]:
    """Yield what to play, then, where intervals are to be narrow, more seeds until they are."""
    from experiments.sweeps.widening import Wanted, further, identity

    yield left
    if sweep["until"] is None:
        return
    wanted = Wanted(sweep["outcome"], sweep["half_width"], sweep["most_seeds"])
    asked = {identity(row): seeds for row in table}
    while more := further(store.root, table, wanted, jobs_of, asked):
        print(f"intervals wider than +-{wanted.half_width:g} are left: {len(more)} runs of more seeds")
        yield more


def _drive(store: Any, sweep: Mapping[str, Any], workers: int, jobs: Sequence[Any]) -> None:
    from rich.console import Console

    from experiments.runs import cores
    from experiments.sweeps import driving, world
    from experiments.sweeps.local import Limits, Local
    from experiments.sweeps.progress import shown

    measure = world.measure_hours if sweep["series"] else world.measure
    limits = Limits(sweep["time_limit"], sweep["memory_limit"])
    engine = Local(measure, world.prepare, workers or cores(), store.work, limits)
    with shown(Console(stderr=True)) as show:
        driving.drive(store, engine, jobs, show)


def _check(sweep: Mapping[str, Any]) -> None:
    for key, allowed in CHOICES.items():
        if sweep[key] not in allowed:
            said = " or ".join("null" if choice is None else choice for choice in allowed)
            raise InputError(f"sweep.{key}={sweep[key]} is unknown: say {said}")
    for key in TRUTHS:
        if not isinstance(sweep[key], bool):
            raise InputError(f"sweep.{key}={sweep[key]} must be true or false")
    for key in ("time_limit", "memory_limit", "half_width"):
        value = sweep[key]
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
            raise InputError(f"sweep.{key}={value} must be a number above 0, or null")
    if sweep["until"] and sweep["half_width"] is None:
        raise InputError("sweep.until=half_width needs what is narrow enough: add sweep.half_width=NUMBER")
    for key in ("grid", "list", "random", "lhs", "sobol", "baseline", "merge"):
        if not isinstance(sweep[key], list):
            raise InputError(f"""sweep.{key}={sweep[key]} must be a list: 'sweep.{key}=["KEY=VALUE"]'""")
    for key in ("draws", "design_seed", "most_seeds"):
        if isinstance(sweep[key], bool) or not isinstance(sweep[key], int) or sweep[key] < 0:
            raise InputError(f"sweep.{key}={sweep[key]} must be a whole number from 0")


def _points(table: Sequence[Any]) -> str:
    lines = [" ".join(f"{key}={value}" for key, value in row.values.items()) or "the configuration" for row in table]
    return "\n".join(lines)


def _size(table: Sequence[Any], seeds: int) -> str:
    from experiments.sweeps.plan import cells_of

    cells, own = len(cells_of(table)), len({row.cell.name for row in table})
    return (
        f"{len(table)} points ({own} different, and {cells - own} baselines beside them) x {seeds} seeds = "
        f"{cells * seeds} runs;"
    )


def _design(row: Any, code: str) -> dict[str, str | None]:
    baseline = row.baseline.name if row.baseline else None
    texts = {"values": json.dumps(row.values), "config": json.dumps(row.cell.config)}
    return texts | {"point": row.cell.name, "baseline": baseline, "code": code}


def _facts(config: DictConfig, table: Sequence[Any]) -> dict[str, Any]:
    keys = ", ".join(table[0].values) or "nothing"
    return {
        "Design": f"{len(table)} points; {keys} varied",
        "Seeds": f"{config.seeds} from {config.seed} on",
        "Baseline": " ".join(config.sweep.baseline) or "none",
        "Length": f"{config.ticks} h unless varied",
    }


if __name__ == "__main__":
    growing_app("sweep", main)
