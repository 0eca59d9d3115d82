"""The schedule does not lie: what a phase or a hook changes is what it declares, and nothing else can matter to it."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from experiments import schedule as schedule_app
from experiments.notebook.loading import load
from scripts import schedule
from sim import hour as hour_module
from sim import tick
from sim.hour import Hour
from sim.mechanisms.base import get_name
from sim.mechanisms.defences.watching import DetectorDefence
from sim.setting import Setting
from sim.state.accounts import Accounts, Register
from sim.state.posts import Posts
from sim.world import World
from tests.conftest import ROOT
from tests.test_defences import ALL as DEFENCES
from tests.worlds import Shelves, Stubborn

SMALL = ("population.size=150", "army.size=16")
SCENARIOS = sorted(path.stem for path in (ROOT / "conf" / "scenario").glob("*.yaml"))
GROUPS = ("credibility", "morale", "returns", "pressure", "recruiting", "channels", "migration", "solidarity")
EVERY = [f"{group}=default" for group in GROUPS] + [
    "following=changing", "pressure.start=100", "channels.invite=1.0", "channels.detection_rate=1.0", "channels.lag=1",
    "channels.avoidance_hours=0", "channels.rebuild=0",
    "morale.loss=9.0", "morale.defection=1.0", "recruiting.join=0.3", "channels.recruit=0.5",
    "reaction.leave=0.01", "population.size=250", "recruiting.threshold=0.0",
    "campaign.toxic_share=1.0", "population.sympathiser_share=0.3", "extremists.shocking_share=1.0",
    "extremists.shock=1.0",
]  # fmt: skip
CELLS = {"accounts": Accounts._fields, "posts": Posts._fields, "register": Register._fields}
Name = tuple[str, str, str]  #: phase, who, hook
Changes = dict[Name, set[str]]


def everything(scenario: str, *words: str) -> Setting:
    """Return a scenario with all mechanisms and defences."""
    watched = DetectorDefence(detector=lambda view: np.bincount(view.posts.author, minlength=len(view.key)), limit=20.0)
    defences = tuple(replace(defence, strength=0.3) for defence in DEFENCES)
    return replace(
        load(f"scenario={scenario}", "campaign.dose=saturation", *SMALL, *EVERY, *words), defences=(*defences, watched)
    )


def expand(names: str) -> set[str]:
    """Return the parts that a declaration names: "register" is all its columns."""
    return {
        part
        for name in names.split()
        for part in ([f"{name}.{column}" for column in CELLS[name]] if name in CELLS else [name])
    }


# ---- the parts of a world


def iterate_parts(hour: Hour) -> Iterator[tuple[str, Any]]:
    """Yield everything that changes in a world and in an hour, by the names of declarations."""
    state = hour.state
    for table, columns in (
        ("accounts", state.accounts),
        ("posts", state.ledger.get_rows()),
        ("register", state.register),
    ):
        yield from ((f"{table}.{name}", column) for name, column in columns._asdict().items())
    yield "graph", (state.dynamic_graph.graph, state.dynamic_graph.blocked)
    yield "operators", state.operators.account_rows
    agents = state.custom_agents.agents.values()  # type: ignore[attr-defined]
    yield "agents", repr([value for agent in agents for value in vars(agent).values() if isinstance(value, int)])
    for name in ("topics", "timelines", "truth", "actors", "recruited"):
        yield name, getattr(state, name)
    for mechanism, own in zip(state.mechanisms.rules, state.mechanisms.own, strict=True):
        yield f"own {get_name(mechanism)}", own
    for column in fields(Hour)[4:]:
        if hasattr(hour, column.name) and column.name != "posts":
            yield f"hour.{column.name}", getattr(hour, column.name)


def list_arrays(value: Any, found: dict[int, Any] | None = None) -> dict[int, Any]:
    """Return the arrays inside a value, by their identity."""
    found = {} if found is None else found
    if id(value) in found or value is None or isinstance(value, str | int | float | np.generic | slice):
        return found
    if isinstance(value, np.ndarray):
        found[id(value)] = value
    elif isinstance(value, tuple | list):
        for item in value:
            list_arrays(item, found)
    elif isinstance(value, dict):
        list_arrays([*value.values()], found)
    elif hasattr(value, "__dict__") and not callable(value):
        found[id(value)] = np.array(repr([(k, v) for k, v in vars(value).items() if isinstance(v, int | float | dict)]))
        list_arrays([*vars(value).values()], found)
    return found


def snapshot(hour: Hour, shared: dict[int, Any]) -> dict[str, int]:
    """Return a hash of each part.

    What a later part shares with an earlier one counts there alone, as does, of an hour's values, what is in `shared`.
    """
    hashes: dict[str, int] = {}
    here: dict[int, Any] = {}  # keeps them alive, as an identity is used again
    for name, value in iterate_parts(hour):
        arrays = list_arrays(value)
        if name.startswith("hour."):
            arrays = {key: array for key, array in arrays.items() if array.base is None and key not in shared}
        else:
            arrays = {key: array for key, array in arrays.items() if key not in here}
            here |= arrays
        plain = value if isinstance(value, int | float | str | slice) else ""
        hashes[name] = hash((repr(plain), *(array.tobytes() for array in arrays.values())))
    return hashes


class Witness:
    """Notes what each phase and hook has changed in some hours, and in which order they came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, hours: Callable[[int], bool] = lambda now: True) -> None:
        self.hours = hours
        self.changed: Changes = {}
        self.order: list[Name] = []
        self.stack: list[Name] = []
        self.hour: Hour | None = None
        monkeypatch.setattr(tick, "TICK", [replace(step, act=self.watch_phase(step)) for step in tick.TICK])
        for module, name in ((hour_module, "look"), (tick, "look"), (tick, "look_in_group")):
            monkeypatch.setattr(module, name, self.watch_hooks(getattr(module, name)))

    def watch_phase(self, step: tick.Phase) -> Callable[[Hour], None]:
        @functools.wraps(step.act)
        def act(hour: Hour) -> None:
            if not self.hours(hour.now):
                step.act(hour)
                return
            if step.name in (tick.TICK[0].name, tick.arrive.name):  # an hour, or a slice of it, begins
                self.hour = hour
                self.shared = list_arrays([value for name, value in iterate_parts(hour) if name[:5] != "hour."])
                self.last = snapshot(hour, self.shared)
            self.during((step.name, step.who, ""), lambda: step.act(hour))

        return act

    def watch_hooks(self, look: Callable[..., Any]) -> Callable[..., Any]:
        def watched(hour: Hour, hook: str, *given: Any) -> list[Any]:
            found = look(hour, hook, *given)
            return [(self.watch_hook(method, hook), view) for method, view in found] if self.stack else found

        return watched

    def watch_hook(self, method: Callable[..., Any], hook: str) -> Callable[..., Any]:
        name = (self.stack[0][0], get_name(method.__self__), hook)  # type: ignore[attr-defined]
        return lambda *given: self.during(name, lambda: method(*given))

    def during(self, name: Name, act: Callable[[], Any]) -> Any:
        if self.stack:
            self.note()
        self.stack.append(name)
        self.order.append(name)
        result = act()
        self.note()
        self.stack.pop()
        return result

    def note(self) -> None:
        """Attribute what has changed since the last time to whoever acts now."""
        assert self.hour is not None
        now = snapshot(self.hour, self.shared)
        here = {name for name in now if now[name] != self.last.get(name)}
        self.changed.setdefault(self.stack[-1], set()).update(here)
        self.last = now


def declared(world: World) -> dict[Name, tuple[set[str], set[str]]]:
    """Return what each row of the schedule reads and writes."""
    rows = world.schedule().itertuples()
    return {(row.phase, row.who, row.hook): (expand(row.reads), expand(row.writes)) for row in rows}


def find_undeclared(world: World, witness: Witness) -> dict[Name, set[str]]:
    """Return what was changed by whom without being declared."""
    rows, found = declared(world), {}
    for name, changed in witness.changed.items():
        allowed = rows.get(name, (set(), set()))[1]
        own = {f"own {name[1]}"} if "own" in allowed else set()
        if others := changed - allowed - own:
            found[name] = others
    return found


# ---- laws


def test_the_documented_hour_is_the_one_that_is_played() -> None:
    assert schedule.PAGE.read_text(encoding="utf-8") == schedule.format_page(), "run: python -m scripts.schedule"


def test_the_command_prints_every_phase_and_mechanism(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.argv", ["schedule", "scenario=fallujah_2016", "defence=prompt"])
    schedule_app.main()
    printed = capsys.readouterr().out
    assert all(step.name in printed for step in tick.TICK if step.writes or step.name == "settle")
    assert all(f"{name} " in printed for name in ("events", "credibility", "morale", "prompt"))
    monkeypatch.setattr("sys.argv", ["schedule", "morale.loss=much"])
    with pytest.raises(SystemExit) as left:
        schedule_app.main()
    assert left.value.code == 2


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_changes_what_its_schedule_declares(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(load(f"scenario={scenario}", *SMALL), rng=3)
    world.run(94)
    witness = Witness(monkeypatch, lambda now: now in (94, 96, 120, 121))
    world.run(28)
    assert find_undeclared(world, witness) == {}
    rows = [*declared(world)]
    for start in [at for at, name in enumerate(witness.order) if name[0] == "expire"]:
        hour = witness.order[start:]
        hour = list(dict.fromkeys(hour[: next((n for n, name in enumerate(hour) if n and name[0] == "expire"), None)]))
        hooks = [name for name in hour if name[2]]
        assert hooks == [name for name in rows if name in hooks], "hooks come in the order of the schedule"
        assert list(dict.fromkeys(name[0] for name in hour)) == [step.name for step in tick.TICK]


@pytest.fixture(scope="module")
def seen_changes() -> tuple[Changes, Changes]:
    """Return what everything at once was seen to change in some scenarios, and what is declared."""
    changed: Changes = {}
    rows: Changes = {}
    settings = (
        everything("fallujah_2016", "forces.morale.operations.distress.risk=0.5"),
        everything("sleepers_unmasked", "activity.slice=20"),
        everything("extremist_surge"),
        load("scenario=protest_day", "population.size=900", "events.protest.rally_share=1.0", "activity.slice=30"),
    )
    for setting in settings:
        with pytest.MonkeyPatch.context() as patch:
            world = World(setting, rng=2, archive=Shelves())
            world.set_agent_class(Stubborn, 0.1)
            witness = Witness(patch, lambda now: now % 6 == 4 or now in (120, 123, 144, 192) or 129 < now < 136)
            world.run(194)
            assert find_undeclared(world, witness) == {}
        for name, here in witness.changed.items():
            changed.setdefault(name, set()).update({"own" if part.startswith("own ") else part for part in here})
        rows |= {name: writes for name, (_, writes) in declared(world).items()}
    return changed, rows


def test_nothing_is_declared_that_never_changes(seen_changes: tuple[Changes, Changes]) -> None:
    changed, rows = seen_changes
    never = {name: left for name, writes in rows.items() if (left := writes - changed.get(name, set()))}
    assert never == {}
