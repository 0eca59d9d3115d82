"""Keyed samples of people: they do not depend on who else exists, and a larger sample contains a smaller one."""

from typing import Any

import numpy as np

from sim.agents import AccountSet, ColumnModel, OrganicUser
from sim.errors import InputError
from sim.rng import keyed_hash, make_key, stream

_SAMPLE = stream("sampling")


def sample(world: ColumnModel, at_most: int | float) -> AccountSet:
    """Draw ordinary people without replacement, by seed and identity; the world's generator is not used.

    Args:
        world: the world of these people; organised accounts are never drawn and do not change the sample.
        at_most: a number of people >= 0, or as a float in [0, 1] a share of them, rounded down (as Mesa's `select`).

    Returns:
        The people in order of rows; all of them if there are fewer than `at_most`.

    Raises:
        InputError: `at_most` is neither.

    Example:
        >>> import infowar_lab as lab
        >>> world = lab.World(**{"population.size": 200})
        >>> lab.sample(world, 0.1)
        <AccountSet of 20 accounts>
    """
    people = np.flatnonzero(np.isin(world.role, _find_organic_codes(world)))
    drawn = keyed_hash(make_key(world.seed, _SAMPLE), world.accounts.key[people])
    chosen = people[np.argsort(drawn)[: _count_sample(at_most, len(people))]]
    return AccountSet(world, np.sort(chosen), world.random)


def _find_organic_codes(world: ColumnModel) -> list[int]:
    """Return the codes of ordinary people's types: the built-in one and those of a user's own."""
    return [code for code, kind in enumerate(world.roles) if issubclass(kind, OrganicUser)]


def _count_sample(at_most: Any, people: int) -> int:
    if isinstance(at_most, float) and 0.0 <= at_most <= 1.0:
        return int(people * at_most)
    if isinstance(at_most, int | np.integer) and not isinstance(at_most, bool) and at_most >= 0:
        return int(at_most)
    raise InputError(f"at_most={at_most!r} must be a whole number of people, or a share in [0.0, 1.0] such as 0.1")


class SampledWorld:
    """A sample of a world, for Mesa's collector: `DataCollector(...).collect(SampledWorld(world, 100))`.

    Mesa's agent reporters make an object for each account; a sample limits their number. It is drawn once; every
    other attribute is the world's.

    Args:
        world: the world of these people.
        at_most: see `sample`.

    Attributes:
        agents: the sample, an `AccountSet`.

    Example:
        >>> import infowar_lab as lab
        >>> import mesa
        >>> world = lab.World(**{"population.size": 200})
        >>> few = lab.SampledWorld(world, 10)
        >>> collector = mesa.DataCollector(agent_reporters={"fear": "fear"})
        >>> collector.collect(few)
        >>> len(collector.get_agent_vars_dataframe())
        10
    """

    def __init__(self, world: ColumnModel, at_most: int | float) -> None:
        self.world, self.agents = world, sample(world, at_most)

    @property
    def agent_types(self) -> list[type]:
        """The types of ordinary people in this world."""
        return [self.world.roles[code] for code in _find_organic_codes(self.world)]

    @property
    def agents_by_type(self) -> dict[type, AccountSet]:
        """{type: people of the sample who have exactly this type}."""
        rows = self.agents.rows
        codes = dict(zip(self.agent_types, _find_organic_codes(self.world), strict=True))
        return {kind: self.world.select_rows(rows[self.world.role[rows] == code]) for kind, code in codes.items()}

    def __getattr__(self, name: str) -> Any:
        if name == "world":  # a copy that is being made has none yet
            raise AttributeError(name)
        return getattr(self.world, name)
