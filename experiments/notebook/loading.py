"""Configurations as settings, and what a setting is compared with."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from experiments.app import compose_config
from experiments.config_errors import explain_construction
from experiments.settings import apply_overrides, build_setting
from sim.errors import InputError
from sim.setting import Setting

APP = "replay"  #: whose configuration is composed: it has every group, the scenario's story, and lessons
NOT_OF_A_WORLD = ("seed", "seeds", "workers", "out", "hydra")  #: keys of an app that say nothing about a world
NO_ORDERS = "campaign.tactics=[]"

Changes = Setting | str | Sequence[str]


def load(*overrides: str) -> Setting:
    """Return any configuration as a `Setting`: what a command line of the same words would play.

    Args:
        overrides: each "KEY=VALUE" or "GROUP=CHOICE"; without any it is what the apps play by default.

    Raises:
        InputError: what a command would say in its one line.

    Example:
        >>> import infowar_lab as lab
        >>> setting = lab.load("scenario=committee_smear", "population.size=200", "ticks=240")
        >>> lab.World(setting)
        <World: 200 people, 6 organised accounts, hour 0 of 240, seed 1>
    """
    for word in overrides:
        if not isinstance(word, str):
            raise InputError(f"{word!r} is not text: say load('KEY=VALUE', ...)")
        if re.search(r"^[\w./]+=\S+ +[\w.]+=", word):
            raise InputError(f"{word!r} holds several changes: give each as a text of its own, load('KEY=VALUE', ...)")
        if (key := word.partition("=")[0].partition(".")[0]) in NOT_OF_A_WORLD:
            raise InputError(f"{word} is no part of a setting: leave {key} out, and say it where worlds are played")
    config = compose_config(APP, overrides)
    setting = build_with_config(config)
    object.__setattr__(setting, "loaded_from", config)
    return setting


def as_setting(given: Any) -> Setting:
    """Return `given` if it is a setting; load it if it is one override or several."""
    if isinstance(given, Setting):
        return given
    if isinstance(given, str):
        return load(given)
    if isinstance(given, Sequence):
        return load(*given)
    raise InputError(f"{given!r} is not a setting: give a Setting, or overrides such as 'scenario=committee_smear'")


def build_with_config(config: DictConfig) -> Setting:
    """Return the setting of a configuration; what is wrong with it is one line."""
    try:
        return build_setting(config)
    except InstantiationException as error:
        raise explain_construction(error) from error


def get_compared(setting: Setting, without: Changes | None) -> tuple[Setting, list[str]]:
    """Return the setting that `setting` is compared with, and what differs there, each "KEY=VALUE".

    Args:
        setting: of the worlds with what it is about.
        without: the other setting, or changes, each "KEY=VALUE" ("GROUP=CHOICE" too if `setting` was loaded). None:
            what the story of its scenario says, else no orders for its army.

    Raises:
        InputError: a change names nothing, or both settings are the same.
    """
    if isinstance(without, Setting):
        other, changes = without, ["another setting"]
    else:
        changes = (
            [without]
            if isinstance(without, str)
            else get_default_comparison(setting)
            if without is None
            else list(without)
        )
        other = apply_changes(setting, changes)
    if other == setting:
        raise InputError("both worlds would be the same: say what differs, such as without='army.size=0'")
    return other, changes


def get_default_comparison(setting: Setting) -> list[str]:
    """Return what a setting is compared with by default: changes, each "KEY=VALUE"."""
    config, campaign = setting.loaded_from, setting.campaign
    if config is not None:
        from experiments.teaching.comparison import list_changes

        return list_changes(config)
    return [NO_ORDERS] if setting.army.size and campaign.tactics and campaign.intensity else []


def apply_changes(setting: Setting, changes: Sequence[str]) -> Setting:
    """Return `setting` with changes, each "KEY=VALUE"."""
    for change in changes:
        if not isinstance(change, str) or "=" not in change:
            raise InputError(f"without has {change!r}: say 'KEY=VALUE', such as without='army.size=0'")
    if setting.loaded_from is not None:
        return build_with_config(apply_overrides(setting.loaded_from, changes))
    return setting.replace(dict(_read(change) for change in changes))


def _read(change: str) -> tuple[str, Any]:
    key, _, text = change.partition("=")
    try:
        value = OmegaConf.to_container(OmegaConf.create(f"value: {text}"))["value"]  # type: ignore[index, call-overload]
    except (OmegaConfBaseException, YAMLError):
        raise InputError(f"{change} cannot be read: say KEY=VALUE") from None
    return key, value


def describe_setting(setting: Setting) -> dict[str, Any]:
    """Return the configuration of a setting as plain values, each rule with its `_target_`."""
    if setting.loaded_from is not None:
        return OmegaConf.to_container(setting.loaded_from)  # type: ignore[return-value]
    return {name: _to_plain(value) for name, value in vars(setting).items()}


def _to_plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        kind = type(value)
        about = {name: _to_plain(getattr(value, name)) for name in value.__dataclass_fields__}
        return {"_target_": f"{kind.__module__}.{kind.__qualname__}", **about}
    if isinstance(value, Mapping):
        return {str(key): _to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
