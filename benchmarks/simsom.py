"""Speed of SimSoM at the paper's size: agent activations of one thread, in a second of time and of processor time.

Both are the median of three; on a machine with other work, processor time is the cost of this code.

The network has 10,506 agents and about 1.86 million follows. Drawing it is not counted, nor are the first steps, in
which feeds fill. The authors' code makes 38.9 activations in a second as published, and 340 with lists of followers,
measured once for this project.
"""

import time
from statistics import median

from experiments.published.simsom_2024 import Platform, SimSom
from experiments.published.simsom_networks import SimSomNetwork

STEPS, TIMES = 20, 3


def main() -> None:
    network = SimSomNetwork()
    graph = network(1)
    platform = Platform(graph, network.people, SimSom(), 1)
    for _ in range(5):
        platform.advance()
    rates: dict[str, list[float]] = {"second": [], "second of processor time": []}
    for _ in range(TIMES):
        begun = time.perf_counter(), time.process_time()
        for _ in range(STEPS):
            platform.advance()
        for kind, now, then in zip(rates, (time.perf_counter(), time.process_time()), begun, strict=True):
            rates[kind].append(STEPS * len(platform.posted) / (now - then))
    agents, follows = len(platform.posted), len(graph.following)
    said = ", ".join(f"{median(found):,.0f} a {kind}" for kind, found in rates.items())
    print(f"{agents:,} agents, {follows:,} follows; activations: {said} (medians of {TIMES})")


if __name__ == "__main__":
    main()
