"""The benchmark world: busier than the default world, with an active army."""

from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.attention import Attention
from sim.people.networks import CommunityGraph
from sim.people.population import Population
from sim.setting import Setting

#: Activity that the world must reach in the measured hours, so that speed does not come from idleness.
FLOORS = {"sessions a day": 3.0, "acts a day": 2.0, "items a session": 20.0}


def make_setting(people: int) -> Setting:
    """Return the benchmark world: 3% army, 0.6% extremists, campaign from the 12th hour on.

    Sessions and intentions are about 1.5 times those of the default world, because some hours merge two sessions and
    some intentions are withheld. People follow 60 accounts instead of 40 and read up to 40 posts in a session instead
    of 30. Each run measures whether `FLOORS` are reached.
    """
    return Setting(
        population=Population(size=people, sessions_per_day=5.5, intentions_per_session=1.4),
        graph=CommunityGraph(mean_following=60.0),
        attention=Attention(items=40),
        army=Army(size=people * 3 // 100),
        extremists=Extremists(size=people * 6 // 1000),
        campaign=Campaign(start=12),
    )


def make_typical(people: int) -> Setting:
    """Return the benchmark world with the activity of a typical platform: most accounts are quiet on most days.

    All of this is assumption: means of 20 followees, one session and a fifth of an intention in a day; an army of 3 in
    1,000 accounts that writes as much as its quota allows; a campaign from the 12th hour on.
    """
    return Setting(
        population=Population(size=people, sessions_per_day=1.4, intentions_per_session=0.2),
        graph=CommunityGraph(mean_following=20.0),
        army=Army(size=people * 3 // 1000),
        extremists=Extremists(size=people * 6 // 10_000),
        campaign=Campaign(start=12),
    )
