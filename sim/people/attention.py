"""Attention: how much people read in one session, and where."""

from dataclasses import dataclass

from sim.rules import Rule, parameter


@dataclass(frozen=True, kw_only=True)
class Attention(Rule):
    """The budget of one session, in posts, and how it is split.

    `army_competes = False` is the counterfactual of the root-cause table: posts of the army take no slots from others.
    They are chosen among themselves and read in addition to the budget.
    """

    items: int = parameter(30, unit="posts/session", source="assumption", low=1, high=100_000)
    mentions: int = parameter(5, unit="posts/session", source="assumption", low=0, high=100_000)
    search_rate: float = parameter(
        2.0,
        unit="1",
        source="assumption: P(search for the contested topic) = min(1, rate * interest)",
        low=0.0,
        high=1e3,
    )
    search: int = parameter(10, unit="posts/session", source="assumption", low=0, high=100_000)
    trends: int = parameter(4, unit="posts/session", source="assumption", low=0, high=100_000)
    memory: int = parameter(24, unit="h", source="assumption: how far back home feeds go", low=1, high=48)
    army_competes: bool = parameter(True, unit="yes/no", source="counterfactual")
