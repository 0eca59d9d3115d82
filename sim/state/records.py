"""Values that one phase of a tick passes to the next. They are frozen; their arrays are not written again."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.state.accounts import F64, I64
from sim.state.posts import I32, NO_DRAFTS, Drafts, merge_drafts, select_drafts

HOUR = 3600  #: seconds


class ActiveUsers(NamedTuple):
    """People who open the platform in a slice of an hour, or in the whole hour."""

    active: I32  #: [R] rows, ascending in each slice
    absent: I32  #: [B] rows that would have come but have left or are suspended, ascending; all in the first slice
    second: I64  #: [R] second of the hour at which each active account's session starts
    returns: NDArray[np.bool_]  #: [R] comes to read what it was notified of, without intentions of its own
    begin: int  #: when the slice begins, seconds since the start of the world: all earlier posts can be read
    length: int  #: of the slice, seconds

    def select(self, which: NDArray[np.bool_] | slice) -> "ActiveUsers":
        """Return some of the active, and none of the absent."""
        chosen = {name: getattr(self, name)[which] for name in ("active", "second", "returns")}
        return self._replace(absent=self.absent[:0], **chosen)


def split_into_slices(users: ActiveUsers, parts: int) -> list[ActiveUsers]:
    """Return who comes in each of the slices of an hour; the absent are in the first."""
    if parts == 1:
        return [users]
    length, place = HOUR // parts, users.second * parts // HOUR
    slices = [
        users.select(place == part)._replace(begin=users.begin + part * length, length=length) for part in range(parts)
    ]
    return [slices[0]._replace(absent=users.absent), *slices[1:]]


def merge_users(slices: Sequence[ActiveUsers]) -> ActiveUsers:
    """Return who comes in an hour, slice by slice."""
    active, absent, second, returns = map(np.concatenate, list(zip(*slices, strict=True))[:-2])
    return ActiveUsers(active, absent, second, returns, slices[0].begin, HOUR)


MIN_GROUP_SIZE, MAX_GROUP_SIZE = (
    256,
    16_384,
)  #: people in a group: fewer are not worth a thread, more take too much memory at once
FIRST_GROUP_SIZE = 64  #: people of the first group, which ends before the other threads have started


def split_users(users: ActiveUsers, threads: int) -> list[ActiveUsers]:
    """Return the active in groups, in order, one for each thread if that saves time; the absent are in the first."""
    n = len(users.active)
    parts = max(threads if n >= threads * MIN_GROUP_SIZE else 1, math.ceil(n / MAX_GROUP_SIZE))
    ahead = min(FIRST_GROUP_SIZE, n // 8) if parts > 1 else 0
    ends = [0, *(ahead + (n - ahead) * part // parts for part in range(1, parts + 1))]
    groups = [users.select(slice(first, last)) for first, last in pairwise(ends)]
    return [groups[0]._replace(absent=users.absent), *groups[1:]]


class Exposures(NamedTuple):
    """The posts that each active account saw, in order of the ledger."""

    start: I64  #: [R + 1] items of reader r are start[r] .. start[r + 1] - 1
    item: I32  #: [E] row in the ledger's window


class StateUpdate(NamedTuple):
    """New values of the active accounts after reading, and inputs for speaking. All [R]."""

    stance_principal: F64
    stance_extremist: F64
    opinion_climate: F64
    fear: F64
    expected_toxicity: F64
    habituation: F64
    abuse: I64  #: toxic posts received in this session
    allies: I64  #: like-minded contested posts seen in this session
    leaves: NDArray[np.bool_]  #: leaves the platform after this session


class DissentingIntentions(NamedTuple):
    """Contested intentions of the cohort of dissenters in this hour, the absent included, and how each ended."""

    key: NDArray[np.uint64]  #: [D] identity, the same in every arm, also of the post if it is voiced
    author: I32  #: [D] account row
    outcome: NDArray[np.int8]  #: [D] a place in `OUTCOMES`


class SpeechRecord(NamedTuple):
    """Posts that people wrote, and the outcome of every latent intention of the cohort of dissenters."""

    drafts: Drafts
    dissenting: DissentingIntentions
    voiced: I64  #: [R] contested intentions voiced, by active account
    withheld: I64  #: [R] contested intentions withheld, by active account
    decided: I64  #: [R] contested intentions that were prompted: voiced, withheld or private

    def count_outcomes(self) -> I64:
        """Return how many dissenting intentions had each outcome of `OUTCOMES`."""
        return np.bincount(self.dissenting.outcome, minlength=len(OUTCOMES))


OUTCOMES = (
    "left",
    "suspended",
    "persuaded",
    "unprompted",
    "private",
    "withheld_fear",
    "withheld_climate",
    "withheld_joint",
    "withheld_redundant",
    "dissent_posts",
)
LEFT, SUSPENDED, PERSUADED, UNPROMPTED, PRIVATE, FEAR, CLIMATE, JOINT, REDUNDANT, VOICED = range(len(OUTCOMES))


EVERYDAY = -1  #: instead of an outcome: an intention of everyday talk, which is always voiced


class Intentions(NamedTuple):
    """Latent intentions of the active accounts in this hour."""

    start: I64  #: [R + 1] intentions of account r are start[r] .. start[r + 1] - 1
    key: NDArray[np.uint64]  #: [I] identity, also of the post if it is voiced
    outcome: NDArray[np.int8]  #: [I] EVERYDAY, or the outcome of a contested one: UNPROMPTED .. VOICED


class EdgeChanges(NamedTuple):
    """Changes of ties, one in each row, in order of people and of what they read; all columns [M]."""

    who: I32  #: account that changes a tie
    whom: I32  #: account at the other end
    action: NDArray[np.int8]  #: FOLLOW | UNFOLLOW | BLOCK | MUTE


FOLLOW, UNFOLLOW, BLOCK, MUTE = range(4)
NO_EDGE_CHANGES = EdgeChanges(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int8))


def merge_edge_changes(parts: Sequence[EdgeChanges]) -> EdgeChanges:
    """Return the changes of all parts, in order."""
    return (
        EdgeChanges._make(map(np.concatenate, zip(NO_EDGE_CHANGES, *parts, strict=True))) if parts else NO_EDGE_CHANGES
    )


class DefenceEffects(NamedTuple):
    """Effects of defences in one tick, apart from removals and suspensions."""

    rejected: Drafts  #: drafts that were not posted
    prompts_shown: int  #: number of prompts
    demoted: I64  #: rows of the ledger written in this tick that are ranked lower
    uncounted: I64  #: rows of the ledger that do not count for trends
    blocks: EdgeChanges  #: blocks because of a shared list


NO_DEFENCE_EFFECTS = DefenceEffects(NO_DRAFTS, 0, np.zeros(0, np.int64), np.zeros(0, np.int64), NO_EDGE_CHANGES)


def merge_effects(parts: Sequence[DefenceEffects]) -> DefenceEffects:
    """Return the effects of all slices of an hour."""
    return DefenceEffects(
        merge_drafts([part.rejected for part in parts]),
        sum(part.prompts_shown for part in parts),
        np.concatenate([part.demoted for part in parts]),
        np.concatenate([part.uncounted for part in parts]),
        merge_edge_changes([part.blocks for part in parts]),
    )


class UserActions(NamedTuple):
    """Actions of people in one slice."""

    seen: Exposures
    update: StateUpdate
    speech: SpeechRecord
    reported: I64  #: rows of the ledger that readers reported, one item a report
    edge_changes: EdgeChanges


def merge_actions(parts: list[UserActions]) -> UserActions:
    """Return the actions of all groups of people as those of one group."""
    if len(parts) == 1:
        return parts[0]
    seen, change, speech, reported, edge_changes = zip(*parts, strict=True)
    lengths = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.start) for part in seen)])
    new, dissenting, *counts = zip(*speech, strict=True)
    return UserActions(
        Exposures(np.cumsum(lengths), np.concatenate([part.item for part in seen])),
        StateUpdate._make(map(np.concatenate, zip(*change, strict=True))),
        SpeechRecord(
            merge_drafts(new),
            DissentingIntentions._make(map(np.concatenate, zip(*dissenting, strict=True))),
            *map(np.concatenate, counts),
        ),
        np.concatenate(reported),
        merge_edge_changes(edge_changes),
    )


class Orders(NamedTuple):
    """Posts that an actor orders from its members in this hour, with the truth about them."""

    drafts: Drafts
    order: I64  #: [D] number of the order
    tactic: NDArray[np.int8]  #: [D] tactic code
    targets: I64 = np.zeros(0, np.int64)  #: account rows of the targets
    risk: F64 = np.zeros(0)  #: [D] P(the post unmasks its author), or empty if all are 0
    reported: I64 = np.zeros(0, np.int64)  #: rows of the ledger that members report, one item a report

    def select(self, which: NDArray[np.bool_]) -> "Orders":
        """Return the posts that `which` (bool [D]) marks."""
        new = select_drafts(self.drafts, which)
        risk = self.risk[which] if len(self.risk) else self.risk
        return self._replace(drafts=new, order=self.order[which], tactic=self.tactic[which], risk=risk)

    def split(self, which: NDArray[np.bool_]) -> "tuple[Orders, Orders]":
        """Return the posts that `which` (bool [D]) marks, and the others."""
        if not len(which):
            return self, self
        none = self._replace(drafts=NO_DRAFTS, order=self.order[:0], tactic=self.tactic[:0], risk=self.risk[:0])
        if which.all():
            return self, none
        return (self.select(which), self.select(~which)) if which.any() else (none, self)

    def merge(self, others: "list[Orders]") -> "Orders":
        """Return these orders with the posts of `others` in place of their own."""
        new = merge_drafts([other.drafts for other in others])
        order, tactic = (np.concatenate([getattr(other, name) for other in others]) for name in ("order", "tactic"))
        risks = [other.risk if len(other.risk) else np.zeros(len(other.order)) for other in others]
        risk = np.concatenate(risks) if any(len(other.risk) for other in others) else self.risk[:0]
        return self._replace(drafts=new, order=order, tactic=tactic, risk=risk)


class Removals(NamedTuple):
    """Effects of moderation in one tick."""

    posts: I64  #: rows of the ledger taken down
    accounts: I64  #: rows of accounts suspended
