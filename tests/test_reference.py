"""The engine against the reference: plain Mesa objects that play by the same rules reach the same bits."""

import random
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.plain_bridge import accounts_of, ledger_of
from benchmarks.plain_mesa import PlainWorld
from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.activity import Activity
from sim.people.expression import Expression
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.people.reading import Attention
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.rules import Rule
from sim.setting import Setting
from sim.state.posts import REPLY, REPOST, Posts
from sim.state.records import CELLS
from sim.world import World

TICKS = 72
#: Everything happens: all ways in which an intention can end, all kinds of acts, removals and suspensions.
LIVELY = Setting(
    population=Population(
        size=150, sessions_per_day=9.0, acts_per_session=1.5, interest=0.5, dissent_share=0.6, public_followers=10
    ),
    graph=CommunityGraph(mean_following=20.0),
    attention=Attention(items=25),
    reaction=Reaction(persuasion=0.05, direct=0.2, vicarious=0.03, leave=0.01),
    expression=Expression(climate_weight=4.0, toxic_posts=0.05, toxic_replies=0.1),
    moderation=Moderation(report_toxic=0.2, report_opposed=0.01, lag=3, strikes=2, suspension=24),
    army=Army(size=12, span=3),
    extremists=Extremists(size=4),
    campaign=Campaign(start=10, hours=44, targets=8),
)
SETTINGS = {
    "lively": LIVELY,
    "chronological": replace(LIVELY, feed=Feed(engagement=0.0), graph=PreferentialAttachment(links=6)),
    "without crowding": replace(LIVELY, attention=Attention(items=15, crowding=False)),
    "equal effort": replace(LIVELY, campaign=Campaign(start=10, hours=44, effort="equal", tactics=("abuse", "flood"))),
    "nobody organised": replace(LIVELY, army=Army(size=0), extremists=Extremists(size=0)),
}


def assert_same_bits(plain: PlainWorld, engine: World) -> None:
    """Compare every column of every account, every column of the ledger and every measure of every tick."""
    history = pd.DataFrame(plain.history)
    assert list(history) == list(engine.history)
    pairs = {
        **{f"accounts.{n}": (getattr(accounts_of(plain), n), c) for n, c in engine.accounts._asdict().items()},
        **{f"posts.{n}": (getattr(ledger_of(plain), n), c) for n, c in engine.state.ledger.rows()._asdict().items()},
        **{f"history.{n}": (history[n].to_numpy(float), engine.history[n].to_numpy(float)) for n in history},
    }
    different = [
        name for name, (ours, theirs) in pairs.items() if ours.dtype != theirs.dtype or not _same(ours, theirs)
    ]
    assert different == []


def _same(ours: Any, theirs: Any) -> bool:
    return bool(ours.tobytes() == np.ascontiguousarray(theirs).tobytes())


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
    parts: list[Posts] = []
    world = World(LIVELY, rng=3, archive=lambda first, posts: parts.append(Posts._make(map(np.copy, posts))))
    history = world.run(TICKS)
    assert (history[[*CELLS, "dissent_removed", "army_posts", "extremist_posts"]].sum() > 0).all()
    world.state.ledger.close()
    posts = Posts._make(np.concatenate(column) for column in zip(*parts, strict=True))
    assert {REPOST, REPLY} < set(posts.kind.tolist())
    for column in (posts.template + 1, posts.shock, posts.toxicity, posts.reports, posts.previous_mention + 1):
        assert column.any()
    for name in ("voiced", "withheld", "abused", "habituation", "dread", "left", "suspended_until"):
        assert getattr(world.accounts, name)[: world.n_organic].any(), name


def test_a_short_memory_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.world.WINDOW", 5 * 3600)
    assert_same_bits(*both(LIVELY, 40, seed=4))


def test_the_comparison_finds_the_last_bit() -> None:
    plain, engine = both(LIVELY, 2, seed=3)
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
    names = [column.name for column in fields(Setting)]
    by_type = {type(getattr(LIVELY, name)): name for name in names}
    rules = {by_type[rule]: altered(getattr(LIVELY, by_type[rule]), dice) for rule in RULES}
    setting = replace(LIVELY, **rules)
    assert_same_bits(*both(replace(setting, population=replace(setting.population, size=60)), 30, seed))
