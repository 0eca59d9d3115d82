"""Organisations that compete, who joins them, closed rooms, a migration tag, solidarity: and by which path."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.actors.contender import Contender, ContenderOrganisation
from sim.mechanisms.channels import Channels, Rooms
from sim.mechanisms.following import Following
from sim.mechanisms.migration import Migration
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.setting import Setting
from sim.state import records
from sim.state.accounts import DISSENTER, NEVER
from sim.state.posts import CONTESTED, REPOST
from sim.world import World
from tests.worlds import HOURS, START, fingerprint, lively, played, view_of

TICKS = START + HOURS
LOUD: dict[str, Any] = {
    "posts_per_day": 40.0,
    "followers": 25.0,
    "shocking_share": 0.8,
    "shock": 0.4,
    "escalation_step": 0.05,
}
FIRST, SECOND = (Contender(name=name, size=3, recruits=4, **LOUD) for name in ("first", "second"))
READERS = {"size": 120, "sympathiser_share": 0.2}
RIVALS = replace(
    lively(population=READERS, extremists={"size": 0}), forces=(FIRST, SECOND), recruiting=Recruiting(join=0.5)
)


def each(force: Contender, **changes: Any) -> tuple[Contender, Contender]:
    """Return the two organisations with the same changes."""
    return replace(force, name="first", **changes), replace(force, name="second", **changes)


@pytest.fixture(scope="module")
def surge() -> dict[str, World]:
    settings = {
        "both": RIVALS,
        "outbidding": replace(RIVALS, forces=each(FIRST, escalation="outbidding")),
        "alone": replace(RIVALS, forces=(replace(FIRST, escalation="outbidding"),)),
        "calm": replace(RIVALS, forces=each(FIRST, shocking_share=0.0)),
        "closed": replace(RIVALS, forces=each(FIRST, recruits=0)),
        "nobody joins": replace(RIVALS, recruiting=Recruiting(join=0.0)),
        "nobody is close": replace(RIVALS, recruiting=Recruiting(join=0.5, threshold=1.0)),
    }
    return {name: played(setting, TICKS) for name, setting in settings.items()}


def last(world: World, measure: str) -> float:
    return float(world.history[measure].iloc[-1])


# ---- organisations


def test_without_a_rival_nobody_is_outbid_and_with_one_levels_rise(surge: dict[str, World]) -> None:
    assert last(surge["alone"], "shock_highest") == FIRST.shock
    assert last(surge["outbidding"], "shock_highest") > FIRST.shock
    assert last(surge["both"], "shock_highest") >= last(surge["outbidding"], "shock_highest")


def test_who_is_behind_goes_one_step_beyond_the_rival_s_level() -> None:
    world = World(replace(RIVALS, forces=each(FIRST, escalation="outbidding")), rng=3)
    before: tuple[float, ...] = (FIRST.shock, FIRST.shock)
    rose = 0
    for _ in range(TICKS):
        world.step()
        contenders = [actor for actor in world.state.actors if isinstance(actor, ContenderOrganisation)]
        levels = tuple(contender.shock for contender in contenders)
        for k in range(2):
            if levels[k] != before[k]:
                rose += 1
                assert (world.now - 1) % 24 == 0
                assert not contenders[k].market_share > 0.5
                assert levels[k] == pytest.approx(min(1.0, max(before) + FIRST.escalation_step))
        before = levels
    assert rose > 0


def test_shock_repels_the_many_thrills_the_few_and_frightens(surge: dict[str, World]) -> None:
    shocking, calm = surge["both"], surge["calm"]
    assert last(shocking, "extremist_stance_others") < last(calm, "extremist_stance_others")
    assert last(shocking, "extremist_stance_supporters") > last(calm, "extremist_stance_supporters")
    assert last(shocking, "fear_others") > last(calm, "fear_others")


def test_who_joins_writes_for_the_organisation_through_accounts_that_it_opens(surge: dict[str, World]) -> None:
    won = surge["both"]
    assert last(won, "recruits") > 0
    assert last(surge["calm"], "recruits") == 0, "it is shock that wins people"
    assert last(surge["closed"], "recruits") == last(surge["nobody joins"], "recruits") == 0
    assert last(surge["nobody is close"], "recruits") == 0
    contenders = [actor for actor in won.state.actors if isinstance(actor, ContenderOrganisation)]
    opened = np.concatenate([contender.rows[3 : contender.members] for contender in contenders])
    waiting = np.concatenate([contender.rows[contender.members :] for contender in contenders])
    assert won.accounts.written[opened].any()
    assert not won.accounts.written[waiting].any()
    joined = won.state.register.opened_at
    assert (joined[waiting] == NEVER).all()
    written = won.accounts.written[opened] > 0
    assert ((joined[opened] > 0) & (joined[opened] < NEVER) == written).all(), "opened with the first post"
    assert won.history["extremist_posts"].sum() > surge["closed"].history["extremist_posts"].sum()


# ---- rooms


ROOMS = Channels(rooms=2, seats=4, hour=3, invite=1.0, pull=0.1, recruit=0.3, detection_rate=0.05, lag=24, rebuild=24)
UNDERGROUND = replace(RIVALS, channels=ROOMS)


class Sit:
    """An observer that checks rooms hour by hour."""

    def __init__(self, world: World) -> None:
        self.world, self.rooms = world, world.state.mechanisms.get_state(Channels)
        self.before, self.stance, self.fear = self.rooms.room.copy(), self._stance(), world.accounts.fear.copy()
        self.raided = 0
        self.avoids_until = np.zeros(world.n_organic, np.int64)

    def _stance(self) -> np.ndarray:
        return self.world.accounts.stance_extremist[: self.world.n_organic].copy()

    def observe(self, step: Any) -> dict[str, float]:
        room = self.rooms.room
        assert (self.rooms.members <= ROOMS.seats).all()
        if step.tick % 24 != ROOMS.hour:
            assert (room == self.before).all()
        came = (room >= 0) & (self.before < 0)
        assert (self.avoids_until[came] <= step.tick).all(), "who was caught stays away"
        caught = (self.before >= 0) & np.isin(self.before, self.rooms.raided)
        assert (room[caught] < 0).all()
        self.avoids_until[caught] = step.tick + ROOMS.avoidance_hours
        assert not step.accounts.has_left[: len(room)][came].any()
        assert (self.rooms.closed_until[room[came]] <= step.tick).all()
        self.raided += len(self.rooms.raided)
        assert not np.isin(room, self.rooms.raided).any()
        for name in ("fear", "stance_extremist"):
            column = getattr(step.accounts, name)
            assert ((column >= -1.0) & (column <= 1.0)).all()
        self.before = room.copy()
        return {}


def test_rooms_hold_few_move_them_and_are_broken_up() -> None:
    world = World(UNDERGROUND, rng=5)
    sit = Sit(world)
    world.observers.append(sit)
    world.run(TICKS + 168)
    assert sit.raided > 0
    assert world.history["rooms_raided"].sum() == sit.raided
    assert world.history["room_members"].max() == ROOMS.rooms * ROOMS.seats


def test_who_is_caught_is_scared_and_nobody_else() -> None:
    world = World(UNDERGROUND, rng=5)
    rule, accounts = replace(ROOMS, raid_fear=0.5), world.accounts
    rooms = Rooms(rule, world.n_organic)
    rooms.room[[3, 7]], rooms.room[9] = 0, 1
    rooms.found_at[0] = ROOMS.hour
    accounts.fear[:] = 0.2
    rule.begin(view_of(world, rule, own=rooms, tick=ROOMS.hour + 24))
    assert rooms.raided.tolist() == [0]
    assert np.flatnonzero(accounts.fear != 0.2).tolist() == [3, 7]
    assert accounts.fear[[3, 7]] == pytest.approx([0.6, 0.6])


def test_rooms_move_members_by_their_pull_and_nobody_else() -> None:
    with_, without = (played(replace(UNDERGROUND, channels=replace(ROOMS, pull=pull)), 4) for pull in (0.3, 0.0))
    assert with_.history.drop(columns="recruits").iloc[:3].equals(without.history.drop(columns="recruits").iloc[:3])
    day_later = [
        played(replace(UNDERGROUND, channels=replace(ROOMS, pull=pull, detection_rate=0.0, recruit=0.0)), 28)
        for pull in (0.3, 0.0)
    ]
    moved = day_later[0].accounts.stance_extremist - day_later[1].accounts.stance_extremist
    inside = day_later[0].state.mechanisms.get_state(Channels).room >= 0
    assert (moved[: len(inside)][inside] > 0.0).sum() >= inside.sum() - 1
    assert abs(moved[: len(inside)][~inside]).max() < moved[: len(inside)][inside].max()


def test_a_room_is_found_only_while_the_agency_watches() -> None:
    blind = played(replace(UNDERGROUND, channels=replace(ROOMS, start=10**6)), TICKS + 48)
    assert blind.history["rooms_raided"].sum() == 0
    seen = played(replace(UNDERGROUND, channels=replace(ROOMS, detection_rate=1.0)), TICKS + 48)
    assert seen.history["rooms_raided"].sum() > 0
    assert seen.history["room_members"].mean() < blind.history["room_members"].mean()


def test_seats_go_to_the_lowest_draws_whoever_else_asks() -> None:
    world = World(UNDERGROUND, rng=5)
    rule = replace(ROOMS, detection_rate=0.0, pull=0.0, recruit=0.0)
    many, few = Rooms(rule, world.n_organic), Rooms(replace(rule, rooms=1), world.n_organic)
    rule.begin(view_of(world, rule, own=many, tick=ROOMS.hour))
    replace(rule, rooms=1).begin(view_of(world, rule, own=few, tick=ROOMS.hour))
    assert set(np.flatnonzero(few.room >= 0)) == set(np.flatnonzero(many.room == 0))
    assert (few.found_at == NEVER).all()


# ---- the migration tag


MOVING = replace(
    lively(population={"size": 150}, campaign={"toxic_share": 0.8}),
    migration=Migration(flee=0.6, follow=0.2, pursuit=1000),
)


@pytest.fixture(scope="module")
def exile() -> dict[str, World]:
    settings = {
        "stay": replace(MOVING, migration=replace(MOVING.migration, flee=0.0)),
        "move": MOVING,
        "pursued": replace(MOVING, migration=Migration(flee=0.6, follow=0.2, pursuit=6, chase=1.0)),
        "never": replace(MOVING, migration=None),
    }
    return {name: played(setting, TICKS) for name, setting in settings.items()}


def streams(world: World) -> list[list[int]]:
    return [
        row[:length].tolist()
        for row, length in zip(world.state.topics.serials, world.state.topics.lengths, strict=True)
    ]


def test_nobody_moves_before_somebody_flees_and_then_nothing_changes(exile: dict[str, World]) -> None:
    stay, never = exile["stay"], exile["never"]
    common = never.history.columns
    assert (stay.history[common].fillna(-1) == never.history.fillna(-1)).all().all()
    assert streams(stay)[:-1] == streams(never)
    assert streams(stay)[-1] == []


def test_dissenters_move_and_what_they_write_is_filed_under_the_fresh_tag(exile: dict[str, World]) -> None:
    world = exile["move"]
    state = world.state.mechanisms.get_state(Migration)
    assert last(world, "dissenters_moved") > 10
    assert not state.moved[world.n_organic :].any()
    posts, base = world.state.ledger.get_rows(), world.state.ledger.base
    fresh = np.array(streams(world)[-1])
    fresh = fresh[fresh >= base] - base
    assert len(fresh) > 10
    assert (posts.topic[fresh] == CONTESTED).all()
    assert state.moved[posts.author[fresh]].all()
    late = (posts.topic == CONTESTED) & (posts.kind != REPOST)
    assert set(np.flatnonzero(late)) == set(fresh) | {s - base for s in streams(world)[CONTESTED] if s >= base}


def test_who_has_moved_expects_less_abuse_until_the_army_follows(exile: dict[str, World]) -> None:
    expected_toxicity = {
        name: world.history["dissenters_expected_toxicity"].iloc[START + 24 :].mean()
        for name, world in exile.items()
        if name != "never"
    }
    assert expected_toxicity["move"] < expected_toxicity["stay"]
    assert expected_toxicity["move"] < expected_toxicity["pursued"]


def test_moving_costs_sight_of_others(exile: dict[str, World]) -> None:
    seen = {
        name: world.history["dissent_impressions_nondissenters"].iloc[START:].sum() for name, world in exile.items()
    }
    assert seen["move"] < seen["stay"]


# ---- solidarity


@pytest.mark.parametrize(
    ("rule", "more", "less"),
    [
        (Solidarity(rally_posts=20, comfort=0.0), "dissent_wanted", "unprompted"),
        (Solidarity(rally_posts=0, comfort=0.9), "", "dissenters_fear"),
    ],
)
def test_solidarity_prompts_and_comforts(rule: Solidarity, more: str, less: str) -> None:
    base = lively(population={"size": 200}, expression={"unprompted": 0.2})
    none = played(replace(base, solidarity=Solidarity(rally_posts=0, comfort=0.0)), TICKS)
    backed = played(replace(base, solidarity=rule), TICKS)
    during = slice(START, None)
    assert backed.history[less][during].sum() < none.history[less][during].sum()
    assert not more or backed.history[more][during].sum() > none.history[more][during].sum()


def test_solidarity_of_nothing_changes_nothing() -> None:
    base = lively(population={"size": 100})
    one, other = (
        played(base, START + 12),
        played(replace(base, solidarity=Solidarity(rally_posts=0, comfort=0.0)), START + 12),
    )
    assert (one.history.fillna(-1) == other.history[one.history.columns].fillna(-1)).all().all()
    assert (one.accounts.cohort == DISSENTER).any()


def test_everything_at_once_is_keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits with people in groups, each in a thread of its own."""
    changing = Following(follow=0.02, refind=0.5, unfollow=0.05, block=0.4, mute=0.1)
    everything: Setting = replace(
        UNDERGROUND, migration=Migration(flee=0.6), solidarity=Solidarity(), following=changing, returns=Returns()
    )
    one = played(everything, START + 20)
    monkeypatch.setattr(records, "MIN_GROUP_SIZE", 2)
    other = World(everything, rng=5, threads=3)
    other.run(START + 20)
    assert fingerprint(one) == fingerprint(other)
    assert one.history[["follows", "blocks", "recruited", "dissenters_moved"]].sum().gt(0).all()
