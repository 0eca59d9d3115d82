"""Runs: worlds that are compared with one another, and what each leaves."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from experiments.workers import get_spawn_context
from sim.campaigns import Campaign

if TYPE_CHECKING:
    import pandas as pd

    from experiments.running.player import Player
    from sim.setting import Setting
    from sim.world import World


@dataclass(frozen=True)
class Run:
    """One world to be played, and where its results belong."""

    family: str  #: main | knockout | dose | robustness | fight_back | mix | prior
    variant: str
    arm: str
    effort: str
    seed: int
    setting: Setting
    ticks: int

    @property
    def labels(self) -> dict[str, Any]:
        """Columns that name this run in the tables."""
        return {name: getattr(self, name) for name in ("family", "variant", "arm", "effort", "seed")}


@dataclass(frozen=True)
class RunResult:
    """What a run leaves: one row, its hourly measures, and what its graph says of itself."""

    row: dict[str, Any]
    ticks: pd.DataFrame
    transitions: pd.DataFrame | None  #: from the arm "none" to this one; None without that arm before it, or for it
    groups: pd.DataFrame | None  #: what groups of dissenters lose under the whole operation
    notes: tuple[str, ...]


def simulate_run(run: Run) -> RunResult:
    """Simulate one world in this process."""
    return simulate_group([run])[0]


def fork_arms(
    setting: Setting,
    seed: int,
    ticks: int,
    arms: Iterable[Campaign],
    prepare: Callable[[World], None] = lambda world: None,
) -> Iterator[World]:
    """Yield a world an arm, simulated to its end; until the campaign starts they are one world, simulated once.

    A fork goes on exactly as the whole run would (tests/test_fork.py).

    Args:
        setting: of all arms but for the campaign's conduct.
        seed: of all arms.
        ticks: length of each, h.
        arms: the campaigns, each with the start of the setting's own.
        prepare: is given the world before its first hour, to observe it.
    """
    from sim.world import World

    trunk = World(setting, rng=seed)
    prepare(trunk)
    trunk.run(min(ticks, setting.campaign.start))
    for campaign in arms:
        world = trunk.fork(campaign)
        world.run(ticks - world.now)
        yield world


def simulate_group(runs: Sequence[Run]) -> list[RunResult]:
    """Simulate worlds that are one world until their campaigns begin; the first one's time holds the quiet days.

    All runs have the same seed and ticks, and settings that differ in the campaign's conduct only
    (`get_shared_prefix`).
    """
    from experiments.analysis.arms import ALL
    from experiments.analysis.groups import count_by_group, count_voices
    from experiments.analysis.transitions import count_transitions
    from sim.observers.intentions import IntentionRecorder

    first, begun, found, none = runs[0], time.perf_counter(), list[RunResult](), None
    arms = (run.setting.campaign for run in runs)
    for run, world in zip(runs, fork_arms(first.setting, first.seed, first.ticks, arms, _observe), strict=True):
        ended = time.perf_counter()
        result = _summarise(world, run, ended - begun)
        intentions = next(each.make_table() for each in world.observers if isinstance(each, IntentionRecorder))
        if not run.setting.campaign.tactics:
            none = intentions
            result.row["voices"] = count_voices(none)
        elif none is not None:
            who = count_by_group(none, intentions, world) if run.arm == ALL else None
            result = replace(result, transitions=count_transitions(none, intentions), groups=who)
        found.append(result)
        begun = ended
    return found


def _observe(world: World) -> None:
    from sim.observers.intentions import IntentionRecorder
    from sim.observers.topic_volume import TopicVolume

    world.observers += [IntentionRecorder(), TopicVolume()]


def _summarise(world: World, run: Run, spent: float) -> RunResult:
    from experiments.analysis.summary import MEASURES, summarise_run

    history, campaign = world.history, run.setting.campaign
    measures = summarise_run({name: history[name].to_numpy() for name in MEASURES}, campaign.start, campaign.end)
    during = history.iloc[campaign.start : campaign.end][["army_contested_posts", "contested_posts"]].sum()
    measures["army_share"] = float(during.iloc[0] / during.iloc[1]) if during.iloc[1] else float("nan")
    labels = {name: getattr(run, name) for name in ("arm", "effort", "seed")}
    return RunResult(run.labels | measures | {"wall_time": spent}, history.assign(**labels), None, None, world.notes)


def get_shared_prefix(run: Run) -> tuple[Setting, int, int]:
    """Return what determines a run until its campaign begins: setting without the campaign's conduct, seed, ticks."""
    start, hours = run.setting.campaign.start, run.setting.campaign.hours
    return replace(run.setting, campaign=Campaign(start=start, hours=hours)), run.seed, run.ticks


def simulate_all(runs: Sequence[Run], play: Player, label: str, compiled: bool = False) -> list[RunResult]:
    """Return what every run leaves, in their order; those with shared quiet days are one job.

    Unless they are `compiled`, kernels are compiled first, here by the first run cut short and in a worker, so that the
    workers only load them.
    """
    groups: dict[tuple[Setting, int, int], list[Run]] = {}
    for run in runs:
        groups.setdefault(get_shared_prefix(run), []).append(run)
    jobs = list(groups.values())
    ahead = None if compiled or play.workers == 1 else partial(compile_kernels, runs)
    found = zip(jobs, play(simulate_group, jobs, label, ahead), strict=True)
    ended = {run: result for group, results in found for run, result in zip(group, results, strict=True)}
    return [ended[run] for run in runs]


def compile_kernels(runs: Sequence[Run]) -> None:
    """Compile what these runs need, the largest kernels in a process of its own beside this one."""
    beside = get_spawn_context().Process(target=_compile_beside)
    beside.start()
    warm_up(runs)
    beside.join()


def _compile_beside() -> None:
    from experiments.running.worker import start_worker

    start_worker()
    compile_largest()


def compile_largest() -> None:
    """Compile the kernels that take longest, on nobody: in a worker, while the parent compiles the others.

    Reading comes first, as the parent needs it first.
    """
    import numpy as np

    from sim.people.attention import Attention
    from sim.people.expression import Expression
    from sim.platform.feed import Feed
    from sim.platform.timelines import Timelines
    from sim.rules import get_values
    from sim.state.accounts import make_blank_accounts
    from sim.state.graph import Adjacency
    from sim.state.posts import Ledger
    from sim.state.records import HOUR, ActiveUsers, StateUpdate
    from sim.state.topics import Topics

    rows, whole, number, flags = np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_)
    people, nobody, posts, topics = (
        make_blank_accounts(0),
        ActiveUsers(rows, rows, whole, flags, 0, HOUR),
        Ledger(1).get_rows(),
        Topics(1),
    )
    feed, attention, speech = Feed(), get_values(Attention()), Expression()
    with pause_collector():
        streams = topics.serials, topics.lengths
        display = feed.build_candidates(posts, 0, Timelines(0).columns, streams, whole, flags, attention, 0, HOUR)
        seen = feed.read(people, Adjacency(whole, whole, rows), posts, 0, display, nobody, attention, 1, 0)
        change = StateUpdate(number, number, number, number, number, number, whole, whole, flags)
        wanted = speech.decide(people, nobody, change, number, 1, 0)
        speech.speak(people, posts, 0, nobody, seen, change, wanted, 1, 0)


@contextmanager
def pause_collector() -> Iterator[None]:
    """Do without Python's collector in this block, where kernels are compiled.

    A compiler makes millions of objects that stay; to look at them again and again takes a fifth of its time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def warm_up(runs: Sequence[Run]) -> None:
    """Compile every kernel these runs need, on worlds of few people with a campaign from the first hour.

    Four days are enough that some leave because of abuse and that reports are judged.
    """
    seen: set[tuple[type, ...]] = set()
    for run in runs:
        kinds = tuple(type(getattr(run.setting, name)) for name in run.setting.__dataclass_fields__)
        if kinds in seen:
            continue
        seen.add(kinds)
        small: dict[str, Any] = {"population.size": 50, "army.size": 30}
        small |= {"campaign.start": 1, "campaign.tactics": ("flood", "abuse"), "campaign.victims": ()}
        small |= {"moderation.threshold": 1} if hasattr(run.setting.moderation, "threshold") else {}
        with pause_collector():
            simulate_run(Run("", "", "", "", 1, run.setting.replace(small), 96))
