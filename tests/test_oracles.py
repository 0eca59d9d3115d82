"""Each kernel against a slow plain restatement of its documentation, on states taken from a running world."""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from sim import rng
from sim.observers.intentions import REMOVED, IntentionRecorder
from sim.observers.reach import BITS, Reach, _estimate_counts
from sim.people import expression
from sim.people.activity import Activity
from sim.people.population import classify_cohort
from sim.people.reaction import Reaction
from sim.platform.moderation import _REPORT, _find_due, _judge, find_taken_down
from sim.rng import U64
from sim.rules import get_values
from sim.setting import Setting
from sim.state.accounts import (
    DISSENTER,
    FIGHT,
    INDIFFERENT,
    LOYALIST,
    OPINION_THRESHOLD,
    SYMPATHISER,
    UNCOMMITTED,
    WITHDRAW,
    make_blank_accounts,
)
from sim.state.posts import CONTESTED, REPLY, REPOST, TOXIC_THRESHOLD, Ledger, Posts
from sim.state.records import (
    CLIMATE,
    FEAR,
    JOINT,
    OUTCOMES,
    PRIVATE,
    REDUNDANT,
    VOICED,
    ActiveUsers,
    Exposures,
    SpeechRecord,
    StateUpdate,
)
from sim.state.topics import HOURS as WEEK
from sim.state.truth import ORGANIC, TROLL
from sim.world import World
from tests.worlds import LIVELY, START, Diary, lively

NUMBERS = ("perceived_supporters", "true_supporters", "perceived_extremists", "true_extremists")
NOON = START + 20  #: a tick in the middle of the campaign
SETTINGS = {
    "engagement": LIVELY,
    "chronological": lively(feed={"engagement": 0.0}),
    "no crowding": lively(attention={"army_competes": False}),
    "short": lively(
        attention={"items": 7, "mentions": 2, "search": 3, "trends": 2, "memory": 6},
        feed={"depth": 5},
    ),
    "streams in parts": lively(feed={"depth": 5, "window": 6.0}),
    "copies": lively(
        army={"copying": 1.0, "reposts": 0.2},
        reaction={"discount": 0.7, "persuasion": 0.05, "tolerance": 0.8, "thrill": 0.2, "habituation": 0.2},
    ),
}


class Stage(NamedTuple):
    """A world in the middle of a tick: everything that the phases of this tick were given and gave."""

    world: World
    posts: Posts
    now: int
    active_users: ActiveUsers
    trending: list[int]
    seen: Exposures
    update: StateUpdate
    speech: SpeechRecord


def stage(setting: Setting, tick: int = NOON, seed: int = 5) -> Stage:
    """Play up to `tick`, then its phases up to speaking, without writing state."""
    world = World(setting, rng=seed)
    world.run(tick)
    state, rules = world.state, world.setting
    state.ledger.expire(tick * 3600)
    posts, base = state.ledger.columns, state.ledger.base
    active_users = rules.activity.wake(state.accounts, world.n_organic, seed, tick)
    seen = read(world, active_users)
    change = rules.reaction.react(state.accounts, posts, active_users, seen, seed, tick)
    wanted = rules.expression.decide(
        state.accounts, active_users, change, state.accounts.reference_climate[active_users.active], seed, tick
    )
    speech = rules.expression.speak(state.accounts, posts, base, active_users, seen, change, wanted, seed, tick)
    trending = rules.trending.find_trending(state.topics.counts, tick)
    return Stage(world, state.ledger.get_rows(), tick, active_users, trending.tolist(), seen, change, speech)


def read(world: World, active_users: ActiveUsers) -> Exposures:
    state, rules = world.state, world.setting
    trending = rules.trending.find_trending(state.topics.counts, world.now)
    posts, base, attention = state.ledger.get_rows(), state.ledger.base, get_values(rules.attention)
    streams = (state.topics.serials, state.topics.lengths)
    display = rules.feed.build_candidates(
        posts,
        base,
        state.timelines.columns,
        streams,
        trending,
        state.competes_for_slots,
        attention,
        active_users.begin,
        active_users.length,
    )
    return rules.feed.read(
        state.accounts,
        state.dynamic_graph.following,
        posts,
        base,
        display,
        active_users,
        attention,
        state.seed,
        world.now,
    )


@pytest.fixture(scope="module", params=SETTINGS)
def scene(request: pytest.FixtureRequest) -> Stage:
    return stage(SETTINGS[request.param])


def shown(scene: Stage, r: int) -> list[int]:
    return scene.seen.item[scene.seen.start[r] : scene.seen.start[r + 1]].tolist()


# ---- wake


def test_who_wakes(scene: Stage) -> None:
    world, rule = scene.world, scene.world.setting.activity
    key = rng.make_key(5, rng.stream("activity/wake"), scene.now)
    active, absent = [], []
    for i in range(world.n_organic):
        a = world.accounts
        local = (scene.now - int(a.phase[i])) % 24
        rhythm = 1.0 + rule.rhythm * math.cos(2.0 * math.pi * (local - rule.peak) / 24.0)
        chance = 1.0 - math.exp(-a.sessions[i] * (rhythm / 24.0) * a.daily_activity[i])
        if rng.uniform(key, a.key[i]) < chance:
            (absent if a.has_left[i] or a.suspended_until[i] > scene.now else active).append(i)
    assert scene.active_users.active.tolist() == active
    assert scene.active_users.absent.tolist() == absent
    assert len(active) > 5


def test_who_is_suspended_until_an_hour_comes_in_that_hour() -> None:
    accounts = make_blank_accounts(3)
    accounts.key[:], accounts.sessions[:], accounts.suspended_until[:] = [7, 8, 9], 1e6, [0, 9, 10]
    accounts.daily_activity[:] = 1.0
    found = Activity(rhythm=0.0).wake(accounts, 3, 1, 9)
    assert (found.active.tolist(), found.absent.tolist()) == ([0, 1], [2])


@pytest.mark.parametrize("burst", [0.0, 0.5, 2.0])
def test_the_day_s_activity_has_the_mean_of_one_whatever_its_spread(burst: float) -> None:
    accounts = make_blank_accounts(40_000)
    accounts.key[:] = rng.keyed_hash(rng.make_key(1, rng.stream("test")), np.arange(40_000, dtype=np.uint64))
    Activity(burst=burst).wake(accounts, 40_000, 1, 0)
    assert accounts.daily_activity.mean() == pytest.approx(1.0, abs=0.05)
    assert (accounts.daily_activity.std() > 0.4) == (burst > 0.0)


@pytest.mark.parametrize(
    ("principal", "extremist", "cohort"),
    [
        (-0.5, -0.5, DISSENTER), (-0.5, -0.01, DISSENTER), (0.5, -0.5, LOYALIST), (0.05, -0.5, UNCOMMITTED),
        (-0.05, -0.5, UNCOMMITTED), (-0.5, 0.0, SYMPATHISER), (-0.5, 0.5, SYMPATHISER), (0.5, 0.5, SYMPATHISER),
    ],
)  # fmt: skip
def test_who_dissents_rejects_the_extremists(principal: float, extremist: float, cohort: int) -> None:
    assert classify_cohort(principal, extremist) == cohort


# ---- read


class Reader(NamedTuple):
    """One reader's choice, restated: gather every candidate, drop lesser copies, sort, take the best."""

    scene: Stage
    i: int
    second: int
    crowd: bool

    def score(self, j: int) -> float:
        rule, posts = self.scene.world.setting.feed, self.scene.posts
        engaged = math.log(1.0 + int(posts.reposts[j]) + int(posts.replies[j]))
        return float(rule.engagement * engaged + posts.time[j] / (3600.0 * rule.recency))

    def eligible(self, j: int) -> bool:
        posts, crowds = self.scene.posts, self.scene.world.state.competes_for_slots
        return not posts.removed[j] and bool(crowds[posts.author[j]]) == self.crowd

    def best(self, rows: list[int], slots: int) -> list[int]:
        ranked = sorted(((self.score(j), j) for j in rows), reverse=True)
        copies: dict[int, int] = {}
        for _, j in ranked:
            copies.setdefault(int(self.scene.posts.root[j]), j)
        return list(copies.values())[:slots]

    def stream(self, topic: int, slots: int) -> list[int]:
        posts, feed = self.scene.posts, self.scene.world.setting.feed
        step = (self.scene.now - 1) * 3600 + self.second
        rows = [
            j
            for j in range(len(posts.key))
            if posts.topic[j] == topic and posts.kind[j] != REPOST and posts.time[j] <= step and self.eligible(j)
        ]
        if feed.window:
            oldest, shares = int(3600 * feed.window), 1
            start = (self.scene.now - 1) * 3600
            while sum(start - oldest < posts.time[j] <= start for j in rows) > feed.depth * shares:
                shares *= 2
            mine = int(self.scene.world.accounts.key[self.i]) >> 20
            rows = [
                j for j in rows if posts.time[j] > step - oldest and ((int(posts.key[j]) >> 20) - mine) % shares == 0
            ]
        else:
            rows = rows[-feed.depth :]
        return self.best([j for j in rows if posts.author[j] != self.i], slots)

    def mentions(self, slots: int) -> list[int]:
        posts, visited = self.scene.posts, self.scene.world.accounts.last_read[self.i]
        rows = [j for j in np.flatnonzero(posts.target == self.i) if posts.time[j] >= visited and self.eligible(j)]
        return rows[::-1][:slots]

    def home(self, slots: int) -> list[int]:
        world, posts, now = self.scene.world, self.scene.posts, self.scene.now * 3600
        graph = world.graph
        followees = graph.following[graph.following_start[self.i] : graph.following_start[self.i + 1]]
        since = max(world.accounts.last_read[self.i], now - world.setting.attention.memory * 3600)
        rows = np.flatnonzero(
            np.isin(posts.author, followees) & (posts.time >= since) & (posts.original_author != self.i)
        )
        return self.best([j for j in rows if self.eligible(j)], slots)


def session(scene: Stage, r: int) -> list[int]:
    """Return what reader `r` sees, by the documentation of the feed and of attention."""
    world, i, budget = scene.world, int(scene.active_users.active[r]), scene.world.setting.attention
    person = world.accounts.key[i]
    search = rng.uniform(rng.make_key(5, rng.stream("feed/search"), scene.now), person)
    trend = rng.uniform(rng.make_key(5, rng.stream("feed/trend"), scene.now), person)
    found: list[int] = []
    for crowd in (True,) if budget.army_competes else (True, False):
        reader = Reader(scene, i, int(scene.active_users.second[r]), crowd)
        places = reader.mentions(min(budget.items, budget.mentions))
        searched = search < budget.search_rate * world.accounts.interest[i]
        if searched:
            places += reader.stream(CONTESTED, min(budget.items - len(places), budget.search))
        if scene.trending:
            topic = scene.trending[int(trend * len(scene.trending))]
            if not (searched and topic == CONTESTED):
                places += reader.stream(topic, min(budget.items - len(places), budget.trends))
        found += places + reader.home(budget.items - len(places))
    return sorted(set(found))


def test_what_each_reader_sees(scene: Stage) -> None:
    assert len(scene.active_users.active) > 5
    for r in range(len(scene.active_users.active)):
        assert shown(scene, r) == session(scene, r)
    assert (
        max(len(shown(scene, r)) for r in range(len(scene.active_users.active)))
        >= scene.world.setting.attention.items - 2
    )


def test_readers_see_more_than_their_place_would_hold() -> None:
    """The choice above is a real one: full budgets, ties broken, copies dropped, removed posts there to skip."""
    scene = stage(SETTINGS["short"])
    full = sum(len(shown(scene, r)) >= 5 for r in range(len(scene.active_users.active)))
    assert full > 5
    assert scene.posts.removed.any()
    assert len(np.unique(scene.posts.root)) < len(scene.posts.root)


def test_what_was_written_in_the_very_second_of_the_last_visit_is_new() -> None:
    """Reading goes up to the start of an hour, so a post of its first second has not been read."""
    scene = stage(lively(attention={"items": 10_000, "mentions": 100, "search": 0, "trends": 0}))
    posts, visited = scene.posts, scene.world.accounts.last_read
    oldest = {"answers": 0, "others": 0}
    for r, i in enumerate(scene.active_users.active):
        for kind, rows in zip(oldest, _parted(scene, r), strict=True):
            if rows:
                visited[i] = posts.time[rows[0]]
                again = scene._replace(seen=read(scene.world, scene.active_users))
                assert rows[0] in shown(again, r) == session(again, r)
                oldest[kind] += 1
    assert min(oldest.values()) > 5


def _parted(scene: Stage, r: int) -> tuple[list[int], list[int]]:
    answers = scene.posts.target == scene.active_users.active[r]
    return [j for j in shown(scene, r) if answers[j]], [j for j in shown(scene, r) if not answers[j]]


# ---- react


def test_what_reading_does(scene: Stage) -> None:
    world, p, posts = scene.world, scene.world.setting.reaction, scene.posts
    accounts = world.accounts
    key = rng.make_key(5, rng.stream("reaction/leave"), scene.now)
    for r, i in enumerate(scene.active_users.active):
        s, e, c = accounts.stance_principal[i], accounts.stance_extremist[i], accounts.opinion_climate[i]
        asleep = (scene.now * 3600 - accounts.last_read[i]) / 3600.0
        f = accounts.fear[i] * 0.5 ** (asleep / p.half_life)
        d, h = accounts.expected_toxicity[i], accounts.habituation[i]
        abuse = allies = 0
        for j in shown(scene, r):
            x, sp, se = posts.toxicity[j], posts.stance_principal[j], posts.stance_extremist[j]
            w = 1.0 if posts.template[j] < 0 else 1.0 - p.discount
            if x >= TOXIC_THRESHOLD and posts.target[j] == i:
                abuse += 1
                f += p.direct_fear * x * (1.0 - f)
            elif x >= TOXIC_THRESHOLD and abs(s) > OPINION_THRESHOLD and posts.target_stance[j] * s > 0.0:
                f += p.vicarious_fear * x * (1.0 - f)
            if posts.topic[j] == CONTESTED:
                if abs(sp) > OPINION_THRESHOLD:
                    allies += sp * s > 0.0 and abs(s) > OPINION_THRESHOLD and se * e > 0.0
                    c += p.climate_rate * w * (float(sp > 0.0) - c)
                    d += p.anticipation * w * (x * float(sp * s < 0.0) - d)
                    if abs(sp - s) < p.tolerance:
                        s += p.persuasion * w * (1.0 - x) * (sp - s)
                if abs(se - e) < p.tolerance:
                    e += p.persuasion * w * (1.0 - x) * (se - e)
                felt = max(0.0, posts.shock[j] - h)
                e += p.thrill * felt if e > 0.5 else -p.repulsion * felt
                e = min(1.0, max(-1.0, e))
                f += p.terror * felt * (1.0 - f) * float(e < 0.0)
                h += p.habituation * felt
        risk = p.leave
        if abuse and accounts.reaction[i] == WITHDRAW and not accounts.hardcore[i]:
            risk += p.leave_abuse
        risk /= (1.0 + accounts.written[i]) ** p.leave_decline
        got = [column[r] for column in scene.update]
        assert got[:6] == pytest.approx([s, e, c, f, d, h], rel=1e-12, abs=1e-12)
        assert got[6:8] == [abuse, allies]
        assert got[8] == (rng.uniform(key, accounts.key[i]) < risk)
    assert scene.update.abuse.sum() > 0
    assert scene.update.allies.sum() > 0
    assert p.discount == 0.0 or (posts.template[scene.seen.item] >= 0).sum() > 5


def test_abuse_drives_away_who_withdraws_but_for_the_hard_core() -> None:
    accounts, posts = make_blank_accounts(4), Ledger(1, capacity=4).columns
    accounts.key[:], accounts.hardcore[:] = range(4), [False, True, False, False]
    accounts.reaction[:] = [WITHDRAW, WITHDRAW, INDIFFERENT, FIGHT]
    posts.toxicity[:], posts.topic[:], posts.target[:] = 0.9, 1, range(4)
    four = np.arange(4, dtype=np.int32)
    users = ActiveUsers(four, four[:0], np.zeros(4, np.int64), np.zeros(4, np.bool_), 5 * 3600, 3600)
    update = Reaction(leave=0.0, leave_abuse=100.0).react(accounts, posts, users, Exposures(np.arange(5), four), 1, 5)
    assert update.abuse.tolist() == [1, 1, 1, 1]
    assert update.leaves.tolist() == [True, False, False, False]


# ---- speak


def readiness(accounts: object, i: int, stance: float, fear: float, climate: float, p: object) -> float:
    """Restate the equation at the head of `sim.people.expression`."""
    get = lambda name: getattr(accounts, name)[i]  # noqa: E731
    logit = get("willingness")
    if not get("hardcore"):
        own = climate if stance > OPINION_THRESHOLD else 1.0 - climate if stance < -OPINION_THRESHOLD else 0.5
        weight = {WITHDRAW: -p.fear_weight, INDIFFERENT: 0.0, FIGHT: p.fight_weight}[int(get("reaction"))]  # type: ignore[attr-defined]
        logit += p.climate_weight * (own - 0.5) + weight * fear  # type: ignore[attr-defined]
    return float(1.0 / (1.0 + math.exp(-logit)))


def test_how_each_intention_ends(scene: Stage) -> None:
    world, p, change = scene.world, scene.world.setting.expression, scene.update
    accounts, key = world.accounts, rng.make_key(5, rng.stream("expression/post"), scene.now)
    cells: Counter[str] = Counter()
    written = []

    def draw(i: int, ordinal: int, purpose: int) -> float:
        return float(rng.draw(U64(rng.mix(U64(rng.mix(key, accounts.key[i])), U64(ordinal))), purpose))

    def wishes(i: int) -> range:
        mean, u = accounts.intentions_per_session[i], draw(i, expression.MAX_INTENTIONS, expression._COUNT)
        return range(sum(u <= (mean / (1.0 + mean)) ** k for k in range(1, expression.MAX_INTENTIONS + 1)))

    for r, i in enumerate(scene.active_users.active):
        s, e, c = change.stance_principal[r], change.stance_extremist[r], change.opinion_climate[r]
        alarm = min(1.0, change.fear[r] + p.anticipation * change.expected_toxicity[r])
        old = accounts.reference_climate[i]
        drive = p.unprompted + (1.0 - p.unprompted) * (1.0 - math.exp(-p.contagion * change.allies[r]))
        if accounts.reaction[i] == FIGHT:
            drive += (1.0 - drive) * change.fear[r]
        for ordinal in wishes(i):
            if draw(i, ordinal, expression._TOPIC) >= accounts.interest[i]:
                written.append((i, ordinal))
                continue
            u = draw(i, ordinal, expression._SPEAK)
            says = {
                (fear, climate): u < readiness(accounts, i, s, alarm * fear, c if climate else old, p)
                for fear in (0, 1)
                for climate in (0, 1)
            }
            if draw(i, ordinal, expression._PROMPT) >= drive:
                cell = "unprompted"
            elif says[1, 1]:
                cell = "dissent_posts"
                written.append((i, ordinal))
            elif not says[0, 0]:
                cell = "private"
            else:
                alone = (says[0, 1], says[1, 0])  # without fear, without the new climate
                cell = {(True, False): "fear", (False, True): "climate", (True, True): "joint"}.get(alone, "redundant")
                cell = f"withheld_{cell}"
            if accounts.cohort[i] == DISSENTER:
                cells[cell if classify_cohort(s, e) == DISSENTER else "persuaded"] += 1
    for i in scene.active_users.absent:
        if accounts.cohort[i] == DISSENTER:
            wanted = sum(draw(i, o, expression._TOPIC) < accounts.interest[i] for o in wishes(i))
            cells["left" if accounts.has_left[i] else "suspended"] += wanted
    assert dict(zip(OUTCOMES, scene.speech.count_outcomes().tolist(), strict=True)) == {
        name: cells[name] for name in OUTCOMES
    }
    keys = [rng.mix(U64(rng.mix(key, accounts.key[i])), U64(ordinal)) for i, ordinal in written]
    assert scene.speech.drafts.key.tolist() == [int(key) for key in keys]
    assert len(written) > 10


@pytest.mark.parametrize("dissenters_leave", [True, False])
def test_of_the_absent_only_the_cohort_s_intentions_are_counted(dissenters_leave: bool) -> None:
    world = World(LIVELY, rng=5)
    people = slice(0, world.n_organic)
    world.accounts.has_left[people] = (world.accounts.cohort[people] == DISSENTER) == dissenters_leave
    history = world.run(24)
    assert history["opportunities"].sum() > 100
    assert history["left"].sum() == (history["opportunities"].sum() if dissenters_leave else 0)


def test_every_act_answers_or_reposts_something_just_seen(scene: Stage) -> None:
    drafts, posts, base = scene.speech.drafts, scene.posts, scene.world.state.ledger.base
    rows = {int(i): r for r, i in enumerate(scene.active_users.active)}
    for d in range(len(drafts.key)):
        seen = shown(scene, rows[int(drafts.author[d])])
        if drafts.kind[d] == REPOST:
            assert int(drafts.parent[d]) - base in seen
        elif drafts.kind[d] == REPLY:
            assert drafts.parent[d] in posts.root[seen]
            assert drafts.target[d] in posts.original_author[seen]
    assert set(drafts.kind.tolist()) == {0, REPOST, REPLY}


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 30.0])
def test_how_many_inverts_the_geometric_distribution(mean: float) -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    drawn = np.array([expression._draw_count(mean, value) for value in u])
    q = mean / (1.0 + mean)
    for k in range(1, expression.MAX_INTENTIONS + 1):
        assert (drawn >= k).mean() == pytest.approx(q**k, abs=1e-4)
    assert drawn.max() <= expression.MAX_INTENTIONS
    assert expression._draw_count(0.0, 0.5) == 0
    if mean < 1.0:
        assert drawn.mean() == pytest.approx(mean, rel=0.01)


@pytest.fixture
def choice() -> tuple[Posts, Exposures]:
    """Six rows: own, toxic, three like-minded of different weight, one opposed; one shelf of all of them."""
    world = World(lively(), rng=1)
    posts = world.state.ledger.columns
    posts.key[:7] = rng.keyed_hash(rng.make_key(1, rng.stream("test")), np.arange(7, dtype=np.uint64))
    posts.original_author[:7] = posts.author[:7] = (0, 2, 3, 4, 5, 6, 7)
    posts.stance_principal[:7] = (-0.5, -0.5, -0.5, -0.5, -0.5, 0.5, -1.0)
    posts.stance_extremist[:7] = (-0.7, -0.7, -0.7, -0.7, -0.7, -0.7, 1.0)
    posts.appeal[:7] = (1.0, 1.0, 0.1, 0.3, 0.1, 1.0, 1.0)
    posts.reposts[:7] = (9, 9, 0, 0, 4, 9, 9)
    posts.toxicity[1] = 0.9
    return posts, Exposures(np.array([0, 7]), np.arange(7))


def picks(
    choice: tuple[Posts, Exposures], wanted: int, opposing: bool, contested: bool = True, fading: float = 0.0
) -> Counter[int]:
    posts, seen = choice
    now = 3600 * 10
    keys = rng.keyed_hash(rng.make_key(1, rng.stream("choice")), np.arange(4000, dtype=np.uint64))
    return Counter(
        expression._pick(posts, seen, 0, 0, -0.5, -0.7, contested, wanted, opposing, U64(key), now, fading)
        for key in keys
    )


def test_a_repost_is_drawn_by_weight(choice: tuple[Posts, Exposures]) -> None:
    """Weights appeal (1 + reposts) are 0.1, 0.3 and 0.5; own, abusive, opposed and extremist posts have none."""
    counts = picks(choice, REPOST, False)
    assert set(counts) == {2, 3, 4}
    expected = np.array([0.1, 0.3, 0.5]) / 0.9 * 4000
    assert stats.chisquare([counts[j] for j in (2, 3, 4)], expected).pvalue > 1e-3


def test_what_fades_is_reposted_half_as_often_with_each_half_life(choice: tuple[Posts, Exposures]) -> None:
    posts, _ = choice
    posts.time[:7] = 3600 * 10
    posts.time[3], posts.time[4] = 3600 * 8, 3600 * 6  # two hours and four hours old: weights 0.3 / 2 and 0.5 / 4
    counts = picks(choice, REPOST, False, fading=2.0)
    expected = np.array([0.1, 0.15, 0.125]) / 0.375 * 4000
    assert stats.chisquare([counts[j] for j in (2, 3, 4)], expected).pvalue > 1e-3
    assert picks(choice, REPLY, False, fading=2.0) == picks(choice, REPLY, False), "replies do not fade"


def test_an_answer_is_drawn_evenly_from_its_side(choice: tuple[Posts, Exposures]) -> None:
    counts = picks(choice, REPLY, False)
    assert set(counts) == {1, 2, 3, 4}
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3
    assert picks(choice, REPLY, True) == {5: 4000}


def test_nothing_suitable_is_nothing(choice: tuple[Posts, Exposures]) -> None:
    posts, _ = choice
    assert picks(choice, REPOST, False, contested=False) == {-1: 4000}
    posts.appeal[:] = 0.0
    assert picks(choice, REPOST, False) == {-1: 4000}
    posts.removed[5] = True
    assert picks(choice, REPLY, True) == {-1: 4000}


def test_acts_take_their_second_from_the_session(scene: Stage) -> None:
    """Each act follows the one before after an exponential pause; past the hour's end seconds start again."""
    drafts, pause = scene.speech.drafts, scene.world.setting.expression.gap
    clock = dict(zip(scene.active_users.active.tolist(), map(float, scene.active_users.second), strict=True))
    for author, post, time in zip(drafts.author, drafts.key, drafts.time, strict=True):
        clock[author] -= pause * math.log(rng.draw(post, expression._GAP))
        assert time - scene.now * 3600 == int(clock[author]) % 3600


# ---- trends


@pytest.mark.parametrize("tick", [0, 1, 5, 100, WEEK, WEEK + 50])
def test_trends_are_topics_above_their_own_week(tick: int) -> None:
    rule = LIVELY.trending
    draw = np.random.default_rng(tick)
    history = draw.poisson(3.0, (tick, 6))
    history[max(0, tick - 3) :, 4] += 40
    counts = np.zeros((6, WEEK), np.int64)
    for hour, row in enumerate(history):
        counts[:, hour % WEEK] = row
    week = history[-WEEK:]
    recent = week[-rule.hours :].sum(axis=0)
    expected = week.sum(axis=0) * min(rule.hours, len(week)) / max(1, len(week))
    ranked = sorted(range(6), key=lambda topic: (-recent[topic] / (expected[topic] + rule.floor), topic))
    assert rule.find_trending(counts, tick).tolist() == [topic for topic in ranked[: rule.slots] if recent[topic]]
    assert tick < WEEK or rule.find_trending(counts, tick)[0] == 4


# ---- moderation


def test_reports_are_counted_by_their_keys() -> None:
    """Replay one tick: every reader of a toxic or opposed post reports it by a draw of their own."""
    scene = stage(lively(moderation={"capacity": 0, "report_toxic": 0.5, "report_opposed": 0.2}))
    world, posts, rule = scene.world, scene.posts, scene.world.setting.moderation
    expected = posts.reports.astype(np.int64)
    key = rng.make_key(5, _REPORT, scene.now)
    for r, i in enumerate(scene.active_users.active):
        person = U64(rng.mix(key, world.accounts.key[i]))
        for j in shown(scene, r):
            opposed = posts.stance_principal[j] * world.accounts.stance_principal[i] < 0.0
            rate = rule.report_toxic if posts.toxicity[j] >= TOXIC_THRESHOLD else rule.report_opposed * opposed
            expected[j] += rng.uniform(person, posts.key[j]) < rate
    assert expected.sum() > posts.reports.sum() + 10
    ledger = world.state.ledger
    reported = rule.report(world.accounts, posts, scene.active_users, scene.seen, 5, scene.now)
    removals = rule.moderate(world.accounts, ledger.get_rows(), ledger.base, reported, 5, scene.now)
    assert not len(removals.posts)
    np.testing.assert_array_equal(posts.reports, expected)


def test_due_for_review_is_what_was_reported_often_enough_and_stands() -> None:
    draw = np.random.default_rng(1)
    rule = LIVELY.moderation
    reports, removed = draw.integers(0, 5, 300), draw.random(300) < 0.2
    time = np.sort(draw.integers(0, 50 * 3600, 300))
    due = [
        j for j in range(300) if reports[j] >= rule.threshold and not removed[j] and time[j] <= (40 - rule.lag) * 3600
    ]
    found = _find_due(reports.astype(np.int32), removed, time, 40, get_values(rule))
    assert found.tolist() == due
    assert len(due) > 50


def test_a_review_finds_abuse_and_errs_by_its_rate() -> None:
    keys = rng.keyed_hash(rng.make_key(1, rng.stream("test")), np.arange(5000, dtype=np.uint64))
    toxicity = np.where(np.arange(5000) < 2500, 0.0, 0.8)
    guilty = _judge(toxicity, keys, np.arange(5000), 1, 0.1)
    assert guilty[2500:].all()
    assert guilty[:2500].mean() == pytest.approx(0.1, abs=0.02)


def test_the_most_reported_are_reviewed_first_and_then_the_oldest() -> None:
    """Two reviews an hour: of five abusive posts with 2, 5, 3, 5 and 9 reports the last is too young."""
    world = World(lively(moderation={"threshold": 1, "lag": 1, "capacity": 2, "strikes": 100}), rng=1)
    ledger, review = world.state.ledger, world.setting.moderation.moderate
    ledger.size = 5
    posts = ledger.get_rows()
    posts.author[:], posts.toxicity[:], posts.root[:] = 7, 0.9, range(5)
    posts.reports[:], posts.time[:] = [2, 5, 3, 5, 9], [0, 10, 20, 30, 9 * 3600]
    taken = [review(world.accounts, posts, 0, np.zeros(0, np.int64), 1, tick).posts.tolist() for tick in (8, 9, 10)]
    assert taken == [[1, 3], [0, 2], [4]]


def test_who_was_reviewed_and_stands_is_reviewed_again_only_after_new_reports() -> None:
    """One review an hour, two reports needed: the most reported of two civil posts does not keep the other waiting."""
    world = World(lively(moderation={"threshold": 2, "lag": 0, "capacity": 1, "error": 0.0}), rng=1)
    ledger, review = world.state.ledger, world.setting.moderation.moderate
    ledger.size = 2
    posts = ledger.get_rows()
    posts.author[:], posts.toxicity[:], posts.root[:], posts.reports[:] = 7, [0.0, 0.9], range(2), [9, 3]
    nothing = np.zeros(0, np.int64)
    assert review(world.accounts, posts, 0, nothing, 1, 5).posts.tolist() == []
    assert posts.reports.tolist() == [0, 3]
    assert review(world.accounts, posts, 0, np.array([0]), 1, 6).posts.tolist() == [1]
    assert posts.reports.tolist() == [1, 0]


def test_standing_reposts_go_with_what_they_repost_and_nothing_else() -> None:
    posts = Ledger(1, capacity=6).columns
    posts.kind[:], posts.root[:] = [0, REPOST, REPOST, REPOST, 0, REPLY], [10, 10, 10, 10, 14, 15]
    posts.parent[:], posts.removed[2] = [-1, 10, 10, 11, -1, 10], True
    assert find_taken_down(posts, 10, np.array([0])).tolist() == [0, 1, 3]
    assert find_taken_down(posts, 10, np.array([1])).tolist() == [1]


def test_every_strike_that_reaches_a_multiple_suspends() -> None:
    """Three posts of one author fall in one hour, from one strike to four, and one of another, whose first it is."""
    world = World(lively(moderation={"strikes": 3, "lag": 0, "capacity": 10}), rng=1)
    ledger, accounts = world.state.ledger, world.accounts
    posts = ledger.columns
    ledger.size = 4
    posts.author[:4], posts.toxicity[:4], posts.reports[:4] = [7, 7, 8, 7], 0.9, 5
    accounts.strikes[7] = 1
    removals = world.setting.moderation.moderate(accounts, ledger.get_rows(), 0, np.zeros(0, np.int64), 1, 9)
    assert removals.accounts.tolist() == [7]
    assert accounts.strikes[[7, 8]].tolist() == [4, 1]
    assert accounts.suspended_until[8] == 0
    assert accounts.suspended_until[7] == 10 + world.setting.moderation.suspension


# ---- observers


def test_impressions_are_counted_one_by_one() -> None:
    scene = stage(LIVELY)
    world, posts = scene.world, scene.posts
    world.observers.append(diary := Diary())
    world.step()
    step = diary.moments[0]
    dissent = others = topic = 0
    for r, i in enumerate(scene.active_users.active):
        for j in shown(scene, r):
            topic += posts.topic[j] == CONTESTED
            dissent += posts.dissent[j]
            others += posts.dissent[j] and world.accounts.cohort[i] != DISSENTER
    row = Reach().observe(step)
    assert (row["dissent_impressions"], row["dissent_impressions_nondissenters"]) == (dissent, others)
    assert row["topic_impressions"] == topic
    assert row["dissent_visibility"] == pytest.approx(dissent / topic)
    assert 0 < others < dissent < topic


@pytest.mark.parametrize("distinct", [0, 1, 5, 30, 100, 200])
def test_linear_counting_estimates_distinct_accounts(distinct: int) -> None:
    keys = rng.keyed_hash(rng.make_key(3, rng.stream("test")), np.arange(50 * 200, dtype=np.uint64)).reshape(50, 200)
    bits = [len({int(key) & (BITS - 1) for key in row[:distinct]}) for row in keys]
    filled = np.tile(np.array(bits), (4, 1))
    np.testing.assert_allclose(_estimate_counts(filled), distinct, rtol=0.05, atol=0.2)


def test_distinct_supporters_seen_agree_with_a_count() -> None:
    """Mean distinct accounts seen on a side in today and the six days before, against sets of accounts."""
    world = World(LIVELY, rng=5)
    world.observers.append(diary := Diary())
    days: dict[int, list[set[tuple[int, int]]]] = {}
    for tick in range(10 * 24):
        world.step()
        step = diary.moments[-1]
        today = days.setdefault(tick // 24, [set() for _ in range(4)])
        posts, (start, item) = step.posts, step.seen
        for r, i in enumerate(step.active_users.active.tolist()):
            for j in item[start[r] : start[r + 1]]:
                author = int(posts.author[j])
                side = (
                    2
                    if posts.stance_extremist[j] > OPINION_THRESHOLD
                    else 0
                    if posts.stance_principal[j] > OPINION_THRESHOLD
                    else -1
                )
                if posts.topic[j] == CONTESTED and side >= 0:
                    today[side].add((i, author))
                    if world.role[author] == ORGANIC:
                        today[side + 1].add((i, author))
        if tick % 24 == 23:
            week = [days.get(tick // 24 - back, [set()] * 4) for back in range(7)]
            counted = [len(set.union(*(day[side] for day in week))) / world.n_organic for side in range(4)]
            np.testing.assert_allclose(world.history[list(NUMBERS)].iloc[-1], counted, rtol=0.12, atol=0.05)
    assert counted[0] > counted[1] > 1.0
    assert world.history["perceived_supporters"].max() > 1.1 * world.history["perceived_supporters"].iloc[-1]


def test_intentions_one_by_one_add_up_to_what_is_counted() -> None:
    world, recorder = World(LIVELY, rng=5), IntentionRecorder()
    world.observers.append(recorder)
    history, found = world.run(START + 48), recorder.make_table()
    counts = dict(zip(OUTCOMES, np.bincount(found.outcome, minlength=len(OUTCOMES) + 1).tolist(), strict=False))
    gone = history["dissent_removed"].sum()
    assert np.count_nonzero(found.outcome == REMOVED) == gone > 0
    assert counts == {name: history[name].sum() - gone * (name == "dissent_posts") for name in OUTCOMES}
    assert np.bincount(found.tick, minlength=START + 48).tolist() == history["opportunities"].tolist()
    assert (world.accounts.cohort[found.author] == DISSENTER).all()


# ---- cells

GRID = (0.05, 0.2, 0.4, 0.6, 0.8)


@pytest.mark.parametrize("now", GRID)
@pytest.mark.parametrize("reference", GRID)
def test_an_outcome_is_what_its_definition_says(now: float, reference: float) -> None:
    for no_fear in GRID:
        for old_climate in GRID:
            for u in (0.1, 0.3, 0.5, 0.7, 0.9):
                cell = expression.classify_outcome(u, now, no_fear, old_climate, reference)
                if u < now:
                    expected = VOICED
                elif u >= reference:
                    expected = PRIVATE
                else:
                    restored = (u < no_fear, u < old_climate)
                    expected = {(1, 0): FEAR, (0, 1): CLIMATE, (1, 1): JOINT, (0, 0): REDUNDANT}[restored]
                assert cell == expected


def test_roles_of_the_stage() -> None:
    """The stage has an army at work: without it the oracles above would be compared on quiet states."""
    scene = stage(LIVELY)
    author = scene.posts.author
    assert (scene.world.role[author] == TROLL).sum() > 50
    assert (scene.posts.template >= 0).any()
    assert (scene.posts.shock > 0).any()
