"""Keys of an app as a frozen value: each with its kind, range, unit and source, checked in one line whatever is given.

The defaults and what a key means stand in the app's file in conf/, where `--help` reads them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Self

from omegaconf import DictConfig, OmegaConf

from experiments.configuration import CONF
from sim.errors import InputError, suggest, suggest_number

MAX_INTEGER = 2**31 - 1
MAX_RUNS = 10**4  #: of one kind that a key may ask for: more would take days, and a long time to lay out

MAX_JOBS = 5 * 10**4  #: of one command but a sweep: each is known by all that decides it, which takes 2 ms


def check_jobs(number: int, key: str = "", most: int = MAX_JOBS) -> None:
    """Raise InputError if a command asks for more jobs than `most`; `key` is what most of them come from."""
    if number > most:
        raise InputError(
            f"{key or 'this'} asks for {number:,} jobs, more than {most:,}: say fewer seeds, draws or values"
        )


def write_value(value: Any) -> str:
    """Return a value as a command line writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {write_value(one)}' for name, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_value, value))}]"
    return str(value)


class Kind(ABC):
    """What a value may be."""

    @abstractmethod
    def check(self, key: str, value: Any) -> Any:
        """Return the value of `key`, as code reads it.

        Raises:
            InputError: it is none of this kind, in one line.
        """

    def refuse(self, key: str, value: Any) -> InputError:
        """Return what is said of a value of `key` that is none of this kind; what has parts is shown by an example."""
        sample = self.sample
        if set(" '\"{") & set(sample):  # a shell would take it apart
            sample = f"'{sample}'"
        given = write_value(value)
        return InputError(f"{key}={given} must be {self}" + (f", as in {sample}" if sample[0] in "'[" else ""))

    @property
    def sample(self) -> str:
        """A value of this kind, as a command line writes it."""
        return "VALUE"

    @abstractmethod
    def __str__(self) -> str: ...


class Single(Kind):
    """A kind of values that have no parts, or whose parts are not looked at."""

    def check(self, key: str, value: Any) -> Any:
        """Return the value."""
        if not self.holds(value):
            raise self.refuse(key, value)
        return value

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Return whether a value is of this kind."""


@dataclass(frozen=True)
class Number(Single):
    """A number in a closed range, or one that is open where `open` says so."""

    low: float = -math.inf
    high: float = math.inf
    is_whole: bool = False
    open: str = ""  #: ends that are not in the range: "low", "high" or both

    def holds(self, value: Any) -> bool:
        """Return whether a value is a number in this range."""
        if isinstance(value, bool) or not isinstance(value, int if self.is_whole else int | float) or math.isnan(value):
            return False
        below = value > self.low if "low" in self.open else value >= self.low
        above = value < self.high if "high" in self.open else value <= self.high
        return below and above

    def refuse(self, key: str, value: Any) -> InputError:
        """Return what is said of a value outside."""
        if isinstance(value, int) and value > self.high == MAX_INTEGER:
            return InputError(f"{key}={value} must be at most {MAX_INTEGER}")
        if cure := suggest_number(value, self.is_whole):
            return InputError(f"{key}={value} must be {self}{cure}")
        return super().refuse(key, value)

    @property
    def sample(self) -> str:
        """The lower end, or a number within."""
        if "low" in self.open and self.high < math.inf:
            return f"{(self.low + self.high) / 2:g}"
        return f"{self.low:g}" if self.low > -math.inf and "low" not in self.open else "1"

    def __str__(self) -> str:
        low = f" {'above' if 'low' in self.open else 'from'} {self.low:g}" if self.low > -math.inf else ""
        high = f"{self.high:.10g}"
        told = self.high < math.inf and self.high != MAX_INTEGER  # which nobody comes near
        end = f"{' and below' if 'high' in self.open else ' to'} {high}" if told else ""
        return f"a {'whole ' if self.is_whole else ''}number{low}{end}"


def whole(low: int, high: float = MAX_INTEGER) -> Number:
    """Return the kind of whole numbers from `low`."""
    return Number(low, high, is_whole=True)


def count_runs(low: int) -> Number:
    """Return the kind of numbers of seeds, draws, trials and whatever else is played so many times."""
    return whole(low, MAX_RUNS)


#: numbers that every app has; more hours than a century has, or more processes than a machine, are a slip of the hand
SHARED = {"ticks": whole(1, 10**6), "seed": whole(0), "seeds": count_runs(1), "workers": whole(0, 1024)}


@dataclass(frozen=True)
class Flag(Single):
    """True or false."""

    def holds(self, value: Any) -> bool:
        """Return whether a value is true or false."""
        return isinstance(value, bool)

    @property
    def sample(self) -> str:
        """True."""
        return "true"

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class Word(Single):
    """A text, one of `choices` if there are any."""

    choices: tuple[str, ...] = ()
    said: str = "a word"
    example: str = "NAME"

    def check(self, key: str, value: Any) -> Any:
        """Return the text."""
        if self.choices and value not in self.choices:
            raise InputError(f"{key}={write_value(value)} is unknown: {suggest(write_value(value), self.choices)}")
        return super().check(key, value)

    def holds(self, value: Any) -> bool:
        """Return whether a value is a text."""
        return isinstance(value, str)

    @property
    def sample(self) -> str:
        """The first choice."""
        return self.choices[0] if self.choices else self.example

    def __str__(self) -> str:
        return " or ".join(self.choices) or self.said


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of one kind, as a tuple; null is an empty one."""

    item: Kind
    least: int = 0  #: items
    rising: bool = False
    example: str = ""  #: of a whole list, as a user writes it

    def check(self, key: str, value: Any) -> tuple[Any, ...]:
        """Return the items."""
        given = [] if value is None else value
        if not isinstance(given, list | tuple):
            raise self.refuse(key, value)
        if isinstance(self.item, Word) and self.item.choices:
            for one in given:
                if one not in self.item.choices:
                    said = write_value(one)
                    raise InputError(f"{key} has {said}, which is unknown: {suggest(said, self.item.choices)}")
        if len(given) < self.least or (isinstance(self.item, Number) and not all(map(self.item.holds, given))):
            raise self.refuse(key, value)
        if self.rising and list(given) != sorted(set(given)):
            raise self.refuse(key, value)
        for place, one in enumerate(given):
            if one in given[:place]:
                raise InputError(f"{key} names {write_value(one)} twice: name it once")
        return tuple(self.item.check(f"{key}[{place}]", one) for place, one in enumerate(given))

    @property
    def sample(self) -> str:
        """The example, or as many items as it takes."""
        return self.example or f"[{','.join([self.item.sample] * max(self.least, 1))}]"

    def __str__(self) -> str:
        order = "rising " if self.rising else ""
        least = f" of {self.least} or more" if self.least > 1 else " of one or more" if self.least else ""
        return f"a {order}list{least}, each item {self.item}"


@dataclass(frozen=True)
class Named(Kind):
    """Values of one kind by any name; null names none."""

    item: Kind
    least: int = 0  #: names
    example: str = ""

    def check(self, key: str, value: Any) -> dict[str, Any]:
        """Return the values by name."""
        given = {} if value is None else value
        if not isinstance(given, Mapping) or len(given) < self.least:
            raise self.refuse(key, value)
        return {str(name): self.item.check(f"{key}.{name}", one) for name, one in given.items()}

    @property
    def sample(self) -> str:
        """The example, or one name."""
        return self.example or f"{{NAME: {self.item.sample}}}"

    def __str__(self) -> str:
        return f"{'one or more names' if self.least else 'names'}, each with {self.item}"


@dataclass(frozen=True)
class Described(Single):
    """A value by its class, `_target_`, and the fields of that class."""

    def holds(self, value: Any) -> bool:
        """Return whether a value names its class."""
        return isinstance(value, Mapping) and isinstance(value.get("_target_"), str)

    @property
    def sample(self) -> str:
        """A class without fields."""
        return "{_target_: module.Class}"

    def __str__(self) -> str:
        return "a class and its fields"


@dataclass(frozen=True)
class Maybe(Kind):
    """A value of some kind, or null for none."""

    item: Kind

    def check(self, key: str, value: Any) -> Any:
        """Return the value or None."""
        if isinstance(value, bool | int | float) and isinstance(self.item, Number) and not self.item.holds(value):
            raise self.refuse(key, value)
        return None if value is None else self.item.check(key, value)

    @property
    def sample(self) -> str:
        """That of the kind."""
        return self.item.sample

    def __str__(self) -> str:
        return f"{self.item}, or null"


@dataclass(frozen=True)
class Change(Word):
    """What a configuration has otherwise, as a command line says it."""

    def holds(self, value: Any) -> bool:
        """Return whether a value is a text that sets something, or takes it away."""
        return isinstance(value, str) and ("=" in value[1:] or value.startswith("~"))


#: what a variation changes, as a command line says it
CHANGES = ListOf(Change(said="KEY=VALUE or GROUP=CHOICE", example='"KEY=VALUE"'))


@dataclass(frozen=True)
class Plain(Single):
    """A number, a word, true or false, or a list of these: what a field of a rule may be, which checks it itself."""

    def holds(self, value: Any) -> bool:
        """Return whether a value is plain."""
        if isinstance(value, list | tuple):
            return all(isinstance(one, bool | int | float | str) for one in value)
        return isinstance(value, bool | int | float | str)

    def __str__(self) -> str:
        return "a number, a word, true or false, or a list of these"


@dataclass(frozen=True)
class FieldsOf(Kind):
    """Fields of a rule, which checks their values itself, before anything is played.

    Args:
        target: the rule's class, by its module.
        besides: fields that the experiment gives it, so nobody else may.
    """

    target: str
    besides: tuple[str, ...] = ()

    def check(self, key: str, value: Any) -> dict[str, Any]:
        """Return the fields by name."""
        from hydra.utils import get_object

        rule = get_object(self.target)
        known = [column.name for column in fields(rule) if column.name not in self.besides]
        if not isinstance(value, Mapping):
            raise self.refuse(key, value)
        given = {str(name): PLAIN.check(f"{key}.{name}", one) for name, one in value.items()}
        for name in given:
            if name not in known:
                raise InputError(f"{key}.{name} is not a known key of {rule.__name__}: {suggest(name, known)}")
        try:
            rule(**given)
        except InputError as error:
            raise InputError(str(error).replace(f"{rule.__name__}.", f"{key}.", 1)) from None
        return given

    @property
    def sample(self) -> str:
        """One field."""
        return "{NAME: VALUE}"

    def __str__(self) -> str:
        return f"names and values: fields of {self.target.rpartition('.')[2]}"


@dataclass(frozen=True)
class FieldsWith(Single):
    """Names and values, of which one is checked here if it is there."""

    name: str
    item: Kind

    def check(self, key: str, value: Any) -> Any:
        """Return the values by name."""
        self.item.check(f"{key}.{self.name}", super().check(key, value).get(self.name))
        return value

    def holds(self, value: Any) -> bool:
        """Return whether a value has names."""
        return isinstance(value, Mapping)

    def __str__(self) -> str:
        return f"names and values, such as {self.name}"


PLAIN = Plain()


def key(kind: Kind, *, unit: str = "1", source: str = "a choice") -> Any:
    """Declare one key.

    Args:
        kind: what its value may be.
        unit: physical unit, or "1" for a pure number, a name or a list.
        source: where its default comes from.
    """
    return field(metadata={"kind": kind, "unit": unit, "source": source})


def group(kind: type[Keys]) -> Any:
    """Declare keys that stand together under one name."""
    return field(metadata={"group": kind})


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Base of all values that hold keys; `place` is the name that stands before theirs."""

    place: ClassVar[str] = ""

    @classmethod
    def read(cls, config: DictConfig) -> Self:
        """Return the keys of a composed configuration, each checked.

        Raises:
            InputError: a value is not what it may be, or is unknown, in one line.
        """
        where = OmegaConf.select(config, cls.place) if cls.place else config
        plain: Any = OmegaConf.to_container(where) if isinstance(where, DictConfig) else where
        return cls(**cls._check(plain, cls.place))

    @classmethod
    def _check(cls, given: Any, place: str) -> dict[str, Any]:
        known = {column.name: column.metadata for column in fields(cls) if column.metadata}
        before = f"{place}." if place else ""
        if not isinstance(given, Mapping):
            raise InputError(f"{place}={write_value(given)} must be names and values: {suggest('', known)}")
        for name in map(str, given) if place else ():
            if name not in known:
                raise InputError(f"{before}{name} is not a known key: {suggest(name, list(known))}")
        found: dict[str, Any] = {}
        for name, about in known.items():
            if name not in given:
                raise InputError(f"{before}{name} has no value: add {before}{name}=VALUE")
            if "group" in about:
                found[name] = about["group"](**about["group"]._check(given[name], f"{before}{name}"))
            else:
                found[name] = about["kind"].check(f"{before}{name}", given[name])
        return found


def read_group(config: DictConfig, name: str) -> dict[str, Any]:
    """Return the keys of a group that has a file of its name in conf/, as plain values that its app checks.

    Raises:
        InputError: it is no group, lacks a key, or has one that is not known.
    """
    known = _list_known(name)
    given = config[name]
    if not isinstance(given, DictConfig):
        raise InputError(f"{name}={write_value(given)} must be names and values: set one of them, see --help")
    for key in map(str, given):
        if key not in known:
            raise InputError(f"{name}.{key} is not a known key: {suggest(key, list(known))}")
    for key in known:
        if key not in given:
            raise InputError(f"{name}.{key} has no value: add {name}.{key}=VALUE")
    return OmegaConf.to_container(given)  # type: ignore[return-value]


@cache
def _list_known(name: str) -> tuple[str, ...]:
    """Return the keys of a group that has a file of its name in conf/."""
    file: Any = OmegaConf.load(CONF / f"{name}.yaml")
    return tuple(map(str, file[name]))
