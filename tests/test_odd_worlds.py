"""Any values within their ranges make a world that is played and whose counts add up; run by `make fuzz`."""

import contextlib
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analysis.losses import check_cells
from sim.errors import InputError
from sim.rules import Rule
from sim.world import World
from tests.test_fuzz import PATIENCE, limited, several
from tests.worlds import LIVELY


def list_numbers() -> list[tuple[str, float, float, type]]:
    """Return every number of `LIVELY`'s rules: "GROUP.FIELD", the ends of what is tried, and whether it is whole."""
    found = []
    for group in fields(LIVELY):
        rule = getattr(LIVELY, group.name)
        for column in fields(rule) if isinstance(rule, Rule) else ():
            default, about = getattr(rule, column.name), column.metadata
            if isinstance(default, int | float) and not isinstance(default, bool) and "low" in about:
                reach = 10 * abs(default) + 3
                low, high = max(about["low"], default - reach), min(about["high"], default + reach)
                found.append((f"{group.name}.{column.name}", low, high, type(default)))
    return found


NUMBERS = list_numbers()


@pytest.mark.fuzz
@settings(several, max_examples=500)
@given(
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.one_of(st.sampled_from((0.0, 1.0)), st.floats(0, 1))), max_size=4)
)
def test_a_world_of_any_values_within_their_ranges_is_played_and_adds_up(chosen) -> None:
    changes = {name: kind(low + place * (high - low)) for (name, low, high, kind), place in chosen}
    with limited(PATIENCE), contextlib.suppress(InputError):
        history = World(LIVELY.replace(changes), rng=1).run(30)
        check_cells(history)
        assert not history["opportunities"].isna().any()
