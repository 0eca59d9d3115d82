"""The frame of an app that reads files and plays no world: `infowar-lab APP FILE ... KEY=VALUE ...`.

Its keys are the fields of one frozen dataclass, each declared by `option`; words without a sign of equality are the
values of its key `files`. It gives a complete folder of results, or one line that says why not.
"""

from __future__ import annotations

import re
from argparse import SUPPRESS
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from experiments.configuration import expand_path
from experiments.exit_codes import report_mistakes
from experiments.keys import Kind, ListOf, Maybe, Single, Word, write_value
from experiments.option_parser import OptionParser
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    from rich.console import Console

PATH = Word(said="the name of a file or folder", example="FILE")
FILES = ListOf(PATH, least=1, example="[FILE,FILE]")
FOLDER = Word(said="the name of a folder", example="DIR")
PATHS = (PATH, FILES, FOLDER)


@dataclass(frozen=True)
class Auto(Kind):
    """A value of some kind, or auto, which code reads as None."""

    item: Kind

    def check(self, key: str, value: Any) -> Any:
        """Return the value, None for auto."""
        if value != "auto" and isinstance(self.item, Single) and not self.item.holds(value):
            raise self.refuse(key, value)
        return None if value == "auto" else self.item.check(key, value)

    @property
    def sample(self) -> str:
        """The word."""
        return "auto"

    def __str__(self) -> str:
        return f"auto, or {self.item}"


def option(kind: Kind, meaning: str, default: Any = MISSING, unit: str = "") -> Any:
    """Declare one key: what its value may be, its meaning, its default if it has one, its physical unit."""
    return field(default=default, metadata={"kind": kind, "meaning": f"{meaning} ({unit})" if unit else meaning})


@dataclass(frozen=True, kw_only=True)
class Options:
    """Base of what such an app is asked for."""

    files: ClassVar[str] = ""  #: the key that words without a sign of equality are values of
    shown: ClassVar[str] = ""  #: what its help calls such a word

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        """Return what a command line says.

        Raises:
            InputError: a word is no key of this app, or a value not what it may be, in one line.
        """
        known: dict[str, Field[Any]] = {column.name: column for column in fields(cls)}
        found: dict[str, Any] = {}
        for word in words:
            name, equals, text = word.partition("=")
            if not equals or not re.fullmatch(r"\w+", name):
                if not cls.files or not word:
                    raise InputError(f"{word} is no KEY=VALUE: {suggest(word, known)}")
                found.setdefault(cls.files, []).append(word)
            elif name not in known:
                raise InputError(f"{name} is not a known key: {suggest(name, known)}")
            elif name in found:
                raise InputError(f"{name} is set twice: say it once")
            else:
                found[name] = _parse_value(text, known[name].metadata["kind"])
        return cls(**{name: cls._check(column, found) for name, column in known.items()})

    @classmethod
    def _check(cls, column: Field[Any], found: dict[str, Any]) -> Any:
        name, kind = column.name, column.metadata["kind"]
        if name not in found:
            if column.default is MISSING:
                cure = cls.shown if name == cls.files else f"{name}={kind.sample}"
                raise InputError(f"{name} has no value: add {cure}")
            return column.default
        value = kind.check(name, found[name])
        if value is not None and (kind.item if isinstance(kind, Maybe) else kind) in PATHS:
            return expand_path(value, name) if isinstance(value, str) else tuple(expand_path(x, name) for x in value)
        return value


def _parse_value(text: str, kind: Kind) -> Any:
    """Return a value as a command line writes it: a text where one is asked for, else a number, a flag or a list."""
    if isinstance(kind, Word):
        return text
    from yaml import YAMLError, safe_load

    try:
        value = safe_load(text)
    except (YAMLError, ValueError, RecursionError):
        return text
    if isinstance(kind, ListOf) and isinstance(value, str):
        return [value]
    return value


@dataclass(frozen=True)
class FileApp:
    """One such app.

    Args:
        name: of the app, and the last part of its module's name.
        options: what it may be asked for; has a key `out`.
        run: reads files and writes into the folder; prints by the console.
        about: what else there is to say of it in its help.
        usage, examples: as of `OptionParser`.
    """

    name: str
    options: type[Options]
    run: Callable[[Any, Path, Console], None]
    about: str
    usage: str
    examples: tuple[str, ...]

    def start(self, words: list[str] | None = None) -> None:
        """Run it as the command line says, or `words`."""
        parser = OptionParser(self.name, self.about, self.usage, self.examples)
        parser.rows = [
            (f"{column.name}={_format_default(column)}", str(column.metadata["meaning"]))
            for column in fields(self.options)
        ]
        parser.add_argument("words", nargs="*", help=SUPPRESS)
        with report_mistakes():
            said = parser.parse_args(words).words
            asked = self.options.parse(said)
            from experiments.folder import open_folder_alone
            from experiments.ownership import Maker
            from experiments.running.progress import open_console

            config = asdict(asked)
            with open_folder_alone(asked.out, config, Maker(self.name)) as folder:  # type: ignore[attr-defined]
                self.run(asked, folder, open_console())


def _format_default(column: Field[Any]) -> str:
    if column.default is MISSING:
        return "..."
    return "auto" if isinstance(column.metadata["kind"], Auto) else write_value(column.default)
