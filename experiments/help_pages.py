"""The pages of `--help` and `--help-all`: what an app does, its keys with their meaning, choices, examples."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from textwrap import wrap
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.apps import BY_NAME, GROWING, NEEDED, format_start
from experiments.composing import get_written_name
from experiments.configuration import CONF, is_group, list_choices, list_folders
from experiments.keys import SHARED, Keys

TABLE = Path(__file__).parent / "parameters.csv"  #: written by scripts/parameters.py
LINE = re.compile(r"( *)(['\"]?)([\w ]+)\2:(?: .*)?$")  #: a key of a file of configuration
WIDTH, COLUMN, SHORT = 119, 34, 26  #: letters of a line, of a key with its value, of a value
#: units of parameters that are not measured, and the range of those that are switched on and off
UNITLESS, SWITCH = ("file", "kind", "name", "names", "node attribute", "rule", "rules"), "true, false"
#: what chosen files hold that is neither of a rule nor of an app
OTHERS = {
    "story": "what the scenario tells: what it is compared with, its outcomes and pictures",
    "release": "the fixed data set that is chosen, if one is: its name, and the fingerprint that it must have",
}
FLAGS = f"""Flags
  --help-all         every key, with its value now, unit, range, default and source
  --cfg job          show the configuration and stop
  --config-dir DIR   your own folder, whose choices come first (also INFOWAR_CONF=DIR), with the layout of
                     {CONF}
  --version          the version of infowar-lab"""
MANY = (
    "  -m                 a run for each combination, e.g.  -m seed=1,101 ticks=96,336  (results in DIR-0, DIR-1, ...)"
)


class Field(NamedTuple):
    """What is known of one parameter of a rule."""

    default: str
    unit: str
    range: str
    source: str
    meaning: str


class Key(NamedTuple):
    """One key of a configuration."""

    name: str
    value: str  #: now
    about: Field  #: with only a meaning, if no rule has it


#: keys of every app, which experiments/app.py checks
COMMON = {
    "ticks": Field("", "h", str(SHARED["ticks"]), "a choice", ""),
    "seed": Field("", "1", str(SHARED["seed"]), "a choice", ""),
    "seeds": Field("", "seeds", str(SHARED["seeds"]), "a choice", ""),
    "workers": Field("", "processes", str(SHARED["workers"]), "a choice", ""),
    "engine": Field("", "name", "local or ray", "a choice", ""),
    "address": Field("", "name", "auto, or the address of a cluster", "a choice", ""),
    "out": Field("", "name", "a folder that may be written", "a choice", ""),
}


def format_help(name: str, config: DictConfig, conf: Path = CONF) -> str:
    """Return the page of `--help`.

    Args:
        name: of the app.
        config: composed, with the group `hydra`.
        conf: folder of the configuration files.
    """
    does, _, examples = config.hydra.help.header.partition("\n\nExamples\n")
    parts = [
        does,
        f"  {format_start(name)} KEY=VALUE GROUP=CHOICE ...",
        format_main_keys(name, config, conf),
        format_choices(name, config, conf),
    ]
    flags = FLAGS if name in GROWING else f"{FLAGS}\n{MANY}"
    said = "\n\n".join(part for part in (*parts, f"Examples\n{examples}" if examples else "", flags) if part)
    return re.sub(r"python -m experiments\.(\w+)", lambda found: format_start(found[1]), said)


def format_main_keys(name: str, config: DictConfig, conf: Path = CONF) -> str:
    """Return the keys that matter, a line each: value now, meaning, unit."""
    known = {key.name: key for key in describe_keys(name, config, conf)}
    chosen = (
        [known[key] for key in BY_NAME[name].keys.split() if key in known] if name in BY_NAME else list(known.values())
    )
    rows = [format_row(f"{key.name}={_shorten(key.value)}", _format_unit(key.about)) for key in chosen]
    return "\n".join(["The keys that matter, with their values now", *rows])


def format_choices(name: str, config: DictConfig, conf: Path = CONF) -> str:
    """Return the choices that an app takes, a line a group that has several; "" if it has no groups."""
    found = list_offered(name, config, conf)
    if not found:
        return ""
    rows, single = [], []
    for group, names in found.items():
        now = get_written_name(group, str(config.hydra.runtime.choices[group]))
        others = [_format_needed(group, choice) for choice in names if choice != now]
        if others:
            rows.append(format_row(f"{group}={now}", f"or {', '.join(others)}"))
        else:
            single.append(group)
    own = f"of your own from anywhere: any group above, and {', '.join(single)}" if single else "of your own"
    return "\n".join(["Choices, with what is chosen now", *rows, format_row("GROUP=PATH.yaml", f"a file {own}")])


def list_offered(name: str, config: DictConfig, conf: Path = CONF) -> dict[str, list[str]]:
    """Return the choices of each group of an app that it does not refuse."""
    refused, own = (BY_NAME[name].refused.split(), BY_NAME[name].own) if name in BY_NAME else ((), {})
    groups = [
        group
        for group in map(str, config.hydra.runtime.choices)
        if "/" not in group and group not in own and is_group(group, conf)
    ]
    found = {
        group: [choice for choice in list_choices(group, conf) if f"{group}={choice}" not in refused]
        for group in groups
    }
    return dict(sorted(found.items(), key=lambda named: -len(named[1])))


def format_full_help(name: str, config: DictConfig, conf: Path = CONF) -> str:
    """Return the page of `--help-all`: every key with value, meaning, unit, range, default and source."""
    lines = [f"Every key of {name}: its value now; meaning; unit, range, default and source."]
    place = None
    for key in describe_keys(name, config, conf):
        if (group := key.name.partition(".")[0] if "." in key.name else "") != place:
            place = group
            lines.append("")
        value = "{...}" if key.name in OTHERS else key.value
        lines += wrap(f"{key.name}={value}", WIDTH, subsequent_indent="    ", break_long_words=False)
        for told in (key.about.meaning, _format_facts(key.about)):
            lines += wrap(told, WIDTH, initial_indent="    ", subsequent_indent="    ")
    choices = format_choices(name, config, conf)
    off = (
        f"The keys of a choice appear once it is chosen: {format_start(name)} GROUP=CHOICE --help-all"
        if choices
        else ""
    )
    return "\n".join([*lines, "", choices, "", off]).rstrip()


def format_row(left: str, right: str) -> str:
    """Return one line of a list, wrapped: what may be typed, then what it means."""
    lines = wrap(right, WIDTH - COLUMN - 4) or [""]
    head = f"  {left:<{COLUMN}}  "
    first = [f"{head}{lines[0]}"] if len(head) == COLUMN + 4 else [head.rstrip(), " " * (COLUMN + 4) + lines[0]]
    return "\n".join([*first, *(" " * (COLUMN + 4) + line for line in lines[1:])]).rstrip()


def describe_keys(name: str, config: DictConfig, conf: Path = CONF) -> list[Key]:
    """Return every key of an app, those of the app first."""
    comments = OTHERS | _read_comments(name, conf)
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    found = _walk_keys(OmegaConf.to_container(own, resolve=True), "", comments)  # type: ignore[arg-type]
    facts = COMMON | _list_declared(name)
    return [
        key._replace(about=facts[key.name]._replace(meaning=key.about.meaning)) if key.name in facts else key
        for key in sorted(found, key=lambda key: bool(key.about.source))
    ]


def _list_declared(name: str) -> dict[str, Field]:
    """Return unit, range and source of the keys that the module of an app declares (`experiments.keys`)."""
    if name not in BY_NAME:
        return {}
    module = import_module(f"experiments.{name}")
    own = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Keys)]
    inner = [column.metadata.get("group") for kind in own for column in fields(kind)]
    return {key: about for kind in own if kind not in inner for key, about in _walk_declared(kind, kind.place)}


def _walk_declared(kind: type[Keys], place: str) -> Iterator[tuple[str, Field]]:
    for column in fields(kind):
        about, key = column.metadata, f"{place}.{column.name}" if place else column.name
        if "group" in about:
            yield from _walk_declared(about["group"], key)
        elif about:
            range_ = str(about["kind"])
            unit = about["unit"] if about["unit"] != "1" or "number" in range_ else "name"
            yield key, Field("", unit, range_, about["source"], "")


def _walk_keys(node: Mapping[str, Any], prefix: str, comments: Mapping[str, str]) -> Iterator[Key]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        inner = any(comment.startswith(f"{name}.") for comment in comments)
        told = name in comments and not inner and not _holds_rules(value)
        if not told and (about := _find_rule(value, inner)):
            yield from _read_fields(value, f"{name}.", about, comments)
        elif isinstance(value, dict) and value and not told:
            yield from _walk_keys(value, f"{name}.", comments)
        elif value != {} or name in comments:
            yield Key(name, _find_text(value), Field("", "", "", "", comments.get(name, "")))


def _read_fields(
    node: Mapping[str, Any], prefix: str, known: Mapping[str, Field], comments: Mapping[str, str]
) -> Iterator[Key]:
    """Yield the fields of one rule, those too that are left at their defaults."""
    for name, about in known.items():
        value = node.get(name)
        if isinstance(value, dict) and value:
            yield from _walk_keys({name: value}, prefix, comments)
        elif name in node:
            yield Key(f"{prefix}{name}", _find_text(value), about)
        else:
            yield Key(f"+{prefix}{name}", about.default, about)


def _find_rule(value: Any, commented: bool) -> dict[str, Field]:
    """Return the fields of the rule that a value describes, {} if it describes none.

    Its module is loaded only if neither the table nor, where a file has `commented` on its keys, that file knows them.
    """
    target = value.get("_target_") if isinstance(value, dict) else None
    if not isinstance(target, str):
        return {}
    if target in (known := _read_table()):
        return known[target]
    if commented:
        return {}
    try:
        kind = resolve_name(target)
    except Exception:  # whatever a user's own module raises; what is wrong with it is said when it is built
        return {}
    columns = fields(kind) if is_dataclass(kind) else ()
    about = {column.name: column.metadata for column in columns if "unit" in column.metadata}
    return {
        column.name: Field(_find_text(column.default), said["unit"], "", said["source"], "")
        for column in columns
        if (said := about.get(column.name))
    }


def _holds_rules(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else ()
    return any(isinstance(one, dict) and one.get("_target_") in _read_table() for one in inner)


@cache
def _read_table() -> dict[str, dict[str, Field]]:
    found: dict[str, dict[str, Field]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rule, field = row.pop("rule"), row.pop("field")
            found.setdefault(rule, {})[field] = Field(**row)
    return found


def _read_comments(name: str, conf: Path) -> dict[str, str]:
    """Return what stands behind `#` in the line of each key, in the files of an app from the last to the first."""
    path = next(path for folder in list_folders(conf) if (path := folder / f"{name}.yaml").is_file())
    said: dict[str, str] = {}
    for base in OmegaConf.select(OmegaConf.load(path), "defaults", default=[]):
        if isinstance(base, str) and base != "_self_":
            said |= _read_comments(base, conf)
    place: list[tuple[int, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        code, _, comment = line.partition(" # ")
        if found := LINE.match(code.rstrip()):
            depth = len(found[1])
            place = [step for step in place if step[0] < depth] + [(depth, found[3])]
            if comment and place[0][1] != "hydra":
                said[".".join(part for _, part in place)] = comment.strip()
    return said


def _format_unit(about: Field) -> str:
    """Return the meaning of a key, with its unit if it does not name that itself."""
    unit = _find_unit(about)
    named = unit in ("", "1") or re.search(rf"(?<!\w){re.escape(unit)}(?!\w)", about.meaning)
    probability = unit == "share" and about.meaning.startswith("P(")
    return about.meaning if named or probability else f"{about.meaning} ({unit})"


def _find_unit(about: Field) -> str:
    """Return the unit of a key; "" for words, switches, files and rules, which have none."""
    return "" if about.unit in UNITLESS or about.range == SWITCH else about.unit


def _format_facts(about: Field) -> str:
    """Return unit, range, default and source of a key; "" if no rule has it."""
    unit = _find_unit(about)
    facts = {
        "unit ": "none, a pure number" if unit == "1" else unit,
        "range ": about.range if about.range != "see the rule" else "",
        "default ": about.default,
        "source: ": about.source,
    }
    return "; ".join(f"{name}{fact}" for name, fact in facts.items() if fact)


def _format_needed(group: str, choice: str) -> str:
    further = NEEDED.get(f"{group}={choice}")
    return f"{choice} (with {further})" if further else choice


def _shorten(value: str) -> str:
    return value if len(value) <= SHORT else f"{value[: SHORT - 3]}..."


def _find_text(value: Any) -> str:
    """Return a value as it may be written on a command line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_find_text(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_find_text(one) for one in value) + "]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)
