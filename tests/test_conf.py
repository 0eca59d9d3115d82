"""Every configuration composes and runs; the default leaves say what the rules say."""

import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from experiments.settings import build_setting
from scripts.conf import CONF, LEAVES, format_leaf
from sim.errors import InputError
from sim.world import World
from tests.conftest import ROOT

GROUPS = sorted(path for path in CONF.iterdir() if path.is_dir())
CHOICES = [(group.name, path.stem) for group in GROUPS for path in sorted(group.glob("*.yaml"))]
APPS = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem not in ("base", "model"))
WITHOUT_SETTING = {"reproduce"}  #: apps that play no World, so have none of the groups of `Setting`
OF_ONE_APP = {"release": "export", "lesson": "replay"}  #: groups that not every app has
FEW = ["population.size=60", "army.size=6", "campaign.start=1"]


def composed(app: str, *overrides: str):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(app, list(overrides))


@pytest.mark.parametrize("name", LEAVES)
def test_a_default_leaf_says_what_its_rule_says(name: str):
    written = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == format_leaf(name), "run python -m scripts.conf"


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_every_choice_composes_and_runs_two_ticks(group: str, choice: str, tmp_path: Path):
    overrides = [f"{group}={choice}", *FEW]
    if (group, choice) == ("graph", "file"):
        path = tmp_path / "ring.edges"
        path.write_text("".join(f"{i} {(i + 1) % 60}\n" for i in range(60)), encoding="utf-8")
        overrides.append(f"graph.path={path}")
    if (group, choice) == ("graph", "configuration"):
        path = tmp_path / "degrees.txt"
        path.write_text("3 2\n1 2\n" * 30, encoding="utf-8")
        overrides.append(f"graph.path={path}")
    world = World(build_setting(composed(OF_ONE_APP.get(group, "run"), *overrides)), rng=1)
    world.run(2)
    assert len(world.history) == 2


@pytest.mark.parametrize("app", sorted(WITHOUT_SETTING))
def test_an_app_without_a_setting_has_none_of_its_groups(app: str):
    config = composed(app)
    OmegaConf.resolve(config)
    assert not {group.name for group in GROUPS} & set(config) - {"graph"}
    assert set(config.graph) == {"path", "bots"}


@pytest.mark.parametrize("app", sorted(set(APPS) - WITHOUT_SETTING))
def test_every_other_app_composes_to_a_setting(app: str):
    config = composed(app, *FEW)
    OmegaConf.resolve(config)
    assert build_setting(config).population.size == 60


def test_every_app_has_a_module_and_every_module_that_calls_app_has_a_config():
    starts = re.compile(r"^    (?:resumable_|play_)?(?:app\(\"|start\()", re.MULTILINE)
    callers = {path.stem for path in (ROOT / "experiments").glob("*.py") if starts.search(path.read_text("utf-8"))}
    assert callers == set(APPS)


def test_quiet_has_nobody_organised():
    world = World(build_setting(composed("run", "scenario=quiet", "population.size=60")), rng=1)
    assert (world.role == 0).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "+pressure.start=3",
            "pressure.start is set, but has no rule: say pressure=NAME, see --help, or take",
        ),
        (
            "+forces.mine.size=3",
            "forces.mine is set, but has no rule: say +forces.mine._target_=CLASS, or take",
        ),
    ],
)
def test_what_is_set_of_a_mechanism_that_is_not_there_is_a_mistake(words: str, message: str):
    with pytest.raises(InputError, match=re.escape(message)):
        build_setting(composed("run", words, *FEW))
