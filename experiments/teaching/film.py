"""A film of a world: what each account does in each hour, small enough to be carried in a page.

An observer takes one frame an hour. What a frame holds of an account is a byte of events (the bits below) and three
levels; everything is of the end of the hour.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.observers.base import StepRecord
from sim.sampling import sample
from sim.state.accounts import F64, OPINION_THRESHOLD, SYMPATHISER, UNCOMMITTED
from sim.state.posts import CONTESTED
from sim.world import World

U8 = NDArray[np.uint8]

AWAKE, SPOKE, WITHHELD, ABUSED, LEFT, SUSPENDED = (1 << bit for bit in range(6))
HOURS = 24  #: over which reach is counted
FEAR, CLIMATE, REACH = 31, 63, 15  #: highest levels; reach is the base-2 logarithm of impressions
MAX_ACCOUNTS = 5000  #: accounts of one kind, people or organised, that a film shows


class Frame(NamedTuple):
    """One hour. All uint8 [N]: of the accounts that the film shows."""

    events: U8  #: bits AWAKE (came), SPOKE (posted on the topic), WITHHELD, ABUSED (both in this hour), LEFT, SUSPENDED
    fear: U8  #: 0 .. FEAR for fear 0 .. 1
    climate: U8  #: 0 .. CLIMATE for perceived support 0 .. 1
    reach: U8  #: round(log2(1 + n)), at most REACH; n = its posts on the topic seen by people in the last HOURS


class Film:
    """Takes a frame in every hour of one world. A world that is forked takes its film along.

    Args:
        world: before its first hour.
        people: how many people are shown at most: a keyed sample, the same with and without an operation. As many
            of the organised are shown at most.

    Raises:
        InputError: `people` is not from 1 to MOST.

    Attributes:
        rows: int64 [N], the accounts that are shown; people come first.
        names: int64 [N], by which a page calls them.
        frames: one an hour.
    """

    def __init__(self, world: World, people: int = 2000) -> None:
        if not isinstance(people, int) or isinstance(people, bool) or not 1 <= people <= MAX_ACCOUNTS:
            raise InputError(
                f"replay.people={people} must be from 1 to {MAX_ACCOUNTS}: a page has room for no more dots"
            )
        organised = np.arange(world.n_organic, len(world.role))[:people]
        self.rows = np.concatenate([sample(world, people).rows, organised])
        self.people = len(self.rows) - len(organised)
        self.role = world.state.truth.role[self.rows].astype(np.uint8)
        self.names = number_accounts(world, self.rows)
        self.stance = world.accounts.stance_principal[self.rows]
        self.cohort = world.accounts.cohort[self.rows].astype(np.uint8)
        self.frames: list[Frame] = []
        self._hours = np.zeros((HOURS, len(world.role)), np.int32)
        self._said = np.zeros((3, len(world.role)))  # posts on the topic, sum of each of their stances

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Take a frame; adds no measure to the world's history."""
        accounts, rows = step.accounts, self.rows
        self._count(step)
        levels = (
            np.rint(FEAR * accounts.fear[rows]),
            np.rint(CLIMATE * accounts.opinion_climate[rows]),
            np.minimum(REACH, np.rint(np.log2(1.0 + self._hours[:, rows].sum(axis=0)))),
        )
        self.frames.append(Frame(_encode_events(step)[rows], *(level.astype(np.uint8) for level in levels)))
        return {}

    def _count(self, step: StepRecord) -> None:
        """Note who was seen in this hour, and what was said on the topic."""
        posts, new, n = step.posts, step.new, len(step.accounts.key)
        seen = step.seen.item[posts.topic[step.seen.item] == CONTESTED]
        self._hours[step.tick % HOURS] = np.bincount(posts.author[seen], minlength=n)
        said = np.arange(new.start, new.stop)[posts.topic[new] == CONTESTED]
        for total, weight in zip(self._said, (None, posts.stance_principal, posts.stance_extremist), strict=True):
            total += np.bincount(posts.author[said], None if weight is None else weight[said], minlength=n)

    def get_sides(self) -> tuple[U8, F64]:
        """Return the cohort of each account, and its stance: a person's own, else the mean of what it said.

        uint8 [N] as `sim.state.accounts.COHORTS`, and float64 [N]; an organised account that said nothing is
        uncommitted.
        """
        principal, extremist = self._said[1:, self.rows] / np.maximum(self._said[0, self.rows], 1.0)
        stance = np.where(np.arange(len(self.rows)) < self.people, self.stance, principal)
        cohort = np.where(stance < -OPINION_THRESHOLD, 1, np.where(stance > OPINION_THRESHOLD, 2, UNCOMMITTED))
        cohort = np.where(extremist > OPINION_THRESHOLD, SYMPATHISER, cohort)
        return np.where(self.role == 0, self.cohort, cohort).astype(np.uint8), stance

    def stack_planes(self) -> dict[str, U8]:
        """Return every field of `Frame` by name, uint8 [hours, N]."""
        return {name: np.stack([getattr(frame, name) for frame in self.frames]) for name in Frame._fields}


def number_accounts(world: World, rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the accounts' numbers on pages, int64 [N]: six digits that do not reveal who is organised."""
    return (world.accounts.key[rows] % np.uint64(10**6)).astype(np.int64)


def _encode_events(step: StepRecord) -> U8:
    accounts, active, posts = step.accounts, step.active_users.active, step.posts
    events = np.zeros(len(accounts.key), np.uint8)
    events[active] |= AWAKE
    events[active[step.speech.withheld > 0]] |= WITHHELD
    events[active[step.update.abuse > 0]] |= ABUSED
    events[posts.author[step.new][posts.topic[step.new] == CONTESTED]] |= SPOKE
    events[accounts.has_left] |= LEFT
    events[accounts.suspended_until > step.tick] |= SUSPENDED
    return events
