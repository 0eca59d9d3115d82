"""One size of the benchmark world: the engine, plain Mesa and a bare gather, in alternating rounds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.phases import ACTIVATION, ENGINE, PHASES, PLAIN, REPORTING, SHARED, THREADED, time_phases
from benchmarks.plain_bridge import to_accounts, to_ledger
from benchmarks.plain_mesa import PlainWorld
from benchmarks.world import make_setting
from sim.kernels import cached_njit
from sim.observers.base import StepRecord
from sim.state.graph import Graph
from sim.world import World


@dataclass(frozen=True)
class TimingPlan:
    """Lengths of a measurement."""

    warm_up: int  #: ticks before the measurement
    rounds: int
    ticks: int  #: of one round
    seed: int
    threads: int  #: of the engine in every second round


@dataclass(frozen=True)
class Round:
    """The result of one side in one round."""

    seconds: dict[str, float]  #: by phase, and "tick" for whole ticks
    activations: int

    def compute_each(self, phases: tuple[str, ...]) -> float:
        """Return the seconds per activation that these phases took."""
        return sum(self.seconds.get(phase, 0.0) for phase in phases) / self.activations


class VisitObserver:
    """An observer that keeps the active accounts, to count their followees afterwards."""

    def __init__(self) -> None:
        self.active: list[NDArray[np.int32]] = []

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Keep the rows; measure nothing."""
        self.active.append(step.active_users.active)
        return {}

    def count_followees(self, graph: Graph, rounds: int) -> list[int]:
        """Return the number of followees of the active in each round; rounds have equally many ticks."""
        follows = np.diff(graph.following_start)
        hours = [int(follows[rows].sum()) for rows in self.active]
        return [int(part.sum()) for part in np.split(np.array(hours), rounds)]


@cached_njit
def gather(start, column, values):
    """Return the sum of `values` over all followees: one access for each edge and nothing else."""
    total = 0
    for row in range(len(start) - 1):
        for edge in range(start[row], start[row + 1]):
            total += values[column[edge]]
    return total


def measure_edge_rate(graph: Graph) -> float:
    """Time the bare gather of an int32 column over all edges."""
    values = np.arange(len(graph.following_start) - 1, dtype=np.int32)
    gather(graph.following_start, graph.following, values)
    begun, visited = time.perf_counter(), 0
    while time.perf_counter() < begun + 0.2:
        gather(graph.following_start, graph.following, values)
        visited += len(graph.following)
    return visited / (time.perf_counter() - begun)


def play(world: World | PlainWorld, ticks: int) -> Round:
    """Simulate some hours of either kind of world and time them."""
    calls = PLAIN if isinstance(world, PlainWorld) else THREADED if world.state.threads > 1 else ENGINE
    with time_phases(calls) as seconds:
        begun = time.perf_counter()
        for _ in range(ticks):
            world.step()
        seconds["tick"] = time.perf_counter() - begun
    return Round(dict(seconds), int(pd.DataFrame(world.history)["active_users"].tail(ticks).sum()))


def measure(
    people: int, plain: bool, plan: TimingPlan, tell: Callable[[str], None], advance: Callable[[], None]
) -> dict[str, Any]:
    """Measure one size; return its numbers, ready for JSON.

    Three worlds simulate the same hours in turn: the engine with one thread, the engine with several threads, and plain
    Mesa.

    Args:
        people: size of the population.
        plain: whether plain Mesa takes part.
        plan: lengths.
        tell: called with a description of the next step.
        advance: called after the warm-up and each round of each world.
    """
    single, several = (
        World(make_setting(people), rng=plan.seed),
        World(make_setting(people), rng=plan.seed, threads=plan.threads),
    )
    mesa = PlainWorld(make_setting(people), rng=plan.seed) if plain else None
    worlds: dict[str, World | PlainWorld] = {"engine": single, f"engine, {plan.threads} threads": several}
    worlds |= {"plain Mesa": mesa} if mesa else {}
    for name, world in worlds.items():
        tell(f"{name}: warming up")
        for _ in range(plan.warm_up):
            world.step()
        advance()
    visits = VisitObserver()
    single.observers.append(visits)
    played: dict[str, list[Round]] = {name: [] for name in worlds}
    gathered = []
    for number in range(plan.rounds):
        for name, world in worlds.items():
            tell(f"{name}: round {number + 1}")
            played[name].append(play(world, plan.ticks))
            advance()
        gathered.append(measure_edge_rate(single.graph))
    one, more, *slow = played.values()
    found = summarise_engine(single, one, visits.count_followees(single.graph, plan.rounds), gathered, plan)
    found["activations a second, several threads"] = median(part.activations / part.seconds["tick"] for part in more)
    found["ms a tick, several threads"] = 1e3 * median(part.seconds["tick"] / plan.ticks for part in more)
    if mesa:
        found["plain Mesa / engine"] = compute_ratios(slow[0], one, ACTIVATION)
        found["plain Mesa / engine, several threads"] = compute_ratios(slow[0], more, REPORTING)
        found["plain Mesa, ms a tick"] = summarise_phases(slow[0], plan.ticks)
        found["plain Mesa ends in the same state"] = is_same_state(single, mesa) and is_same_state(several, mesa)
    return found


def summarise_engine(
    world: World, rounds: list[Round], visited: list[int], gathered: list[float], plan: TimingPlan
) -> dict[str, Any]:
    """Return the work and speed of the engine with one thread, also relative to the bare gather."""
    measured = world.history.iloc[plan.warm_up :]
    days = len(measured) / 24.0 * world.n_organic
    items = float(measured["reads"].sum() / measured["active_users"].sum())
    visits = [heads / part.seconds["read"] for heads, part in zip(visited, rounds, strict=True)]
    rate = median(part.activations / part.seconds["tick"] for part in rounds)
    return {
        "people": world.n_organic,
        "accounts": len(world.role),
        "edges": len(world.graph.following),
        "activity": {
            "sessions a day": float(measured["active_users"].sum() / days),
            "acts a day": float(measured["acts"].sum() / days),
            "items a session": items,
        },
        "activations a tick": median(part.activations / plan.ticks for part in rounds),
        "followees": sum(visited) / sum(part.activations for part in rounds),
        "microseconds an activation": 1e6 * median(part.compute_each(ACTIVATION) for part in rounds),
        "bare gather / engine": median(bare / ours for bare, ours in zip(gathered, visits, strict=True)),
        "activations a second": rate,
        "reads a second": rate * items,
        "edge visits a second": median(
            heads / part.seconds["tick"] for heads, part in zip(visited, rounds, strict=True)
        ),
        "edge visits a second of reading": median(visits),
        "edges a second of the bare gather": median(gathered),
        "ms a tick": summarise_phases(rounds, plan.ticks),
    }


def compute_ratios(slow: list[Round], fast: list[Round], activation: tuple[str, ...]) -> dict[str, float]:
    """Return the ratios of slow to fast time for an activation: medians over rounds of the same hours."""
    parts = {"an activation": activation, "with publishing and moderating": SHARED, "a whole tick": ("tick",)}
    return {
        name: median(
            theirs.compute_each(phases) / ours.compute_each(phases) for theirs, ours in zip(slow, fast, strict=True)
        )
        for name, phases in parts.items()
    }


def summarise_phases(rounds: list[Round], ticks: int) -> dict[str, float]:
    """Return milliseconds of a tick in each phase, medians of rounds."""
    return {name: 1e3 * median(part.seconds[name] / ticks for part in rounds) for name in (*PHASES, "tick")}


def is_same_state(engine: World, plain: PlainWorld) -> bool:
    """Return whether all columns of accounts and ledger are equal, bit for bit."""
    pairs: list[tuple[Any, Any]] = list(zip(engine.accounts, to_accounts(plain), strict=True))
    pairs += zip(engine.state.ledger.get_rows(), to_ledger(plain), strict=True)
    return all(ours.tobytes() == theirs.tobytes() for ours, theirs in pairs)
