"""An operator group: members who carry out operations with one operating profile (committees, brigades, sleepers).

Each hour the group reads the public view. A member works on one of the running operations (members are spread over them
by number) and writes floor(rate intensity + u) posts, at most the rest of the day's quota; without anything to work on
it rests. Suspended and unmasked members write nothing. An original post copies one of the group's four texts of the
hour with the member's own probability of copying. Members who share an officer post their first, second, ... post of
the hour at a common time, plus an exponential delay. The tactics:

* flood: praise of the principal's line, `toxic_share` of it abusive;
* abuse: a toxic reply to the newest post of one of the targets;
* amplify: a repost of one of the 20 most engaged posts of the day that praise the line;
* smear: content against one of the targets (theme SMEAR), which appears among the target's mentions;
* demoralise: distress (theme DISTRESS), written as if by extremists, or as news from the other side; or reposts of
  genuine distress;
* sway: civil content of the stance `stance`, against the extremists;
* civic: civil engagement on an everyday topic (theme CIVIC);
* protest: a dissenting call with the slogan of the hour.

Part of the posts of flood, smear and demoralise are reposts of the group's own posts of the day. All of this is
assumption, with rates and coordination as in `sim.actors.army`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import PublicView, find_recent, make_orders_key
from sim.actors.operator_kernels import ProfileNumbers, Tasks, assign_work, fill_drafts, find_newest, sum_engagement
from sim.campaigns import CAMPS, DELIVERIES, OPERATIONS, Operation, Principal, as_rule_tuple
from sim.rng import exponentials, keyed_hash, make_key, stream
from sim.rules import Rule, parameter
from sim.state.accounts import I64, OPINION_THRESHOLD
from sim.state.posts import DISTRESS, ORIGINAL, SMEAR, make_drafts
from sim.state.records import Orders

DAY = 24

_HOUR = stream("crew/hour")
_TRAIT = stream("crew/trait")
_TEXT = stream("crew/text")


@dataclass(frozen=True, kw_only=True)
class HiredForce(Rule):
    """Base of forces that are operator groups: operations, as a tuple or by name, and the principal who pays."""

    operations: tuple[Operation, ...] = parameter((), unit="rules", source="of the scenario")
    principal: Principal = parameter(Principal(), unit="rule", source="of the scenario")

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", as_rule_tuple(self.operations))
        super().__post_init__()
        self.principal.check(self.operations)


@dataclass(frozen=True)
class OperatingProfile:
    """How much, how regularly and how uniformly the members of an operator group post."""

    rate: float  #: posts/h of a working member
    quota: int  #: posts/day
    discipline: float  #: P(a member on duty works in an hour)
    reposts: float  #: share of posts that repost the group's own posts, if the tactic has any
    copying: float  #: mean over members of the share of original posts that copy a text
    jitter: float  #: mean delay after the common time, seconds
    group: I64  #: [M] members with the same number post at common times
    first: I64  #: [M] hour of the day at which a member's duty begins
    shift: int  #: hours of duty in a day
    delay: float  #: mean delay of an order, hours, drawn for each group and day


class OperatorGroup:
    """Members of one force in one world, and the operations that they carry out.

    Args:
        operations: what they do, and when.
        profile: how they do it.
        rows: int64 [M], account rows of the members.
        keys: uint64 [M], their identities.
        seed: of the world.
        max_targets: most targets of an operation.
    """

    def __init__(
        self,
        operations: tuple[Operation, ...],
        profile: OperatingProfile,
        rows: I64,
        keys: NDArray[np.uint64],
        seed: int,
        max_targets: int = 10**6,
    ) -> None:
        self.operations, self.profile, self.seed, self.max_targets = operations, profile, seed, max_targets
        self.rows, self.keys = rows, keys
        late = exponentials(keyed_hash(make_key(seed, _TRAIT, 0), keys), 0, 1.0 / max(profile.copying, 1e-9) - 1.0)
        self.copying = np.array([math.exp(-x) for x in late])
        self.used = np.zeros(len(rows), np.int64)
        self.targets: list[I64] = [np.array(operation.victims, np.int64) for operation in operations]

    def order(self, view: PublicView) -> Orders:
        """Return what the members write in the hour of `view`."""
        self.used[self.profile.first % DAY == view.tick % DAY] = 0
        if not any(o.start <= view.tick < o.end + DAY for o in self.operations) or not len(self.rows):
            return _make_empty_orders(np.zeros(0, np.int64))
        rows = find_recent(view, DAY)
        self._choose_targets(view)
        aims = np.unique(np.concatenate(self.targets))
        work = self._make_tasks(view, rows)
        count, task = self._share_work(view, work)
        self.used += count
        return self._write(view, work, count, task, aims) if count.any() else _make_empty_orders(aims)

    def _choose_targets(self, view: PublicView) -> None:
        """Choose the targets of the operations that begin; they do not change later."""
        for number, operation in enumerate(self.operations):
            if operation.start == view.tick:
                if not operation.victims and operation.tactic in ("abuse", "smear"):
                    self.targets[number] = find_most_visible(view, self.rows, operation.against, operation.targets)
                self.targets[number] = self.targets[number][: self.max_targets]

    def _make_tasks(self, view: PublicView, rows: I64) -> Tasks:
        """Return the operations as columns, with the posts of the day that each can act upon."""
        own = _mark_rows(self.rows, len(view.inactive))
        ops = self.operations
        parts = [self._find_material(view, rows, own, number) for number in range(len(ops))]
        ends, aim_ends = (np.cumsum([0, *map(len, given)]) for given in (parts, self.targets))
        return Tasks(
            tactic=np.array([OPERATIONS.index(o.tactic) for o in ops], np.int64),
            start=np.array([o.start for o in ops], np.int64),
            end=np.array([o.end for o in ops], np.int64),
            intensity=np.array([o.intensity for o in ops]),
            delivery=np.array([DELIVERIES.index(o.delivery) for o in ops], np.int64),
            stance=np.array([o.stance for o in ops]),
            toxic=np.array([o.toxic_share for o in ops]),
            risk=np.array([o.risk for o in ops]),
            row=np.concatenate(parts),
            first=ends[:-1],
            stop=ends[1:],
            target=np.concatenate(self.targets),
            target_first=aim_ends[:-1],
            target_stop=aim_ends[1:],
        )

    def _find_material(self, view: PublicView, rows: I64, own: NDArray[np.bool_], number: int) -> I64:
        """Return the rows that one operation answers or reposts."""
        operation = self.operations[number]
        if operation.tactic == "abuse":
            return find_newest(rows, view.original_author, _mark_rows(self.targets[number], len(own)))
        if operation.tactic == "amplify":
            praise = (view.stance_principal[rows] > OPINION_THRESHOLD) & ~own[view.original_author[rows]]
            found = rows[praise]
            echo = 1 + view.reposts[found] + view.replies[found]
            return found[np.argsort(-echo, kind="stable")][:20]
        if operation.tactic == "demoralise" and operation.delivery == "amplify":
            genuine = (
                (view.theme[rows] == DISTRESS) & (view.stance_extremist[rows] > 0.0) & ~own[view.original_author[rows]]
            )
            return rows[genuine]
        mine = rows[own[view.original_author[rows]] & (view.kind[rows] == ORIGINAL)]
        theme = {"smear": SMEAR, "demoralise": DISTRESS}.get(operation.tactic, 0)
        return mine[view.theme[mine] == theme][-20:]

    def _share_work(self, view: PublicView, work: Tasks) -> tuple[I64, I64]:
        """Return how many posts each member writes, and for which operation."""
        profile, tick = self.profile, view.tick
        groups = np.arange(int(profile.group.max()) + 1, dtype=np.uint64)
        late = exponentials(keyed_hash(make_key(self.seed, _TRAIT, 1 + tick // DAY), groups), 0, profile.delay).astype(
            np.int64
        )
        duty = (tick % DAY - profile.first) % DAY < profile.shift
        able = duty & ~view.inactive[self.rows] & ~view.unmasked[self.rows]
        count, task = np.zeros((2, len(self.rows)), np.int64)
        hour = make_key(self.seed, _HOUR, tick)
        assign_work(count, task, self.keys, hour, able, np.minimum(late, DAY - 1)[profile.group], self.used, tick, work,
                   self._get_numbers())  # fmt: skip
        return count, task

    def _get_numbers(self) -> ProfileNumbers:
        profile = self.profile
        return ProfileNumbers(profile.rate, profile.quota, profile.discipline, profile.reposts, profile.jitter)

    def _write(self, view: PublicView, work: Tasks, count: I64, task: I64, aims: I64) -> Orders:
        new, tactic = make_drafts(int(count.sum())), np.repeat(work.tactic[task], count)
        text = make_key(self.seed, _TEXT, view.tick)
        fill_drafts(new, self.rows, self.keys, self.profile.group, self.copying, count, task, work, view,
              make_orders_key(self.seed, view.tick), text, self._get_numbers())  # fmt: skip
        risk = np.repeat(work.risk[task], count)
        order = np.full(len(new.key), view.tick, np.int64)
        return Orders(new, order, tactic.astype(np.int8), aims, risk if risk.any() else risk[:0])


def find_most_visible(view: PublicView, own: I64, camp: str, most: int) -> I64:
    """Return the accounts, without `own`, whose content of a camp got most engagement in the last day, in order."""
    echo = sum_engagement(find_recent(view, DAY), view, _mark_rows(own, len(view.inactive)), CAMPS.index(camp))
    found = np.flatnonzero(echo)
    return found[np.argsort(-echo[found], kind="stable")][:most]


def _mark_rows(rows: I64, accounts: int) -> NDArray[np.bool_]:
    marks = np.zeros(accounts, np.bool_)
    marks[rows] = True
    return marks


def _make_empty_orders(aims: I64) -> Orders:
    return Orders(make_drafts(0), np.zeros(0, np.int64), np.zeros(0, np.int8), aims)
