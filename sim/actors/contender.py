"""Extremist organisations that compete for attention and recruit people.

The standing of an organisation is public: the reposts and replies that its shocking content of the last day got. Once a
day it compares its own standing with its rivals':

* habituation: the shock rises by `escalation_step` if its own echo for each post has not grown (as in
  `sim.actors.propagandist`);
* outbidding: if its standing is not above that of all rivals together, its shock rises to `escalation_step` above their
  highest shock.

Bloom 2004 ("Palestinian suicide bombing: public support, market share, and outbidding") argues that groups outbid each
other by violence when public support for it rises. That they outbid each other in what they show, and this form, are
assumptions. A recruit (`sim.mechanisms.recruiting`) opens an account for the organisation while it has any left.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, Actor, PublicView, create_accounts, find_recent
from sim.actors.evading_actor import unwrap_actor
from sim.actors.propagandist import Extremists, Organisation
from sim.rules import parameter
from sim.state.accounts import I64
from sim.state.records import Orders

ESCALATIONS = ("habituation", "outbidding", "both")


@dataclass(frozen=True, kw_only=True)
class Contender(Extremists):
    """One of several organisations."""

    name: str = parameter("contender", unit="name", source="one organisation; others need other names")
    escalation: str = parameter("both", unit="kind", source="essay and assumption", choices=ESCALATIONS)
    recruits: int = parameter(20, unit="accounts", source="assumption: accounts for recruits", low=0, high=10**6)

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the propagandists' accounts, then those of future recruits, which nobody follows."""
        members = create_accounts(self.name, self.size + self.recruits, self.followers, n_organic, first_row, seed)
        followed = members.target < first_row + self.size
        source, target = members.source[followed], members.target[followed]
        return members._replace(source=source, target=target, unopened_count=self.recruits)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "ContenderOrganisation":
        """Return the organisation whose accounts are in `rows`."""
        return ContenderOrganisation(self, rows, keys, seed)


class ContenderOrganisation(Organisation):
    """One contender in one world.

    Attributes:
        members: number of accounts in use; the others wait for recruits.
        market_share: its share of the reposts and replies that shocking content of the last day got; nan for none.
    """

    rule: Contender

    def __init__(self, rule: Contender, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        super().__init__(rule, rows, keys, seed)
        self.members, self.market_share = rule.size, float("nan")
        self._full, self._ever = self.rates.copy(), rows.copy()
        self.rates[rule.size :] = 0.0

    def order(self, view: PublicView) -> Orders:
        """Return the members' posts in the hour of `view`; recruits of this hour write from now on."""
        new_members = int(np.isin(view.turned_to, self.rows).sum())
        before, self.members = self.members, min(len(self.rows), self.members + new_members)
        self.rates[before : self.members] = self._full[before : self.members]
        return super().order(view)

    def _escalate(self, view: PublicView) -> None:
        if self.rule.escalation != "outbidding":
            super()._escalate(view)
        rows = find_recent(view, 24)
        rows = rows[view.shock[rows] > 0.0]
        self._ever = np.union1d(self._ever, self.rows)
        echo, mine = view.reposts[rows] + view.replies[rows], np.isin(view.original_author[rows], self._ever)
        own, others = int(echo[mine].sum()), int(echo[~mine].sum())
        self.market_share = own / (own + others) if own + others else float("nan")
        if self.rule.escalation != "habituation" and not mine.all() and own <= others:
            self.shock = min(1.0, max(self.shock, float(view.shock[rows[~mine]].max()) + self.rule.escalation_step))


def find_contenders(actors: Iterable[Actor]) -> list[ContenderOrganisation]:
    """Return the contenders among these actors."""
    return [actor for actor in map(unwrap_actor, actors) if isinstance(actor, ContenderOrganisation)]
