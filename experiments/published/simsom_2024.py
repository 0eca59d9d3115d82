"""Truong et al. (2024), SimSoM: quality-driven spread of messages with manipulating bots, restated from its code.

Truong, B. T., Lou, X., Flammini, A. & Menczer, F. (2024). Quantifying the vulnerabilities of the online public square
to adversarial manipulation tactics. PNAS Nexus 3(7), pgae258. doi:10.1093/pnasnexus/pgae258

Network. `simsom_networks`: people by random-walk growth or from a file; bots follow each other, and people follow them.

Message. A person's has quality q with density proportional to e^(lambda q) on [0, 1], a bot's 0. Appeal is
a = 1 - (1 - u)^(1/5), whatever the quality; a new message of a bot has a = 1 with probability phi.

Feed. At most sigma entries of (message, shares, age), newest first, empty at first.

Step, synchronous; everybody acts once, in an order drawn anew, on last step's feed. With probability 1 - mu, an agent
reposts an entry drawn with weight a * shares * exp(-0.4 age^0.4), else it posts a new message. The post goes to every
follower, once from a person and theta times from a bot. A receiver counts the copies of each different message, in
order of first arrival. Where the feed holds some of them, these entries gain shares and stay where they are; all ages
grow by 1; the others come in front at age 0. The oldest entries beyond sigma go. Who receives nothing keeps its ages.

Two quirks of the authors' code are kept while `compatible`: where no arrival is in the feed already, old ages become 1
and do not grow by 1; and where several are, the n-th entry gains the copies of the n-th message to arrive.

Outcome. Q <- 0.8 Q + 0.2 (mean quality of all entries of people's feeds), from Q = 1, until it changes by at most 1e-4
of itself, or for a fixed number of steps. Diversity is the entropy of messages over all feeds, in nats. Exposure is the
part of entries before agents who act that bots made. Kendall's tau between quality and popularity (times that people
posted a message), over all messages: the authors' breaks ties in popularity by quality, which inflates it; tau-b does
not.

Deviation: chance is keyed (sim.rng), so that runs of one seed share people, and what one agent draws hangs on nobody.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from experiments.published import simsom_kernels as kernels
from experiments.published.simsom_kernels import Arrivals, Feeds, Messages
from experiments.published.simsom_networks import SOURCE
from sim.people.wiring import uniforms
from sim.rng import make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64
from sim.state.graph import Graph

KEEP, STILL = 0.8, 1e-4
LIMIT = 2000  #: steps after which a run is given up

_ACT = stream("simsom_2024.act")
_ORDER = stream("simsom_2024.order")


@dataclass(frozen=True, kw_only=True)
class SimSom(Rule):
    """Parameters of the spread of messages."""

    mu: float = share(0.5, source=SOURCE)
    sigma: int = parameter(15, unit="entries of a feed", source=SOURCE, low=1, high=10_000)
    phi: float = share(0.0, source=SOURCE)
    theta: int = parameter(1, unit="copies of a bot's post", source=SOURCE, low=0, high=1_000_000)
    strength: float = parameter(10.0, unit="lambda of the quality of people's messages", source=SOURCE, low=0, high=500)
    compatible: bool = parameter(True, unit="yes/no", source="two quirks of the authors' code")


class Platform:
    """A run: agents of `graph`, of whom rows below `humans` are people."""

    def __init__(self, graph: Graph, humans: int, rule: SimSom, seed: int) -> None:
        agents = len(graph.following_start) - 1
        self.graph, self.humans, self.rule, self.seed = graph, humans, rule, seed
        self.step = self.made = self.seen = self.by_bots = 0
        shape = (agents, rule.sigma)
        numbers = (np.zeros(shape, np.int32), np.zeros(shape, np.int64), np.zeros(shape, np.int32))
        self.feeds = Feeds(*numbers, np.zeros(agents, np.int32))
        self.messages = _make_messages(2 * agents)
        self.posted = np.zeros(agents, np.int32)
        self.arrivals = _make_arrivals(graph, rule.sigma)
        self._recency = _compute_recency(64)

    def advance(self) -> float:
        """Simulate one step; return the mean quality of what people have in their feeds."""
        rule, agents = self.rule, len(self.posted)
        self._make_room(agents)
        self.made, seen, by_bots = kernels.act(
            make_key(self.seed, _ACT, self.step), self.feeds, self.messages, self.made, self.posted, self.humans,
            rule.mu, rule.phi, rule.strength, self._recency,
        )  # fmt: skip
        self.seen, self.by_bots = self.seen + seen, self.by_bots + by_bots
        graph, start = self.graph, self.graph.following_start
        kernels.deliver(
            self.step, self.draw_order(), graph.followers_start, graph.followers, start, self.posted, self.messages,
            self.humans, rule.theta, self.arrivals,
        )  # fmt: skip
        kernels.take_up(self.step, start, self.arrivals, self.feeds, self.messages, rule.theta, rule.compatible)
        self.step += 1
        return float(kernels.compute_mean_quality(self.feeds, self.messages, self.humans))

    def draw_order(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Return the order in which agents act in the next step, int64 [N]."""
        return np.argsort(uniforms(make_key(self.seed, _ORDER, self.step), len(self.posted)), kind="stable")

    def _make_room(self, agents: int) -> None:
        held = len(self.messages.quality)
        if self.made + agents > held:
            more = _make_messages(held)
            self.messages = Messages(
                *(np.concatenate(columns) for columns in zip(self.messages, more, strict=True))  # type: ignore[arg-type]
            )
        if self.step + 1 >= len(self._recency):
            self._recency = _compute_recency(2 * len(self._recency))


class SimSomResult(NamedTuple):
    """What a run leaves."""

    quality: float  #: Q
    steps: int
    settled: bool  #: whether Q stopped to change; False where the number of steps was fixed
    platform: Platform


def simulate(
    graph: Graph, humans: int, rule: SimSom, seed: int, steps: int | None = None, limit: int = LIMIT
) -> SimSomResult:
    """Simulate until Q settles, at most `limit` steps; or `steps` steps, if they are given."""
    platform = Platform(graph, humans, rule, seed)
    quality, settled = 1.0, False
    while platform.step < (steps or limit) and not settled:
        new = KEEP * quality + (1.0 - KEEP) * platform.advance()
        settled = steps is None and abs(new - quality) <= STILL * quality
        quality = new
    return SimSomResult(quality, platform.step, settled, platform)


def compute_diversity(platform: Platform) -> float:
    """Return the entropy of messages over the entries of all feeds, in nats."""
    held = np.arange(platform.rule.sigma) < platform.feeds.length[:, None]
    counts = np.unique(platform.feeds.message[held], return_counts=True)[1]
    parts = counts / counts.sum()
    return float(-(parts * np.log(parts)).sum())


def compute_exposure(platform: Platform) -> float:
    """Return the part of entries before agents who acted that bots made; nan where there were none."""
    return platform.by_bots / platform.seen if platform.seen else float("nan")


def compute_taus(platform: Platform) -> tuple[float, float]:
    """Return Kendall's tau between quality and popularity: the authors', which breaks ties, and tau-b."""
    from scipy.stats import kendalltau

    quality, shares = (
        column[: platform.made] for column in (platform.messages.quality, platform.messages.human_shares)
    )
    by_quality = np.argsort(quality, kind="stable")
    by_shares = by_quality[np.argsort(shares[by_quality], kind="stable")]
    ranks = np.empty((2, len(quality)), np.int64)
    ranks[0, by_quality] = ranks[1, by_shares] = np.arange(len(quality))
    return float(kendalltau(*ranks).statistic), float(kendalltau(quality, shares).statistic)


def _make_messages(room: int) -> Messages:
    number, whole, row = np.zeros(room), np.zeros(room, np.int64), np.zeros(room, np.int32)
    return Messages(number, number.copy(), row, whole, np.full(room, -1, np.int32), row.copy())


def _make_arrivals(graph: Graph, sigma: int) -> Arrivals:
    agents = len(graph.following_start) - 1
    most = int(np.diff(graph.following_start).max(initial=1))
    rows = [np.zeros(room, np.int32) for room in (len(graph.following), agents, agents, most, sigma, sigma)]
    wide = (np.zeros(agents, np.int64), np.zeros(agents, np.int64))
    return Arrivals(rows[0], wide[0], rows[1], wide[1], *rows[2:])


def _compute_recency(steps: int) -> F64:
    return np.exp(-0.4 * np.arange(steps, dtype=np.float64) ** 0.4)
