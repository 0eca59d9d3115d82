"""What a world keeps stops growing once the window is full, whether or not it is recorded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.panel import PanelOptions
from experiments.recorder import Recorder
from experiments.workers import check_workers
from sim.errors import InputError
from sim.memory import check_memory, estimate_memory
from sim.people.population import Population
from sim.setting import Setting
from sim.world import World
from tests.worlds import LIVELY

WINDOW = 12  #: hours
LONG = 4 * WINDOW


def held(thing: Any, seen: set[int]) -> int:
    """Return the bytes of all arrays that can be reached from `thing` through its attributes and containers."""
    if id(thing) in seen or isinstance(thing, type):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return held(thing.base, seen) if isinstance(thing.base, np.ndarray) else thing.nbytes
    if isinstance(thing, dict):
        return sum(held(value, seen) for value in thing.values())
    if isinstance(thing, list | tuple | set | frozenset) or type(thing).__name__ == "deque":
        return sum(held(value, seen) for value in thing)
    if type(thing).__module__.partition(".")[0] in ("sim", "experiments", "tests"):
        return sum(held(value, seen) for value in vars(thing).values())
    return 0


def sizes(world: World) -> dict[str, int]:
    """Return the bytes held by each part of a world, the history of measures apart."""
    parts = {**vars(world.state), **{type(observer).__name__: observer for observer in world.observers}}
    return {name: held(part, set()) for name, part in parts.items()} | {"rest": held(world, set())}


def steady(monkeypatch: pytest.MonkeyPatch, **given: Any) -> World:
    monkeypatch.setattr("sim.world.WINDOW_SECONDS", WINDOW * 3600)
    return World(LIVELY, rng=5, **given)


def test_nothing_grows_once_the_window_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    world.run(9 * WINDOW)
    full = sizes(world)
    assert min(full[name] for name in ("accounts", "ledger", "topics", "PerceivedNumbers")) > 10_000, (
        "the sizes are seen"
    )
    for _ in range(3):
        world.run(LONG)
        now = sizes(world)
        assert {name for name in now if now[name] > full[name]} <= {"actors", "rest"}
        assert now["rest"] < 1.05 * full["rest"], "an army's plans differ in length"
    assert world.state.ledger.end > 5 * world.state.ledger.size
    assert world.state.truth.log_length == 0


def test_nothing_grows_while_it_is_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Recorder(tmp_path, PanelOptions(1.0, 1, ("fear",))) as recorder:
        world = steady(monkeypatch, archive=recorder)
        recorder.begin(world)
        world.run(9 * WINDOW)
        full = held(world, set())
        for _ in range(3):
            world.run(LONG)
            assert world.state.truth.log_length <= 2 * world.state.ledger.size + world.state.ledger._gone
            assert held(world, set()) < 1.05 * full
        recorder.finish(world)


def test_the_log_of_orders_is_kept_only_for_an_archive() -> None:
    setting = Setting(population=Population(size=60))
    silent, heard = World(setting, rng=1), World(setting, rng=1, archive=lambda first, posts: None)
    for world in (silent, heard):
        world.run(80)
    assert silent.state.truth.log_length == 0
    assert heard.state.truth.log_length > 0


def test_the_memory_of_a_world_is_known_before_it_is_built() -> None:
    setting = Setting(population=Population(size=20_000))
    world = World(setting, rng=1)
    world.run(2)
    assert 0.5 < estimate_memory(setting) / held(world, set()) < 2.0


def test_what_cannot_fit_is_one_line_before_anything_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.memory.find_memory", lambda: 10**10)
    people = Setting(population=Population(size=10**8))
    for setting in (people, Setting().replace({"army.size": 10**8}), Setting().replace({"army.quota": 10**6})):
        if setting.army.quota == 10**6:
            setting = setting.replace({"army.size": 10**5, "army.rate": 1000.0})
        with pytest.raises(InputError, match=r"takes about [\d.e+]+ GB, and this machine has 10: say fewer"):
            World(setting)
    with pytest.raises(InputError, match=r"9 worlds at once, each of about 1.8 GB, .*: say workers=5 or fewer"):
        check_workers([people.replace({"population.size": 10**6})], 9, 20)
    check_workers([people.replace({"population.size": 10**6})], 9, 5)
    monkeypatch.setattr("sim.memory.find_memory", lambda: None)
    check_memory(people)
