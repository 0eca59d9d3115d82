"""Operators whose account is suspended come back with another account from a reserve.

A reserve account has no followers at first, unless it is *aged*: opened long before, with a few followers. Followers of
the old account must find the new one (`sim.people.following`). The operator's key stays the same, so a return shifts no
draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, draw_followers, make_pair_keys
from sim.rng import draw_each, exponentials, keyed_hash, make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64, NEVER, Accounts, Register, make_blank_accounts

_RETURN = stream("returns/delay")
_AGED = stream("returns/aged")


@dataclass(frozen=True, kw_only=True)
class Returns(Rule):
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

    def _make_identities(self, operators: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
        """Return an identity for each reserve account, uint64."""
        generation = np.repeat(np.arange(self.spares), len(operators))
        return make_pair_keys(np.tile(operators, self.spares), generation, make_key(seed, _AGED))

    def _mark_aged(self, identities: NDArray[np.uint64]) -> NDArray[np.bool_]:
        old: NDArray[np.bool_] = draw_each(identities, 1) < self.aged
        return old


class Operators:
    """The account that each operator runs now, in one world.

    Args:
        rule: of their returns; None: nobody returns.
        account_rows: int64 arrays, one for each actor: the accounts that its members run. Actors hold the same arrays,
            which change in place when an operator changes the account.
        keys: uint64 [O], identities of all operators, in the order of `account_rows`.
        first_spare: row of the first reserve account.
        seed: of the world.
    """

    def __init__(
        self, rule: Returns | None, account_rows: Sequence[I64], keys: NDArray[np.uint64], first_spare: int, seed: int
    ) -> None:
        self.rule, self.account_rows, self.keys, self.first_spare, self.seed = (
            rule,
            account_rows,
            keys,
            first_spare,
            seed,
        )
        self._used = np.zeros(len(keys), np.int64)
        self._due = np.full(len(keys), NEVER)

    def come_back(self, accounts: Accounts, register: Register, tick: int) -> I64:
        """Let operators of suspended accounts use their next account when it is time; return its rows, int64.

        An operator whose suspension ends before that keeps the old account. Writes the register.
        """
        if self.rule is None or not len(self.keys):
            return np.zeros(0, np.int64)
        now = np.concatenate(self.account_rows)
        suspended = (accounts.suspended_until[now] > tick) & (self._used < self.rule.spares)
        new = suspended & (self._due == NEVER)
        hour = keyed_hash(make_key(self.seed, _RETURN, tick), self.keys[new])
        self._due[new] = tick + exponentials(hour, 0, self.rule.delay).astype(np.int64)
        self._due[~suspended] = NEVER
        back = np.flatnonzero(self._due <= tick)
        rows: I64 = self.first_spare + self._used[back] * len(self.keys) + back
        register.predecessor[rows] = now[back]
        register.opened_at[rows] = np.minimum(register.opened_at[rows], tick)
        self._used[back] += 1
        self._due[back] = NEVER
        self._take_up(back, rows)
        return rows

    def _take_up(self, operators: I64, rows: I64) -> None:
        ends = np.cumsum([len(current) for current in self.account_rows])
        for current, end in zip(self.account_rows, ends, strict=True):
            mine = (operators >= end - len(current)) & (operators < end)
            current[operators[mine] - (end - len(current))] = rows[mine]
