"""Mistakes on the command line, each explained in one line with the cure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, InstantiationException, MissingConfigException, OverrideParseException
from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException
from yaml import YAMLError

from experiments.apps import GROWING
from experiments.composing import explain_syntax, initialize_hydra, make_readable, suggest_file
from experiments.configuration import list_choices
from experiments.settings import list_defaults, load_class
from sim.errors import InputError, suggest
from sim.renamed import find_new_names, find_new_target


def explain_construction(error: InstantiationException) -> InputError:
    """Return the user's mistake behind a rule that could not be built.

    Raises:
        InstantiationException: `error` itself, if it is no mistake of a user.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, InputError):
            return InputError(_insert_key(str(cause), str(error)))
        if isinstance(cause, TypeError) and "unexpected keyword argument" in str(cause):
            return InputError(_explain_unknown_field(str(cause), str(error)))
        cause = cause.__cause__
    if isinstance(error.__cause__, TypeError):  # a value of a type that the rule cannot even compare
        found = re.search("full_key: '?([^'\\s]+)", str(error))
        return InputError(
            f"{found[1] if found else 'a rule'} has a value of a wrong type ({error.__cause__}): see --help"
        )
    if "Error in call to target" not in str(error):
        target = re.search(r"locating target '([^']+)'", str(error))
        if target and (moved := find_new_target(target[1])) != target[1]:
            return InputError(f"_target_: {target[1]} has moved: say {moved}")
        if target and target[1].startswith("__main__."):
            kind = target[1].removeprefix("__main__.")
            return InputError(
                f"_target_: {target[1]} is of a notebook or a script, which workers do not load: put it into a file "
                f"beside it, such as mine.py, and say _target_: mine.{kind}"
            )
        if target and (place := re.search(r"full_key: '?([\w.]+)", str(error))):
            try:
                load_class(place[1], target[1])
            except InputError as mistake:
                return mistake
        return InputError(f"{error}: correct _target_")
    raise error


def _explain_unknown_field(said: str, error: str) -> str:
    """Return one line about a key for which a rule has no field; it may come from a file or after a +."""
    target, key = (re.search(f"{word} '?([^'\\s]+)", error) for word in ("target", "full_key:"))
    given = re.search(r"argument '(\w+)'", said)
    if not target or not given:
        return f"{said}: see --help"
    name, rule = f"{key[1]}.{given[1]}" if key else given[1], target[1].rpartition(".")[2]
    known = [field.name for field in fields(get_object(target[1]))]
    return f"{name} is not a known key of {rule}: {suggest(given[1], known)}"


def _insert_key(said: str, error: str) -> str:
    """Return what a rule said of a field of its class, with the key that a user types for it."""
    target, key = (re.search(f"{word} '?([^'\\s]+)", error) for word in ("target", "full_key:"))
    name = target[1].rpartition(".")[2] if target else ""
    if key and f" is not a known key of {name}:" in said:
        return f"{key[1]}.{said}"
    if not key or not said.startswith(f"{name}."):
        return said
    return re.sub(r"=None\b", "=null", said.replace(f"{name}.", f"{key[1]}.", 1), count=1)


def explain_composition(error: Exception, name: str, overrides: list[str], conf: Path) -> InputError:
    """Return what was wrong with `overrides` of the app `name`, given what Hydra raised."""
    if isinstance(error, InputError):
        return error
    if isinstance(error, YAMLError):
        return InputError(f"{' '.join(str(error).split())}: correct the file")
    if isinstance(error, OverrideParseException):
        return InputError(f"{error.override} {explain_syntax(error.override)}")
    if isinstance(error, MissingConfigException) and "/" in str(error.missing_cfg_file):
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        choice = choice.removesuffix(".yaml")
        known = list_choices(group, conf) or error.options or ()  # not the names that Hydra has for the user's files
        return InputError(f"{group}={choice} is unknown: {suggest_file(group, choice) or suggest(choice, known)}")
    if isinstance(error, MissingConfigException) and error.missing_cfg_file == name:
        return InputError(f"{name}.yaml is not in {conf}: name the folder that has it by --config-dir DIR")
    if twice := re.match(r"Multiple values for (\w+)\.|(\w+) appears more than once", str(error)):
        for word in overrides:
            if word.startswith(f"+{twice[1] or twice[2]}="):
                return InputError(f"{word} adds a choice where there is one: say {word[1:]}")
    try:
        line = _explain_unknown_key(name, overrides, conf)
    except InputError as mistake:
        return mistake
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError):
        line = None
    return InputError(line or _explain_hydra(error, name, overrides, conf))


def _explain_hydra(error: Exception, name: str, overrides: list[str], conf: Path) -> str:
    """Return in our words what Hydra or OmegaConf raised of overrides whose keys are known."""
    said = str(error).partition("\n")[0]
    if told := re.match(r"Ambiguous value for argument '(.*)'$|Sweep parameters '(.*)' requires", said):
        return _explain_several(told[1] or told[2], name, conf)
    missing = re.match(r"Key '(.*)' is not in struct", str(error.__cause__))
    if (told := re.match(r"Could not override '(.*)'", said)) and missing:
        word = next((word for word in overrides if word.startswith(f"{told[1]}={{")), "")
        cure = f"'+{word}'" if word else f"+{told[1]}.{missing[1]}=VALUE"
        return f"{told[1]} has no {missing[1]}: say {cure} to add it"
    if told := re.match(r"Error merging override (.*)", said):
        return f"{told[1]} cannot be set ({str(error.__cause__).partition(chr(10))[0]}): see --help"
    if isinstance(error, InterpolationResolutionError):
        word = next((word for word in overrides if "${" in word), "a reference in a file")
        return f"{word} cannot be resolved ({said}): say a value, or ${{KEY}} with a key that has one"
    whole = " ".join(str(part) for part in (error, error.__cause__) if part)
    return re.sub(r"\s*\b(full_key|object_type|reference_type)[:=] *\S+", "", whole)


def _explain_several(word: str, name: str, conf: Path) -> str:
    """Return one line about an override with several values where one is needed."""
    key, _, values = word.partition("=")
    try:
        with initialize_hydra(conf):
            now = OmegaConf.select(compose(name), key)
    except (HydraException, OmegaConfBaseException):  # a file of the user's own, or a key of Hydra's
        now = None
    if isinstance(now, ListConfig) and "(" not in values:
        return f"{word} is no list: say {key}=[{values}]"
    is_decimal = re.fullmatch(r"-?\d+,\d+", values) and not isinstance(now, int)
    cures = [f"{values.replace(',', '.')} with a point"] if is_decimal else []
    cures += [f"""'sweep.grid=["{word}"]' for a point with each"""] if name == "sweep" else []
    cures += [] if name in GROWING else ["-m for a run with each"]
    return f"{word} has several values: say one{''.join(f', or {cure}' for cure in cures)}"


def _explain_unknown_key(name: str, overrides: list[str], conf: Path) -> str | None:
    """Return one line about the first override with an unknown key or choice, or None."""
    parsed = OverridesParser.create().parse_overrides(make_readable(overrides, conf))
    with initialize_hydra(conf):
        loader = GlobalHydra.instance().config_loader()
        groups = {group: loader.get_group_options(group) for group in loader.list_groups("") if group != "hydra"}
        own = set(groups) & set(compose(name, return_hydra_config=True).hydra.runtime.choices)
        if line := _explain_foreign_group(parsed, name, set(groups) - own, own):
            return line
        chosen = [str(o.input_line).lstrip("+") for o in parsed if o.key_or_group in groups and _is_choice(o)]
        plain = compose(name, chosen)
        known = {o.key_or_group for o in parsed if o.is_add()}.union(_iterate_keys(plain))
        for override in parsed:
            key, _, value = str(override.input_line).partition("=")
            group = key.partition(".")[0]
            if not key:
                return f"{override.input_line} has no key: say KEY=VALUE"
            if not override.is_delete() and (dotted := _find_dotted(plain, key.lstrip("+"))):
                return f"{dotted[0]} has keys with points: say '{dotted[2]}{dotted[0]}={{{dotted[1]}: {value}}}'"
            if override.is_delete() and key.lstrip("~") in (known | own):
                return f"{key} takes away what {name} needs: leave it out"
            if key in groups and not (override.is_sweep_override() or _is_choice(override)):
                return f"{key}={value} is unknown: {suggest(value, groups[key])}; or set one of its keys, see --help"
            if key in known and isinstance(OmegaConf.select(plain, key), ListConfig) and _is_dictionary(override):
                return f"""{key}={value} must be a list: '{key}=["ITEM"]', see --help"""
            if key in known or key in groups or key[0] in "+~" or group == "hydra":
                continue
            choices = [f"{group}={option}" for option in groups.get(group, [])]
            held = {choice: set(_iterate_keys(compose(name, [choice]))) for choice in choices}
            if owners := [choice for choice in choices if key in held[choice]]:
                return f"{key} is a key of another choice: add {' or '.join(owners)}"
            new = {choice: found for choice in choices if (found := find_new_names(key, held[choice] - known))}
            if new:
                names = " or ".join(dict.fromkeys(name for found in new.values() for name in found))
                return f"{key} is now {names}, which is a key of another choice: add {' or '.join(new)}"
            place, _, field = key.rpartition(".")
            defaults = list_defaults(plain, place)
            if field in defaults:
                return f"{key} is left at its default here: say +{key}={value}"
            if close := get_close_matches(field, defaults, n=1):
                return f"{key} is not a known key: did you mean +{place}.{close[0]}?"
            near = find_new_names(key, known) or _find_similar_keys(key, known | own) or known | own
            return f"{key} is not a known key: {suggest(key, near)}"
    return None


def _explain_foreign_group(parsed: Iterable[Override], name: str, foreign: set[str], own: set[str]) -> str | None:
    """Return one line about the first choice of a group that the app `name` lacks, or None."""
    for override in parsed:
        if override.key_or_group in foreign and _is_choice(override) and not override.is_add():
            near = f"other groups: {suggest(override.key_or_group, own)};" if own else "no groups:"
            return f"{override.input_line} is not for {name}, which has {near} see --help"
    return None


def _is_choice(override: Override) -> bool:
    value = override.value()
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _find_dotted(config: DictConfig, key: str) -> tuple[str, str, str] | None:
    """Return (a folder, the rest of `key`, + if it is not there) where names in the folder have points; else None."""
    parts = key.split(".")
    for at in range(1, len(parts)):
        folder = OmegaConf.select(config, ".".join(parts[:at]), throw_on_resolution_failure=False)
        if isinstance(folder, DictConfig) and any("." in str(name) for name in folder):
            rest = ".".join(parts[at:])
            return ".".join(parts[:at]), rest, "" if rest in folder else "+"
    return None


def _is_dictionary(override: Override) -> bool:
    return isinstance(override.value(), dict)


def _find_similar_keys(key: str, known: set[str]) -> set[str]:
    """Return the known keys in the same place as `key`, only those that look alike if there are any."""
    place, _, last = key.rpartition(".")
    names = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[0] == place}
    return {names[name] for name in get_close_matches(last, names)} or set(names.values())


def _iterate_keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every value and of every folder of values in `config`."""
    for key in map(str, config):
        name = f"{prefix}{key}"
        yield name
        value = config._get_node(key)
        if isinstance(value, DictConfig) and not value._is_none() and not value._is_missing():
            yield from _iterate_keys(value, f"{name}.")
