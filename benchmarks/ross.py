"""Speed of the model of Ross et al. (2019), beside the authors' C++ code and a bare gather.

It measures computing time of one thread, without building the graph; medians of three. A user update is one user in one
tick; ours do not count bots. The C++ figures were measured once for this project, in the same way. Early ticks cost
most, because many users start or stop speaking.
"""

import time
from collections.abc import Callable
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.measure import measure_edge_rate
from experiments.published import ross_kernels as kernels
from experiments.published.ross_2019 import LIMIT, Instance, Ross
from experiments.published.ross_targets import make_cell
from experiments.reproduce import simulate_cells
from experiments.running.player import Player
from experiments.running.work import Work

#: users -> million agent updates a second of the C++ code at m = 5
PUBLISHED = {1_000: 6.9, 10_000: 2.7, 100_000: 1.5}
EARLY, LATER = 10, 100  #: ticks
TIMES = 3


def time_work(work: Callable[[], object]) -> float:
    """Return the computing time of `work` in this thread, the median of three."""

    def once() -> float:
        begun = time.thread_time()
        work()
        return time.thread_time() - begun

    return median(once() for _ in range(TIMES))


def measure_updates(instance: Instance, limit: int) -> tuple[int, float]:
    """Return (ticks, million user updates a second) of a run of at most `limit` ticks."""
    people = instance.make_people(1.0)
    ticks = kernels.settle(people, instance.inner, limit)[0]
    repeats = max(1, 2_000_000 // (ticks * len(instance.inner)))
    spent = time_work(lambda: [kernels.settle(people, instance.inner, limit) for _ in range(repeats)])
    return ticks, 1e-6 * repeats * ticks * len(instance.inner) / spent


def measure_speeds() -> Table:
    """Measure every size; return the table."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    heads = (
        "agents",
        "arcs",
        "ticks",
        "C++, M/s",
        "ours, M/s",
        "ratio",
        f"first {LATER} ticks",
        f"first {EARLY} ticks",
    )
    for head in (*heads, "arcs x ticks, M/s", "bare gather, M arcs/s", "drawing, s"):
        table.add_column(head, justify="right")
    for users, published in PUBLISHED.items():
        rule = Ross(users=users, links=5, bots=users // 50, bot_links=5)
        instance = rule.draw_instance(1)
        ticks, whole = measure_updates(instance, LIMIT)
        shorter = [measure_updates(instance, limit)[1] for limit in (LATER, EARLY)]
        arcs = len(instance.graph.following)
        gathered = median(measure_edge_rate(instance.graph) for _ in range(TIMES))
        drawing = time_work(lambda rule=rule: rule.draw_instance(1))
        row = [f"{users + rule.bots:,}", f"{arcs:,}", f"{ticks:,}", f"{published:.1f}", f"{whole:.1f}"]
        row += [f"{whole / published:.1f}", *(f"{rate:.1f} ({rate / published:.1f}x)" for rate in shorter)]
        table.add_row(*row, f"{whole * arcs / users:.0f}", f"{1e-6 * gathered:.0f}", f"{drawing:.3f}")
    return table


def main() -> None:
    """Print the table, then the total time of one configuration with 1,000 runs."""
    Ross(users=20, bots=1).draw_instance(1)
    Console(width=160).print(measure_speeds())
    begun = time.perf_counter()
    runs = simulate_cells([make_cell(10, 20)], range(1, 1001), LIMIT, Player(Work(), 2))
    spent = time.perf_counter() - begun
    print(f"{len(runs):,} runs of 1,000 users, m = 10, 20 bots: {spent:.1f} s on two processes, starting them included")


if __name__ == "__main__":
    main()
