"""Rules check themselves, and say of each parameter its unit and its source."""

import inspect
import math
import pkgutil
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, dataclass, fields, replace
from importlib import import_module
from pickle import dumps, loads
from typing import Any

import pytest
from numba import njit

import sim
from sim.errors import InputError, suggest
from sim.rules import Rule, get_values, parameter, share


@dataclass(frozen=True, kw_only=True)
class Example(Rule):
    size: int = parameter(60, unit="accounts", low=0, high=100, source="assumption")
    half_life: float = parameter(2.0, unit="h", low=0.0, source="assumption")
    discipline: float = share(0.5, source="assumption")
    ranking: str = parameter("engagement", unit="1", choices=("engagement", "chronological"), source="assumption")
    path: str = parameter("", unit="path", source="assumption")
    live: bool = parameter(True, unit="1", source="assumption")


def test_numbers_take_the_type_of_their_default() -> None:
    rule = Example(size=7.0, half_life=3, discipline=1)  # type: ignore[arg-type]
    assert (rule.size, rule.half_life, rule.discipline) == (7, 3.0, 1.0)
    assert [type(value) for value in (rule.size, rule.half_life, rule.discipline)] == [int, float, float]


@pytest.mark.parametrize("given", [{"size": 0}, {"size": 100}, {"discipline": 0.0}, {"discipline": 1.0}])
def test_the_ends_of_a_range_are_allowed(given: dict[str, Any]) -> None:
    assert Example(**given) is not None


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"size": -1}, "Example.size=-1 must lie in [0, 100] (accounts)"),
        ({"size": 101}, "Example.size=101 must lie in [0, 100] (accounts)"),
        ({"size": 1.5}, "Example.size=1.5 must be a whole number"),
        ({"size": "many"}, "Example.size='many' must be a number"),
        ({"size": None}, "Example.size=None must be a number"),
        ({"size": True}, "Example.size=True must be a number"),
        ({"half_life": math.nan}, "Example.half_life=nan must be a number"),
        ({"half_life": -0.1}, "Example.half_life=-0.1 must lie in [0, inf] (h)"),
        ({"discipline": 1.01}, "Example.discipline=1.01 must lie in [0, 1] (share)"),
        ({"ranking": "engagment"}, "Example.ranking='engagment' is unknown: did you mean engagement?"),
        ({"ranking": "x"}, "Example.ranking='x' is unknown: choose one of: chronological, engagement"),
        ({"live": 1}, "Example.live=1 must be true or false"),
        ({"sise": 1}, "sise is not a known key of Example: did you mean size?"),
        ({"boldness": 1}, "boldness is not a known key of Example: choose one of: discipline, half_life, live, "),
    ],
)
def test_a_bad_value_is_one_line_with_the_cure(given: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as caught:
        Example(**given)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize("size", [math.inf, -math.inf])
def test_an_infinite_count_is_a_user_s_mistake_too(size: float) -> None:
    with pytest.raises(InputError):
        Example(size=size)  # type: ignore[arg-type]


def test_a_rule_is_frozen_and_takes_keywords_only() -> None:
    with pytest.raises(FrozenInstanceError):
        Example().size = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        Example(3)  # type: ignore[misc]


class Squad(Example):
    """A rule whose constructor is not that of its fields."""

    def __init__(self, leader: str, **others: Any) -> None:
        super().__init__(**others)
        object.__setattr__(self, "leader", leader)


def test_a_constructor_of_one_s_own_takes_what_it_names() -> None:
    assert Squad(leader="a", size=3).size == 3
    with pytest.raises(InputError):
        Squad(leader="a", size=101)


def test_a_class_shows_the_signature_of_its_constructor() -> None:
    assert list(inspect.signature(Example).parameters) == [column.name for column in fields(Example)]
    assert list(inspect.signature(Squad).parameters) == ["leader", "others"]


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda rule: loads(dumps(rule)), replace])
def test_a_copy_is_equal(copied: Any) -> None:
    assert copied(Example(size=7)) == Example(size=7)


def test_values_are_what_a_kernel_takes() -> None:
    @njit
    def kernel(rule):
        return rule.size * rule.discipline

    rule = Example(size=10, discipline=0.25)
    given = get_values(rule)
    assert (given.size, given.half_life, given.discipline) == (10, 2.0, 0.25)
    assert kernel(given) == 2.5
    assert type(given) is type(get_values(Example()))


def test_suggestions() -> None:
    assert suggest("sise", ["size", "discipline"]) == "did you mean size?"
    assert suggest("xyz", ["size", "discipline"]) == "choose one of: discipline, size"


def rules() -> list[type[Rule]]:
    """Return every rule of the simulation, in the order of its name."""
    found = set()
    for module in pkgutil.walk_packages(sim.__path__, "sim."):
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(kind, Rule) and kind is not Rule:
                found.add(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


RULES = rules()


def test_there_are_rules() -> None:
    assert {"Population", "Activity", "Reaction", "Army"} <= {kind.__name__ for kind in RULES}


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_every_parameter_has_a_unit_a_source_and_an_allowed_default(kind: type[Rule]) -> None:
    for column in fields(kind):
        about = column.metadata
        assert about.get("unit", "").strip(), f"{kind.__name__}.{column.name} has no unit"
        assert about.get("source", "").strip(), f"{kind.__name__}.{column.name} has no source"


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_every_number_refuses_what_is_no_number_or_out_of_range(kind: type[Rule]) -> None:
    for column in fields(kind):
        if isinstance(column.default, bool) or not isinstance(column.default, int | float):
            continue
        bad: list[Any] = [math.nan, "many"]
        bad += [column.metadata["low"] - 1] * math.isfinite(column.metadata["low"])
        bad += [column.metadata["high"] + 1] * math.isfinite(column.metadata["high"])
        for value in bad:
            with pytest.raises(InputError, match=column.name):
                kind(**{column.name: value})
