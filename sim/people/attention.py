"""Attention: how much people read in one session, and where."""

from dataclasses import dataclass

from sim.rules import Rule, parameter


@dataclass(frozen=True, kw_only=True)
class Attention(Rule):
    """The finite budget of one session, in posts, and how it is split.

    `crowding = False` is the counterfactual of the root-cause table: posts of the army take no slot
    from others but are read on top of the budget, chosen among themselves.
    """

    items: int = parameter(30, unit="posts/session", source="assumption", low=1, high=100_000)
    mentions: int = parameter(5, unit="posts/session", source="assumption", low=0, high=100_000)
    search_rate: float = parameter(
        2.0, unit="1", source="assumption: P(look up the contested topic) = min(1, rate * interest)", low=0.0, high=1e3
    )
    search: int = parameter(10, unit="posts/session", source="assumption", low=0, high=100_000)
    trends: int = parameter(4, unit="posts/session", source="assumption", low=0, high=100_000)
    memory: int = parameter(24, unit="h", source="assumption: how far back a home feed is read", low=1, high=48)
    army_competes: bool = parameter(True, unit="yes/no", source="counterfactual")
