"""Runs of a replay: the worlds of one seed side by side, with films of those that are shown."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from experiments.teaching.changes import compute_changes
from experiments.teaching.curves import Curves
from experiments.teaching.film import Film
from sim.campaigns import Campaign
from sim.observers.intentions import IntentionRecorder
from sim.setting import Setting
from sim.state.accounts import DISSENTER
from sim.state.graph import Graph
from sim.world import World


class ReplayJob(NamedTuple):
    """What is to be played: one world or two, in one seed."""

    settings: tuple[Setting, ...]
    seed: int
    ticks: int
    people: int  #: shown in a film; 0 for no film


class ReplayRun(NamedTuple):
    """What was played, a world after the other as in `ReplayJob.settings`."""

    histories: tuple[pd.DataFrame, ...]
    bystander_withheld: tuple[int, ...]  #: posts withheld by dissenters who never got abuse, since the campaign began
    films: tuple[Film, ...]  #: none if no film was asked for
    changes: Curves  #: `compute_changes` of the worlds
    graphs: tuple[Graph, ...]
    note: str  #: what the last graph says of itself


def run_job(job: ReplayJob) -> ReplayRun:
    """Simulate a job in this process. Worlds that differ in the campaign's conduct alone are one until it begins."""
    worlds = fork_worlds(job) if can_fork(job.settings) else create_worlds(job)
    for world in worlds:
        world.run(job.ticks - world.now)
    return collect_run(worlds)


def collect_run(worlds: Sequence[World]) -> ReplayRun:
    """Return what is to be shown of worlds that have been played."""
    films = tuple(film for world in worlds for film in world.observers if isinstance(film, Film))
    histories, unhurt = (
        tuple(world.history for world in worlds),
        tuple(_count_bystander_withheld(world) for world in worlds),
    )
    graphs = tuple(world.graph for world in worlds)
    return ReplayRun(histories, unhurt, films, compute_changes(worlds), graphs, worlds[-1].notes[-1])


def _count_bystander_withheld(world: World) -> int:
    people = world.accounts
    return int(people.withheld[(people.cohort == DISSENTER) & (people.abuse_received == 0)].sum())


def can_fork(settings: Sequence[Setting]) -> bool:
    """Return whether the settings differ only in the campaign's conduct, with the same start and end."""
    campaigns = {(setting.campaign.start, setting.campaign.hours) for setting in settings}
    bare = [replace(setting, campaign=Campaign()) for setting in settings]
    return len(campaigns) == 1 and all(setting == bare[0] for setting in bare)


def fork_worlds(job: ReplayJob) -> list[World]:
    """Simulate the quiet days once and fork them."""
    trunk = create_worlds(job._replace(settings=job.settings[-1:]))[0]
    trunk.run(min(job.ticks, trunk.setting.campaign.start))
    return [*(trunk.fork(setting.campaign) for setting in job.settings[:-1]), trunk]


def create_worlds(job: ReplayJob) -> list[World]:
    """Return a world a setting, before its first hour."""
    worlds = [World(setting, rng=job.seed) for setting in job.settings]
    for world in worlds:
        world.observers.append(IntentionRecorder())
        if job.people:
            world.observers.append(Film(world, job.people))
    return worlds
