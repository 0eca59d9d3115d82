"""The cost of a change: the benchmark world of this checkout and of an earlier commit, in turns.

    python -m benchmarks.before --commit 2ed1d2c

The commit is checked out into a separate folder. A process in each checkout builds the world once and simulates copies
of it: the same hours repeatedly on one thread, in alternating order, so other load of the machine affects both. The
output is processor times and the ratio (now / before) over the pairs. 2ed1d2c is the last commit before the forces.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PLAYER = """
import sys, time
from copy import deepcopy
import benchmarks.world as world_of
from sim.world import World
make_setting = getattr(world_of, 'make_setting', None) or world_of.setting  # its name before 0.2
world = World(make_setting(int(sys.argv[1])), rng=1)
world.run(24)
for _ in sys.stdin:
    copy = deepcopy(world)
    begun = time.process_time()
    copy.run(int(sys.argv[2]))
    print(time.process_time() - begun, int(copy.history["acts"].sum()), flush=True)
"""


def start_player(checkout: Path, people: int, ticks: int) -> subprocess.Popen[str]:
    """Start a process with the code of `checkout`, which runs one turn for each input line."""
    words = [sys.executable, "-c", PLAYER, str(people), str(ticks)]
    return subprocess.Popen(
        words, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)}, encoding="utf-8",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def run_turn(process: subprocess.Popen[str]) -> tuple[float, int]:
    """Let a process run one turn; return its processor time (s) and the number of people's posts."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    seconds, acts = process.stdout.readline().split()
    return float(seconds), int(acts)


def main() -> None:
    """Run the pairs and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--ticks", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", asked.commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        both = [start_player(checkout, asked.people, asked.ticks) for checkout in (Path(folder), ROOT)]
        for process in both:
            run_turn(process)  # kernels are loaded
        times, acts = np.zeros((asked.pairs, 2)), set()
        for pair in range(asked.pairs):
            for side in (0, 1) if pair % 2 else (1, 0):
                times[pair, side], done = run_turn(both[side])
                acts.add(done)
        for process in both:
            process.communicate()
    low, middle, high = np.percentile(times[:, 1] / times[:, 0], (25, 50, 75))
    same = "the same acts" if len(acts) == 1 else f"other acts: {sorted(acts)}"
    print(
        f"now / {asked.commit}: {middle:.3f}, quartiles {low:.3f} to {high:.3f}, {asked.pairs} pairs of "
        f"{asked.ticks} hours of {asked.people:,} people; {np.median(times[:, 1]):.2f} s now; {same}"
    )


if __name__ == "__main__":
    main()
