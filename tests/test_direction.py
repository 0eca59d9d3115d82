"""Turn a knob up and the outcome moves as theory says: paired worlds, totals over a few seeds.

Everything is deterministic by seed, so a test that passes goes on passing; each asks for a clear difference.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.actors.propagandist import Extremists, Organisation
from sim.observers.base import StepRecord
from sim.people.population import measure_support
from sim.platform.feed import Feed
from sim.rng import keyed_hash, make_key, stream
from sim.setting import Setting
from sim.state.accounts import OPINION_THRESHOLD
from sim.state.graph import assortativity, reciprocity
from sim.state.posts import TOXIC_THRESHOLD, Posts
from sim.world import World
from tests.worlds import HOURS, LIVELY, START, Diary, lively, played

SEEDS = (1, 2, 3)
TICKS = START + HOURS
WITHHELD_BY_CLIMATE = ["withheld_climate", "withheld_joint", "withheld_redundant"]
WITHHELD_BY_FEAR = ["withheld_fear", "withheld_joint", "withheld_redundant"]
QUIET: dict[str, dict[str, Any]] = {"army": {"size": 0}}
FLOOD = {"tactics": ("flood",), "toxic_share": 0.0}
ABUSE = {"tactics": ("abuse",)}
FEARLESS = {"direct_fear": 0.0, "vicarious_fear": 0.0, "terror": 0.0}


@cache
def history(setting: Setting) -> pd.DataFrame:
    """Return all ticks of the campaign, for all seeds."""
    return pd.concat([played(setting, TICKS, seed=seed).history.iloc[START:] for seed in SEEDS])


def total(setting: Setting, *names: str) -> float:
    return float(history(setting)[list(names)].sum().sum())


def mean(setting: Setting, name: str) -> float:
    return float(history(setting)[name].mean())


def worlds(ticks: int = TICKS, **changes: dict[str, Any]) -> list[World]:
    return [played(lively(**changes), ticks, seed=seed) for seed in SEEDS]


# ---- fear


def test_fear_weight_raises_what_fear_withholds() -> None:
    weights = [lively(expression={"fear_weight": weight}) for weight in (0.0, 2.0, 6.0)]
    withheld = [total(setting, "withheld_fear") for setting in weights]
    assert withheld[0] == 0
    assert withheld[1] * 1.3 < withheld[2]


def test_abuse_frightens() -> None:
    assert mean(lively(campaign=ABUSE), "mean_fear") > 2 * mean(lively(**QUIET), "mean_fear")


def test_a_toxic_flood_is_dreaded() -> None:
    """A flood has no target: it works by what its readers come to expect, the more so the more of it is abusive."""
    flood = {"tactics": ("flood",)}
    shares = [lively(campaign={**flood, "toxic_share": share}, reaction=FEARLESS) for share in (0.0, 0.5, 1.0)]
    expected_toxicity = [
        np.mean([played(s, TICKS, seed=seed).accounts.expected_toxicity[:200].mean() for seed in SEEDS]) for s in shares
    ]
    assert expected_toxicity[0] * 1.5 < expected_toxicity[1] < expected_toxicity[2] / 1.2
    withheld = [total(setting, *WITHHELD_BY_FEAR) for setting in shares]
    assert withheld[0] + 10 < withheld[2]


def test_toxic_share_raises_fear_by_witnessing_replies() -> None:
    fears = [mean(lively(expression={"toxic_replies": rate}), "mean_fear") for rate in (0.0, 0.3)]
    assert fears[0] * 1.1 < fears[1]


def test_half_life_raises_fear() -> None:
    fears = [mean(lively(reaction={"half_life": hours}), "mean_fear") for hours in (6.0, 24.0, 200.0)]
    assert fears[0] * 1.2 < fears[1] < fears[2] / 1.2


@pytest.mark.parametrize("knob", ["direct_fear", "vicarious_fear"])
def test_fear_by_each_way(knob: str) -> None:
    off, on = (lively(reaction={**FEARLESS, knob: gain}) for gain in (0.0, 0.3))
    assert mean(off, "mean_fear") == 0.0
    assert mean(on, "mean_fear") > 0.05


def test_anticipation_withholds_without_any_fear() -> None:
    off, on = (lively(reaction=FEARLESS, expression={"anticipation": weight}) for weight in (0.0, 2.0))
    assert total(off, *WITHHELD_BY_FEAR) == 0
    assert total(on, *WITHHELD_BY_FEAR) > 10


def test_nobody_withdraws_nothing_is_withheld_by_fear() -> None:
    assert total(lively(population={"withdraw_share": 0.0}), *WITHHELD_BY_FEAR) == 0


def test_fighters_are_not_silenced_but_provoked() -> None:
    shares = [lively(population={"withdraw_share": 0.4, "fight_share": share}) for share in (0.0, 0.6)]
    withdrawn = lively(population={"withdraw_share": 0.8, "fight_share": 0.2})
    assert total(withdrawn, "withheld_fear") > 1.3 * total(shares[1], "withheld_fear")
    assert total(shares[0], "dissent_posts") * 1.1 < total(shares[1], "dissent_posts")
    assert total(shares[0], "unprompted", "private") > total(shares[1], "unprompted", "private")


def test_the_unyielding_withhold_nothing() -> None:
    steady = lively(population={"hardcore_share": 1.0})
    assert total(steady, "dissent_withheld") == 0
    assert total(steady, "private") > 0
    assert total(steady, "dissent_posts") > total(LIVELY, "dissent_posts")


def test_abuse_drives_away() -> None:
    left = [sum(w.accounts.has_left.sum() for w in worlds(reaction={"leave_abuse": risk})) for risk in (0.0, 3.0)]
    assert left[0] + 20 < left[1]


# ---- climate


def test_climate_weight_raises_what_climate_withholds_under_a_flood() -> None:
    weights = [
        lively(expression={"climate_weight": weight}, campaign=FLOOD, reaction={"climate_rate": 0.05})
        for weight in (0.0, 2.0, 8.0)
    ]
    withheld = [total(setting, *WITHHELD_BY_CLIMATE) for setting in weights]
    assert withheld[0] == 0
    assert withheld[1] * 1.5 < withheld[2]


def test_a_flood_shifts_the_perceived_climate_and_a_discount_undoes_part_of_it() -> None:
    copies = {"copying": 1.0, "reposts": 0.5}
    shifts = []
    for discount in (0.0, 1.0):
        with_army = lively(army=copies, campaign=FLOOD, reaction={"discount": discount})
        without = lively(army={"size": 0}, campaign=FLOOD, reaction={"discount": discount})
        shifts.append(mean(with_army, "perceived_support") - mean(without, "perceived_support"))
    assert shifts[0] > 0.05
    assert shifts[1] < 0.3 * shifts[0]


def test_contagion_prompts() -> None:
    rates = [lively(expression={"contagion": rate, "unprompted": 0.2}) for rate in (0.0, 0.1, 1.0)]
    unprompted = [total(setting, "unprompted") for setting in rates]
    assert unprompted[0] > 1.05 * unprompted[1] > 1.05 * 1.2 * unprompted[2]


# ---- reading


def test_a_larger_army_crowds_the_topic_out() -> None:
    sizes = [lively(army={"size": size}, campaign=FLOOD) for size in (0, 12, 36)]
    shares = [mean(setting, "dissent_visibility") for setting in sizes]
    seen = [total(setting, "dissent_impressions") for setting in sizes]
    assert shares[0] > 1.1 * shares[1] > 1.1 * 1.1 * shares[2]
    assert seen[0] > seen[1] > seen[2]


# Nobody reacts to what is read: what is left is who is shown what.
UNMOVED: dict[str, dict[str, Any]] = {
    "expression": {"climate_weight": 0.0, "contagion": 0.0, "reposts": 0.0, "replies": 0.0},
    "reaction": {"persuasion": 0.0, "climate_rate": 0.0, "anticipation": 0.0, "vicarious_fear": 0.0, "terror": 0.0},
    "moderation": {"capacity": 0},
    "feed": {"depth": 100_000},
}


def lost_sight(**attention: Any) -> float:
    """Return the share of dissent's impressions that a civil flood costs among people who do not react to it."""
    budget = {"trends": 0, **attention}
    sizes = [lively(army={"size": size, "rate": 8.0}, campaign=FLOOD, attention=budget, **UNMOVED) for size in (0, 36)]
    assert total(sizes[0], "dissent_posts") == total(sizes[1], "dissent_posts") > 100
    seen = [total(setting, "dissent_impressions") for setting in sizes]
    return 1.0 - seen[1] / seen[0]


def test_more_attention_leaves_more_room_for_dissent() -> None:
    """Little attention loses most; a little more need not lose less (search meets the flood); no limit, nothing."""
    losses = [lost_sight(items=items, search=items // 3) for items in (30, 3000, 100_000)]
    assert losses[0] > 0.2
    assert losses[0] > losses[1] + 0.1
    assert losses[2] == 0.0


def test_without_crowding_dissent_is_seen_as_without_an_army() -> None:
    assert lost_sight(army_competes=True) > 0.2
    assert lost_sight(army_competes=False) == 0.0


def test_engagement_ranking_is_what_amplify_works_on() -> None:
    """Reposts lift what supporters wrote where engagement ranks; a chronological feed sees the copies alone."""
    gains = []
    for engagement in (0.0, 3.0):
        loyal = []
        for tactics in ((), ("amplify",)):
            setting = lively(
                feed={"engagement": engagement, "depth": 200},
                army={"size": 30, "followers": 0.0},
                attention={"trends": 0},
                campaign={"tactics": tactics},
            )
            loyal.append(sum(_loyal_impressions(setting, seed) for seed in SEEDS))
        gains.append(loyal[1] / loyal[0])
    assert gains[0] * 1.1 < gains[1]


def _loyal_impressions(setting: Setting, seed: int) -> int:
    class Loyal:
        count = 0

        def observe(self, step: Any) -> dict[str, float]:
            item, posts = step.seen.item, step.posts
            if step.tick >= START:
                self.count += int(
                    ((posts.stance_principal[item] > OPINION_THRESHOLD) & (posts.author[item] < 200)).sum()
                )
            return {}

    played(setting, TICKS, watch := Loyal(), seed=seed)
    return watch.count


def test_a_flood_makes_its_topic_trend() -> None:
    """Shown in trends to people who do not search, the topic is read more by them."""
    quiet = {"attention": {"search_rate": 0.0, "search": 0}, "graph": {"mean_following": 1.0}}
    slots = [lively(army={"followers": 0.0}, trending={"slots": slots}, campaign=FLOOD, **quiet) for slots in (0, 1)]
    assert total(slots[0], "topic_impressions") * 1.5 < total(slots[1], "topic_impressions")


# ---- moderation


def test_capacity_removes_more() -> None:
    capacities = [lively(moderation={"capacity": capacity, "error": 0.0}) for capacity in (0, 1, 5, 100)]
    removed = []
    for setting in capacities:
        found = [played(setting, TICKS, diary := Diary(), seed=seed) and diary for seed in SEEDS]
        removed.append(sum(len(m.removals.posts) for diary in found for m in diary.moments))
    assert removed[0] == 0
    assert removed[1] * 1.5 < removed[2] < removed[3]


def test_wrong_reviews_cost_dissent() -> None:
    errors = [lively(moderation={"error": error, "capacity": 30, "report_opposed": 0.05}) for error in (0.0, 0.8)]
    assert total(errors[0], "dissent_removed") * 3 < total(errors[1], "dissent_removed")
    assert total(errors[0], "suspended") <= total(errors[1], "suspended")


# ---- the army


def army_posts(**changes: dict[str, Any]) -> pd.Series:
    ticks = [played(lively(**changes), TICKS + 30, seed=seed).history["army_posts"] for seed in SEEDS]
    return sum(ticks[1:], ticks[0])


def test_discipline_and_rate_and_quota_make_posts() -> None:
    drilled, slack = (army_posts(army={"discipline": share, "quota": 1000}).sum() for share in (0.9, 0.3))
    assert slack == pytest.approx(drilled / 3, rel=0.15)
    assert army_posts(army={"quota": 5}).sum() < 0.5 * army_posts(army={"quota": 30}).sum()
    assert army_posts(campaign={"intensity": 0.5}, army={"quota": 1000}).sum() < 0.7 * drilled


def test_orders_come_late_down_a_slow_chain() -> None:
    """With a longer delay the army begins later and stops later; without any it works exactly in the campaign."""
    prompt, slow = (army_posts(army={"delay": delay, "shift": 24, "quota": 1000}) for delay in (0.0, 8.0))
    end = START + HOURS
    assert np.flatnonzero(prompt).tolist() == list(range(START, end))
    assert slow[START : START + 3].sum() < 0.6 * prompt[START : START + 3].sum()
    assert slow[:START].sum() == 0
    assert slow[end:].sum() > 0.05 * slow.sum()


def test_followers_carry_the_army() -> None:
    reach = [lively(army={"followers": followers}, attention={"search": 0, "trends": 0}) for followers in (2.0, 30.0)]
    assert total(reach[0], "topic_impressions") * 1.2 < total(reach[1], "topic_impressions")


def test_abuse_hits_the_visible_who_dissent() -> None:
    diary = Diary()
    world = played(lively(campaign={**ABUSE, "targets": 5}), TICKS, diary)
    drafts = [step.orders[0].drafts for step in diary.moments[START:]]
    targets = np.concatenate([d.target[d.target >= 0] for d in drafts])
    assert len(targets) > 50
    assert (world.accounts.stance_principal[targets] < 0.0).all()
    assert (targets < world.n_organic).all()
    assert (np.concatenate([d.target_stance[d.target >= 0] for d in drafts]) < -OPINION_THRESHOLD).all()
    followers = np.diff(world.graph.followers_start)
    assert followers[targets].mean() > 1.1 * followers[: world.n_organic].mean()


def test_named_victims_are_abused_whatever_they_think() -> None:
    victims = tuple(np.flatnonzero(played(LIVELY, START).accounts.written[:200] > 10)[:3].tolist())
    assert len(victims) == 3
    diary = Diary()
    played(lively(campaign={**ABUSE, "victims": victims}), TICKS, diary)
    targets = np.concatenate([step.orders[0].drafts.target for step in diary.moments])
    assert set(targets.tolist()) <= set(victims)
    assert len(targets) > 20


class Abused:
    """An observer that counts impressions of abuse."""

    def __init__(self) -> None:
        self.impressions = 0

    def observe(self, step: StepRecord) -> dict[str, float]:
        self.impressions += int((step.posts.toxicity[step.seen.item] >= TOXIC_THRESHOLD).sum())
        return {}


class CivilFirst(Feed):
    """A ranking of one's own: by time, abuse last."""

    def rank(self, posts: Posts, base: int, new: slice) -> None:
        posts.score[new] = posts.time[new] - 1e9 * (posts.toxicity[new] >= TOXIC_THRESHOLD)


def test_a_ranking_of_ones_own_hides_abuse() -> None:
    feeds = (Feed(engagement=0.0, depth=32), CivilFirst(depth=32))
    counts = []
    for feed in feeds:
        for seed in SEEDS:
            counts.append(abused := Abused())
            played(replace(LIVELY, feed=feed), TICKS, abused, seed=seed)
    usual, civil = (sum(count.impressions for count in group) for group in (counts[:3], counts[3:]))
    assert civil < 0.6 * usual


def test_equal_effort_puts_everybody_to_work() -> None:
    one = {"tactics": ("flood",)}
    nobody_suspended = {"capacity": 0}
    additive, equal = (
        army_posts(campaign={**one, "effort": effort}, moderation=nobody_suspended).sum()
        for effort in ("additive", "equal")
    )
    assert equal == pytest.approx(3 * additive, rel=0.05)
    both = [army_posts(campaign={"effort": effort}).sum() for effort in ("additive", "equal")]
    assert both[0] == both[1]


# ---- extremists


def test_shock_never_falls_and_rises_when_the_echo_fades() -> None:
    world = World(LIVELY, rng=1)
    organisation = world.state.actors[-1]
    assert isinstance(organisation, Organisation)
    levels, echoes = [organisation.shock], [organisation.engagement]
    for _ in range(12):
        world.run(24)
        levels.append(organisation.shock)
        echoes.append(organisation.engagement)
    rises, fades = np.diff(levels) > 0, np.diff(echoes) <= 0
    assert (np.diff(levels) >= 0).all()
    assert max(levels) <= 1.0
    assert (rises == (fades & (np.array(levels[:-1]) < 1.0)))[1:].all()
    assert rises.any()
    assert not rises.all()


def test_a_step_of_nothing_is_no_escalation() -> None:
    rows = np.arange(3)
    keys = keyed_hash(make_key(1, stream("test")), rows.astype(np.uint64))
    organisation = Organisation(Extremists(size=3, escalation_step=0.0, shock=0.4), rows, keys, 1)
    world = World(lively(extremists={"escalation_step": 0.0}), rng=1)
    world.run(72)
    assert organisation.shock == 0.4 == world.state.actors[-1].shock  # type: ignore[attr-defined]


def test_shock_polarises() -> None:
    """Support for the extremists falls in general and rises in those who already sympathised."""
    strong = {"thrill": 0.05, "repulsion": 0.05, "persuasion": 0.0}
    calm, shocked = (
        worlds(reaction=strong, extremists={"shocking_share": content, "size": 12, "shock": 1.0}, army={"size": 0})
        for content in (0.0, 1.0)
    )
    for before, after in zip(calm, shocked, strict=True):
        start = before.accounts.stance_extremist[: before.n_organic]
        change = after.accounts.stance_extremist[: after.n_organic] - start
        assert change[start > 0.5].mean() > 0.01
        assert change[start < 0.0].mean() < -0.01


def test_people_grow_used_to_shock() -> None:
    fast, slow = (worlds(reaction={"habituation": rate, "terror": 0.1}) for rate in (0.5, 0.0))
    assert all(world.accounts.habituation.max() > 0.2 for world in fast)
    assert all(world.accounts.habituation.max() == 0.0 for world in slow)
    fear = [np.mean([world.history["mean_fear"].iloc[START:].mean() for world in found]) for found in (fast, slow)]
    assert fear[0] < fear[1]


def test_more_extremists_look_like_more() -> None:
    sizes = [mean(lively(extremists={"size": size}), "perceived_extremists") for size in (0, 4, 12)]
    assert sizes[0] < 0.6 * sizes[1] < 0.6 * 0.6 * sizes[2]


# ---- people and their graph


def test_persuasion_brings_those_who_read_each_other_together() -> None:
    spreads = []
    for persuasion in (0.0, 0.05):
        found = worlds(reaction={"persuasion": persuasion, "tolerance": 0.5}, army={"size": 0})
        spreads.append(np.mean([np.abs(np.diff(np.sort(w.accounts.stance_principal[:200]))).std() for w in found]))
    assert spreads[1] > spreads[0]  # clusters: many gaps shrink, a few stay


def test_homophily_and_reciprocity_shape_the_graph_that_people_read() -> None:
    mixed_in, sorted_out = (worlds(0, graph={"homophily": h, "mixing": 0.05}) for h in (0.0, 1.0))
    found = [
        np.mean([assortativity(w.graph, w.accounts.stance_principal) for w in ws]) for ws in (mixed_in, sorted_out)
    ]
    assert found[0] < 0.1
    assert found[1] > 0.5
    one_way, mutual = (
        worlds(0, graph={"reciprocity": r}, army={"size": 0}, extremists={"size": 0}) for r in (0.1, 0.9)
    )
    assert np.mean([reciprocity(w.graph) for w in one_way]) < 0.2
    assert np.mean([reciprocity(w.graph) for w in mutual]) > 0.7


def test_homophily_keeps_dissent_among_dissenters() -> None:
    quiet = {"attention": {"search": 0, "trends": 0}, "army": {"size": 0}}
    shares = []
    for homophily in (0.0, 1.0):
        setting = lively(graph={"homophily": homophily, "mixing": 0.05}, **quiet)
        outside = total(setting, "dissent_impressions_nondissenters")
        shares.append(outside / total(setting, "dissent_impressions"))
    assert shares[0] > 1.5 * shares[1]


def test_shares_of_the_population_are_met() -> None:
    world = World(
        lively(population={"size": 5000, "dissent_share": 0.5, "loyal_share": 0.2, "stance_spread": 0.0}), rng=1
    )
    stance = world.accounts.stance_principal[:5000]
    assert (stance < -OPINION_THRESHOLD).mean() == pytest.approx(0.5, abs=0.03)
    assert (stance > OPINION_THRESHOLD).mean() == pytest.approx(0.2, abs=0.03)
    assert measure_support(stance) == pytest.approx(2 / 7, abs=0.03)
    assert (world.accounts.opinion_climate[:5000] == measure_support(stance)).all()
    assert np.bincount(world.accounts.reaction[:5000], minlength=3) / 5000 == pytest.approx([0.6, 0.25, 0.15], abs=0.03)


def test_bursts_and_rhythm_shape_the_hours() -> None:
    """Sessions keep their mean; bursts spread them over few days, the rhythm over the evening hours."""
    awake = {}
    for name, activity in {"flat": (0.0, 0.0), "rhythm": (1.0, 0.0), "burst": (0.0, 2.0)}.items():
        setting = lively(
            activity={"rhythm": activity[0], "burst": activity[1]}, population={"sessions_sigma": 0.0}, **QUIET
        )
        people = [played(setting, 96, diary := Diary(), seed=seed) and diary for seed in SEEDS]
        came = [np.union1d(step.active_users.active, step.active_users.absent) for d in people for step in d.moments]
        rows = [np.bincount(who, minlength=200) for who in came]
        awake[name] = np.array(rows).reshape(len(SEEDS), 4, 24, 200)
    by_day = {name: found.sum(axis=2).var() for name, found in awake.items()}
    by_hour = {name: found.mean(axis=(0, 1, 3)) for name, found in awake.items()}
    assert by_day["burst"] > 1.5 * by_day["flat"]
    assert by_hour["rhythm"].max() > 1.5 * by_hour["flat"].max()
    assert by_hour["rhythm"].argmax() in (18, 19, 20, 21, 22)
    assert awake["flat"].mean() == pytest.approx(6.0 / 24.0, rel=0.15)
