"""Extremist organisations that compete for standing, and grow by those whom they win.

Standing is what anybody can count: reposts and replies of an organisation's shocking content in the last day. Once a
day it looks at its own and at its rivals':

* habituation: the shock rises by `step` when its own echo per post has not grown (as in `sim.actors.propagandist`);
* outbidding: if its standing is not above all rivals' together, it goes one `step` beyond their highest level.

That groups under rising public support outbid each other by violence is the thesis of Bloom 2004 ("Palestinian suicide
bombing: public support, market share, and outbidding"); that they do so in what they show, and this form, are
assumptions. Who joins (`sim.people.recruiting`) opens an account for the organisation, as long as it has any to give.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, PublicView, create_accounts, find_recent
from sim.actors.propagandist import Extremists, Organisation
from sim.rules import parameter
from sim.state.accounts import I64
from sim.state.records import Orders

ESCALATIONS = ("habituation", "outbidding", "both")


@dataclass(frozen=True, kw_only=True)
class Contender(Extremists):
    """One of several organisations."""

    name: str = parameter("contender", unit="name", source="one organisation; name others otherwise")
    escalation: str = parameter("both", unit="kind", source="essay and assumption", choices=ESCALATIONS)
    recruits: int = parameter(
        20, unit="accounts", source="assumption: that it can open for recruits", low=0, high=10**6
    )

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the propagandists' accounts, and behind them those of future recruits, whom nobody follows."""
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
        members: how many of its accounts somebody writes for; the rest waits for recruits.
        standing: its share of what shocking content of the last day got in reposts and replies; nan for none.
    """

    rule: Contender

    def __init__(self, rule: Contender, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        super().__init__(rule, rows, keys, seed)
        self.members, self.market_share = rule.size, float("nan")
        self._full, self._ever = self.rates.copy(), rows.copy()
        self.rates[rule.size :] = 0.0

    def order(self, view: PublicView) -> Orders:
        """Return what the members post in the hour of `view`; who turned to one of them in it writes from now on."""
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
