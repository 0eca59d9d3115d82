"""A campaign is data: whom it serves, what is done, how hard, and when."""

from dataclasses import dataclass

from sim.errors import InputError, suggest
from sim.rules import Rule, parameter, share

TACTICS = ("flood", "abuse", "amplify")
PRINCIPALS = ("state", "party", "institution", "company", "businessman", "public_figure")


@dataclass(frozen=True, kw_only=True)
class Campaign(Rule):
    """The principal's operation against dissent on the contested topic.

    `effort` says what a subset of tactics costs: "additive" lets only the platoons of these tactics
    work; "equal" spreads the whole army over them, so that every subset costs the same member-hours.
    """

    principal: str = parameter("state", unit="kind", source="essay", choices=PRINCIPALS)
    tactics: tuple[str, ...] = parameter(TACTICS, unit="names", source="essay")
    effort: str = parameter("additive", unit="kind", source="design", choices=("additive", "equal"))
    start: int = parameter(72, unit="h", source="assumption: three quiet days first", low=0, high=10**9)
    hours: int = parameter(144, unit="h", source="assumption: six days", low=0, high=10**9)
    intensity: float = share(1.0, source="1 = full quotas; 0 = a silent army")
    toxic_share: float = share(0.3, source="assumption: share of the flood that is abusive")
    targets: int = parameter(40, unit="accounts", source="assumption: dissenters singled out", low=0, high=10**9)

    victims: tuple[int, ...] = parameter((), unit="accounts", source="none named: the most visible dissenters")

    def __post_init__(self) -> None:
        object.__setattr__(self, "tactics", tuple(self.tactics))
        object.__setattr__(self, "victims", tuple(self.victims))
        super().__post_init__()
        for tactic in self.tactics:
            if tactic not in TACTICS:
                raise InputError(f"Campaign.tactics has {tactic!r}, which is unknown: {suggest(str(tactic), TACTICS)}")
        if len(set(self.tactics)) != len(self.tactics):
            raise InputError(f"Campaign.tactics={list(self.tactics)} names a tactic twice: name each once")

    def check_victims(self, people: int) -> None:
        """Raise InputError unless every named victim is one of accounts 0 .. people - 1."""
        for victim in self.victims:
            if not isinstance(victim, int) or isinstance(victim, bool) or not 0 <= victim < people:
                known = f"the people are accounts 0 to {people - 1}: name some of these"
                raise InputError(f"Campaign.victims has {victim!r}, but {known}")

    @property
    def end(self) -> int:
        """First tick after the campaign."""
        return self.start + self.hours

    def runs(self, tick: int) -> bool:
        """Tell whether `tick` lies in the campaign."""
        return self.start <= tick < self.end
