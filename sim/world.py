"""A world: one platform, its people and its organised actors, as a Mesa model."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sim.actors.base import Actor, Band
from sim.agents import ColumnModel, whole_seed
from sim.campaigns import Campaign
from sim.observers.base import Observer
from sim.observers.opinion import Opinion
from sim.observers.reach import Numbers, Reach
from sim.observers.voice import Voice
from sim.platform.timelines import Timelines
from sim.setting import Force, Setting
from sim.state.accounts import Accounts, concatenate
from sim.state.graph import Graph, extended
from sim.state.posts import Ledger, Posts
from sim.state.topics import Topics
from sim.state.truth import ORGANIC, ROLES, TROLL, Truth
from sim.tick import State, tick

WINDOW = 48 * 3600  #: seconds for which posts stay in memory


class World(ColumnModel):
    """One world under one setting and seed.

    People and graph are drawn first, from their own keys; organised accounts are appended behind them,
    so that the people are the same with and without an operation.

    Args:
        setting: all rules; the default is the default world of the main job.
        rng: the seed, a whole number >= 0.
        archive: receives (first serial, columns) of the posts that leave the memory; it should `take` what
            `state.truth` has logged about them, which only a world with an archive logs.
        threads: how many may be at work at once; the results are the same bits. Many worlds use a machine
            better by running side by side, one thread each.

    Raises:
        InputError: the campaign has nobody to act on, or a rule does not fit the population.
    """

    def __init__(
        self,
        setting: Setting | None = None,
        rng: Any = 1,
        archive: Callable[[int, Posts], None] | None = None,
        threads: int = 1,
    ) -> None:
        super().__init__(rng=rng)
        self.setting = setting or Setting()
        self.seed = whole_seed(rng)
        self.now = 0
        self.notes: tuple[str, ...] = ()
        self.state = self._settle(archive, threads)
        self.accounts, self.graph = self.state.accounts, self.state.graph
        self.role = self.state.truth.role.copy()  # to which types of one's own are added
        self.observers: list[Observer] = [Voice(), Reach(), Numbers(self.n_organic), Opinion()]
        self._history: list[dict[str, float]] = []

    @property
    def n_organic(self) -> int:
        """Number of ordinary people; their rows come first."""
        return self.state.truth.n_organic

    @property
    def history(self) -> pd.DataFrame:
        """All measures of all ticks played so far, one row a tick."""
        return pd.DataFrame(self._history)

    def step(self) -> None:
        """Play one hour."""
        moment = tick(self.state, self.setting, self.now)
        row: dict[str, float] = {"tick": self.now}
        for observer in self.observers:
            row.update(observer.observe(moment))
        self._history.append(row)
        self.now += 1

    def run(self, ticks: int, progress: Callable[[int], None] | None = None) -> pd.DataFrame:
        """Play `ticks` hours, calling progress(1) after each; return the history."""
        for _ in range(ticks):
            self.step()
            if progress is not None:
                progress(1)
        return self.history

    def fork(self, campaign: Campaign) -> "World":
        """Return a copy of this world that goes on under another campaign.

        Raises:
            ValueError: one of the two campaigns has begun, or they begin or end at other hours.
        """
        ours = self.setting.campaign
        if self.now > ours.start or (ours.start, ours.hours) != (campaign.start, campaign.hours):
            raise ValueError(f"a world at hour {self.now} can not take up a campaign of hour {campaign.start}")
        twin = deepcopy(self)
        twin.setting = replace(self.setting, campaign=campaign)
        army = twin._army(twin.state.truth, twin.accounts)
        twin.state.actors = (*army, *twin.state.actors[len(army) :])
        return twin

    def _settle(self, archive: Callable[[int, Posts], None] | None, threads: int) -> State:
        rules, seed = self.setting, self.seed
        people, graph = self._people()
        rules.campaign.check_victims(len(people.key))
        bands = self._bands(len(people.key))
        accounts = concatenate([people, *(band.accounts for band in bands)])
        sizes = [len(people.key), *(len(band.accounts.key) for band in bands)]
        roles = [ORGANIC, TROLL, *(ROLES.index(force.role) for force in self._forces)]
        role = np.repeat(np.array(roles, np.int8), sizes)
        ties = [np.concatenate([getattr(band, end) for band in bands]) for end in ("source", "target")]
        truth = Truth(role, np.full(len(role), -1, np.int32), logging=archive is not None)
        return State(
            accounts=accounts,
            graph=extended(graph, ties[0], ties[1], len(role)),
            ledger=Ledger(WINDOW, archive),
            topics=Topics(rules.expression.topics),
            timelines=Timelines(len(role)),
            truth=truth,
            actors=(*self._army(truth, accounts), *self._others(sizes, accounts)),
            own=self.own,
            crowds=(role != TROLL) | rules.attention.crowding,
            seed=seed,
            threads=threads,
        )

    def _people(self) -> tuple[Accounts, Graph]:
        rules, seed = self.setting, self.seed
        size = rules.graph.size(rules.population.size)
        network = rules.graph(size, rules.population.stances(size, seed), seed)
        self.notes = network.notes
        people = rules.population.draw(network.stance, np.diff(network.graph.followers_start), seed)
        return people, network.graph

    @property
    def _forces(self) -> tuple[Force, ...]:
        """Everybody organised but the army."""
        return (self.setting.extremists, *self.setting.forces)

    def _bands(self, people: int) -> list[Band]:
        bands = [self.setting.army.enlist(people, people, self.seed)]
        first = people + len(bands[0].accounts.key)
        for force in self._forces:
            bands.append(force.enlist(people, first, self.seed))
            first += len(bands[-1].accounts.key)
        return bands

    def _army(self, truth: Truth, accounts: Accounts) -> tuple[Actor, ...]:
        rows = np.flatnonzero(truth.role == TROLL)
        if not rows.size:
            return ()
        army = self.setting.army.muster(self.setting.campaign, rows, accounts.key[rows], self.seed)
        truth.officer[rows] = army.officer
        return (army,)

    def _others(self, sizes: list[int], accounts: Accounts) -> Iterator[Actor]:
        ends = np.cumsum(sizes)[1:]
        for force, (first, end) in zip(self._forces, pairwise(ends), strict=True):
            if end > first:
                yield force.muster(np.arange(first, end), accounts.key[first:end], self.seed)
