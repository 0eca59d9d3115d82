"""Every key of every app, with a value that it cannot have: one line, and nothing is simulated."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from experiments import docking, experiment, settings
from experiments.app import Composition, _check, compose_config
from experiments.apps import BY_NAME, GROWING
from experiments.config_errors import explain_construction
from experiments.configuration import CONF
from experiments.sweeps import plan
from sim.errors import InputError
from sim.world import World
from tests.test_offered import PLAN, begin

APPS = [name for name, app in BY_NAME.items() if app.keys]
WRONG = ("zzz", "-3", "0.5", "[[1]]", "[zzz, -7]", "{zzz: 1}", "{zzz: {a: [b]}}", "null")
SHARED = ("ticks", "seed", "seeds", "workers", "engine", "address", "out")
WORLD = ("ticks", "seed", "seeds", *(path.name for path in CONF.iterdir() if path.is_dir()))  #: what a setting is of
FREE = {"replay.title", "release.name", "release.fingerprint", "story.title"}  #: whatever text is one


TOO_MANY = {  # where no key alone says so
    "suppression seeds=10000": "seeds=10000 asks for 140,",
    "recovery seeds=10000": "seeds=10000 asks for 90,000 jobs, more than 50,000: say fewer seeds, draws or values",
}


class Accepted(Exception):  # noqa: N818
    """A world is about to be made, so nothing was refused."""


@pytest.fixture(autouse=True)
def no_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise Accepted

    monkeypatch.setattr(World, "__init__", stop)
    monkeypatch.setattr("experiments.running.player.Player.__call__", stop)
    monkeypatch.setattr(docking.Docking, "make_batches", lambda *_: [])


@pytest.fixture(autouse=True)
def composed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what an app composes, reads or builds from the same values done once, so that a key costs its own check."""
    remember(monkeypatch, experiment, "build_setting", lambda config: _tell_values(config))
    remember(monkeypatch, experiment, "apply_overrides", lambda config, *words: f"{words} {_tell_values(config)}")
    remember(monkeypatch, settings, "instantiate_group", lambda group, name: f"{name} {_tell_values(group)}")
    remember(monkeypatch, settings, "load_choice", lambda group, choice: f"{group}={choice}", copied=True)
    remember(monkeypatch, plan, "compose", lambda name, words, *_, **__: json.dumps([name, *words]), copied=True)


def remember(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, tell: Callable[..., str], copied: bool = False
) -> None:
    """Have a function of a module called once for whatever `tell` tells apart; what it refuses, it is asked again."""
    known: dict[str, Any] = {}
    real = getattr(module, name)

    def look_up(*given: Any, **named: Any) -> Any:
        told = tell(*given, **named)
        if told not in known:
            known[told] = real(*given, **named)
        return deepcopy(known[told]) if copied else known[told]

    monkeypatch.setattr(module, name, look_up)


def _tell_values(node: Any) -> str:
    """Return what a group holds, or what a whole configuration has of a world."""
    plain = OmegaConf.to_container(node) if OmegaConf.is_config(node) else node
    if isinstance(plain, dict) and "ticks" in plain:
        plain = {name: plain[name] for name in WORLD if name in plain}
    return json.dumps(plain, default=repr)


def list_keys(node: Any, before: str = "") -> Iterator[str]:
    """Yield the name of every value that an app's own file sets, and of every group of values."""
    for name, value in node.items():
        if name in ("defaults", "hydra") or "." in str(name) or " " in str(name):
            continue
        yield f"{before}{name}"
        if isinstance(value, dict):
            yield from list_keys(value, f"{before}{name}.")


def list_own_keys(name: str) -> list[str]:
    """Return the keys of an app that no rule of a world has."""
    plain: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"))
    world = {path.name for path in CONF.iterdir() if path.is_dir()} - ({"graph"} if name == "reproduce" else set())
    own = [key for key in list_keys(plain) if key.partition(".")[0] not in world]
    return [key for key in dict.fromkeys(own) if key not in SHARED]


def give(name: str, config: DictConfig, key: str, value: str, folder: Path, checked: bool = False) -> str:
    """Return what an app says of a value, "" if it goes on; `checked` as every app does before, whatever the key."""
    former = OmegaConf.select(config, key)
    OmegaConf.update(config, key, OmegaConf.create(f"value: {value}").value, merge=False)
    checked = checked or key in SHARED
    given = config.copy() if checked else config
    try:
        try:
            if checked:
                _check(Composition(given, None))
            words = [f"{key}={value}", PLAN.get(name, "sweep.plan=true")] if name in GROWING else None
            begin(name, given, words, folder)
        except InstantiationException as error:
            raise explain_construction(error) from error
    except Accepted:
        return ""
    except InputError as error:
        return str(error)
    finally:
        OmegaConf.update(config, key, former, merge=False)
    return ""


@pytest.mark.parametrize("name", APPS)
def test_no_value_of_any_key_is_a_traceback_and_each_key_refuses_some(name: str, tmp_path: Path) -> None:
    config = compose_config(name, [PLAN.get(name, "sweep.plan=true")] if name in GROWING else [])
    OmegaConf.set_struct(config, False)
    free = []
    for key in [*(SHARED if name == "story" else ()), *list_own_keys(name)]:
        said = {value: give(name, config, key, value, tmp_path) for value in WRONG}
        assert not [line for line in said.values() if "\n" in line], key
        if not any(said.values()):
            free.append(key)
    assert set(free) <= FREE, free


@pytest.mark.parametrize("line", TOO_MANY)
def test_too_many_jobs_are_refused_before_they_are_laid_out(line: str, tmp_path: Path) -> None:
    name, *words = line.split()
    with pytest.raises(InputError) as refused:
        begin(name, compose_config(name, words), None, tmp_path)
    assert TOO_MANY[line] in str(refused.value)


def test_a_list_has_nothing_twice(tmp_path: Path) -> None:
    for app, word in (
        ("defences", "comparison.names=[rate_limit,reply_limit,rate_limit]"),
        ("detectors", "benchmark.only=[deletion,deletion]"),
        ("replay", "replay.without=['army.size=0','army.size=0']"),
    ):
        key = word.partition("=")[0]
        with pytest.raises(InputError, match=rf"^{key} names \S+ twice: name it once$"):
            begin(app, compose_config(app, [word]), None, tmp_path)
