"""An operator group: members who carry out operations with one operating profile (committees, brigades, sleepers).

Each hour the group reads the public view. A member works on one of the running operations (members are spread over them
by number); see `sim.actors.members` for what it writes. The unmasked write nothing. Abuse answers the newest post of
each target, amplifying takes up the 20 most engaged posts of the day. All of this is assumption, with rates and
coordination as in `sim.actors.army`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import DAY, PublicView, find_recent, make_orders, rank_highest
from sim.actors.members import ForceStreams, Members, OperatingProfile, Task
from sim.campaigns import CAMPS, Operation, Principal
from sim.kernels import cached_njit
from sim.rng import make_key, stream
from sim.rules import Rule, parameter
from sim.state.accounts import I64, OPINION_THRESHOLD
from sim.state.posts import DISTRESS, ORIGINAL, PLAIN, SMEAR, make_drafts
from sim.state.records import Orders

FIRST_TEXT = 2**28  #: number of a group's first text; the army's are lower, slogans higher

_STREAMS = ForceStreams(stream("crew/hour"), stream("crew/trait"), stream("crew/text"))


@dataclass(frozen=True, kw_only=True)
class HiredForce(Rule):
    """Base of forces that are operator groups: operations, as a tuple or by name, and the principal who pays."""

    operations: tuple[Operation, ...] = parameter((), unit="rules", source="of the scenario", items=Operation)
    principal: Principal = parameter(Principal(), unit="rule", source="of the scenario")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.principal.check(self.operations)


class OperatorGroup(Members):
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
        super().__init__(operations, profile, rows, keys, seed, _STREAMS, FIRST_TEXT)
        self.max_targets = max_targets
        self.targets: list[I64] = [np.array(operation.victims, np.int64) for operation in operations]

    def order(self, view: PublicView) -> Orders:
        """Return what the members write in the hour of `view`."""
        self.renew_quotas(view.tick)
        if not any(o.start <= view.tick < o.end + DAY for o in self.operations) or not len(self.rows):
            return make_orders(make_drafts(0))
        rows = find_recent(view, DAY)
        self._choose_targets(view)
        own = _mark_rows(self.rows, len(view.inactive))
        tasks = [self._plan_task(view, rows, own, number) for number in range(len(self.operations))]
        orders = self.write(view, tasks, self._share_work(view))
        return orders._replace(targets=np.unique(np.concatenate(self.targets)))

    def _choose_targets(self, view: PublicView) -> None:
        """Choose the targets of the operations that begin; they do not change later."""
        for number, operation in enumerate(self.operations):
            if operation.start == view.tick:
                if not operation.victims and operation.tactic in ("abuse", "smear"):
                    self.targets[number] = find_most_visible(view, self.rows, operation.against, operation.targets)
                self.targets[number] = self.targets[number][: self.max_targets]

    def _plan_task(self, view: PublicView, rows: I64, own: NDArray[np.bool_], number: int) -> Task:
        """Return what one operation has to be done in this hour."""
        operation, material = self.operations[number], self._find_material(view, rows, own, number)
        return self.make_task(number, view.tick, operation.intensity, material, self.targets[number])

    def _find_material(self, view: PublicView, rows: I64, own: NDArray[np.bool_], number: int) -> I64:
        """Return the rows that one operation answers or reposts."""
        operation = self.operations[number]
        if operation.tactic == "abuse":
            return _find_newest(rows, view.original_author, _mark_rows(self.targets[number], len(own)))
        if operation.tactic == "amplify":
            praise = (view.stance_principal[rows] > OPINION_THRESHOLD) & ~own[view.original_author[rows]]
            found = rows[praise]
            return found[rank_highest(view.reposts[found] + view.replies[found], 20)]
        if operation.tactic == "demoralise" and operation.delivery == "amplify":
            genuine = (
                (view.theme[rows] == DISTRESS) & (view.stance_extremist[rows] > 0.0) & ~own[view.original_author[rows]]
            )
            return rows[genuine]
        mine = rows[own[view.original_author[rows]] & (view.kind[rows] == ORIGINAL)]
        theme = {"smear": SMEAR, "demoralise": DISTRESS}.get(operation.tactic, PLAIN)
        return mine[view.theme[mine] == theme][-20:]

    def _share_work(self, view: PublicView) -> I64:
        """Return on which operation each member works, -1 for none: members take turns at those they know to run."""
        lag = self.draw_order_lag(make_key(self.seed, _STREAMS.trait, 1 + view.tick // DAY), DAY - 1)
        running = np.array([(o.start <= view.tick - lag) & (view.tick - lag < o.end) for o in self.operations])
        able = self.find_able(view) & ~view.unmasked[self.rows] & running.any(axis=0)
        turn = np.arange(len(lag)) % np.maximum(running.sum(axis=0), 1)
        return np.where(able, (running.cumsum(axis=0) > turn).argmax(axis=0), -1)


def find_most_visible(view: PublicView, own: I64, camp: str, most: int) -> I64:
    """Return the accounts, without `own`, whose content of a camp got most engagement in the last day, in order."""
    echo = _sum_engagement(find_recent(view, DAY), view, _mark_rows(own, len(view.inactive)), CAMPS.index(camp))
    found = np.flatnonzero(echo)
    return found[rank_highest(echo[found], most)]


def _mark_rows(rows: I64, accounts: int) -> NDArray[np.bool_]:
    marks = np.zeros(accounts, np.bool_)
    marks[rows] = True
    return marks


@cached_njit
def _sum_engagement(rows, view, own, camp):
    """Return the engagement of each account's content of the camp among `rows`, float64 [A]; 0 for `own`."""
    visible = np.zeros(len(own))
    for j in rows:
        principal, extremist = view.stance_principal[j], view.stance_extremist[j]
        meant = extremist > 0.0
        if camp == 0:
            meant = principal < -OPINION_THRESHOLD and extremist < 0.0
        elif camp == 1:
            meant = principal > OPINION_THRESHOLD and extremist < 0.0
        if meant and not own[view.original_author[j]]:
            visible[view.original_author[j]] += 1.0 + view.reposts[j] + view.replies[j]
    return visible


@cached_njit
def _find_newest(rows, original_author, targeted):
    """Return the newest of `rows` of each targeted account, ascending, int64."""
    out, n = np.empty(len(rows), np.int64), 0
    done = np.zeros(len(targeted), np.bool_)
    for x in range(len(rows) - 1, -1, -1):
        who = original_author[rows[x]]
        if targeted[who] and not done[who]:
            done[who] = True
            out[n] = rows[x]
            n += 1
    return out[:n][::-1].copy()
