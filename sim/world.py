"""A world: one platform, its people and its organised actors, as a Mesa model."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd

from sim.actors.army import Army
from sim.actors.base import AccountBatch, Actor
from sim.actors.contender import ContenderOrganisation
from sim.actors.evading_actor import add_evasion, unwrap_actor
from sim.actors.evasion import NO_EVASION, Evasion, add_aged_ties
from sim.actors.returns import Operators
from sim.agents import ColumnModel, parse_seed
from sim.agents.measures import Measures
from sim.campaigns import Campaign
from sim.errors import InputError
from sim.observers.base import Observer
from sim.observers.countering import DissenterResponse
from sim.observers.extremism import ClosedRooms, ExtremistCompetition
from sim.observers.harm import Harm
from sim.observers.mechanisms import CredibilityMeasures, MoraleMeasures, Rallies, TargetOutcomes
from sim.observers.opinion import Opinion
from sim.observers.reach import PerceivedNumbers, Reach
from sim.observers.turnover import Turnover
from sim.observers.voice import SpeechCounts
from sim.people.migration import MigrationState
from sim.platform.channels import Rooms
from sim.platform.timelines import Timelines
from sim.setting import Force, Setting
from sim.state.accounts import I64, NEVER, Accounts, Register, concatenate_accounts
from sim.state.dynamic_graph import DynamicGraph
from sim.state.graph import Graph, extend_graph
from sim.state.posts import Ledger, Posts
from sim.state.topics import Topics
from sim.state.truth import GENUINE, ORGANIC, ROLES, TROLL, Truth
from sim.tick import WorldState, run_tick

WINDOW_SECONDS = 48 * 3600  #: seconds for which posts stay in memory


class World(ColumnModel):
    """One world under one setting and seed.

    People and graph are drawn first, from their own keys; organised accounts are appended behind them,
    so that the people are the same with and without an operation.

    Args:
        setting: all rules; the default is the default world of the main job.
        rng: the seed, a whole number >= 0, or what `parse_seed` makes one of.
        archive: receives (first serial, columns) of the posts that leave the memory; it should `take` what
            `state.truth` has logged about them, which only a world with an archive logs.
        threads: how many may be at work at once; the results are the same bits. Many worlds use a machine
            better by running side by side, one thread each.
        seed: the same as `rng`, by its other name.
        kwargs: what is otherwise in the setting, as `Setting.replace` takes it: ticks=48, or, as Mesa's `batch_run` and
            `SolaraViz` hand them on, **{"army.size": 20}.

    Raises:
        InputError: the campaign has nobody to act on, a rule does not fit the population, or an argument is wrong.
    """

    def __init__(
        self,
        setting: Setting | None = None,
        rng: Any = 1,
        archive: Callable[[int, Posts], None] | None = None,
        threads: int = 1,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rng=_one_seed(rng, seed))
        if not isinstance(setting, Setting | None):
            raise InputError(f"setting={setting!r} is no Setting: say Setting(...), or load it by load('KEY=VALUE')")
        self.setting = (setting or Setting()).replace(_changes(kwargs))
        self.now = 0
        self.notes: tuple[str, ...] = ()
        self.state = self._build_state(archive, threads)
        self.accounts = self.state.accounts
        self.role = self.state.truth.role.copy()  # to which types of one's own are added
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
        """All measures of all ticks played so far, one row a tick."""
        return pd.DataFrame(self._measures.model_vars)

    def __repr__(self) -> str:
        organised = np.count_nonzero(self.state.register.opened_at[self.n_organic :] <= self.now)
        return (
            f"<{type(self).__name__}: {self.n_organic} people, {organised} organised accounts, "
            f"hour {self.now} of {self.setting.ticks}, seed {self.seed}>"
        )

    def step(self) -> None:
        """Play one hour; after the setting's last one `list_running` is False, so that `run_model` ends."""
        step = run_tick(self.state, self.setting, self.now)
        row: dict[str, float] = {"tick": self.now}
        for observer in self.observers:
            row.update(observer.observe(step))
        self._measures.note(row)
        self.now += 1
        self.running = self.now < self.setting.ticks

    def run(self, ticks: int, progress: Callable[[int], None] | None = None) -> pd.DataFrame:
        """Play `ticks` hours, be they more than the setting's, calling progress(1) after each; return the history."""
        for _ in range(ticks):
            self.step()
            if progress is not None:
                progress(1)
        return self.history

    def fork(self, campaign: Campaign) -> Self:
        """Return a copy of this world that goes on under another campaign.

        Raises:
            ValueError: one of the two campaigns has begun, or they begin or end at other hours.
        """
        ours = self.setting.campaign
        if self.now > ours.start or (ours.start, ours.hours) != (campaign.start, campaign.hours):
            raise ValueError(f"a world at hour {self.now} can not take up a campaign of hour {campaign.start}")
        twin = deepcopy(self)
        twin.setting = replace(self.setting, campaign=campaign)
        army = twin._create_army(twin.state.truth, twin.accounts, twin.state.operators.account_rows[0])
        twin.state.actors = (*army, *twin.state.actors[len(army) :])
        return twin

    def _build_state(self, archive: Callable[[int, Posts], None] | None, threads: int) -> WorldState:
        rules, seed = self.setting, self.seed
        people, graph = self._draw_people()
        rules.check_victims(len(people.key))
        bands, operators, register = self._create_organised(len(people.key), graph)
        accounts = concatenate_accounts([people, *(band.accounts for band in bands)])
        if rules.credibility:
            rules.credibility.initialise(accounts, len(people.key))
        sizes = [len(people.key), *(len(band.accounts.key) for band in bands)]
        roles = [ORGANIC, TROLL, *(ROLES.index(force.role) for force in self._forces)]
        role = np.repeat(np.array(roles, np.int8), sizes[: len(roles)])
        role = np.concatenate([role, np.resize(role[len(people.key) :], len(accounts.key) - len(role))])  # the reserve
        ties = [np.concatenate([getattr(band, end) for band in bands]) for end in ("source", "target")]
        truth = Truth(role, np.full(len(role), -1, np.int32), logging=archive is not None)
        actors = (
            *self._create_army(truth, accounts, operators.account_rows[0]),
            *self._create_forces(operators.account_rows[1:], accounts),
        )
        spare = operators.first_spare
        truth.officer[spare:] = np.resize(truth.officer[len(people.key) : spare], len(role) - spare)
        return WorldState(
            accounts=accounts,
            register=register,
            dynamic_graph=DynamicGraph(extend_graph(graph, ties[0], ties[1], len(role))),
            ledger=Ledger(WINDOW_SECONDS, archive),
            topics=Topics(rules.expression.topics + bool(rules.migration)),
            timelines=Timelines(len(role)),
            truth=truth,
            actors=actors,
            operators=operators,
            custom_agents=self.custom_agents,
            competes_for_slots=(role != TROLL) | rules.attention.army_competes,
            seed=seed,
            threads=threads,
            recruited=np.zeros(len(role), np.bool_),
            rooms=Rooms(rules.channels, len(people.key)) if rules.channels else None,
            migration=MigrationState(len(role)) if rules.migration else None,
        )

    def _make_observers(self) -> Iterator[Observer]:
        """Yield observers of what this world has and others lack."""
        rules = self.setting
        if any(hasattr(force, "operations") for force in rules.forces):
            yield TargetOutcomes()
        if any(event.rally_share for event in rules.events):
            yield Rallies()
        if rules.credibility:
            yield CredibilityMeasures()
        if rules.morale:
            yield MoraleMeasures()
        if rules.following or rules.returns or rules.pressure:
            yield Turnover(self.state.dynamic_graph, self.state.operators)
        stance = self.state.accounts.stance_extremist[: self.n_organic].copy()
        contenders = [
            actor for actor in map(unwrap_actor, self.state.actors) if isinstance(actor, ContenderOrganisation)
        ]
        if contenders or rules.recruiting:
            yield ExtremistCompetition(contenders, stance)
        if self.state.rooms:
            yield ClosedRooms(self.state.rooms, self.state.recruited, stance)
        if rules.migration or rules.solidarity:
            yield DissenterResponse(self.state.migration.moved if self.state.migration else None)
        if rules.defences:
            yield Harm()

    def _draw_people(self) -> tuple[Accounts, Graph]:
        rules, seed = self.setting, self.seed
        size = rules.graph.size(rules.population.size)
        network = rules.graph(size, rules.population.propose_stances(size, seed), seed)
        self.notes = network.notes
        people = rules.population.draw(network.stance, np.diff(network.graph.followers_start), seed)
        return people, network.graph

    @property
    def _forces(self) -> tuple[Force, ...]:
        """Everybody organised but the army."""
        return (self.setting.extremists, *self.setting.forces)

    def _create_batches(self, people: int, graph: Graph) -> list[AccountBatch]:
        bands, first, seed = [], people, self.seed
        forces: tuple[Army | Force, ...] = (self.setting.army, *self._forces)
        for force, evasion in zip(forces, (self.setting.evasion, *map(self._get_evasion, self._forces)), strict=True):
            band = force.create_accounts(people, first, seed)
            bands.append(add_aged_ties(evasion, band, first, graph, seed))
            first += len(band.accounts.key)
        return bands

    def _get_evasion(self, force: Force) -> Evasion:
        """Return how the accounts of `force` hide: who serves nobody has nothing to hide."""
        return NO_EVASION if ROLES.index(force.role) in GENUINE else self.setting.evasion

    def _create_organised(self, people: int, graph: Graph) -> tuple[list[AccountBatch], Operators, Register]:
        """Return everybody's bands, behind them the reserve, who runs these accounts, and what is known of them."""
        returns, bands = self.setting.returns, self._create_batches(people, graph)
        keys = np.concatenate([band.accounts.key for band in bands])
        ends = people + np.cumsum([0, *(len(band.accounts.key) for band in bands)])
        crews, count = [np.arange(first, end) for first, end in pairwise(ends)], int(ends[-1])
        operators = Operators(returns, crews, keys, count, self.seed)
        register = Register(np.zeros(count, np.int64), np.full(count, -1, np.int64))
        unopened_count = [crew[len(crew) - band.unopened_count :] for crew, band in zip(crews, bands, strict=True)]
        if returns:
            bands.append(returns.create_reserve(keys, people, count, self.seed))
            register = returns.make_register(count + len(bands[-1].accounts.key), keys, self.seed)
        register.opened_at[np.concatenate(unopened_count)] = NEVER
        return bands, operators, register

    def _create_army(self, truth: Truth, accounts: Accounts, rows: I64) -> tuple[Actor, ...]:
        if not rows.size:
            return ()
        army = self.setting.army.create_actor(self.setting.campaign, rows, accounts.key[rows], self.seed)
        truth.officer[rows] = army.officer
        return (add_evasion(self.setting.evasion, army, rows, accounts.key[rows], self.seed),)

    def _create_forces(self, crews: Sequence[I64], accounts: Accounts) -> Iterator[Actor]:
        for force, rows in zip(self._forces, crews, strict=True):
            if len(rows) or getattr(force, "hired", 0):
                keys = accounts.key[rows]
                yield add_evasion(
                    self._get_evasion(force), force.create_actor(rows, keys, self.seed), rows, keys, self.seed
                )


def _changes(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return what is otherwise in the setting; the page of Mesa 3.5 adds a scenario of its own, which is left out."""
    given = kwargs.get("scenario")
    if isinstance(given, str):
        raise InputError(f"scenario={given!r} is a configuration: say World(load('scenario={given}'))")
    return {name: value for name, value in kwargs.items() if name != "scenario"}


def _one_seed(rng: Any, seed: Any) -> int:
    """Return the seed, of which a world may be given one name or the other."""
    if seed is None:
        return parse_seed(rng)
    if not (isinstance(rng, int) and rng == 1):  # the default
        raise InputError(f"rng={rng!r} and seed={seed!r} are two names of one thing: give one of them")
    return parse_seed(seed)
