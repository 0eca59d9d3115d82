"""The engine against the reference: plain Mesa objects that play by the same rules reach the same bits."""

import random
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.plain_bridge import to_accounts, to_ledger
from benchmarks.plain_mesa import PlainWorld
from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.activity import Activity
from sim.people.attention import Attention
from sim.people.expression import Expression
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.rules import Rule
from sim.setting import Setting
from sim.state.posts import REPLY, REPOST
from sim.state.records import OUTCOMES
from sim.world import World
from tests.worlds import LACKING, Shelves, lively, played

TICKS = 72
#: Everything happens: all ways in which an intention can end, all kinds of acts, removals and suspensions.
BUSY = lively(
    population={"size": 150},
    reaction={"persuasion": 0.1, "discount": 0.5, "leave": 0.02, "leave_abuse": 3.0},
    army={"size": 12},
    campaign={"start": 10, "hours": 44},
)
SETTINGS = {
    "busy": BUSY,
    "chronological": replace(BUSY, feed=Feed(engagement=0.0), graph=PreferentialAttachment(links=6)),
    "without crowding": replace(BUSY, attention=Attention(items=15, army_competes=False)),
    "equal effort": replace(BUSY, campaign=replace(BUSY.campaign, effort="equal", tactics=("abuse", "flood"))),
    "named victims": replace(BUSY, campaign=replace(BUSY.campaign, victims=(3, 70, 7, 141))),
    "fewer waves": replace(BUSY, campaign=replace(BUSY.campaign, intensity=0.4)),
    "one account": replace(BUSY, campaign=replace(BUSY.campaign, dose="one_account")),
    "slices of ten minutes": replace(
        BUSY, activity=replace(BUSY.activity, slice=10, notified=0.2), expression=replace(BUSY.expression, fading=1.5)
    ),
    "slices of a minute without crowding": replace(
        BUSY, activity=replace(BUSY.activity, slice=1), attention=Attention(items=15, army_competes=False)
    ),
    "streams in parts": replace(
        BUSY, activity=replace(BUSY.activity, slice=10), feed=replace(BUSY.feed, window=6.0, depth=8)
    ),
    "streams in parts without crowding": replace(
        BUSY, feed=replace(BUSY.feed, window=3.5, depth=8), attention=Attention(items=15, army_competes=False)
    ),
    "nobody organised": replace(BUSY, army=Army(size=0), extremists=Extremists(size=0)),
}


def assert_same_bits(plain: PlainWorld, engine: World) -> None:
    """Compare every column of every account, every column of the ledger and every measure of every tick."""
    parts: dict[str, tuple[Any, Any]] = {
        "accounts": (to_accounts(plain)._asdict(), engine.accounts._asdict()),
        "posts": (to_ledger(plain)._asdict(), engine.state.ledger.get_rows()._asdict()),
        "history": (dict(pd.DataFrame(plain.history).items()), dict(engine.history.items())),
    }
    pairs = {f"{part}.{name}": (ours[name], theirs[name]) for part, (ours, theirs) in parts.items() for name in theirs}
    assert all(list(ours) == list(theirs) for ours, theirs in parts.values())
    different = [name for name, (ours, theirs) in pairs.items() if not _same(ours, theirs)]
    assert different == []


def _same(ours: Any, theirs: Any) -> bool:
    ours, theirs = np.ascontiguousarray(ours), np.ascontiguousarray(theirs)
    return bool(ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes())


def both(setting: Setting, ticks: int, seed: int) -> tuple[PlainWorld, World]:
    """Return the reference and the engine after `ticks` hours."""
    plain, engine = PlainWorld(setting, rng=seed), World(setting, rng=seed)
    for _ in range(ticks):
        plain.step()
    engine.run(ticks)
    return plain, engine


@pytest.mark.parametrize("name", SETTINGS)
def test_the_engine_is_the_reference_bit_for_bit(name: str) -> None:
    assert_same_bits(*both(SETTINGS[name], TICKS, seed=3))


def test_the_comparison_sees_everything_happen() -> None:
    shelves = Shelves()
    world = played(BUSY, TICKS, seed=3, archive=shelves)
    ended = world.history[[*OUTCOMES, "dissent_removed", "army_posts", "extremist_posts"]].sum()
    assert ended[ended == 0].index.tolist() == []
    posts = shelves.posts(world)
    assert {REPOST, REPLY} < set(posts.kind.tolist())
    for column in (posts.template + 1, posts.shock, posts.toxicity, posts.reports, posts.previous_mention + 1):
        assert column.any()
    for name in (
        "voiced",
        "withheld",
        "abuse_received",
        "habituation",
        "expected_toxicity",
        "has_left",
        "suspended_until",
    ):
        assert getattr(world.accounts, name)[: world.n_organic].any(), name


def test_a_short_memory_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.world.WINDOW_SECONDS", 5 * 3600)
    assert_same_bits(*both(BUSY, 40, seed=4))


def test_the_comparison_finds_the_last_bit() -> None:
    plain, engine = both(BUSY, 2, seed=3)
    engine.accounts.fear[7] = np.nextafter(engine.accounts.fear[7], 1.0)
    with pytest.raises(AssertionError, match=r"accounts\.fear"):
        assert_same_bits(plain, engine)


RULES = (
    Population, CommunityGraph, Activity, Attention, Reaction, Expression, Feed, Trending, Moderation, Army,
    Extremists, Campaign,
)  # fmt: skip
#: Fields that would make a world too large, or that must fit one another.
KEPT = {"size", "dissent_share", "loyal_share", "withdraw_share", "fight_share", "start", "hours", "topics", "rate"}


def altered(rule: Rule, dice: random.Random) -> Rule:
    """Return the rule with about half of its numbers set to zero, to another magnitude, or to a bound."""
    changes: dict[str, Any] = {}
    for column in fields(rule):
        given, low, high = getattr(rule, column.name), column.metadata["low"], column.metadata["high"]
        if column.name in KEPT or isinstance(given, str | tuple) or dice.random() < 0.5:
            continue
        if isinstance(given, bool):
            changes[column.name] = dice.random() < 0.5
        else:
            value = min(high, max(low, given * dice.choice((0.0, 0.25, 0.5, 2.0, 4.0))))
            changes[column.name] = round(value) if isinstance(given, int) else value
    return replace(rule, **changes)


@pytest.mark.parametrize("seed", range(12))
def test_any_setting(seed: int) -> None:
    dice = random.Random(seed)
    names = [column.name for column in fields(Setting) if column.name not in LACKING]
    by_type = {type(getattr(BUSY, name)): name for name in names}
    rules: dict[str, Any] = {by_type[rule]: altered(getattr(BUSY, by_type[rule]), dice) for rule in RULES}
    setting = replace(BUSY, **rules)
    assert_same_bits(*both(replace(setting, population=replace(setting.population, size=60)), 30, seed))
