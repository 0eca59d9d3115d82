"""What an app offers in its help it accepts, and what it leaves out it refuses: composed, and checked by the app.

Each app is started as by its command and left where it makes its first world.
"""

from importlib import import_module
from itertools import zip_longest
from pathlib import Path

import pytest
from hydra.errors import InstantiationException
from omegaconf import DictConfig

from experiments import docking, help_pages
from experiments.app import compose_config
from experiments.apps import BY_NAME, GROWING, NEEDED
from experiments.composing import compose
from experiments.config_errors import explain_construction
from experiments.configuration import PLACES
from experiments.experiment import Experiment, conduct
from experiments.running.work import Work
from sim.errors import InputError
from sim.world import World

APPS = [name for name, app in BY_NAME.items() if app.keys and name != "reproduce"]
PLAN = {"calibrate": "calibrate.plan=true"}


class Accepted(Exception):  # noqa: N818
    """A world is about to be made, so nothing was refused."""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Return files of people for the choices that need one."""
    texts = {
        "graph=file": "".join(f"{i} {(i + 1) % 900}\n" for i in range(900)),
        "graph=configuration": "3 2\n1 2\n" * 450,
    }
    paths = {choice: tmp_path / f"{number}.txt" for number, choice in enumerate(texts)}
    for choice, path in paths.items():
        path.write_text(texts[choice], encoding="utf-8")
    assert set(texts) == set(NEEDED)
    return {choice: f"graph.path={path}" for choice, path in paths.items()}


@pytest.fixture(autouse=True)
def no_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*_: object, **__: object) -> None:
        raise Accepted

    monkeypatch.setattr(World, "__init__", begin)
    # what plays worlds of another kind, before those of ours
    monkeypatch.setattr(docking.Docking, "make_batches", lambda *_: [])


def begin(name: str, config: DictConfig, words: list[str] | None, folder: Path) -> None:
    """Have an app begin; `words` for one with its own design."""
    module = import_module(f"experiments.{name}")
    kinds = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Experiment)]
    with Work() as work:
        if kind := next((one for one in kinds if one.__module__ == module.__name__), None):
            conduct(kind, config, folder, work)
        elif name == "replay":
            module.main(config, folder, work)
        else:
            module.main(config, folder if words is None else words)


def refusal(name: str, words: list[str], folder: Path) -> str:
    """Return what an app says that refuses `words`, "" if it goes on."""
    plan = [PLAN.get(name, "sweep.plan=true")] if name in GROWING else []
    words = [*words, *plan, "workers=1", "seeds=2"]
    try:
        try:
            begin(name, compose_config(name, words), words if plan else None, folder)
        except InstantiationException as error:
            raise explain_construction(error) from error
    except Accepted:
        return ""
    except InputError as error:
        return str(error)
    return ""


def columns(name: str, whole: bool) -> list[list[str]]:
    """Return the choices that an app offers, group by group: of those that change several groups, or of the others."""
    offered = help_pages.list_offered(name, compose(name, [], with_hydra=True))
    return [
        [f"{group}={choice}" for choice in names]
        for group, names in offered.items()
        if (PLACES.get(group) == "_global_") == whole and len(names) > 1
    ]


@pytest.mark.parametrize("name", APPS)
def test_an_app_accepts_each_scenario_lesson_and_release_that_it_offers(name: str, tmp_path: Path) -> None:
    for column in columns(name, True):
        assert [word for word in column if refusal(name, [word], tmp_path)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", APPS)
def test_an_app_accepts_every_other_choice_that_it_offers(name: str, files: dict[str, str], tmp_path: Path) -> None:
    """One of every group at a time."""
    for chosen in zip_longest(*columns(name, False)):
        words = [word for word in chosen if word]
        further = [files[word] for word in words if word in files]
        assert refusal(name, [*words, *further], tmp_path) == "", words


@pytest.mark.parametrize("name", [name for name, app in BY_NAME.items() if app.refused])
def test_an_app_refuses_each_choice_that_it_does_not_offer(name: str, tmp_path: Path) -> None:
    for word in BY_NAME[name].refused.split():
        assert refusal(name, [word], tmp_path), word
