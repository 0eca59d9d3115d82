"""From a plan to its results: what is missing is played, and more seeds where they are wanted."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from experiments.analysis.summary import MEASURES
from experiments.extras import require
from experiments.folder import write_metadata
from experiments.keys import ListOf, Maybe, Word, check_jobs, write_value
from experiments.running import scheduler
from experiments.running.drafts import guard_disk
from experiments.running.engine import Engine, Limits
from experiments.running.jobs import Job
from experiments.running.outcomes import OK
from experiments.running.player import make_engine
from experiments.running.progress import SweepProgress, format_count, format_duration, show_progress
from experiments.sweeps import plan, world
from experiments.sweeps.reading import LOST
from experiments.sweeps.sequential_stopping import JobMaker, PrecisionTarget, name_point, plan_more_seeds
from experiments.sweeps.store import Store, find_runs
from experiments.workers import check_workers
from sim.errors import InputError, suggest

CHOICES = {"engine": ("local", "ray"), "retry": ("none", "failed"), "until": (None, "half_width")}
MAX_JOBS = 10**6  #: runs of one sweep: as many fit into the memory of one machine, and are known in a minute
OUTCOMES = (*LOST, *MEASURES)  #: that a sweep of worlds has


def run_sweep(
    config: DictConfig, sweep: Mapping[str, Any], table: Sequence[plan.PlanRow], code: str, scenario: str | None
) -> bool:
    """Simulate what the store lacks, and more seeds where they are wanted; return whether all runs succeeded.

    Args:
        config: resolved; `out`, `seed`, `seeds`, `workers` are read, and all of it is kept with the results.
        sweep: the options of conf/sweep.yaml, checked.
        table: the plan.
        code: version of the sources.
        scenario: that the command line names.
    """

    def make_jobs(cells: Sequence[plan.Configuration], seeds: int) -> list[Job]:
        return plan.make_jobs(cells, range(config.seed, config.seed + seeds), code)

    check_jobs(len(plan.list_configurations(table)) * config.seeds, f"seeds={config.seeds}", MAX_JOBS)
    names = tuple(sweep["measures"])
    code = "+".join((code, *names))  # other measures are other runs
    with Store(config.out, (*MEASURES, *names), config, scenario) as store:
        store.write_design([_make_design_row(row, code) for row in table])
        with guard_disk(store.place):
            plain: Any = OmegaConf.to_container(config)
            write_metadata(
                store.root, plain, {"scenario": scenario, "facts": _describe_sweep(config, table)}, store.work
            )
        taken = sum(store.merge(Path(folder)) for folder in sweep["merge"])
        if sweep["retry"] == "failed":
            store.forget_failed()
        jobs = make_jobs(plan.list_configurations(table), config.seeds)
        left = store.find_missing(jobs)
        check_workers((job.task[0] for job in left), config.workers, len(left), sweep["engine"])
        kept = len(jobs) - len(left)
        are = "is" if kept == 1 else "are"
        for line in list_cautions(table, sweep["baseline"]):
            print(line)
        print(f"{format_size(table, config.seeds)}; {kept} {are} kept ({taken} taken over), {len(left)} to simulate")
        for more in _iterate_rounds(store, sweep, table, left, config.seeds, make_jobs):
            jobs += more
            _run_round(store, sweep, config.workers, store.find_missing(more))
        shutil.rmtree(store.work / "graphs", ignore_errors=True)
        store.compact()
        status = store.read_status()
    every = {job.run_id for job in jobs}
    failed = sum(status.get(name) != OK for name in every)
    done = len(every) - failed
    print(f"{format_count(done, 'run')} {'is' if done == 1 else 'are'} done, {failed} failed: {config.out}")
    return not failed


def _iterate_rounds(
    store: Store,
    sweep: Mapping[str, Any],
    table: Sequence[plan.PlanRow],
    left: list[Job],
    seeds: int,
    make_jobs: JobMaker,
) -> Iterator[list[Job]]:
    """Yield what to play, then, where intervals are to be narrow, more seeds until they are."""
    yield left
    if sweep["until"] is None:
        return
    wanted = PrecisionTarget(sweep["outcome"], sweep["half_width"], sweep["max_seeds"])
    asked = {name_point(row): seeds for row in table}
    while more := plan_more_seeds(store.root, table, wanted, make_jobs, asked):
        print(f"intervals wider than +-{wanted.half_width:g} are left: {format_count(len(more), 'run')} of more seeds")
        yield more


def _run_round(store: Store, sweep: Mapping[str, Any], workers: int, jobs: Sequence[Job]) -> None:
    engine = _make_engine(sweep, min(workers, len(jobs)), store.work)
    told: list[float] = []

    with show_progress(Console(stderr=True)) as show:

        def tell(state: SweepProgress) -> None:
            if not told and state.done and state.seconds_left is not None:
                told.append(state.seconds_left)
                runs, workers = format_count(state.left, "run"), format_count(engine.workers, "worker")
                print(f"pilot: about {format_duration(told[0])} for {runs} on {workers}", flush=True)
            show(state)

        scheduler.schedule_jobs(store, engine, jobs, tell, stop_after=sweep["stop_after"])


def _make_engine(sweep: Mapping[str, Any], workers: int, work: Path) -> Engine:
    measure = partial(world.measure_hours if sweep["series"] else world.measure, further=tuple(sweep["measures"]))
    limits = Limits(sweep["time_limit"], sweep["memory_limit"])
    return make_engine(sweep["engine"], sweep["address"], measure, world.prepare, workers, work, limits)


def format_size(table: Sequence[plan.PlanRow], seeds: int) -> str:
    """Return how large a plan is, in words."""
    cells, own = len(plan.list_configurations(table)), len({row.cell.name for row in table})
    return (
        f"{format_count(len(table), 'point')} ({own} different, and {format_count(cells - own, 'baseline')} beside "
        f"{'it' if len(table) == 1 else 'them'}) x {format_count(seeds, 'seed')} = {format_count(cells * seeds, 'run')}"
    )


def check_measures(names: Sequence[str], table: Sequence[plan.PlanRow]) -> None:
    """Raise InputError unless some world of a plan has each of these hourly measures; plays an hour to find out."""
    settings = (cell.setting for cell in plan.list_configurations(table))
    missing, known = world.find_missing_measures(settings, names)
    for name in missing:
        raise InputError(f"sweep.measures has {name}, which no world of this sweep has: {suggest(name, known)}")


def list_cautions(table: Sequence[plan.PlanRow], said: Any) -> list[str]:
    """Return what to know of the baselines of a plan before it is played, a line each.

    `said`: what `sweep.baseline` says; None: what the stories of the points' scenarios say.
    """
    lines = _name_repeated(table)
    alone = [row for row in table if not row.changes]
    same = [row for row in table if row.baseline and row.baseline.name == row.cell.name]
    words = "; ".join(dict.fromkeys(" ".join(plan.format_point(row.changes)) for row in same))
    if said is None and alone:
        lines.append(
            f"{_format_count(alone, table)} without a baseline, as the story of the scenario names none: only "
            "levels are told; "
            """'sweep.baseline=["KEY=VALUE"]' compares"""
        )
    if same and len(same) == len(table):
        lines.append(
            f"every point equals its baseline, in which {words} changes nothing, so every difference is 0: say "
            """'sweep.baseline=["KEY=VALUE"]' with what the points are about, or sweep.baseline=[] for levels alone"""
        )
    elif same:
        lines.append(f"{_format_count(same, table)} equal to the baseline ({words}), with differences of 0")
    return lines


def _name_repeated(table: Sequence[plan.PlanRow]) -> list[str]:
    """Return a line that names points which are the same world as another, if there are any."""
    first: dict[str, plan.PlanRow] = {}
    again = [row for row in table if first.setdefault(row.cell.name, row) is not row]
    named = list(dict.fromkeys(" ".join(plan.format_point(row.values)) for row in again))
    if not again:
        return []
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return [f"{_format_count(again, table)} the same as another, and played once: {'; '.join(named[:3])}{more}"]


def _format_count(some: Sequence[plan.PlanRow], table: Sequence[plan.PlanRow]) -> str:
    if len(some) == len(table):
        return "every point is"
    return f"{len(some)} of {len(table)} points {'is' if len(some) == 1 else 'are'}"


def _make_design_row(row: plan.PlanRow, code: str) -> dict[str, str | None]:
    baseline = row.baseline.name if row.baseline else None
    texts = {"values": json.dumps(row.values), "config": json.dumps(row.cell.config)}
    return texts | {"point": row.cell.name, "baseline": baseline, "code": code}


def _describe_sweep(config: DictConfig, table: Sequence[plan.PlanRow]) -> dict[str, Any]:
    keys = ", ".join(table[0].values) or "nothing"
    return {
        "Design": f"{format_count(len(table), 'point')}; {keys} varied",
        "Seeds": f"{config.seeds} from {config.seed} on",
        "Baseline": "; ".join(dict.fromkeys(" ".join(plan.format_point(row.changes)) or "none" for row in table)),
        "Length": f"{config.ticks} h unless varied",
    }


def check_options(sweep: Mapping[str, Any]) -> None:
    """Raise InputError unless the options of conf/sweep.yaml go together; `SweepKeys` knows what each may be."""
    for key, allowed in CHOICES.items():
        if sweep[key] not in allowed:
            names = map(write_value, allowed)
            raise InputError(f"sweep.{key}={sweep[key]} is unknown: {suggest(str(sweep[key]), names)}")
    if sweep["engine"] == "local" and sweep["address"] != "auto":
        raise InputError(f"sweep.address={sweep['address']} is for a cluster: add sweep.engine=ray")
    if sweep["engine"] == "ray":
        require("every machine of sweep.engine=ray", "ray", "ray")
    if sweep["memory_limit"] is not None and sweep["engine"] == "local" and sys.platform != "linux":
        raise InputError(f"sweep.memory_limit={sweep['memory_limit']} needs Linux: leave it out here")
    names = sweep["measures"]
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names) and len({*names}) == len(names)):
        raise InputError(f"sweep.measures={names} must be a list of measures, each once: [targeted_credibility]")
    if measured := [name for name in names if name in MEASURES]:
        raise InputError(f"sweep.measures has {measured[0]}, which every sweep has: leave it out")
    if sweep["outcome"] not in (known := (*OUTCOMES, *names)):
        raise InputError(f"sweep.outcome={sweep['outcome']} is unknown: {suggest(str(sweep['outcome']), known)}")
    if sweep["until"] and sweep["half_width"] is None:
        raise InputError("sweep.until=half_width needs what is narrow enough: add sweep.half_width=NUMBER")
    for key in ("grid", "list", "random", "lhs", "sobol", "baseline", "merge"):
        if not isinstance(sweep[key], list) and not (key == "baseline" and sweep[key] is None):
            item = "DIR" if key == "merge" else "KEY=VALUE"
            raise InputError(f"""sweep.{key}={sweep[key]} must be a list: 'sweep.{key}=["{item}"]'""")
    Maybe(Word(said="the name of a CSV file")).check("sweep.csv", sweep["csv"])
    for folder in ListOf(Word(said="the name of a folder")).check("sweep.merge", sweep["merge"]):
        find_runs(Path(folder))
