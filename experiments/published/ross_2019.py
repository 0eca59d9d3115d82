"""Ross et al. (2019): bots in a spiral of silence, restated from the published description and public code.

Ross, B., Pilz, L., Cabrera, B., Brachten, F., Neubaum, G. & Stieglitz, S. (2019). Are social bots a real threat? An
agent-based model of the spiral of silence to analyse the impact of manipulative actors in social networks. European
Journal of Information Systems 28(4), 394-412. doi:10.1080/0960085X.2018.1560920

Graph. N users in an undirected preferential-attachment graph (m, g): a star first, then each new node links to m
distinct earlier ones with probability proportional to degree^g. B bots are added: each links to m' distinct users with
probability proportional to (degree before any bots)^g'; g' = 0 is random, g' = -1 the paper's inverse attachment. No
links among bots. Directed variant: each link between users influences one way, drawn at random; bots influence users.

State. Valence s = +1 with probability q, else -1, fixed; bots all -1. Inner confidence x ~ U(0, 1) at first, unbounded
later; threshold T ~ U(0, 1), fixed. Confidence C = max(tanh(x/2), 0). A user is silent if C <= T; bots always speak.

Tick, synchronous and without chance. Among those who influence a user and speak, S have the user's valence and O the
other, users counting 1 and bots `influence`; d = (S - O) / (S + O), 0 if S + O = 0; x <- x + d, of the silent too.
A run stops after a tick in which no user's C moved by more than 1e-4, and that tick counts. Some runs never do: their
limit cycle is proven, its period reported, and its outcome is the mean over one period.

Outcome. Bots win if more users speak for -1 than for +1 (a tie is no win, and nobody decided it). The most central
actor is the user with most links, bots' links included, the lowest number among equals; it decides if its valence is
the one that more users speak for.

Deviations from the paper. Targets are of the authors' public C++ code, which differs from the paper (NetLogo): there,
attractiveness is m (gamma - 2) + links received, gamma = 2.5; x does not fall below 0; runs stop at 1e-3. The paper
prints C without the "- 1" of tanh(x/2) = 2 / (1 + e^-x) - 1 and the condition of speech the wrong way round; its worked
example agrees with this module. Deviations from the code: chance is keyed (sim.rng), so runs of one seed share
people and graph whatever the bots; bots' joint weight is influence times their number and not a sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.published import ross_kernels as kernels
from experiments.published.ross_kernels import RossPeople
from sim.errors import InputError
from sim.people.wiring import uniforms
from sim.rng import make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64
from sim.state.graph import Graph, extend_graph, from_edges

SOURCE = "Ross et al. 2019, public code"
LIMIT = 1_000_000  #: ticks after which a run is given up and reported as unsettled

_LINKS = stream("ross_2019.links")
_DIRECTIONS = stream("ross_2019.directions")
_BOTS = stream("ross_2019.bots")
_VALENCE = stream("ross_2019.valence")
_INNER = stream("ross_2019.inner")
_THRESHOLD = stream("ross_2019.threshold")


@dataclass(frozen=True, kw_only=True)
class Ross(Rule):
    """Parameters of the model, and how an instance of it is drawn.

    Raises:
        InputError: a value outside its range, or more links than there are users to link to.
    """

    users: int = parameter(1000, unit="users", source=SOURCE, low=2, high=10_000_000)
    links: int = parameter(1, unit="links of a new user (m)", source=SOURCE, low=1, high=10_000)
    power: float = parameter(1.0, unit="exponent of degree (g)", source=SOURCE, low=-5.0, high=5.0)
    bots: int = parameter(0, unit="bots", source=SOURCE, low=0, high=10_000_000)
    bot_links: int = parameter(1, unit="links of a bot (m')", source=SOURCE, low=1, high=10_000)
    bot_power: float = parameter(1.0, unit="exponent of degree (g')", source=SOURCE, low=-5.0, high=5.0)
    influence: float = parameter(1.0, unit="weight of a bot; a user is 1", source=SOURCE, low=0.0, high=1000.0)
    positive: float = share(0.5, source=SOURCE)
    directed: bool = parameter(False, unit="1", source=SOURCE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.links >= self.users:
            raise InputError(f"Ross.links={self.links} must be less than users={self.users}: say links=1 or more users")
        if self.bots and self.bot_links > self.users:
            raise InputError(f"Ross.bot_links={self.bot_links} is more than there are users ({self.users})")

    def draw_instance(self, seed: int) -> "Instance":
        """Draw graph and users; a pure function of the parameters and `seed`."""
        valence = np.where(uniforms(make_key(seed, _VALENCE), self.users) < self.positive, 1, -1).astype(np.int8)
        inner, threshold = (uniforms(make_key(seed, kind), self.users) for kind in (_INNER, _THRESHOLD))
        return Instance(self._draw_graph(seed), valence, inner, threshold)

    def _draw_graph(self, seed: int) -> Graph:
        newcomer, earlier = kernels.attach_nodes(make_key(seed, _LINKS), self.users, self.links, self.power)
        if self.directed:
            inwards = kernels.draw_directions(make_key(seed, _DIRECTIONS), newcomer, earlier)
            listener, source = np.where(inwards, newcomer, earlier), np.where(inwards, earlier, newcomer)
        else:
            listener, source = np.append(newcomer, earlier), np.append(earlier, newcomer)
        graph = from_edges(listener, source, self.users)
        if not self.bots:
            return graph
        degree = np.bincount(newcomer, minlength=self.users) + np.bincount(earlier, minlength=self.users)
        bot, user = kernels.attach_to(make_key(seed, _BOTS), self.bots, self.bot_links, degree**self.bot_power)
        bot = bot + np.int32(self.users)
        listener, source = (user, bot) if self.directed else (np.append(user, bot), np.append(bot, user))
        return extend_graph(graph, listener, source, self.users + self.bots)


class Instance(NamedTuple):
    """A graph of users (rows 0 .. U-1) and bots (the rows after them), and the users' state at the start."""

    graph: Graph  #: whoever follows is influenced by whom it follows
    valence: NDArray[np.int8]  #: [U] +1 or -1
    inner: F64  #: [U] inner confidence
    threshold: F64  #: [U] silent at this confidence and below

    def make_people(self, influence: float) -> RossPeople:
        """Return what the kernels need; a bot weighs `influence`."""
        start, followers = self.graph.followers_start, self.graph.followers
        users = len(self.valence)
        bots = np.bincount(followers[start[users] :], minlength=users)[:users].astype(np.float64)
        return RossPeople(start, followers, self.valence, self.threshold, influence * bots)

    def find_central(self) -> int:
        """Return the user with most links, the lowest number among equals."""
        links = np.diff(self.graph.following_start) + np.diff(self.graph.followers_start)
        return int(np.argmax(links[: len(self.valence)]))


def simulate(instance: Instance, influence: float = 1.0, limit: int = LIMIT) -> dict[str, Any]:
    """Simulate an instance to its end.

    Returns:
        ticks; period (0: it stopped; -1: not within `limit`; else of its limit cycle); plus and minus: users
        speaking for each side; bots_win; silent and minority: shares of users who are silent and who speak for
        the side of fewer speakers; central: whether the most central actor is on the winning side.
    """
    ticks, period, plus, minus = kernels.settle(instance.make_people(influence), instance.inner, limit)
    users = len(instance.valence)
    return {
        "ticks": ticks,
        "period": period,
        "plus": plus,
        "minus": minus,
        "bots_win": minus > plus,
        "silent": 1.0 - (plus + minus) / users,
        "minority": min(plus, minus) / users,
        "central": int(instance.valence[instance.find_central()]) * (plus - minus) > 0,
    }


def simulate_seeds(rule: Ross, seeds: Iterable[int], limit: int = LIMIT) -> pd.DataFrame:
    """Simulate one instance for each seed; return a row a seed with the columns of `simulate`."""
    return pd.DataFrame([{"seed": seed, **simulate(rule.draw_instance(seed), rule.influence, limit)} for seed in seeds])
