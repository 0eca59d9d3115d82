"""A world: one platform, its people and its organised actors, as a Mesa model."""

import logging
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd

from sim.actors.army import Army
from sim.actors.base import AccountBatch, Actor, Operators, draw_followers_again
from sim.actors.contender import find_contenders
from sim.actors.evading_actor import add_evasion
from sim.actors.evasion import NO_EVASION, Evasion, add_aged_ties
from sim.actors.propagandist import Extremists
from sim.agents import ColumnModel, parse_seed
from sim.agents.measures import Measures
from sim.campaigns import Campaign
from sim.errors import InputError
from sim.hour import WorldState, create_observers, start_mechanisms
from sim.mechanisms.base import Mechanisms
from sim.memory import check_memory
from sim.observers.base import Observer
from sim.observers.extremism import ExtremistCompetition
from sim.observers.opinion import Opinion
from sim.observers.reach import PerceivedNumbers, Reach
from sim.observers.targets import TargetOutcomes
from sim.observers.voice import SpeechCounts
from sim.platform.timelines import Timelines
from sim.setting import Force, Setting
from sim.state.accounts import I64, NEVER, Accounts, Register, concatenate_accounts
from sim.state.dynamic_graph import DynamicGraph
from sim.state.graph import Graph, extend_graph
from sim.state.posts import Ledger, Posts
from sim.state.topics import Topics
from sim.state.truth import GENUINE, ORGANIC, ROLES, TROLL, Truth
from sim.tick import list_schedule, run_tick


class _Unasked(int):
    """A seed that nobody gave."""


BIG = 300_000  #: people, from which on it is said that a world is being built
WINDOW_SECONDS = 48 * 3600  #: seconds for which posts stay in memory
_FIRST_SEED = _Unasked(1)

_LOGGER = logging.getLogger("sim")


class World(ColumnModel):
    """One world under one setting and seed.

    People and graph are drawn first, from their own keys. Organised accounts are appended after them, so the people are
    the same with and without an operation.

    Args:
        setting: all rules; by default those of the default world.
        rng: the seed, a whole number >= 0, or anything that `parse_seed` accepts.
        archive: receives (first serial, columns) of posts that leave the memory. It should call
            `state.truth.pop_orders` for them: only a world with an archive logs orders.
        threads: number of threads; it does not change results. Many worlds use a machine better if each of them
            runs in one thread.
        seed: another name of `rng`.
        kwargs: changes to the setting, as `Setting.replace` takes them: ticks=48 or **{"army.size": 20}; the
            latter is how Mesa's `batch_run` and `SolaraViz` pass parameters.

    Raises:
        InputError: a victim is unknown, a rule does not fit the population, or an argument is wrong.
    """

    def __init__(
        self,
        setting: Setting | None = None,
        rng: Any = _FIRST_SEED,
        archive: Callable[[int, Posts], None] | None = None,
        threads: int = 1,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rng=_choose_seed(rng, seed))
        if not isinstance(setting, Setting | None):
            raise InputError(f"setting={setting!r} is not a Setting: use Setting(...) or load('KEY=VALUE')")
        self.setting = (setting or Setting()).replace(_read_changes(kwargs))
        check_memory(self.setting)
        if (size := self.setting.population.size) >= BIG:
            _LOGGER.info("a world of %s people is being built, which takes a while", f"{size:,}")
        self.now = 0
        self.notes: tuple[str, ...] = ()
        self.state = self._build_state(archive, threads)
        self.accounts = self.state.accounts
        self.role = self.state.truth.role.copy()  # custom types are added to it
        self.observers: list[Observer] = [
            SpeechCounts(),
            Reach(),
            PerceivedNumbers(self.n_organic),
            Opinion(),
            *self._make_observers(),
        ]
        self.datacollector = self._measures = Measures()

    @property
    def n_organic(self) -> int:
        """Number of ordinary people; their rows come first."""
        return self.state.truth.n_organic

    @property
    def graph(self) -> Graph:  # type: ignore[override]  # others assign it once
        """Who follows whom now."""
        return self.state.dynamic_graph.graph

    @property
    def history(self) -> pd.DataFrame:
        """All measures so far, one row for each tick."""
        return pd.DataFrame(self._measures.model_vars)

    def schedule(self) -> pd.DataFrame:
        """Return what happens in an hour of this world, in order.

        Columns: phase; who acts, a mechanism by its name; hook, of a mechanism; names of what it reads and writes, as
        `sim.tick` explains them.
        """
        return pd.DataFrame(list_schedule(self.state.mechanisms.rules))

    def __repr__(self) -> str:
        organised = np.count_nonzero(self.state.register.opened_at[self.n_organic :] <= self.now)
        return (
            f"<{type(self).__name__}: {self.n_organic} people, {organised} organised accounts, "
            f"hour {self.now} of {self.setting.ticks}, seed {self.seed}>"
        )

    def step(self) -> None:
        """Simulate one hour; after the setting's last hour `running` is False, so that `run_model` ends."""
        step = run_tick(self.state, self.setting, self.now)
        row: dict[str, float] = {"tick": self.now}
        for observer in self.observers:
            row.update(observer.observe(step))
        self._measures.note(row)
        self.now += 1
        self.running = self.now < self.setting.ticks

    def run(self, ticks: int, progress: Callable[[int], None] | None = None) -> pd.DataFrame:
        """Simulate `ticks` hours, also beyond the setting's; call progress(1) after each. Return the history.

        Raises:
            InputError: `ticks` is not a whole number >= 0.
        """
        if not isinstance(ticks, int | np.integer) or ticks < 0:
            raise InputError(f"run({ticks!r}) must be a whole number of hours from 0")
        for _ in range(ticks):
            self.step()
            if progress is not None:
                progress(1)
        return self.history

    def fork(self, campaign: Campaign) -> Self:
        """Return a copy of this world that continues with another campaign.

        Raises:
            ValueError: a campaign has begun, or the two differ in their first or last hour.
        """
        ours = self.setting.campaign
        if self.now > ours.start or (ours.start, ours.hours) != (campaign.start, campaign.hours):
            raise ValueError(f"a world at hour {self.now} cannot start a campaign of hour {campaign.start}")
        twin = deepcopy(self)
        twin.setting = replace(self.setting, campaign=campaign)
        army = twin._create_army(twin.state.truth, twin.accounts, twin.state.operators.account_rows[0])
        twin.state.actors = (*army, *twin.state.actors[len(army) :])
        return twin

    def _build_state(self, archive: Callable[[int, Posts], None] | None, threads: int) -> WorldState:
        rules, seed = self.setting, self.seed
        people, graph = self._draw_people()
        rules.check_victims(len(people.key))
        batches, operators, register = self._create_organised(people, graph)
        accounts = concatenate_accounts([people, *(batch.accounts for batch in batches)])
        sizes = [len(people.key), *(len(batch.accounts.key) for batch in batches)]
        roles = [ORGANIC, TROLL, *(ROLES.index(force.role) for force in self._forces)]
        role = np.repeat(np.array(roles, np.int8), sizes[: len(roles)])
        role = np.concatenate([role, np.resize(role[len(people.key) :], len(accounts.key) - len(role))])  # the reserve
        ties = [np.concatenate([getattr(batch, end) for batch in batches]) for end in ("source", "target")]
        truth = Truth(role, np.full(len(role), -1, np.int32), logging=archive is not None)
        actors = (
            *self._create_army(truth, accounts, operators.account_rows[0]),
            *self._create_forces(operators.account_rows[1:], accounts),
        )
        spare = operators.first_spare
        truth.officer[spare:] = np.resize(truth.officer[len(people.key) : spare], len(role) - spare)
        mechanisms = Mechanisms(rules.list_mechanisms())
        state = WorldState(
            accounts=accounts,
            register=register,
            dynamic_graph=DynamicGraph(extend_graph(graph, ties[0], ties[1], len(role))),
            ledger=Ledger(WINDOW_SECONDS, archive),
            topics=Topics(rules.expression.topics + sum(rule.extra_topics for rule in mechanisms.rules)),
            timelines=Timelines(len(role)),
            truth=truth,
            actors=actors,
            operators=operators,
            custom_agents=self.custom_agents,
            competes_for_slots=(role != TROLL) | rules.attention.army_competes,
            seed=seed,
            threads=threads,
            recruited=np.zeros(len(role), np.bool_),
            mechanisms=mechanisms,
        )
        start_mechanisms(state, rules)
        return state

    def _make_observers(self) -> list[Observer]:
        """Return the observers of the optional parts that this world has, one of each class."""
        made: list[Observer] = []
        if any(hasattr(force, "operations") for force in self.setting.forces):
            made.append(TargetOutcomes())
        made += create_observers(self.state, self.setting)
        if contenders := find_contenders(self.state.actors):
            made.append(ExtremistCompetition(contenders, self.accounts.stance_extremist[: self.n_organic]))
        first: dict[type, Observer] = {}
        for observer in made:
            first.setdefault(type(observer), observer)
        return list(first.values())

    def _draw_people(self) -> tuple[Accounts, Graph]:
        rules, seed = self.setting, self.seed
        size = rules.graph.size(rules.population.size)
        network = rules.graph(size, rules.population.propose_stances(size, seed), seed)
        self.notes = network.notes
        people = rules.population.draw(network.stance, np.diff(network.graph.followers_start), seed)
        return people, network.graph

    @property
    def _forces(self) -> tuple[Force, ...]:
        """All forces except the army."""
        return (self.setting.extremists, *self.setting.forces)

    def _create_batches(self, people: Accounts, graph: Graph) -> list[AccountBatch]:
        batches, count, seed = [], len(people.key), self.seed
        first, following = count, np.diff(graph.following_start)
        forces: tuple[Army | Force, ...] = (self.setting.army, *self._forces)
        for force, evasion in zip(forces, (self.setting.evasion, *map(self._get_evasion, self._forces)), strict=True):
            batch = force.create_accounts(count, first, seed)
            if isinstance(force, Army | Extremists) and force.affinity:
                batch = draw_followers_again(batch, first, force.weigh_followers(people, following), seed)
            batches.append(add_aged_ties(evasion, batch, first, graph, seed))
            first += len(batch.accounts.key)
        return batches

    def _get_evasion(self, force: Force) -> Evasion:
        """Return how the accounts of `force` evade detection; genuine accounts do not."""
        return NO_EVASION if ROLES.index(force.role) in GENUINE else self.setting.evasion

    def _create_organised(self, people: Accounts, graph: Graph) -> tuple[list[AccountBatch], Operators, Register]:
        """Return the account batches (the reserve last), the operators of these accounts, and their register."""
        returns, n_organic, batches = self.setting.returns, len(people.key), self._create_batches(people, graph)
        keys = np.concatenate([batch.accounts.key for batch in batches])
        ends = n_organic + np.cumsum([0, *(len(batch.accounts.key) for batch in batches)])
        account_rows, count = [np.arange(first, end) for first, end in pairwise(ends)], int(ends[-1])
        operators = Operators(account_rows, keys, count)
        register = Register(np.zeros(count, np.int64), np.full(count, -1, np.int64))
        unopened_count = [
            rows[len(rows) - batch.unopened_count :] for rows, batch in zip(account_rows, batches, strict=True)
        ]
        if returns:
            batches.append(returns.create_reserve(keys, n_organic, count, self.seed))
            register = returns.make_register(count + len(batches[-1].accounts.key), keys, self.seed)
        register.opened_at[np.concatenate(unopened_count)] = NEVER
        return batches, operators, register

    def _create_army(self, truth: Truth, accounts: Accounts, rows: I64) -> tuple[Actor, ...]:
        if not rows.size:
            return ()
        army = self.setting.army.create_actor(self.setting.campaign, rows, accounts.key[rows], self.seed)
        truth.officer[rows] = army.officer
        return (add_evasion(self.setting.evasion, army, rows, accounts.key[rows], self.seed),)

    def _create_forces(self, account_rows: Sequence[I64], accounts: Accounts) -> Iterator[Actor]:
        for force, rows in zip(self._forces, account_rows, strict=True):
            if len(rows) or getattr(force, "hired", 0):
                keys = accounts.key[rows]
                yield add_evasion(
                    self._get_evasion(force), force.create_actor(rows, keys, self.seed), rows, keys, self.seed
                )


def _read_changes(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return changes to the setting, without the scenario object that the page of Mesa 3.5 adds."""
    given = kwargs.get("scenario")
    if isinstance(given, str):
        raise InputError(f"scenario={given!r} is a configuration: use World(load('scenario={given}'))")
    return {name: value for name, value in kwargs.items() if name != "scenario"}


def _choose_seed(rng: Any, seed: Any) -> int:
    """Return the seed, which is given as `rng` or as `seed`."""
    if seed is None:
        return parse_seed(rng)
    if rng is not _FIRST_SEED:
        raise InputError(f"rng={rng!r} and seed={seed!r} both give the seed: give one of them")
    return parse_seed(seed)
