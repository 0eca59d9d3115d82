"""Speed of SimSoM at the paper's size: agent activations a second of one thread, the median of three.

The network has 10,506 agents and about 1.86 million follows; it is drawn before time is taken. The first steps, in
which feeds fill, are played before too. The authors' code makes 38.9 activations a second as shipped and 340 with lists
of followers, measured once beside this project.
"""

import time
from statistics import median

from experiments.published.simsom_2024 import Platform, SimSom
from experiments.published.simsom_networks import Network

STEPS, TIMES = 20, 3


def main() -> None:
    network = Network()
    graph = network(1)
    platform = Platform(graph, network.people, SimSom(), 1)
    for _ in range(5):
        platform.advance()
    rates = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        for _ in range(STEPS):
            platform.advance()
        rates.append(STEPS * len(platform.posted) / (time.perf_counter() - begun))
    agents, follows = len(platform.posted), len(graph.following)
    print(f"{agents:,} agents, {follows:,} follows: {median(rates):,.0f} activations a second (median of {TIMES})")


if __name__ == "__main__":
    main()
