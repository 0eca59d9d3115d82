"""People of custom types, whose Python methods are called one by one beside the compiled rules.

The compiled rules run first, also for these people; the method receives their result as `default`. A method returns
values and writes none: until all have answered, all columns keep their values from the start of the hour. So neither
order nor threads matter.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.values import Intention, PersonUpdate, SeenPost
from sim.agents.views import WRITABLE, OrganicUser, check_number
from sim.errors import InputError
from sim.people.expression import draw_chances
from sim.state.accounts import F64, Accounts
from sim.state.posts import Posts
from sim.state.records import EVERYDAY, OUTCOMES, UNPROMPTED, ActiveUsers, Exposures, Intentions, StateUpdate

READERS_AT_ONCE = 256  #: people whose reading is unpacked together


#: Closed ranges of what `react` may return.
RANGES: dict[str, tuple[float, float]] = {
    **{name: WRITABLE[name] for name in PersonUpdate._fields if name in WRITABLE},
    "abuse": (0.0, 2.0**53),
    "allies": (0.0, 2.0**53),
    "leaves": (0.0, 1.0),
}
DECISIONS = OUTCOMES[UNPROMPTED:]


class CustomAgents:
    """The people of custom types: one lasting object each, kept with the world."""

    def __init__(self) -> None:
        self.agents: dict[int, OrganicUser] = {}  #: by row
        self.is_answering = False  #: True while methods are called and columns must not change
        self._member: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def add(self, agents: Iterable[OrganicUser], accounts: int) -> None:
        """Keep these agents, instead of others in the same rows; `accounts` is the number of all accounts."""
        self.agents.update((agent.row, agent) for agent in agents)
        self._member = np.zeros(accounts, np.bool_)
        self._member[list(self.agents)] = True

    def filter_active(self, users: ActiveUsers) -> ActiveUsers:
        """Return those of the active who are kept here; `absent` is empty."""
        mine = self._member[users.active] if self.agents else np.zeros(len(users.active), np.bool_)
        return users.select(mine)

    def react(self, posts: Posts, active_users: ActiveUsers, seen: Exposures, update: StateUpdate) -> StateUpdate:
        """Return `update` with the answers of people whose type has its own `react`."""
        asked = self._find_overriding("react", active_users)
        new = StateUpdate._make(column.copy() for column in update)
        for (r, agent), read in zip(asked, _unpack_readings(posts, seen, [r for r, _ in asked]), strict=True):
            default = _read_row(update, r)
            with self._lock_columns():
                answer = agent.react(read, default)
            if answer is not default:
                _check_update(agent, answer, new)
                for column, value in zip(new, answer, strict=True):
                    column[r] = value
        return new

    def decide(self, active_users: ActiveUsers, change: StateUpdate, reference: F64, wanted: Intentions) -> Intentions:
        """Return `wanted` with the answers of people whose type has its own `decide`; everyday talk is left out."""
        outcome = wanted.outcome.copy()
        prompt, voicing_draw = draw_chances(wanted.key)
        for r, agent in self._find_overriding("decide", active_users):
            update, old = _read_row(change, r), float(reference[r])
            for x in range(int(wanted.start[r]), int(wanted.start[r + 1])):
                if outcome[x] != EVERYDAY:
                    intention = Intention(int(wanted.key[x]), float(prompt[x]), float(voicing_draw[x]), update, old)
                    with self._lock_columns():
                        answer = agent.decide(intention, int(outcome[x]))
                    outcome[x] = _check_outcome(agent, answer)
        return wanted._replace(outcome=outcome)

    @contextmanager
    def _lock_columns(self) -> Iterator[None]:
        self.is_answering = True
        try:
            yield
        finally:
            self.is_answering = False

    def _find_overriding(self, method: str, users: ActiveUsers) -> list[tuple[int, OrganicUser]]:
        """Return (position, agent) of the active whose type overrides the method."""
        compiled = getattr(OrganicUser, method)
        agents = [(r, self.agents[row]) for r, row in enumerate(users.active.tolist())]
        return [(r, agent) for r, agent in agents if getattr(type(agent), method) is not compiled]


def check_type(kind: Any) -> None:
    """Raise InputError unless `kind` is a type that the tick can call."""
    if not (isinstance(kind, type) and issubclass(kind, OrganicUser) and kind is not OrganicUser):
        raise InputError(f"{kind!r} is not a type of people: derive a class from sim.agents.OrganicUser")
    for name in Accounts._fields:
        if not isinstance(getattr(kind, name), property):
            raise InputError(f"{kind.__name__}.{name} would hide the column {name}: give it another name")
    own = {name for name in ("react", "decide", "step", "advance") if getattr(kind, name) is not _get_inherited(name)}
    if own and own <= {"step", "advance"}:
        raise InputError(
            f"{kind.__name__}.{min(own)} is never called: write react(self, seen, default) or "
            "decide(self, intention, default)"
        )


def _get_inherited(name: str) -> Callable[..., Any]:
    return getattr(OrganicUser, name)


def _read_row(update: StateUpdate, r: int) -> PersonUpdate:
    return PersonUpdate._make(column[r].item() for column in update)


def _unpack_readings(posts: Posts, seen: Exposures, readers: list[int]) -> Iterator[list[SeenPost]]:
    """Yield what each of these readers saw, unpacked for `READERS_AT_ONCE` readers together."""
    for first in range(0, len(readers), READERS_AT_ONCE):
        some = readers[first : first + READERS_AT_ONCE]
        items = [seen.item[seen.start[r] : seen.start[r + 1]] for r in some]
        rows = np.concatenate(items)
        columns = [getattr(posts, name)[rows].tolist() for name in SeenPost._fields]
        unpacked = map(SeenPost._make, zip(*columns, strict=True))
        for item in items:
            yield [next(unpacked) for _ in range(len(item))]


def _check_update(agent: OrganicUser, answer: Any, columns: StateUpdate) -> None:
    name = type(agent).__name__
    if not isinstance(answer, PersonUpdate):
        raise InputError(f"{name}.react returned {answer!r}: return default, or default._replace(fear=0.0)")
    for field, value, column in zip(PersonUpdate._fields, answer, columns, strict=True):
        low, high = RANGES[field]
        check_number(f"what {name}.react returned, {field}", value, column.dtype, low, high)


def _check_outcome(agent: OrganicUser, answer: Any) -> int:
    if isinstance(answer, bool) or not isinstance(answer, int | np.integer) or not UNPROMPTED <= answer < len(OUTCOMES):
        allowed = ", ".join(f"{UNPROMPTED + k} {name}" for k, name in enumerate(DECISIONS))
        raise InputError(f"{type(agent).__name__}.decide returned {answer!r}: return default, or one of {allowed}")
    return int(answer)
