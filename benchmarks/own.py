"""The cost of people of a custom type: ticks of one world, and of a copy with a share of people in plain Python.

For a million people, one in a hundred of a custom type: python -m benchmarks.own --people 1000000 --share 0.01
"""

import argparse
import time
from copy import deepcopy

from benchmarks.world import make_setting
from sim.agents import OrganicUser
from sim.agents.values import Intention, PersonUpdate, SeenPost
from sim.state.records import VOICED
from sim.world import World

WARM, HOURS = 12, 6  #: hours before the measurement, and measured


class Stubborn(OrganicUser):
    """Is as afraid as the worst post is toxic, and sometimes voices what would be withheld."""

    def react(self, seen: list[SeenPost], default: PersonUpdate) -> PersonUpdate:
        """Set fear to the highest toxicity read."""
        return default._replace(fear=max((post.toxicity for post in seen), default=0.0))

    def decide(self, intention: Intention, default: int) -> int:
        """Return the default, or voice the intention at random."""
        return VOICED if self.draw("whim", intention.key) < 0.1 else default


def time_ticks(world: World) -> float:
    begun = time.process_time()
    world.step()
    return time.process_time() - begun


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--people", type=int, default=100_000)
    words.add_argument("--share", type=float, default=0.01)
    given = words.parse_args()
    small = World(make_setting(1000), rng=1)  # compiles all kernels
    small.set_agent_class(Stubborn, 0.1)
    small.run(WARM + HOURS + 24)
    compiled = World(make_setting(given.people), rng=1)
    compiled.run(WARM)
    mixed = deepcopy(compiled)
    count = len(mixed.set_agent_class(Stubborn, given.share))
    mixed.step()
    compiled.step()
    spent: dict[World, float] = {compiled: 0.0, mixed: 0.0}
    for hour in range(HOURS):
        for world in (compiled, mixed)[:: 1 - 2 * (hour % 2)]:
            spent[world] += time_ticks(world) / HOURS
    alone, both = spent.values()
    print(f"{given.people} people, {count} of them in plain Python; computing time of a tick, mean of {HOURS}:")
    print(f"compiled alone {alone:.3f} s, with them {both:.3f} s: {both / alone:.2f} times")


if __name__ == "__main__":
    main()
