"""What holds in every world, whatever its setting: checked in each tick of random small worlds."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.actors.army import MAX_ORDER_LAG
from sim.observers.base import StepRecord
from sim.people.population import classify_cohort
from sim.setting import Setting
from sim.state.accounts import DISSENTER
from sim.state.graph import list_edges
from sim.state.posts import REPLY, REPOST, Posts
from sim.state.records import OUTCOMES, VOICED
from sim.state.truth import ORGANIC, TROLL
from sim.world import World
from tests.worlds import HOURS, START, Shelves, lively

TICKS = START + HOURS + 4
WINDOW = 24  #: hours, shorter than the default, so that posts leave while the world is watched
UNIT = ("opinion_climate", "reference_climate", "fear", "expected_toxicity", "habituation", "interest")
SIGNED = ("stance_principal", "stance_extremist")
WITHHELD = ["withheld_fear", "withheld_climate", "withheld_joint", "withheld_redundant"]


class Inspector:
    """An observer that checks the laws of one tick against the world as it stood after the tick before."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shown = self.removed = 0
        self.bases: list[int] = []
        self.rates: dict[tuple[int, int], int] = {}
        self.before = (world.accounts.has_left.copy(), world.accounts.suspended_until.copy())

    def observe(self, step: StepRecord) -> dict[str, float]:
        self.bases.append(self.world.state.ledger.base)
        self.state(step)
        self.exposures(step)
        self.intentions(step)
        self.authors(step)
        self.army(step)
        self.moderation(step)
        self.topics()
        self.before = (step.accounts.has_left.copy(), step.accounts.suspended_until.copy())
        return {}

    def state(self, step: StepRecord) -> None:
        accounts = step.accounts
        for name, column in accounts._asdict().items():
            assert column.dtype.kind != "f" or np.isfinite(column).all(), name
        for name in UNIT:
            assert ((getattr(accounts, name) >= 0.0) & (getattr(accounts, name) <= 1.0)).all(), name
        for name in SIGNED:
            assert (np.abs(getattr(accounts, name)) <= 1.0).all(), name
        rows = self.world.state.ledger.get_rows()
        for name in ("toxicity", "shock", "appeal"):
            assert ((getattr(rows, name) >= 0.0) & (getattr(rows, name) <= 1.0)).all(), name
        assert (np.diff(rows.time) >= 0).all()
        assert (rows.time[step.new] // 3600 == step.tick).all()
        assert (rows.time >= step.tick * 3600 - WINDOW * 3600).all()

    def exposures(self, step: StepRecord) -> None:
        """Shown is what stands, from the past, within the window, by others, within the budget, each once."""
        posts, (start, item), budget = step.posts, step.seen, self.world.setting.attention
        reader = np.repeat(step.active_users.active, np.diff(start))
        assert len(reader) == len(item)
        self.shown += len(item)
        length = 60 * self.world.setting.activity.slice
        begin = 3600 * step.tick + step.active_users.second // length * length
        assert (posts.time[item] < np.repeat(begin, np.diff(start))).all()
        assert not (set(item[posts.removed[item]].tolist()) - set(step.removals.posts.tolist()))
        assert (posts.original_author[item] != reader).all()
        assert (posts.author[item] != reader).all()
        assert (np.diff(item)[np.diff(reader) == 0] > 0).all()
        army = step.truth.role[posts.author[item]] == TROLL
        if budget.army_competes:
            assert (np.diff(start) <= budget.items).all()
        else:
            for group in (army, ~army):
                assert np.bincount(reader[group], minlength=1).max() <= budget.items

    def intentions(self, step: StepRecord) -> None:
        """Counts by person, counts by cell and posts marked as dissent agree."""
        speech, accounts, change = step.speech, step.accounts, step.update
        active = step.active_users.active
        now = [classify_cohort(p, e) for p, e in zip(change.stance_principal, change.stance_extremist, strict=True)]
        ours = (accounts.cohort[active] == DISSENTER) & (np.array(now, np.int64) == DISSENTER)
        cells = dict(zip(OUTCOMES, speech.count_outcomes().tolist(), strict=True))
        assert speech.voiced[ours].sum() == cells["dissent_posts"] == speech.drafts.dissent.sum()
        assert speech.withheld[ours].sum() == sum(cells[name] for name in WITHHELD)
        assert step.posts.dissent[step.new].sum() == speech.count_outcomes()[VOICED]
        contested = speech.drafts.topic == 0
        assert np.bincount(speech.drafts.author[contested], minlength=1).sum() == speech.voiced.sum()

    def authors(self, step: StepRecord) -> None:
        """Who left or is suspended does not write; people write only while awake."""
        left, until = self.before
        author = step.posts.author[step.new]
        assert not left[author].any()
        assert (until[author] <= step.tick).all()
        people = author[step.truth.role[author] == ORGANIC]
        assert np.isin(people, step.active_users.active[~step.active_users.returns]).all()
        if self.world.setting.activity.slice < 60:
            began = np.zeros(len(left), np.int64)
            began[step.active_users.active] = 3600 * step.tick + step.active_users.second
            assert (step.posts.time[step.new][step.truth.role[author] == ORGANIC] >= began[people]).all()
        assert not np.intersect1d(step.active_users.active, step.active_users.absent).size
        gone = left[step.active_users.absent] | (until[step.active_users.absent] > step.tick)
        assert gone.all()

    def army(self, step: StepRecord) -> None:
        """Only working platoons on shift write, within quota, between start and end of the campaign."""
        rule, campaign = self.world.setting.army, self.world.setting.campaign
        author = step.posts.author[step.new]
        trolls = author[step.truth.role[author] == TROLL] - self.world.n_organic
        if not len(trolls):
            return
        assert campaign.start <= step.tick < campaign.end + MAX_ORDER_LAG
        platoon = trolls % 3
        active = sorted(("flood", "abuse", "amplify").index(name) for name in campaign.tactics)
        assert campaign.effort == "equal" or set(platoon.tolist()) <= set(active)
        begins = 8 + rule.shift * ((trolls // 3) % (24 // rule.shift))
        assert ((step.tick - begins) % 24 < rule.shift).all()
        for troll, count in zip(*np.unique(trolls, return_counts=True), strict=True):
            shift = 8 + rule.shift * ((int(troll) // 3) % (24 // rule.shift))
            day = (int(troll), (step.tick - shift) // 24)
            self.rates[day] = self.rates.get(day, 0) + int(count)
            assert count <= np.ceil(rule.rate * campaign.intensity)
            assert self.rates[day] <= rule.quota

    def moderation(self, step: StepRecord) -> None:
        rule, removed = self.world.setting.moderation, step.removals.posts
        self.removed += len(removed)
        kept = step.posts.kind[removed] != REPOST
        copies = np.isin(step.posts.root[removed], step.posts.root[removed[kept]]) & ~kept
        assert np.count_nonzero(~copies) <= rule.capacity
        assert step.posts.removed[removed].all()
        assert (step.posts.time[removed[~copies]] <= (step.tick - rule.lag) * 3600).all()
        assert (step.accounts.suspended_until[step.removals.accounts] == step.tick + 1 + rule.suspension).all()

    def topics(self) -> None:
        """Every stream holds, in order, all the originals and replies of its topic that are in the window."""
        ledger, topics = self.world.state.ledger, self.world.state.topics
        rows = ledger.get_rows()
        for topic, length in enumerate(topics.lengths):
            stream = topics.serials[topic, :length]
            assert (np.diff(stream) > 0).all()
            standing = np.flatnonzero((rows.topic == topic) & (rows.kind != REPOST))
            np.testing.assert_array_equal(stream[stream >= ledger.base] - ledger.base, standing)


def check_measures(history: pd.DataFrame) -> None:
    assert (history["opportunities"] == history[list(OUTCOMES)].sum(axis=1)).all()
    assert (history["dissent_withheld"] == history[WITHHELD].sum(axis=1)).all()
    assert (history["dissent_wanted"] == history["dissent_posts"] + history["dissent_withheld"]).all()
    assert (history["dissent_impressions_nondissenters"] <= history["dissent_impressions"]).all()
    assert (history["dissent_impressions"] <= history["topic_impressions"]).all()
    assert (history["topic_impressions"] <= history["reads"]).all()
    assert (
        history["loyal_posts"] + history["uncommitted_posts"] + history["dissent_posts"] <= history["organic_posts"]
    ).all()
    assert (history["true_supporters"] <= history["perceived_supporters"]).all()
    assert (history["acts"] == history["organic_posts"]).all()
    for name in ("perceived_support", "true_support", "mean_fear", "dissent_visibility"):
        assert history[name].dropna().between(0.0, 1.0).all(), name


def check_ledger(world: World, posts: Posts, bases: list[int]) -> None:
    """Chains, counters and totals agree with a recount from the posts, row = serial."""
    newest, mention = {}, {}
    reposts, replies = np.zeros(len(posts.key), np.int64), np.zeros(len(posts.key), np.int64)
    for serial in range(len(posts.key)):
        author, target, kind = int(posts.author[serial]), int(posts.target[serial]), posts.kind[serial]
        assert posts.previous[serial] == newest.get(author, -1)
        newest[author] = serial
        assert posts.previous_mention[serial] == (mention.get(target, -1) if target >= 0 else -1)
        if target >= 0:
            mention[target] = serial
        parent, root = int(posts.parent[serial]), int(posts.root[serial])
        base = bases[posts.time[serial] // 3600]
        assert (parent < 0) == (kind not in (REPOST, REPLY))
        assert (target >= 0) == (kind == REPLY)
        if kind == REPOST:
            assert root == posts.root[parent] < serial
            assert posts.original_author[serial] == posts.author[root]
            for credited in {parent, root}:
                reposts[credited] += credited >= base
        else:
            assert root == serial
            assert posts.original_author[serial] == author
        if kind == REPLY:
            assert posts.root[parent] == parent
            assert posts.author[parent] == target != author
            replies[parent] += parent >= base
    for name, ends in (("newest", newest), ("newest_mention", mention)):
        expected = [ends.get(row, -1) for row in range(len(world.role))]
        np.testing.assert_array_equal(getattr(world.accounts, name), expected)
    np.testing.assert_array_equal(posts.reposts, reposts)
    np.testing.assert_array_equal(posts.replies, replies)
    np.testing.assert_array_equal(world.accounts.written, np.bincount(posts.author, minlength=len(world.role)))
    down = np.bincount(posts.author[posts.removed], minlength=len(world.role))
    own = np.bincount(posts.author[posts.removed & (posts.kind != REPOST)], minlength=len(world.role))
    assert (own <= world.accounts.strikes).all(), "who wrote what was taken down has a strike for it"
    assert (world.accounts.strikes <= down).all(), "nobody is struck without a removal"


def check_truth(world: World, posts: Posts) -> None:
    """Every organised post, and no other, is in the log of orders, with the tactic of its platoon."""
    truth, role = world.state.truth, world.role[posts.author]
    assert truth.log_length == np.count_nonzero(role != ORGANIC)
    order, tactic = truth.pop_orders(posts.key)
    assert truth.log_length == 0
    assert ((order == -1) == (role == ORGANIC)).all()
    assert (order <= posts.time // 3600).all()
    assert ((tactic >= 0) == (role == TROLL)).all()


def check_graph(world: World) -> None:
    source, target = list_edges(world.graph)
    assert (source != target).all()
    turned = np.lexsort((source, target))
    np.testing.assert_array_equal(source[turned], world.graph.followers)
    organised = world.role[source] != ORGANIC
    assert not organised.any(), "organised accounts follow nobody"


def inspected(setting: Setting, seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Inspector]:
    with monkeypatch.context() as patch:
        patch.setattr("sim.world.WINDOW_SECONDS", WINDOW * 3600)
        shelves = Shelves()
        world = World(setting, rng=seed, archive=shelves)
    inspector = Inspector(world)
    world.observers.append(inspector)
    world.run(TICKS)
    posts = shelves.posts(world)
    check_measures(world.history)
    check_ledger(world, posts, inspector.bases)
    check_truth(world, posts)
    check_graph(world)
    return world, inspector


def shares() -> st.SearchStrategy[float]:
    return st.sampled_from((0.0, 0.3, 1.0))


CHANGES = st.fixed_dictionaries(
    {
        "population": st.fixed_dictionaries(
            {
                "size": st.integers(1, 150),
                "dissent_share": st.sampled_from((0.0, 0.4, 1.0)),
                "loyal_share": st.just(0.0),
                "sympathiser_share": shares(),
                "hardcore_share": shares(),
                "withdraw_share": st.sampled_from((0.0, 0.5)),
                "fight_share": st.sampled_from((0.0, 0.5)),
            }
        ),
        "attention": st.fixed_dictionaries(
            {
                "items": st.sampled_from((1, 6, 40)),
                "mentions": st.sampled_from((0, 3)),
                "search": st.sampled_from((0, 10)),
                "trends": st.sampled_from((0, 10)),
                "memory": st.sampled_from((1, 24)),
                "army_competes": st.booleans(),
            }
        ),
        "activity": st.fixed_dictionaries({"slice": st.sampled_from((1, 20, 60)), "notified": shares()}),
        "feed": st.fixed_dictionaries({"engagement": st.sampled_from((0.0, 2.0)), "depth": st.sampled_from((1, 30))}),
        "reaction": st.fixed_dictionaries(
            {
                "persuasion": st.sampled_from((0.0, 0.5, 1.0)),
                "tolerance": st.sampled_from((0.0, 2.0)),
                "climate_rate": st.sampled_from((0.0, 0.1, 1.0)),
                "direct_fear": shares(),
                "vicarious_fear": shares(),
                "anticipation": shares(),
                "thrill": shares(),
                "terror": shares(),
                "half_life": st.sampled_from((0.1, 100.0)),
                "leave": st.sampled_from((0.0, 0.02)),
            }
        ),
        "moderation": st.fixed_dictionaries(
            {
                "capacity": st.sampled_from((0, 1, 50)),
                "strikes": st.integers(1, 3),
                "suspension": st.sampled_from((0, 5)),
                "error": shares(),
            }
        ),
        "army": st.fixed_dictionaries(
            {
                "size": st.integers(0, 20),
                "span": st.integers(1, 7),
                "rate": st.sampled_from((0.5, 6.0)),
                "quota": st.sampled_from((0, 5, 100)),
                "shift": st.sampled_from((1, 5, 12, 24)),
                "delay": st.sampled_from((0.0, 2.0, 24.0)),
                "followers": st.sampled_from((0.0, 15.0)),
            }
        ),
        "extremists": st.fixed_dictionaries({"size": st.integers(0, 4), "escalation_step": shares()}),
        "campaign": st.fixed_dictionaries(
            {
                "tactics": st.lists(st.sampled_from(("flood", "abuse", "amplify")), unique=True).map(tuple),
                "effort": st.sampled_from(("additive", "equal")),
                "intensity": shares(),
                "targets": st.sampled_from((0, 5)),
                "start": st.sampled_from((0, START)),
            }
        ),
    }
)


@pytest.mark.parametrize("minutes", [60, 10])
def test_all_laws_hold_in_a_busy_world(minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    restless = lively(
        activity={"slice": minutes},
        reaction={"leave": 0.02, "persuasion": 0.05, "tolerance": 0.6},
        expression={"climate_weight": 8.0},
    )
    world, inspector = inspected(restless, 5, monkeypatch)
    assert inspector.shown > 10_000
    assert inspector.removed > 30
    totals = world.history.sum()
    assert [name for name in (*OUTCOMES, "army_posts", "extremist_posts", "dissent_removed") if totals[name] == 0] == []
    assert world.accounts.has_left.any()
    assert world.state.ledger.base > 1000
    assert max(inspector.rates.values()) == world.setting.army.quota


@settings(max_examples=20)
@given(changes=CHANGES, seed=st.integers(0, 2**63 - 1))
def test_all_laws_hold_in_any_world(changes: dict[str, dict[str, Any]], seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        inspected(lively(**changes), seed, patch)
