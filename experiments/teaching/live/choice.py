"""What a visitor of the live page has chosen, and the setting that it stands for."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.composing import compose
from experiments.configuration import list_choices
from experiments.teaching.comparison import build_settings, get_time_span, name_page, select_measures
from sim.campaigns import TACTICS, Campaign
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


class LiveSetup(NamedTuple):
    """What a choice stands for."""

    settings: tuple[Setting, ...]  #: without what the scenario is about, if there is anything, and with it
    own: tuple[str, ...]  #: measures of the scenario that have charts of their own
    time: Campaign  #: whose hours are shaded
    words: dict[str, dict[str, str]]  #: language -> key -> text, instead of the default


class _ComposedScenario(NamedTuple):
    settings: tuple[Setting, ...]
    config: DictConfig


def get_scenario_fields(scenario: str) -> dict[str, Any]:
    """Return the fields of a choice that a scenario decides as long as nobody says otherwise."""
    rules = _compose_scenario(scenario, Choice().moderation, Choice().defence).settings[-1]
    return {"army": rules.army.size, "tactics": rules.campaign.tactics}


def get_setting(choice: Choice) -> Setting:
    """Return the setting of the world with what the scenario is about; see `build_setup`."""
    return build_setup(choice).settings[-1]


def check_choice(choice: Choice) -> None:
    """Raise InputError unless all names and numbers of a choice are among those that are allowed."""
    for group in GROUPS:
        _check_known(group, getattr(choice, group), list_choices(group))
    for tactic in choice.tactics:
        _check_known("tactic", tactic, TACTICS)
    for name, most in (("people", MOST_PEOPLE), ("army", MOST_ARMY), ("seed", MOST_SEED)):
        value = getattr(choice, name)
        least = int(name == "people")
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InputError(f"{name}={value} must be a whole number from {least} to {most}")


def build_setup(choice: Choice) -> LiveSetup:
    """Return what a choice stands for: its scenario beside what its story compares it with, as in a replay.

    An army in a scenario that has none of its own is there in both worlds, and silent in the one without.

    Raises:
        InputError: a name or a number is not one of those that are allowed.
    """
    check_choice(choice)
    rules, config = _compose_scenario(*(getattr(choice, group) for group in GROUPS))
    added = bool(choice.army and not rules[-1].army.size)
    words = {"population.size": choice.people, "campaign.tactics": choice.tactics, "army.size": choice.army}
    settings = [each.replace(words) for each in rules]
    if added:
        settings = [settings[0].replace({"campaign.intensity": 0.0}), settings[-1]]
    for each in settings:
        each.check_victims(each.graph.size(choice.people))
    return LiveSetup(
        tuple(settings), select_measures(config), get_time_span(config, settings[-1]), name_page(config, {})
    )


@lru_cache(64)
def _compose_scenario(*files: str) -> _ComposedScenario:
    """Return the settings of one file of each of `GROUPS`; composing takes half a second."""
    with _COMPOSING:
        config = compose("replay", [f"{group}={name}" for group, name in zip(GROUPS, files, strict=True)])
    OmegaConf.resolve(config)
    return _ComposedScenario(build_settings(config), config)


def _check_known(what: str, name: str, allowed: Sequence[str]) -> None:
    if name not in allowed:
        raise InputError(f"{what} {name} is unknown: {suggest(str(name), list(allowed))}")
