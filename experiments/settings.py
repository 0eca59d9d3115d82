"""From a composed configuration to a `Setting`, and settings that differ in named fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from experiments.composing import explain_syntax, load_choice
from experiments.configuration import is_group
from experiments.keys import write_value
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    from sim.setting import Setting


def build_setting(config: DictConfig) -> Setting:
    """Build the setting from the groups of a composed configuration.

    Raises:
        InputError: a value is outside its range, a graph file cannot be used, or a victim is nobody, in one line
            with the cure.
    """
    from sim.memory import check_memory
    from sim.setting import GROUPS

    for group in GROUPS:
        if group not in config:
            raise InputError(f"~{group} takes away what every world needs: leave it out")
    setting = combine_groups(
        {"ticks": config.ticks} | {group: instantiate_group(config[group], group) for group in GROUPS}
    )
    check_memory(setting)
    setting.check_victims(setting.graph.size(setting.population.size))
    return setting


def instantiate_group(group: Any, name: str) -> Any:
    """Return what the group `name` of a configuration describes: its rule, or a tuple of all the rules that it names.

    Raises:
        InputError: something is set, but there is no rule whose it could be, or nothing is where a rule should be.
    """
    if group is None:
        raise InputError(f"{name} is empty: say {name}=NAME, see --help")
    if not isinstance(group, Mapping):
        raise InputError(f"{name}={write_value(group)} is no rule: say {name}=NAME, see --help")
    if "_target_" in group:
        return instantiate(group, _convert_="all")
    for key, named in group.items():
        if not isinstance(named, Mapping) or "_target_" not in named:
            cure = f"+{name}.{key}._target_=CLASS" if isinstance(named, Mapping) else f"{name}=NAME, see --help"
            raise InputError(f"{name}.{key} is set, but has no rule: say {cure}, or take it away by ~{name}.{key}")
    return tuple(instantiate(named, _convert_="all") for named in group.values())


def combine_groups(groups: Mapping[str, Any]) -> Setting:
    """Return the setting of these groups; one that names nothing is what a setting has of itself."""
    from sim.setting import Setting

    return Setting(**{name: group for name, group in groups.items() if group != ()})


def get_baseline_changes(story: Mapping[str, Any]) -> list[str]:
    """Return what differs in the world that a scenario is compared with, each "KEY=VALUE"; [] for nothing.

    `story`: of the scenario; {} for none, which is compared with the same whose army has no orders.
    """
    without = story.get("without")
    return ["campaign.tactics=[]"] if without is None else list(without)


def has_default(config: DictConfig, key: str) -> bool:
    """Tell whether `key` is a field that a rule named in `config` has, and that is left at its default there."""
    place, _, field = key.rpartition(".")
    return field in list_defaults(config, place)


def list_defaults(config: DictConfig, place: str) -> set[str]:
    """Return the fields that the rule at `place` leaves at their defaults; none if no rule is there.

    Raises:
        InputError: its class cannot be loaded.
    """
    rule = OmegaConf.select(config, place) if place else None
    if not isinstance(rule, DictConfig) or "_target_" not in rule:
        return set()
    kind = load_class(place, str(rule["_target_"]))
    return {column.name for column in fields(kind)} - set(map(str, rule)) if is_dataclass(kind) else set()


def load_class(place: str, target: str) -> Any:
    """Return the class that a configuration names at `place`.

    Raises:
        InputError: it cannot be loaded, in one line with the cure.
    """
    try:
        return resolve_name(target)
    except Exception as error:  # whatever a user's own module raises
        missing = isinstance(error, ModuleNotFoundError) and f"{target}.".startswith(f"{error.name}.")
        cure = "correct it, or add the folder of the module to PYTHONPATH" if missing else "correct it"
        said = f"{place}._target_={target} cannot be loaded ({type(error).__name__}: {error})"
        raise InputError(f"{' '.join(said.split())}: {cure}") from error


def describe_run(setting: Setting, config: DictConfig, notes: Sequence[str]) -> dict[str, Any]:
    """Return what a report says about a run under `setting`; `notes` are those of its graph."""
    army, campaign = setting.army, setting.campaign
    drawn = "" if getattr(setting.graph, "fixed", False) else ", graph"
    first, last = config.seed, config.seed + config.seeds - 1
    return {
        "campaign": {"start": campaign.start, "stop": campaign.end},
        "notes": list(notes[:-1]),
        "facts": {
            "Graph": f"{type(setting.graph).__name__}: {notes[-1]}",
            "Army": f"{army.size} accounts under a chain of command for a {campaign.principal}",
            "Extremists": f"{setting.extremists.size} accounts, in every arm the same and by the same rule",
            "Campaign": f"hours {campaign.start} to {campaign.end} of {config.ticks}, intensity {campaign.intensity:g}"
            + ("" if army.size and campaign.tactics else ", but there is nobody to carry it out"),
            **_describe_extras(setting),
            "Platform": f"engagement weight {setting.feed.engagement:g} in ranking, "
            f"{setting.attention.items} posts a session, {setting.moderation.capacity} reviews an hour",
            "Seeds": f"{config.seeds} ({first} to {last}); people{drawn} and chance redrawn for each",
        },
    }


def _describe_extras(setting: Setting) -> dict[str, str]:
    """Return in words which further forces and mechanisms this world has; {} if none."""
    from sim.mechanisms.base import get_name

    forces = []
    for force in setting.forces:
        kind, accounts = type(force).__name__, getattr(force, "members", getattr(force, "size", 0))
        hired = getattr(force, "hired", 0)
        also = f" and {hired} hired" if hired else ""
        forces.append(f"{getattr(force, 'name', kind)} ({kind}, {accounts} accounts{also})")
    there = [part.name for part in fields(setting) if part.default is None and getattr(setting, part.name)]
    there += map(get_name, setting.mechanisms)
    words = {"Further forces": forces, "Mechanisms": there}
    return {what: ", ".join(names) for what, names in words.items() if names}


def apply_overrides(config: DictConfig, words: Sequence[str], name: str = "") -> DictConfig:
    """Return a composed configuration with further overrides in place, each "KEY=VALUE" or "GROUP=CHOICE".

    A choice lies on top of what there is: a scenario changes what it names and nothing else. GROUP={} takes what is
    there away.

    Args:
        config: resolved.
        words: what differs.
        name: of the key that holds the words, for a mistake.

    Raises:
        InputError: a word cannot be read, or names no key and no choice.
    """
    other = config.copy()
    OmegaConf.set_struct(other, False)
    for word in map(str, words):
        key, equals, text = word.partition("=")
        if not equals:
            raise InputError(
                f"{name} has {word}, which {explain_syntax(word)}" if name else f"{word} {explain_syntax(word)}"
            )
        if is_group(key) and not text.startswith("{"):
            other = _apply_choice(other, key, text)
        elif OmegaConf.select(config, key) is None and not has_default(config, key):
            place = f"{name} has {word}, which" if name else word
            raise InputError(f"{place} names no key: {suggest(key, _list_keys(config))}")
        else:
            OmegaConf.update(other, key, _parse_value(word, text), merge=False)
    return other


def _apply_choice(config: DictConfig, group: str, choice: str) -> Any:
    found, place = load_choice(group, choice)
    for entry in found.pop("defaults", []):  # as in `override /credibility: default`
        for key, named in entry.items() if isinstance(entry, DictConfig) else ():
            config = _apply_choice(config, str(key).rpartition("/")[2], str(named))
    if place == "_global_":
        return OmegaConf.merge(config, found)
    OmegaConf.update(config, place, found, merge=False)
    return config


def _parse_value(word: str, text: str) -> Any:
    try:
        return OmegaConf.create(f"value: {text}").value
    except (OmegaConfBaseException, YAMLError):
        raise InputError(f"{word} cannot be read: say KEY=VALUE") from None


def _list_keys(config: DictConfig) -> list[str]:
    groups = {str(name): group for name, group in config.items() if isinstance(group, DictConfig)}
    return [f"{name}.{key}" for name, group in groups.items() for key in map(str, group)]


def list_differences(one: Setting, other: Setting) -> list[tuple[str, Any, Any]]:
    """Return (group.field, value in `one`, value in `other`) where two settings of the same rules differ.

    Groups of several rules are the same in every arm.
    """
    return [
        (f"{group.name}.{column.name}", before, after)
        for group in fields(one)
        if is_dataclass(getattr(one, group.name))
        for column in fields(getattr(one, group.name))
        if (before := getattr(getattr(one, group.name), column.name))
        != (after := getattr(getattr(other, group.name), column.name))
    ]
