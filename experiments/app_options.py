"""Options of an app: the values of its own keys, each of the same kind as in the app's file in conf/."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.configuration import CONF
from sim.errors import InputError, suggest


def read_app_options(config: DictConfig, app: str, name: str) -> dict[str, Any]:
    """Return the keys `name` of an app as plain values; null is an empty list, or names nothing.

    Args:
        config: composed and resolved.
        app: whose file it is, conf/`app`.yaml.
        name: of the app's own keys in that file.

    Raises:
        InputError: a value is of another kind than the file's, in one line with the cure.
    """
    known: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{app}.yaml"))
    given: Any = OmegaConf.to_container(config)
    return {key: _check_value(like, given[name].get(key), f"{name}.{key}") for key, like in known[name].items()}


def _check_value(like: Any, value: Any, key: str) -> Any:
    """Return the value of `key` if it is of the kind of `like`."""
    if value is None and isinstance(like, list | dict):
        return type(like)()
    if not _is_same_kind(like, value):
        raise InputError(f"{key}={value} must be {_describe_kind(like)}: say {key}={_format_example(like)}")
    if isinstance(like, list) and like and not all(_is_same_kind(like[0], one) for one in value):
        raise InputError(
            f"{key}={value} must be a list, each of it {_describe_kind(like[0])}: say {key}={_format_example(like)}"
        )
    return _check_names(like, value, key) if isinstance(like, dict) and "_target_" not in like else value


def _check_names(like: dict[str, Any], value: dict[str, Any], key: str) -> dict[str, Any]:
    """Check what `value` names: lists by any name, or what `like` names."""
    lists = all(isinstance(one, list) for one in like.values())
    for name, one in value.items():
        if lists and not isinstance(one, list):
            raise InputError(f"{key}.{name}={one} must be a list: say '{key}.{name}=[\"KEY=VALUE\"]'")
        if not lists and name not in like:
            raise InputError(f"{key}.{name} is not a known key: {suggest(str(name), list(like))}")
    return value if lists else {name: _check_value(like[name], one, f"{key}.{name}") for name, one in value.items()}


def _is_same_kind(like: Any, value: Any) -> bool:
    if isinstance(like, int | float) and not isinstance(like, bool):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, type(like))


def _describe_kind(like: Any) -> str:
    kinds = {bool: "true or false", str: "a word", dict: "names and values", list: "a list"}
    return kinds.get(type(like), "a number")


def _format_example(like: Any) -> str:
    """Return what a command line may say in its place; of long values the first, or none."""
    plain = str(like).lower() if isinstance(like, bool) else str(like).replace(" ", "")
    if len(plain) < 40:
        return plain
    return str(like[:1]) if isinstance(like, list) else "null"
