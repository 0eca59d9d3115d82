"""From a composed configuration to a `Setting`, and settings that differ in named fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from sim.errors import InputError, suggest

if TYPE_CHECKING:
    from sim.setting import Setting


def build(config: DictConfig) -> Setting:
    """Build the setting from the groups of a composed configuration.

    Raises:
        InputError: a value is outside its range, a graph file can not be used, or a victim is nobody, in one line
            with the cure.
    """
    from sim.setting import Setting

    setting = Setting(**{group.name: made(config[group.name]) for group in fields(Setting)})
    setting.campaign.check_victims(setting.graph.size(setting.population.size))
    return setting


def made(group: Any) -> Any:
    """Return what a group of a configuration describes: its rule, or a tuple of all the rules that it names."""
    if "_target_" in group:
        return instantiate(group)
    return tuple(instantiate(named) for named in group.values())


def facts(setting: Setting, config: DictConfig, notes: Sequence[str]) -> dict[str, Any]:
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
            "Campaign": f"hours {campaign.start} to {campaign.end} of {config.ticks}, intensity {campaign.intensity:g}",
            "Platform": f"engagement weight {setting.feed.engagement:g} in ranking, "
            f"{setting.attention.items} posts a session, {setting.moderation.capacity} reviews an hour",
            "Seeds": f"{config.seeds} ({first} to {last}); people{drawn} and chance redrawn for each",
        },
    }


def differences(one: Setting, other: Setting) -> list[tuple[str, Any, Any]]:
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


def changed(setting: Setting, changes: Mapping[str, Any]) -> Setting:
    """Return `setting` with some fields replaced, each named "group.field".

    Raises:
        InputError: there is no such group or field, or the value is outside its range.
    """
    groups = [group.name for group in fields(setting) if is_dataclass(getattr(setting, group.name))]
    for name, value in changes.items():
        group, _, field = name.partition(".")
        if group not in groups:
            raise InputError(f"{name} names no group: {suggest(group, groups)}")
        rule = getattr(setting, group)
        if field not in (known := [column.name for column in fields(rule)]):
            raise InputError(f"{name} names no field of {group}: {suggest(field, known)}")
        setting = replace(setting, **{group: replace(rule, **{field: value})})
    return setting
