"""Compose configurations by Hydra, with the user's own folders, files and paths."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError, safe_load

from experiments.configuration import (
    CONF,
    PATHS,
    PLACES,
    expand_path,
    find_file,
    find_package,
    get_group,
    is_file,
    is_group,
    list_choices,
    list_folders,
    list_places,
)
from sim.errors import InputError, suggest

TOKEN = re.compile(r"""("[^"]*"|'[^']*'|[^\[\],"']+)""")  #: one value of an override, which may be a list of them
PLAIN = re.compile(r"[\w/\\.+$%*@?|: -]+", re.ASCII)  #: what Hydra reads without quotes
_registered: dict[tuple[str, Path], str] = {}  #: group, file of a user's own -> name under which Hydra knows it


class OwnFolders(SearchPathPlugin):
    """Makes Hydra look into the user's own folders first, as its --config-dir does."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put the folders in front."""
        for folder in reversed(list_folders()[:-1]):
            search_path.prepend("own", folder.as_uri() if folder.drive else f"file://{folder}")


def compose(name: str, overrides: Sequence[str], conf: Path = CONF, with_hydra: bool = False) -> DictConfig:
    """Return what Hydra composes of `conf`/`name`.yaml and overrides as a user writes them, unchecked.

    Args:
        name: of the app.
        overrides: as on the command line.
        conf: folder of the configuration files.
        with_hydra: with the group `hydra`.
    """
    refuse_new_keys(name, overrides, conf)
    with initialize_hydra(conf), name_what_hydra_raises():
        return hydra.compose(name, make_readable(overrides, conf), return_hydra_config=with_hydra)


def refuse_new_keys(name: str, overrides: Sequence[str], conf: Path = CONF) -> None:
    """Raise InputError where `+KEY=VALUE` begins something beside the app's own keys and groups, which nobody reads."""
    added = [_parse_key(word.partition("=")[0]) for word in map(str, overrides) if word.startswith("+")]
    added = [key for key in added if key and not is_group(key, conf) and key.partition(".")[0] != "hydra"]
    if not added:
        return
    with initialize_hydra(conf), name_what_hydra_raises():
        known = [str(key) for key in hydra.compose(name)]
    for key in added:
        if key.partition(".")[0] not in known:
            raise InputError(f"{key} is not a known key: {suggest(key.partition('.')[0], known)}")


@contextmanager
def name_what_hydra_raises() -> Iterator[None]:
    """Turn what Hydra stumbles over, such as a group that is a list of numbers, into an error of its own."""
    try:
        yield
    except (OmegaConfBaseException, HydraException):
        raise
    except (TypeError, AttributeError, LookupError, AssertionError, RecursionError) as error:
        raise HydraException("these words cannot be put together, see --help:") from error


@contextmanager
def initialize_hydra(conf: Path = CONF) -> Iterator[None]:
    """Make Hydra ready to compose inside this block."""
    register_own_folders()
    with hydra.initialize_config_dir(str(conf), version_base="1.3"):
        yield


def register_own_folders() -> None:
    """Make Hydra look into the user's own folders from now on."""
    Plugins.instance().register(OwnFolders)


def make_readable(overrides: Sequence[str], conf: Path = CONF) -> list[str]:
    """Return overrides that Hydra can read: expanded, and with a name in place of each of the user's own files.

    Raises:
        InputError: a file cannot be used, in one line with the cure.
    """
    return [_name_files(expand_override(str(word), conf), conf) for word in overrides]


def expand_override(word: str, conf: Path = CONF) -> str:
    """Return an override whose paths are expanded, in quotes where Hydra needs them."""
    key, equals, value = word.partition("=")
    name = _parse_key(key)
    if not equals or re.match(r"\w+\(|\{", value):  # a function of Hydra's, such as choice(a, b), or a dictionary
        return word
    if name not in PATHS and not is_group(name, conf):
        return word

    def quote_value(found: re.Match[str]) -> str:
        return _quote(found[1], name) if name in PATHS or is_file(_unquote(found[1])) else found[1]

    return f"{key}={TOKEN.sub(quote_value, value)}"


def explain_syntax(word: str) -> str:
    """Return what is wrong with an override that Hydra cannot read, and the cure."""
    key, equals, value = word.partition("=")
    if not equals:
        return "is not of the form KEY=VALUE: see --help"
    for begin, end in ("()", "[]", "{}", '""', "''"):
        if value.count(begin) != value.count(end) or (begin == end and value.count(begin) % 2):
            return f"cannot be read: {begin} needs {end}"
    if value.startswith("[") and value.endswith("]") and "=" in value:
        items = value[1:-1].strip() if value.count("=") == 1 else "KEY=VALUES"
        return f"""cannot be read: put each item of the list in quotes, '{key}=["{items}"]'"""
    if re.match(r"\w+(\.\w+)+=", value):
        return f"""cannot be read: give a list, '{key}=["{value}"]'"""
    return f"""cannot be read: put a value with special signs in two pairs of quotes, '{key}="{value}"'"""


def expand_paths(config: DictConfig) -> None:
    """Expand `~` and environment variables in every path of a configuration, in place."""
    plain: Any = OmegaConf.to_container(config, resolve=False)
    for key in PATHS:
        value: Any = plain
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str):
            OmegaConf.update(config, key, expand_path(value, key))
        elif isinstance(value, list):
            OmegaConf.update(config, key, [expand_path(one, key) if isinstance(one, str) else one for one in value])


def load_choice(group: str, choice: str, conf: Path = CONF) -> tuple[DictConfig, str]:
    """Return what the file of a choice says, and the place in a configuration where that belongs.

    Raises:
        InputError: there is no such choice, or its file cannot be used, in one line with the cure.
    """
    choice = expand_path(choice, group) if is_file(choice) else choice
    path = _find_choice(group, choice, conf)
    try:
        text = path.read_text(encoding="utf-8-sig")
        config = OmegaConf.load(path)
    except (OSError, ValueError, YAMLError, OmegaConfBaseException) as error:
        said = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(f"{group}={choice} cannot be read as YAML ({said}): correct {path.name}") from None
    if isinstance(config, ListConfig):
        raise InputError(f"{group}={choice} holds a list: give KEY: VALUE, a line each")
    if safe_load(text) is None:
        raise InputError(f"{group}={choice} is empty: write KEY: VALUE, a line each")
    place = find_package(group, path, text)
    if (conf / group).is_dir():
        _refuse_foreign(group, choice, config, place, conf)
    if place == "_global_":
        _refuse_unknown_keys(group, choice, config, conf)
    elif config and "defaults" not in config and "_target_" not in config:
        _refuse_ruleless(group, choice, conf)
    return config, place


def _find_choice(group: str, choice: str, conf: Path) -> Path:
    if path := find_file(group, choice, conf):
        return path
    if is_file(choice):
        raise InputError(f"{group}={choice} names no file: give the path of one, or a choice, see --help")
    raise InputError(
        f"{group}={choice} is unknown: {suggest_file(group, choice) or suggest(choice, list_choices(group, conf))}"
    )


def suggest_file(group: str, choice: str) -> str:
    """Return what to say instead of `choice`, if it is the name of a file here; "" if it is not."""
    if group == "graph" and Path(choice).is_file():
        return f"say graph=file graph.path={choice}"
    return f"say {group}={choice}.yaml" if Path(f"{choice}.yaml").is_file() else ""


def get_written_name(group: str, name: str) -> str:
    """Return how a user writes the choice that Hydra knows as `name`: maybe the path of a file of the user's own."""
    for (place, path), known in _registered.items():
        if (place, known) == (group, name):
            return path.stem if path.parent.parent in list_folders() else str(path)
    return name


def _refuse_foreign(group: str, choice: str, config: DictConfig, place: str, conf: Path) -> None:
    """Raise InputError if a file is one of another group, by its place, its keys or its rule."""
    roots, root = list_places(group, conf), place.partition(".")[0]
    if root not in roots:
        cure = f"say {get_group(root)}={choice}" if is_group(get_group(root), conf) else "correct that line"
        raise InputError(f"{group}={choice} is no file of {group}, as its first line says @package {place}: {cure}")
    if place == "_global_" != PLACES.get(group):
        for key in map(str, config):
            if key not in roots:
                raise InputError(f"{group}={choice} sets {key}, which is no part of {group}: say scenario={choice}")
    if target := config.get("_target_"):
        owners = _find_owners(str(target), conf)
        if place == "_global_" or (owners and group not in owners):
            cure = f"say {' or '.join(owners) or 'GROUP'}={choice}"
            raise InputError(f"{group}={choice} holds one rule, {target}, which is none of {group}: {cure}")


def _find_owners(target: str, conf: Path) -> list[str]:
    """Return the groups that have a choice with this rule."""
    line = re.compile(rf"^_target_: {re.escape(target)}$", re.MULTILINE)
    found = {path.parent.name for path in conf.glob("*/*.yaml") if line.search(path.read_text(encoding="utf-8"))}
    return sorted(found)


def _refuse_unknown_keys(group: str, choice: str, config: DictConfig, conf: Path) -> None:
    """Raise InputError if a file that changes several groups has a key that no app knows."""
    known = {path.name for path in conf.iterdir() if path.is_dir()}
    for path in (*conf.glob("*.yaml"), *(conf / group).glob("*.yaml")):
        known |= set(re.findall(r"^(\w+):", path.read_text(encoding="utf-8"), re.MULTILINE))
    for key in map(str, config or ()):
        if key.partition("@")[0] not in known:
            raise InputError(f"{group}={choice} has {key}, which no app knows: {suggest(key, known)}")


def _refuse_ruleless(group: str, choice: str, conf: Path) -> None:
    """Raise InputError if each choice in this group is one rule."""
    for path in sorted((conf / group).glob("*.yaml")):
        if rule := re.search(r"^_target_: (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            raise InputError(
                f"{group}={choice} is no file of configuration: say graph=file graph.path={choice}"
                if group == "graph" and is_file(choice) and not choice.endswith((".yaml", ".yml"))
                else f"{group}={choice} has no _target_: add a line that names its rule, as _target_: {rule[1]}"
            )


def _name_files(word: str, conf: Path) -> str:
    key, equals, value = word.partition("=")
    group = _parse_key(key)
    if not equals or value.startswith("{") or not is_group(group, conf):
        return word
    return f"{key}={TOKEN.sub(lambda found: _name_file(group, found[1], conf), value)}"


def _name_file(group: str, written: str, conf: Path) -> str:
    """Return the name under which Hydra knows a choice; the file of one of the user's own is read anew."""
    choice = _unquote(written)
    path = find_file(group, choice, conf)
    if not is_file(choice) and (path is None or path.parent == conf / group):
        return written
    config, place = load_choice(group, choice, conf)
    path = _find_choice(group, choice, conf)
    name = _registered.setdefault((group, path), _find_free_name(group, path, conf))
    ConfigStore.instance().store(name, config, group, place, provider=str(path))
    return name


def _find_free_name(group: str, path: Path, conf: Path) -> str:
    name = re.sub(r"\W", "_", path.stem)
    taken = {*list_choices(group, conf), *(known for (place, _), known in _registered.items() if place == group)}
    return f"{name}_{blake2b(str(path).encode(), digest_size=4).hexdigest()}" if name in taken else name


def _parse_key(key: str) -> str:
    return key.lstrip("+").partition("@")[0]


def _unquote(written: str) -> str:
    written = written.strip()
    return written[1:-1] if written[:1] in ("'", '"') else written


def _quote(written: str, key: str) -> str:
    path = expand_path(_unquote(written), key)
    if "${" in path or PLAIN.fullmatch(path) or not path:
        return written if path == _unquote(written) else path
    return '"{}"'.format(path.replace('"', '\\"'))
