"""A panel: some columns of some people, recorded repeatedly while a world runs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.table_writer import TableWriter
from sim.errors import InputError, suggest
from sim.observers.base import StepRecord
from sim.sampling import sample
from sim.state.accounts import Accounts
from sim.world import World

COLUMNS = tuple(name for name in Accounts._fields if name != "key")


class PanelOptions(NamedTuple):
    """Whom to follow, how often, and what to record."""

    people: int | float  #: as `at_most` of `sim.sampling.sample`; 0 for nobody
    every: int  #: hours from one wave to the next
    columns: tuple[str, ...]  #: of `Accounts`


def read_panel_options(record: Any) -> PanelOptions:
    """Return what the group `record` of a configuration asks for.

    Raises:
        InputError: a value is not valid, in one line with the cure.
    """
    if not isinstance(record, Mapping) or set(record) != set(PanelOptions._fields):
        raise InputError(f"record={record} must have people, every and columns: set one of them, as in record.people=9")
    people, every, columns = record["people"], record["every"], record["columns"]
    whole = isinstance(people, int) and not isinstance(people, bool) and people >= 0
    if people != "all" and not whole and not (isinstance(people, float) and 0.0 <= people <= 1.0):
        raise InputError(
            f"record.people={people} must be 0, a number of people, a share such as 0.1, or all: say record.people=100"
        )
    if not isinstance(every, int) or isinstance(every, bool) or every < 1:
        raise InputError(f"record.every={every} must be a whole number of hours, at least 1: say record.every=24")
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise InputError(f"record.columns={columns} must be a list of columns, such as record.columns=[fear]")
    for name in columns:
        if name not in COLUMNS:
            raise InputError(f"record.columns has {name}, which no account has: {suggest(str(name), COLUMNS)}")
    return PanelOptions(1.0 if people == "all" else people, every, tuple(dict.fromkeys(columns)))


class Panel:
    """An observer that writes one wave, a row a person, at the end of every `every` hours.

    Args:
        world: whose people are followed; the sample is keyed, so the same with and without an army.
        asked: whom, how often and what.
        table: receives seed, tick (the hour that has just been played), account_id and the columns.
    """

    def __init__(self, world: World, asked: PanelOptions, table: TableWriter) -> None:
        self.seed, self.rows = world.seed, sample(world, asked.people).rows
        self.every, self.columns, self.table = asked.every, asked.columns, table

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Write a wave if it is time; adds no measure to the world's history."""
        if (step.tick + 1) % self.every == 0:
            known = {"seed": self.seed, "tick": step.tick}
            row = {name: np.broadcast_to(value, len(self.rows)) for name, value in known.items()}
            row |= {"account_id": self.rows}
            self.table.add(row | {name: getattr(step.accounts, name)[self.rows] for name in self.columns})
        return {}
