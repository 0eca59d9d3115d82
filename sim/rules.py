"""The base of all rules: frozen parameters with unit, source and range that are checked when they are set.

A *rule* is a frozen dataclass whose fields are made by `parameter`. Its kernel receives the numeric fields as a named
tuple (`get_values`), because compiled code takes no dataclasses.
"""

import math
from collections import namedtuple
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from inspect import Signature, signature
from numbers import Real
from os import PathLike
from reprlib import repr as shorten
from typing import Any, ClassVar, Self

from sim.errors import InputError, suggest, suggest_number


def parameter(
    default: Any,
    *,
    unit: str,
    source: str,
    low: float = -math.inf,
    high: float = math.inf,
    choices: tuple[str, ...] = (),
    items: type | None = None,
) -> Any:
    """Declare one field of a rule.

    Args:
        default: its default value.
        unit: physical unit, or "1" for a pure number.
        source: where the default comes from, or "assumption".
        low, high: the closed range of allowed values (numbers only).
        choices: allowed words (text, or the items of a list).
        items: class of the items of a list; they may be given by name too.
    """
    about = {"unit": unit, "source": source, "low": low, "high": high, "choices": choices, "items": items}
    return field(default=default, metadata=about)


def share(default: float, *, source: str) -> Any:
    """Declare a field that is a share or a probability, in [0, 1]."""
    return parameter(default, unit="share", source=source, low=0.0, high=1.0)


class _OwnSignature:
    """The signature of a class's `__init__`, where Python 3.11 shows that of `__new__`."""

    def __get__(self, _: object, kind: type) -> Signature:
        whole = signature(kind.__init__)  # type: ignore[misc]
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class Keyworded:
    """Base of dataclasses that users build by keywords.

    Raises:
        InputError: a keyword is unknown, in one line with its new name or those that are close.
    """

    __signature__ = _OwnSignature()

    def __new__(cls, *_: Any, **given: Any) -> Self:
        """Refuse unknown keywords."""
        if not given.keys() <= cls.__dataclass_fields__.keys():  # type: ignore[attr-defined]
            known = cls.__signature__.parameters  # of a class with an `__init__` of its own, others than the fields
            unknown = [name for name in given if name not in known]
            if unknown and not any(one.kind is one.VAR_KEYWORD for one in known.values()):
                raise cls._explain_unknown(unknown[0], known)
        return super().__new__(cls)

    @classmethod
    def _explain_unknown(cls, name: str, known: Iterable[str]) -> InputError:
        return InputError(f"{name} is not a known key of {cls.__name__}: {suggest(name, known)}")


@dataclass(frozen=True, kw_only=True)
class Rule(Keyworded):
    """Base of all rules: converts numbers to the type of their default and checks their range.

    Raises:
        InputError: an unknown keyword, or a value of the wrong type or outside its range, in one line with the cure.
    """

    Values: ClassVar[Any]  #: named tuple of the numeric fields; importable, so that kernels can be cached
    _numbers: ClassVar[Any]  #: of this rule; no field, so it takes no part in equality and hash

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        parent: Any = getattr(cls, "Values", None)
        inherited = list(parent._fields) if parent else []
        numeric = [*inherited, *(n for n, f in vars(cls).items() if _is_number(f) and n not in inherited)]
        if parent and numeric == inherited:
            return  # the parent's: kernels that were compiled for it serve this one too
        cls.Values = namedtuple("Values", numeric)  # type: ignore[misc]
        cls.Values.__module__, cls.Values.__qualname__ = cls.__module__, f"{cls.__qualname__}.Values"

    def __post_init__(self) -> None:
        check(self)
        numbers = self.Values(*[getattr(self, name) for name in self.Values._fields])
        object.__setattr__(self, "_numbers", numbers)


def check(rule: Any) -> None:
    """Convert and check every field of a frozen dataclass whose fields are made by `parameter`; see `Rule`."""
    for column in fields(rule):
        object.__setattr__(rule, column.name, _check_field(rule, column))


def get_values(rule: Rule) -> Any:
    """Return the rule's numeric fields as a named tuple, the form compiled kernels accept."""
    return rule._numbers


def _is_number(declared: object) -> bool:
    return isinstance(declared, Field) and isinstance(declared.default, int | float)


def _check_field(rule: Any, column: "Field[Any]") -> Any:
    given, default, about = getattr(rule, column.name), column.default, column.metadata
    name = f"{type(rule).__name__}.{column.name}"
    if isinstance(default, str):
        if about["choices"] and given not in about["choices"]:
            raise InputError(f"{name}={given!r} is unknown: {suggest(str(given), about['choices'])}")
        if not isinstance(given, str | PathLike):
            raise InputError(f"{name}={shorten(given)} must be text")
        return given
    if isinstance(default, bool):
        if not isinstance(given, bool):
            raise InputError(f"{name}={given!r} must be true or false")
        return given
    if isinstance(default, tuple) and about:
        return _check_items(name, given, about["choices"], about["items"])
    if isinstance(default, Rule) and not isinstance(given, type(default)):
        where = f"{type(default).__module__}.{type(default).__name__}"
        raise InputError(f"{name}={shorten(given)} must be a rule: say _target_: {where}")
    if not isinstance(default, int | float):
        return given
    if isinstance(given, bool) or not isinstance(given, Real) or math.isnan(given):
        raise InputError(f"{name}={given!r} must be a number{suggest_number(given, isinstance(default, int))}")
    if isinstance(default, int) and not isinstance(given, int) and not float(given).is_integer():
        raise InputError(f"{name}={given!r} must be a whole number")
    if not about["low"] <= given <= about["high"]:
        raise InputError(f"{name}={given!r} must lie in [{about['low']:g}, {about['high']:g}] ({about['unit']})")
    kind: Any = type(default)
    return kind(given)


def _check_items(name: str, given: Any, choices: tuple[str, ...], kind: type | None) -> tuple[Any, ...]:
    """Return the items of a list; rules may be given by name, as in a configuration."""
    if kind is not None and isinstance(given, Mapping):
        given = given.values()
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        sample = "[]" if not choices else f"[{choices[0]}]"
        raise InputError(f"{name}={shorten(given)} must be a list, such as {sample}")
    items = tuple(given)
    for item in items:
        if choices and item not in choices:
            raise InputError(f"{name} has {shorten(item)}, which is unknown: {suggest(str(item), choices)}")
        if kind is not None and not isinstance(item, kind):
            raise InputError(
                f"{name} has {shorten(item)}, which is no rule: say _target_: {kind.__module__}.{kind.__name__}"
            )
        if choices and items.count(item) > 1:
            raise InputError(f"{name}={list(items)} names {item} twice: name each once")
    return items
