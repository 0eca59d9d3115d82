"""Large worlds: time and memory of the graph and of a week, with the activity of a typical platform.

A week is 168 ticks. Compilation is not counted: a small world is simulated first.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.measure import VisitObserver
from benchmarks.peak import peak_bytes
from benchmarks.phases import ENGINE, PHASES, THREADED, time_phases
from benchmarks.run import parse_arguments, parse_natural, parse_positive
from benchmarks.world import make_typical
from experiments.workers import count_cores
from sim.state.truth import TROLL
from sim.world import World

EXAMPLES = """examples:
  python -m benchmarks.scale                                   a million accounts for a week
  python -m benchmarks.scale --people 100000 --threads 1
  python -m benchmarks.scale --people 10000000 --ticks 24
  python -m benchmarks.scale --slice 10                        people read within the hour
"""


SLICES = [minutes for minutes in range(1, 61) if 60 % minutes == 0]


def measure_memory() -> float:
    """Return the most memory that this process has held, GiB."""
    return peak_bytes() / 2.0**30


def measure(people: int, ticks: int, threads: int, seed: int, minutes: int, bar: Progress) -> dict[str, Any]:
    """Build and simulate one world in slices of so many minutes; return its numbers."""
    setting, tiny = (make_typical(size).replace({"activity.slice": minutes}) for size in (people, 2000))
    small = World(tiny, rng=seed, threads=threads)
    small.run(30)
    begun, empty = time.perf_counter(), measure_memory()
    world = World(setting, rng=seed, threads=threads)
    built = time.perf_counter() - begun
    after = measure_memory()
    visits = VisitObserver()
    world.observers.append(visits)
    task = bar.add_task(f"{people:,} people", total=ticks)
    with time_phases(THREADED if threads > 1 else ENGINE) as seconds:
        begun = time.perf_counter()
        history = world.run(ticks, lambda steps: bar.advance(task, steps))
        played = time.perf_counter() - begun
    awake, days = float(history["active_users"].sum()), ticks / 24.0
    return {
        "people": people,
        "accounts": len(world.role),
        "edges": len(world.graph.following),
        "threads": threads,
        "minutes of a slice": minutes,
        "army": int((world.role == TROLL).sum()),
        "ticks": ticks,
        "seconds to build": built,
        "GiB after building": after,
        "GiB before": empty,
        "seconds to play": played,
        "GiB at most": measure_memory(),
        "microseconds an activation": 1e6 * played / awake,
        "activations": awake,
        "sessions a day": awake / days / people,
        "acts a day": float(history["acts"].sum()) / days / people,
        "acts": float(history["acts"].sum()),
        "reads": float(history["reads"].sum()),
        "edge visits": float(sum(visits.count_followees(world.graph, 1))),
        "posts by the army": float(history["army_posts"].sum()),
        "ms a tick": {phase: 1e3 * seconds[phase] / ticks for phase in PHASES},
    }


def format_table(found: dict[str, Any]) -> str:
    """Return the numbers as Markdown."""
    rows = {name: value for name, value in found.items() if name != "ms a tick"}
    rows |= {f"ms a tick: {phase}": value for phase, value in found["ms a tick"].items() if value}
    lines = [
        f"| {name} | {value:,.3f} |" if value % 1 else f"| {name} | {value:,.0f} |" for name, value in rows.items()
    ]
    return "\n".join(["| | |", "|---|---:|", *lines]) + "\n"


def main() -> None:
    """Measure one size, print the table, write it as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--people", type=parse_positive, default=1_000_000, metavar="N", help="accounts of people (1000000)")
    add("--ticks", type=parse_positive, default=168, metavar="T", help="hours (168)")
    add("--threads", type=parse_positive, default=count_cores(), metavar="K", help="threads (all cores)")
    add("--seed", type=parse_natural, default=1, metavar="S", help="seed of the world (1)")
    add("--slice", type=int, choices=SLICES, default=60, metavar="M", help="minutes of a slice of an hour (60)")
    add("--out", type=Path, default=Path("out/benchmarks"), metavar="DIR", help="folder of results (out/benchmarks)")
    given = parse_arguments(parser)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        found = measure(given.people, given.ticks, given.threads, given.seed, given.slice, bar)
    path = given.out / f"scale-{given.people}-{given.threads}-{given.slice}.json"
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(format_table(found))
    print(f"written: {path}")


if __name__ == "__main__":
    main()
