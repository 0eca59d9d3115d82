"""The electronic army: many accounts under a chain of command, all with the same operating profile.

Each hour a commander reads the public platform and issues a plan. Officers pass it on with a delay. Members carry out
the plan that has reached their officer (`sim.actors.members`). They are split evenly into platoons, one for each
tactic:

* flood: praise and reposts of the army's posts; they take slots in streams and feeds;
* abuse: replies to the most visible dissenters;
* amplify: reposts of supporters' posts, which then rise in rankings and trends.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import (
    DAY,
    AccountBatch,
    PublicView,
    create_accounts,
    find_recent,
    make_orders,
    rank_highest,
    weigh_followers,
)
from sim.actors.members import ForceStreams, Members, OperatingProfile, Task
from sim.campaigns import TACTICS, Campaign, Operation
from sim.kernels import cached_njit
from sim.rng import make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64, I64, OPINION_THRESHOLD, Accounts
from sim.state.posts import ORIGINAL, make_drafts
from sim.state.records import Orders

MAX_ORDER_LAG = 48  #: longest delay of a plan, hours

_OFFICER = stream("army/officer")
_STREAMS = ForceStreams(stream("army/hour"), stream("army/trait"), stream("army/text"))


@dataclass(frozen=True, kw_only=True)
class CommandedForce(Rule):
    """Size and operating profile of accounts under a chain of command."""

    size: int = parameter(60, unit="accounts", source="assumption: 3% of the default people", low=0, high=10**8)
    span: int = parameter(10, unit="members/officer", source="assumption", low=1, high=10**6)
    rate: float = parameter(15.0, unit="posts/h", source="fitted to fact 15 (scripts/fit.py)", low=0.0, high=1000.0)
    quota: int = parameter(
        135, unit="posts/day", source="quota of comments at the Internet Research Agency", low=0, high=10**6
    )
    shift: int = parameter(12, unit="h", source="shifts of the Internet Research Agency", low=1, high=24)
    delay: float = parameter(1.0, unit="h", source="assumption: mean delay of an order", low=0.0, high=24.0)
    discipline: float = share(0.9, source="assumption: P(a member obeys in an hour)")
    reposts: float = share(0.7, source="fitted to fact 15 (scripts/fit.py)")
    copying: float = share(0.27, source="fitted to fact 16 (scripts/fit.py)")
    jitter: float = parameter(
        120.0, unit="s", source="assumption: delay after the officer's time", low=0.0, high=3600.0
    )
    followers: float = parameter(30.0, unit="followers", source="assumption", low=0.0, high=1e9)

    def make_profile(self, officer: I64, turn: I64) -> OperatingProfile:
        """Return how members (their officers and turns, int64 [M]) write: in shifts by turn, from 8 o'clock on."""
        return OperatingProfile(
            rate=self.rate, quota=self.quota, discipline=self.discipline, reposts=self.reposts, copying=self.copying,
            jitter=self.jitter, group=officer, first=8 + self.shift * (turn % (DAY // self.shift)), shift=self.shift,
            delay=self.delay,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Army(CommandedForce):
    """The army of the campaign.

    Example:
        >>> import infowar_lab as lab
        >>> lab.World(army=lab.Army(size=20), **{"population.size": 200})
        <World: 200 people, 32 organised accounts, hour 0 of 336, seed 1>
    """

    affinity: float = parameter(
        2.9,
        unit="exponent",
        source="fitted to fact 18 (scripts/fit.py); 0 = everybody is as likely a follower",
        low=0.0,
        high=20.0,
    )

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the members' accounts, whose rows start at `first_row`."""
        return create_accounts("army", self.size, self.followers, n_organic, first_row, seed)

    def weigh_followers(self, people: Accounts, following: I64) -> F64:
        """Return how likely each person is a follower, who follows that many accounts, int64 [n]."""
        return weigh_followers(self.affinity, people.stance_principal, following)

    def create_actor(self, campaign: Campaign, rows: I64, keys: NDArray[np.uint64], seed: int) -> "ChainOfCommand":
        """Return the actor that carries out `campaign` with the members in `rows`; override it for other tactics."""
        return ChainOfCommand(self, campaign, rows, keys, seed)


class Plan(NamedTuple):
    """One order of the commander. Serials and rows are those of public posts when it was issued."""

    number: int
    intensity: float
    targets: I64  #: account rows to be abused
    reply_posts: I64  #: serials of their newest posts on the topic that can be answered
    own_posts: I64  #: serials of the army's own originals to repost
    supporter_posts: I64  #: serials of supporters' posts to amplify


class ChainOfCommand(Members):
    """Commander, officers and members of one army in one world.

    Args:
        army: its rule.
        campaign: the operation it carries out.
        rows: int64 [size], account rows of the members.
        keys: uint64 [size], their identities.
        seed: of the world.
    """

    def __init__(self, army: Army, campaign: Campaign, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        index = np.arange(len(rows))
        self.officer = index // army.span
        operations = [Operation(tactic=tactic, toxic_share=campaign.toxic_share) for tactic in TACTICS]
        profile = army.make_profile(self.officer, index // len(TACTICS))
        super().__init__(operations, profile, rows, keys, seed, _STREAMS, first_text=0)
        self.army, self.campaign = army, campaign
        self.tactic = _assign_tactics(index, campaign)
        self.plans: deque[Plan] = deque(maxlen=MAX_ORDER_LAG)
        self._tables: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None

    def order(self, view: PublicView) -> Orders:
        """Return the posts that the members write in the hour of `view`."""
        self.renew_quotas(view.tick)
        if not self.rows.size or not self.campaign.start <= view.tick < self.campaign.end + MAX_ORDER_LAG:
            return make_orders(make_drafts(0))
        self.plans.append(self._make_plan(view))
        if not any(plan.intensity for plan in self.plans):
            return make_orders(make_drafts(0))
        return self.write(view, *self._pass_on(view))

    def _make_plan(self, view: PublicView) -> Plan:
        """Read the platform as the commander and make a plan."""
        accounts = len(view.inactive)
        rows = find_recent(view, DAY)
        visible, newest, push, praise, reach = _survey(
            rows, view, *self._mark_known(accounts), bool(self.campaign.victims)
        )
        aims = np.flatnonzero(newest >= 0)
        targets = aims[rank_highest(visible[aims], self.campaign.targets)]
        return Plan(
            number=view.tick,
            intensity=self.campaign.get_workload(len(self.rows)) if self.campaign.is_running(view.tick) else 0.0,
            targets=targets,
            reply_posts=view.base + newest[np.sort(targets)],
            own_posts=view.base + push[-20:],
            supporter_posts=view.base + praise[rank_highest(reach, 20)],
        )

    def _mark_known(self, accounts: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which accounts are, or were, the army's own, and which are named victims; both bool [A]."""
        if self._tables is None or len(self._tables[0]) != accounts:
            own, victim = np.zeros((2, accounts), np.bool_)
            victim[list(self.campaign.victims)] = True
            self._tables = own, victim
        self._tables[0][self.rows] = True
        return self._tables

    def _pass_on(self, view: PublicView) -> tuple[list[Task], I64]:
        """Return the tasks of the plans that have reached officers, and the number of each member's, -1 for none."""
        lag = self.draw_order_lag(make_key(self.seed, _OFFICER, view.tick // DAY), MAX_ORDER_LAG - 1)
        able = self.find_able(view) & (self.tactic >= 0) & (lag < len(self.plans))
        ages = np.flatnonzero(np.bincount(lag[able]))
        task = np.where(able, len(TACTICS) * np.searchsorted(ages, lag) + self.tactic, -1)
        return [each for age in ages for each in self._list_tasks(self.plans[-1 - age], view)], task

    def _list_tasks(self, plan: Plan, view: PublicView) -> list[Task]:
        """Return what each platoon does by this plan, with the posts that still stand."""
        named = (plan.own_posts, plan.reply_posts, plan.supporter_posts)
        return [
            self.make_task(number, plan.number, plan.intensity, _find_standing(serials, view.base, view.removed))
            for number, serials in enumerate(named)
        ]


def _assign_tactics(index: I64, campaign: Campaign) -> I64:
    """Return each member's tactic, -1 for platoons of tactics that are not in use."""
    active = [TACTICS.index(name) for name in sorted(campaign.tactics, key=TACTICS.index)]
    if campaign.effort == "equal" and active:
        return np.array(active, np.int64)[index % len(active)]
    tactic = index % len(TACTICS)
    return np.where(np.isin(tactic, active), tactic, -1)


@cached_njit
def _survey(rows, view, own, victim, named):
    """Look through the rows of the day.

    Returns: for each account its visibility as a target (float64 [A]) and its newest row (int64 [A], -1 if it is no
    target), where targets are dissenters, or the victims if they are `named`; rows of the army's own originals; rows of
    supporters' posts and the reach of each (float64).
    """
    visible, newest = np.zeros(len(own)), np.full(len(own), -1)
    push, praise, reach = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64), np.empty(len(rows))
    pushed, praised = 0, 0
    for j in rows:
        author, stance = view.original_author[j], view.stance_principal[j]
        echo = 1.0 + view.reposts[j] + view.replies[j]
        if victim[author] if named else stance < -OPINION_THRESHOLD and view.stance_extremist[j] < 0.0:
            visible[author] += echo
            newest[author] = j
        if own[author]:
            if view.kind[j] == ORIGINAL:
                push[pushed] = j
                pushed += 1
        elif stance > OPINION_THRESHOLD:
            praise[praised], reach[praised] = j, echo
            praised += 1
    return visible, newest, push[:pushed], praise[:praised], reach[:praised]


@cached_njit
def _find_standing(serials, base, removed):
    """Return the rows of the `serials` that are in the window and not removed, int64."""
    rows, n = np.empty(len(serials), np.int64), 0
    for serial in serials:
        if serial >= base and not removed[serial - base]:
            rows[n] = serial - base
            n += 1
    return rows[:n]
