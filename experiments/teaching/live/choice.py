"""What a visitor of the live page has chosen, and the setting that it stands for."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from experiments.app import CONF
from experiments.settings import build, changed
from sim.campaigns import TACTICS
from sim.errors import InputError, suggest
from sim.setting import Setting

GROUPS = ("scenario", "moderation", "defence")  #: of conf/, from each of which one file is chosen
MOST_PEOPLE, MOST_ARMY, MOST_SEED = 50_000, 2_000, 10**6
_COMPOSING = Lock()  # Hydra composes one configuration at a time


class Choice(NamedTuple):
    """Settings of one session. Words are names of files in conf/, numbers are whole numbers: nothing is evaluated."""

    scenario: str = "flooded_hashtag"
    moderation: str = "default"
    defence: str = "none"
    tactics: tuple[str, ...] = TACTICS
    army: int = 60  #: accounts
    people: int = 2000
    seed: int = 1


def names(group: str) -> list[str]:
    """Return the choices of a group of conf/."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def setting(choice: Choice) -> Setting:
    """Return the setting of a choice.

    Raises:
        InputError: a name or a number is not one of those that are allowed.
    """
    for group in GROUPS:
        _known(group, getattr(choice, group), names(group))
    for tactic in choice.tactics:
        _known("tactic", tactic, TACTICS)
    for name, most in (("people", MOST_PEOPLE), ("army", MOST_ARMY), ("seed", MOST_SEED)):
        value = getattr(choice, name)
        if not isinstance(value, int) or isinstance(value, bool) or not (name == "people") <= value <= most:
            raise InputError(f"{name}={value} must be a whole number up to {most}")
    words = {"population.size": choice.people, "campaign.tactics": choice.tactics}
    if choice.scenario != "quiet":
        words["army.size"] = choice.army
    chosen = changed(_composed(*(getattr(choice, group) for group in GROUPS)), words)
    chosen.check_victims(chosen.graph.size(choice.people))
    return chosen


@lru_cache(64)
def _composed(*files: str) -> Setting:
    """Return the setting of one file of each of `GROUPS`; composing takes half a second."""
    with _COMPOSING, initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("replay", [f"{group}={name}" for group, name in zip(GROUPS, files, strict=True)])
    OmegaConf.resolve(config)
    return build(config)


def _known(what: str, name: str, allowed: Sequence[str]) -> None:
    if name not in allowed:
        raise InputError(f"{what} {name} is unknown: {suggest(str(name), list(allowed))}")
