"""One size of the benchmark world: the engine, plain Mesa and the bare gather in rounds that alternate."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from benchmarks.phases import ENGINE, PHASES, PLAIN, SHARED, timed
from benchmarks.plain_bridge import accounts_of, ledger_of
from benchmarks.plain_mesa import PlainWorld
from benchmarks.world import setting
from sim.observers.base import Moment
from sim.state.graph import Graph
from sim.world import World


@dataclass(frozen=True)
class Plan:
    """How long is measured."""

    warm_up: int  #: ticks before anything counts
    rounds: int
    ticks: int  #: of one round
    seed: int


@dataclass(frozen=True)
class Round:
    """What one side did in one round."""

    seconds: dict[str, float]  #: by phase, and "tick" for whole ticks
    activations: int

    @property
    def shared(self) -> float:
        """Seconds per activation in the phases that both sides have of their own."""
        return sum(self.seconds[phase] for phase in SHARED) / self.activations


class Visits:
    """An observer that remembers who was active, to count their followees afterwards."""

    def __init__(self) -> None:
        self.active: list[NDArray[np.int32]] = []

    def observe(self, moment: Moment) -> dict[str, float]:
        """Keep the rows; measure nothing."""
        self.active.append(moment.woken.active)
        return {}

    def heads(self, graph: Graph, rounds: int) -> list[int]:
        """Return how many followees the active had, by round of equally many ticks."""
        follows = np.diff(graph.following_start)
        hours = [int(follows[rows].sum()) for rows in self.active]
        return [int(part.sum()) for part in np.split(np.array(hours), rounds)]


@njit(cache=True)
def gather(start, column, values):
    """Return the sum of `values` over everybody's followees: one visit an edge and nothing else."""
    total = 0
    for row in range(len(start) - 1):
        for edge in range(start[row], start[row + 1]):
            total += values[column[edge]]
    return total


def edges_a_second(graph: Graph) -> float:
    """Time the bare gather of an int32 column over all edges."""
    values = np.arange(len(graph.following_start) - 1, dtype=np.int32)
    gather(graph.following_start, graph.following, values)
    begun, visited = time.thread_time(), 0
    while time.thread_time() < begun + 0.2:
        gather(graph.following_start, graph.following, values)
        visited += len(graph.following)
    return visited / (time.thread_time() - begun)


def play(world: World | PlainWorld, ticks: int) -> Round:
    """Play some hours of either kind of world and time them."""
    with timed(PLAIN if isinstance(world, PlainWorld) else ENGINE) as seconds:
        begun = time.thread_time()
        for _ in range(ticks):
            world.step()
        seconds["tick"] = time.thread_time() - begun
    return Round(dict(seconds), int(pd.DataFrame(world.history)["awake"].tail(ticks).sum()))


def measure(
    people: int, plain: bool, plan: Plan, tell: Callable[[str], None], advance: Callable[[], None]
) -> dict[str, Any]:
    """Measure one size; return its numbers, ready for JSON.

    Args:
        people: size of the population.
        plain: whether plain Mesa plays along.
        plan: how long.
        tell: called with what is about to be done.
        advance: called after the warm-up and each round of each world.
    """
    engine, visits = World(setting(people), rng=plan.seed), Visits()
    mesa = PlainWorld(setting(people), rng=plan.seed) if plain else None
    worlds: list[World | PlainWorld] = [engine, mesa] if mesa else [engine]
    for world in worlds:
        tell(f"{type(world).__name__}: warming up")
        for _ in range(plan.warm_up):
            world.step()
        advance()
    engine.observers.append(visits)
    played: list[list[Round]] = [[] for _ in worlds]
    gathered = []
    for number in range(plan.rounds):
        for world, rounds in zip(worlds, played, strict=True):
            tell(f"{type(world).__name__}: round {number + 1}")
            rounds.append(play(world, plan.ticks))
            advance()
        gathered.append(edges_a_second(engine.graph))
    found = engine_numbers(engine, played[0], visits.heads(engine.graph, plan.rounds), gathered, plan)
    if mesa:
        found |= plain_numbers(played[0], played[1], plan)
        found["plain Mesa ends in the same state"] = same_state(engine, mesa)
    return found


def engine_numbers(
    world: World, rounds: list[Round], visited: list[int], gathered: list[float], plan: Plan
) -> dict[str, Any]:
    """Return what the engine did, how fast, and how it compares to the bare gather."""
    measured = world.history.iloc[plan.warm_up :]
    days = len(measured) / 24.0 * world.n_organic
    items = float(measured["reads"].sum() / measured["awake"].sum())
    visits = [heads / part.seconds["read"] for heads, part in zip(visited, rounds, strict=True)]
    rate = median(part.activations / part.seconds["tick"] for part in rounds)
    return {
        "people": world.n_organic,
        "accounts": len(world.role),
        "edges": len(world.graph.following),
        "activity": {
            "sessions a day": float(measured["awake"].sum() / days),
            "acts a day": float(measured["acts"].sum() / days),
            "items a session": items,
        },
        "bare gather / engine": median(bare / ours for bare, ours in zip(gathered, visits, strict=True)),
        "activations a second": rate,
        "reads a second": rate * items,
        "edge visits a second": median(
            heads / part.seconds["tick"] for heads, part in zip(visited, rounds, strict=True)
        ),
        "edge visits a second of reading": median(visits),
        "edges a second of the bare gather": median(gathered),
        "ms a tick": by_phase(rounds, plan.ticks),
    }


def plain_numbers(ours: list[Round], theirs: list[Round], plan: Plan) -> dict[str, Any]:
    """Return how plain Mesa compares, per activation."""
    return {
        "plain Mesa / engine": median(slow.shared / fast.shared for fast, slow in zip(ours, theirs, strict=True)),
        "plain Mesa, ms a tick": by_phase(theirs, plan.ticks),
    }


def by_phase(rounds: list[Round], ticks: int) -> dict[str, float]:
    """Return milliseconds a tick in each phase, medians of rounds."""
    return {name: 1e3 * median(part.seconds[name] / ticks for part in rounds) for name in (*PHASES, "tick")}


def same_state(engine: World, plain: PlainWorld) -> bool:
    """Tell whether all columns of all accounts and of the ledger are the same bits."""
    pairs: list[tuple[Any, Any]] = list(zip(engine.accounts, accounts_of(plain), strict=True))
    pairs += zip(engine.state.ledger.rows(), ledger_of(plain), strict=True)
    return all(ours.tobytes() == theirs.tobytes() for ours, theirs in pairs)
