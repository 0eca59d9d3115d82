"""Memory of one long run: resident memory by hour, and its growth once every window is full.

The campaign lasts from the 12th hour to the end, so there is no quiet time.
"""

import argparse
import mmap
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.peak import peak_bytes
from benchmarks.world import make_setting
from experiments.panel import PanelOptions
from experiments.recorder import Recorder
from sim.state.topics import HOURS
from sim.world import World

MIB = 2**20
FULL = 2 * HOURS  #: hours after which all bounded data have their full size; the longest window is a week


def measure_resident() -> float:
    """Return the memory of this process in MiB: resident now on Linux, elsewhere the peak so far."""
    if sys.platform == "linux":
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * mmap.PAGESIZE / MIB
    return peak_bytes() / MIB


def main() -> None:
    options = parse_arguments()
    begun, seen = time.perf_counter(), []
    with ExitStack() as stack:
        world = prepare_world(options, stack)
        print(f"{len(world.role):,} accounts; before the first hour {measure_resident():,.0f} MiB")
        print("  tick  resident, MiB  posts in the window  rows allocated  ms a tick")
        while world.now < options.ticks and time.perf_counter() < begun + 60 * options.minutes:
            seen.append(report_hour(world, min(options.every, options.ticks - world.now)))
    tail = np.array([point for point in seen if point[0] >= FULL])
    if len(tail) > 1:
        slope = 1000 * np.polyfit(*tail.T, 1)[0]
        print(f"from hour {tail[0, 0]:.0f} on: {slope:+.2f} MiB in 1,000 hours; at most {tail[:, 1].max():,.0f} MiB")


def prepare_world(options: argparse.Namespace, stack: ExitStack) -> World:
    """Return a busy world; if asked, its posts and people are recorded in a folder that `stack` deletes."""
    busy = make_setting(options.people)
    busy = replace(busy, campaign=replace(busy.campaign, hours=options.ticks))
    if not options.record:
        return World(busy, rng=1)
    folder = Path(stack.enter_context(TemporaryDirectory()))
    recorder = stack.enter_context(
        Recorder(folder, PanelOptions(1.0, 24, ("stance_principal", "opinion_climate", "fear")))
    )
    world = World(busy, rng=1, archive=recorder)
    recorder.begin(world)
    return world


def report_hour(world: World, ticks: int) -> tuple[int, float]:
    """Simulate some hours and print a line; return the hour and the resident memory."""
    begun = time.perf_counter()
    for _ in range(ticks):
        world.step()
    ledger, now = world.state.ledger, measure_resident()
    pace = 1e3 * (time.perf_counter() - begun) / ticks
    print(f"{world.now:6d}  {now:13,.1f}  {ledger.size:19,d}  {len(ledger._store.key):14,d}  {pace:9.1f}", flush=True)
    return world.now, now


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--people", type=int, default=20_000, help="size of the population (default 20000)")
    parser.add_argument("--ticks", type=int, default=4380, help="hours to play (default 4380: six months)")
    parser.add_argument("--every", type=int, default=84, help="hours from line to line (default 84)")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so many minutes (default 60)")
    parser.add_argument(
        "--record", action="store_true", help="record posts, and everybody once a day, into a temporary folder"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
