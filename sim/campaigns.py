"""Campaigns, operations and outside events as data: for whom, what, how intensely and when."""

from dataclasses import dataclass

from sim.errors import InputError
from sim.rules import Rule, parameter, share

TACTICS = ("flood", "abuse", "amplify")
PRINCIPALS = ("state", "party", "institution", "company", "businessman", "public_figure")
ONE_ACCOUNT = "one_account"
#: Named doses, by the share of an army's full work that brings them about where 300 members face 10,000 people: a
#: hundredth, a fifth and a half of the posts on the topic, or all that the army can write. One account's work depends
#: on the army's size.
DOSES = {ONE_ACCOUNT: 0.0, "one_percent": 0.0002, "fifth": 0.005, "half": 0.02, "saturation": 1.0}


class Scheduled:
    """Anything with a first hour and a length."""

    start: int
    hours: int

    @property
    def end(self) -> int:
        """First tick after it."""
        return self.start + self.hours

    def is_running(self, tick: int) -> bool:
        """Tell whether it is on in `tick`."""
        return self.start <= tick < self.end


@dataclass(frozen=True, kw_only=True)
class Campaign(Scheduled, Rule):
    """The principal's operation against dissent on the contested topic.

    `effort` says who works on a subset of tactics. "additive": only the platoons of these tactics. "equal": the whole
    army, so that every subset costs the same member-hours.

    Example:
        >>> import infowar_lab as lab
        >>> campaign = lab.Campaign(start=24, hours=72, tactics=("flood", "abuse"))
        >>> campaign.end
        96
    """

    principal: str = parameter("state", unit="kind", source="essay", choices=PRINCIPALS)
    tactics: tuple[str, ...] = parameter(TACTICS, unit="names", source="essay", choices=TACTICS)
    effort: str = parameter("additive", unit="kind", source="design", choices=("additive", "equal"))
    start: int = parameter(72, unit="h", source="assumption: three quiet days first", low=0, high=10**9)
    hours: int = parameter(144, unit="h", source="assumption: six days", low=0, high=10**9)
    dose: str = parameter(
        "half", unit="name", source="bots' share of Russian political tweets, Stukal et al. 2017", choices=tuple(DOSES)
    )
    intensity: float = share(1.0, source="1 = the whole dose; 0 = a silent army")
    toxic_share: float = share(0.3, source="assumption: share of the flood that is abusive")
    targets: int = parameter(40, unit="accounts", source="assumption", low=0, high=10**9)

    victims: tuple[int, ...] = parameter((), unit="accounts", source="none named: the most visible dissenters")

    def get_workload(self, members: int) -> float:
        """Return the part of the hours on duty, in [0, 1], in which officers call up an army of this many members."""
        return self.intensity * (1 / max(members, 1) if self.dose == ONE_ACCOUNT else DOSES[self.dose])


@dataclass(frozen=True, kw_only=True)
class Event(Scheduled, Rule):
    """Something that happens outside the platform, at the same hours in every arm."""

    start: int = parameter(0, unit="h", source="of the scenario", low=0, high=10**9)
    hours: int = parameter(0, unit="h", source="of the scenario", low=0, high=10**9)
    who: str = parameter("all", unit="kind", source="design", choices=("all", "dissenters"))
    sessions: float = parameter(1.0, unit="factor", source="1 = as usual", low=0.0, high=100.0)
    interest: float = parameter(1.0, unit="factor", source="1 = as usual", low=0.0, high=100.0)
    extremist_volume: float = parameter(1.0, unit="factor", source="1 = as usual", low=0.0, high=100.0)
    distress: float = share(0.0, source="0 = no rout")
    rally_share: float = share(0.0, source="0 = nobody chants")
    unmask: int = parameter(0, unit="accounts", source="0 = nobody", low=0, high=10**6)


OPERATIONS = (*TACTICS, "smear", "demoralise", "sway", "civic", "protest")  #: tactics by their codes
CAMPS = ("dissenters", "loyalists", "extremists")
DELIVERIES = ("impersonate", "amplify", "news")


@dataclass(frozen=True, kw_only=True)
class Operation(Scheduled, Rule):
    """What a force does for some hours, and against whom."""

    tactic: str = parameter("abuse", unit="kind", source="essay", choices=OPERATIONS)
    start: int = parameter(72, unit="h", source="of the scenario", low=0, high=10**9)
    hours: int = parameter(144, unit="h", source="of the scenario", low=0, high=10**9)
    intensity: float = share(1.0, source="1 = all that the operating profile allows; 0 = silent")
    against: str = parameter("dissenters", unit="kind", source="essay", choices=CAMPS)
    targets: int = parameter(1, unit="accounts", source="of the scenario", low=0, high=10**6)
    victims: tuple[int, ...] = parameter((), unit="accounts", source="none named: the most visible of the camp")
    delivery: str = parameter("impersonate", unit="kind", source="our reading of the essay", choices=DELIVERIES)
    stance: float = parameter(-0.2, unit="stance", source="assumption: a step from dissent", low=-1.0, high=1.0)
    toxic_share: float = share(0.3, source="assumption: share of a flood's original posts")
    risk: float = share(0.0, source="0 = nobody is unmasked")


@dataclass(frozen=True, kw_only=True)
class Principal(Rule):
    """Whom a force serves, how much it can pay in a month, and for what."""

    kind: str = parameter("state", unit="kind", source="essay", choices=PRINCIPALS)
    budget: float = parameter(0.0, unit="money/month", source="0 = the size of the force is given", low=0.0, high=1e12)
    goals: tuple[str, ...] = parameter(
        (), unit="names", source="none named: whatever its forces do", choices=OPERATIONS
    )

    def check(self, operations: tuple[Operation, ...]) -> None:
        """Raise InputError if this principal does not pay for one of the operations."""
        for operation in operations:
            if self.goals and operation.tactic not in self.goals:
                raise InputError(
                    f"a {self.kind} with goals={list(self.goals)} does not pay for {operation.tactic}: "
                    "name it among the goals, or leave the operation out"
                )


def check_victims(aimed: Campaign | Operation, people: int) -> None:
    """Raise InputError unless every victim that `aimed` names is one of accounts 0 .. people - 1."""
    for victim in aimed.victims:
        if not isinstance(victim, int) or isinstance(victim, bool) or not 0 <= victim < people:
            known = f"the people are accounts 0 to {people - 1}: name some of these"
            raise InputError(f"{type(aimed).__name__}.victims has {victim!r}, but {known}")
