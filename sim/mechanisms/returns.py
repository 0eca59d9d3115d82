"""Operators whose account is suspended come back with another account from a reserve.

A reserve account has no followers at first, unless it is *aged*: opened long before, with a few followers. Followers of
the old account must find the new one (`sim.mechanisms.following`). The operator's key stays the same, so a return
shifts no draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, draw_followers, make_pair_keys
from sim.mechanisms.base import OrganisedMechanism, touches
from sim.mechanisms.views import OrganisedView
from sim.observers.base import Observer
from sim.observers.turnover import Turnover
from sim.rng import draw_each, exponentials, keyed_hash, make_key, stream
from sim.rules import parameter, share
from sim.state.accounts import I64, NEVER, Register, make_blank_accounts

_RETURN = stream("returns/delay")
_AGED = stream("returns/aged")


@dataclass(frozen=True, kw_only=True)
class Returns(OrganisedMechanism):
    """Size of each operator's reserve, and how soon the next account is used."""

    spares: int = parameter(3, unit="accounts/operator", source="assumption", low=1, high=1000)
    delay: float = parameter(24.0, unit="h", source="assumption: mean time until the next account", low=0.0, high=1e6)
    aged: float = share(0.2, source="assumption; aged accounts were reused after purges in Turkey")
    aged_followers: float = parameter(5.0, unit="followers", source="assumption", low=0.0, high=1e9)

    def create_reserve(self, operators: NDArray[np.uint64], n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the reserve accounts of operators with these keys, by generation, from row `first_row` on.

        Only aged accounts have followers.
        """
        accounts = make_blank_accounts(self.spares * len(operators))
        accounts.key[:] = np.tile(operators, self.spares)
        accounts.opinion_climate[:] = 0.5
        own = self._make_identities(operators, seed)
        source, owner = draw_followers(own, self.aged_followers, n_organic, seed)
        old = self._mark_aged(own)[owner]
        return AccountBatch(accounts, source[old], first_row + owner[old])

    def make_register(self, accounts: int, operators: NDArray[np.uint64], seed: int) -> Register:
        """Return the register of this number of accounts; the last are the reserve, opened (aged ones) or not yet."""
        opened_at, predecessor = np.zeros(accounts, np.int64), np.full(accounts, -1, np.int64)
        opened_at[accounts - self.spares * len(operators) :][
            ~self._mark_aged(self._make_identities(operators, seed))
        ] = NEVER
        return Register(opened_at, predecessor)

    def create_state(self, view: OrganisedView) -> "Reserve":
        """Return the reserve that nobody has used."""
        count = len(view.operators.keys)
        return Reserve(np.zeros(count, np.int64), np.full(count, NEVER))

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Count returns."""
        return [Turnover(view.dynamic_graph, view.operators)]

    @touches(reads="accounts.suspended_until", writes="operators register.predecessor register.opened_at own")
    def follow_up(self, view: OrganisedView) -> None:
        """Let operators of suspended accounts use their next account when it is time.

        An operator whose suspension ends before that keeps the old account.
        """
        operators, register, tick = view.operators, view.register, view.tick
        used, due = view.own
        if not len(operators.keys):
            return
        now = np.concatenate(operators.account_rows)
        suspended = (view.accounts.suspended_until[now] > tick) & (used < self.spares)
        new = suspended & (due == NEVER)
        hour = keyed_hash(make_key(view.seed, _RETURN, tick), operators.keys[new])
        due[new] = tick + exponentials(hour, 0, self.delay).astype(np.int64)
        due[~suspended] = NEVER
        back = np.flatnonzero(due <= tick)
        rows: I64 = operators.first_spare + used[back] * len(operators.keys) + back
        register.predecessor[rows] = now[back]
        register.opened_at[rows] = np.minimum(register.opened_at[rows], tick)
        used[back] += 1
        due[back] = NEVER
        _take_up(operators.account_rows, back, rows)

    def _make_identities(self, operators: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
        """Return an identity for each reserve account, uint64."""
        generation = np.repeat(np.arange(self.spares), len(operators))
        return make_pair_keys(np.tile(operators, self.spares), generation, make_key(seed, _AGED))

    def _mark_aged(self, identities: NDArray[np.uint64]) -> NDArray[np.bool_]:
        old: NDArray[np.bool_] = draw_each(identities, 1) < self.aged
        return old


class Reserve(NamedTuple):
    """How far each operator has used the reserve, int64 [O]."""

    used: I64  #: number of accounts
    due: I64  #: tick at which the next one is used, NEVER if none is


def _take_up(account_rows: Sequence[I64], operators: I64, rows: I64) -> None:
    """Have these operators run the accounts `rows`."""
    ends = np.cumsum([len(current) for current in account_rows])
    for current, end in zip(account_rows, ends, strict=True):
        mine = (operators >= end - len(current)) & (operators < end)
        current[operators[mine] - (end - len(current))] = rows[mine]
