"""The cast: operations, credibility, morale, sleepers. Ranges, obedience, ledger; each mechanism by its own path."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.actors.committee import Brigade, Committee
from sim.actors.contender import Contender
from sim.actors.fans import Fans
from sim.actors.reporters import Reporters
from sim.actors.sleeper import Sleepers
from sim.campaigns import DELIVERIES, OPERATIONS, Event, Operation, Principal
from sim.errors import InputError
from sim.mechanisms.channels import Channels
from sim.mechanisms.credibility import Credibility
from sim.mechanisms.migration import Migration
from sim.mechanisms.morale import Morale
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.setting import Setting
from sim.state.accounts import DISSENTER, NEVER
from sim.state.posts import CIVIC, DISTRESS, FIRST_SLOGAN, SMEAR
from sim.state.records import OUTCOMES
from sim.state.truth import COMMITTEE, SLEEPER
from sim.world import World
from tests.worlds import LIVELY, Diary, Shelves, fingerprint, played

QUIET = replace(LIVELY, population=replace(LIVELY.population, size=120), army=replace(LIVELY.army, size=0))


def cast(*forces: Any, **changes: Any) -> Setting:
    """Return a world without the campaign's army, with these forces."""
    return replace(QUIET, **{"credibility": Credibility(), "morale": Morale(), "forces": forces, **changes})


def does(tactic: str, **fields: Any) -> Operation:
    return Operation(tactic=tactic, **{"start": 6, "hours": 24, **fields})


def committee(tactic: str, **fields: Any) -> Committee:
    return Committee(size=8, discipline=1.0, duty=24, operations=(does(tactic, **fields),))


def brigade(tactic: str, **fields: Any) -> Brigade:
    return Brigade(size=12, delay=0.0, copying=0.43, operations=(does(tactic, **fields),))


def recorded(setting: Setting, ticks: int = 40, seed: int = 5) -> tuple[World, Any]:
    shelves = Shelves()
    world = played(setting, ticks, seed=seed, archive=shelves)
    return world, shelves.posts(world)


def mean(world: World, measure: str) -> float:
    return float(world.history[measure].mean())


# ---- laws of every world


operations = st.lists(
    st.builds(
        Operation,
        tactic=st.sampled_from(OPERATIONS),
        delivery=st.sampled_from(DELIVERIES),
        start=st.integers(0, 12),
        hours=st.integers(0, 20),
        targets=st.integers(0, 4),
        risk=st.sampled_from((0.0, 0.05, 1.0)),
    ),
    max_size=3,
).map(tuple)
rates = st.sampled_from((0.0, 0.1, 1.0))
worlds = st.builds(
    lambda ops, **rules: cast(
        Committee(size=4, operations=ops[0]), Brigade(size=6, operations=ops[1]),
        Sleepers(size=2, hired=2, hired_at=8, operations=ops[2]), **rules,
    ),
    ops=st.tuples(operations, operations, operations),
    credibility=st.none()
    | st.builds(Credibility, smear=rates, civic=rates, spillover=rates, source_credibility_weight=rates),
    morale=st.none() | st.builds(Morale, loss=rates, defection=rates, threshold=rates, defiance=rates),
    events=st.just(
        (Event(start=9, hours=6, interest=2.0, extremist_volume=4.0, distress=0.5, rally_share=0.5, unmask=1),)
    ),
)  # fmt: skip


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_laws_hold_in_any_cast(setting: Setting) -> None:
    setting = replace(setting, population=replace(setting.population, size=60))
    shelves, suspended = Shelves(), []
    world = World(setting, rng=4, archive=shelves)
    for tick in range(26):
        banned = (world.accounts.suspended_until > tick) | world.accounts.has_left
        end = world.state.ledger.end
        world.step()
        new = world.state.ledger.get_rows().author[end - world.state.ledger.base :]
        suspended.append(banned[new].any())
        for name in ("credibility", "baseline_credibility", "morale", "fear"):
            column = getattr(world.accounts, name)
            assert column.min() >= 0.0, name
            assert column.max() <= 1.0, name
    assert not any(suspended), "the suspended, and who left, never post"
    history, posts = world.history, shelves.posts(world)
    counted = history[["organic_posts", "army_posts", "extremist_posts", "committee_posts", "sleeper_posts"]]
    assert counted.to_numpy().sum() == len(posts.key)
    assert (history[list(OUTCOMES)].sum(axis=1) == history["opportunities"]).all()
    assert len(np.unique(posts.key)) == len(posts.key)


def test_a_silent_crew_leaves_people_as_they_were() -> None:
    """A force that is there, followed and ordered to do nothing is nobody to the people."""
    silent = cast(*(kind(tactic, intensity=0.0) for kind, tactic in ((committee, "smear"), (brigade, "abuse"))))
    one, other = (played(setting, 40) for setting in (silent, cast()))
    n = one.n_organic
    for name, ours, theirs in zip(one.accounts._fields, one.accounts, other.accounts, strict=True):
        assert (ours[:n] == theirs[:n]).all(), name
    assert one.history["targeted"].iloc[-1] > 0


def test_every_mechanism_at_nought_is_not_there() -> None:
    idle = cast(
        committee("smear", intensity=0.0), sleeping(operations=(does("sway", intensity=0.0),)),
        credibility=Credibility(source_credibility_weight=0.0, lift=0.0), morale=Morale(loss=0.0),
        recruiting=Recruiting(join=0.0),
        channels=Channels(invite=1.0, pull=0.0, recruit=0.0, raid_fear=0.0), migration=Migration(flee=0.0),
        solidarity=Solidarity(rally_posts=0, comfort=0.0), events=(Event(start=4, hours=20),),
    )  # fmt: skip
    one, other = played(QUIET, 40), played(idle, 40)
    common = one.history.columns
    assert (one.history.fillna(-1) == other.history[common].fillna(-1)).all().all()
    for name, ours, theirs in zip(one.accounts._fields, one.accounts, other.accounts, strict=True):
        if name not in ("credibility", "baseline_credibility"):
            assert (ours == theirs[: len(ours)]).all(), name
    assert other.history["room_members"].max() > 0


def test_a_member_more_changes_nobody_else() -> None:
    few, more = (recorded(cast(replace(committee("smear"), size=size, followers=0.0)), 12)[1] for size in (5, 6))
    newcomer = QUIET.population.size + QUIET.extremists.size + 5
    early = more.time < 8 * 3600
    kept = early & (more.author != newcomer)
    assert (more.key[kept] == few.key[few.time < 8 * 3600]).all()


def test_the_same_world_twice() -> None:
    setting = cast(committee("smear"), brigade("demoralise"), Sleepers(operations=(does("sway"),)))
    assert fingerprint(played(setting, 30)) == fingerprint(played(setting, 30))


# ---- what forces do


@pytest.mark.parametrize("tactic", OPERATIONS)
def test_every_tactic_writes_what_it_says(tactic: str) -> None:
    event = (Event(start=0, hours=30, distress=0.5, extremist_volume=3.0),)
    world, posts = recorded(cast(brigade(tactic, delivery="impersonate"), events=event), 32)
    crew = np.flatnonzero(world.state.truth.role == 1)
    ours = np.isin(posts.author, crew)
    assert ours.any()
    fresh = ours & (posts.kind == 0)
    themes = {"smear": SMEAR, "demoralise": DISTRESS, "civic": CIVIC}
    assert set(posts.theme[fresh]) <= {themes.get(tactic, 0)}
    if tactic in ("abuse", "smear"):
        aimed = set(world.state.actors[-1].targets[0].tolist())  # type: ignore[attr-defined]
        assert len(aimed) == 1
        assert set(posts.target[ours & (posts.kind != 1)].tolist()) == aimed
    if tactic == "protest":
        assert (posts.template[fresh] >= FIRST_SLOGAN).all()
    if tactic == "demoralise":
        assert (posts.stance_extremist[fresh] == 1.0).all()
    assert not ours[posts.time < 6 * 3600].any()


@pytest.mark.parametrize(("voice", "side"), [("impersonate", 1.0), ("news", -1.0)])
def test_distress_comes_in_the_voice_that_was_ordered(voice: str, side: float) -> None:
    world, posts = recorded(cast(brigade("demoralise", delivery=voice)), 20)
    fresh = np.isin(posts.author, np.flatnonzero(world.state.truth.role == 1)) & (posts.kind == 0)
    assert set(posts.stance_extremist[fresh].tolist()) == {side}


def test_genuine_distress_is_amplified_only_if_there_is_any() -> None:
    rout = (Event(start=4, hours=30, distress=0.8, extremist_volume=4.0),)
    silent, busy = (recorded(cast(brigade("demoralise", delivery="amplify"), events=e), 30) for e in ((), rout))
    assert mean(silent[0], "army_posts") == 0.0
    world, posts = busy
    ours = np.isin(posts.author, np.flatnonzero(world.state.truth.role == 1))
    assert set(posts.kind[ours].tolist()) == {1}
    assert np.isin(posts.original_author[ours], world.state.truth.propagandists).all()
    told = replace(brigade("demoralise", delivery="news"), name="tellers")
    world, posts = recorded(cast(told, brigade("demoralise", delivery="amplify")), 30)
    tellers, amplifiers = world.state.operators.account_rows[-2:]
    assert np.isin(posts.author, tellers).any()
    assert not np.isin(posts.author, amplifiers).any(), "what another force tells is not genuine"


def test_a_committee_has_one_target_and_barely_coordinates() -> None:
    amateurs, posts = recorded(cast(committee("smear", targets=5)))
    drilled, others = recorded(cast(brigade("smear", targets=3)))
    assert len(amateurs.state.actors[-1].targets[0]) == 1  # type: ignore[attr-defined]
    assert len(drilled.state.actors[-1].targets[0]) == 3  # type: ignore[attr-defined]

    def alike(found: Any, role: int, world: World) -> float:
        ours = np.isin(found.author, np.flatnonzero(world.state.truth.role == role)) & (found.kind == 0)
        return float((found.template[ours] >= 0).mean())

    assert alike(posts, COMMITTEE, amateurs) < 0.3 < alike(others, 1, drilled)


def test_money_buys_members_and_pays_for_goals_alone() -> None:
    rich, poor = (Principal(budget=budget) for budget in (26.0, 4.5))
    assert [Brigade(principal=p).members for p in (rich, poor)] == [20, 0]
    assert [Committee(principal=p).members for p in (rich, poor)] == [65, 11]
    assert Committee(size=7).members == 7
    with pytest.raises(InputError, match="does not pay for smear: name it among the goals"):
        Committee(principal=Principal(goals=("flood",)), operations=(does("smear"),))
    with pytest.raises(InputError, match=r"Principal\.goals has 'smera', which is unknown: did you mean smear"):
        Principal(goals=("smera",))
    with pytest.raises(InputError, match="two forces have name=committee"):
        cast(committee("smear"), committee("abuse"))
    with pytest.raises(InputError, match="two forces have name=Fans"):
        cast(Fans(), Fans())
    assert len(cast(Reporters(), Reporters(name="others")).forces) == 2


# ---- credibility


def test_smears_cost_the_target_and_heal() -> None:
    smeared, spared = (played(cast(committee("smear", intensity=i)), 120) for i in (1.0, 0.0))
    low, high = (world.history["targeted_credibility"] for world in (smeared, spared))
    assert low.iloc[30] < 0.9 * high.iloc[30]
    assert low.iloc[-1] > low.iloc[40]
    assert mean(smeared, "targeted_impressions") < mean(spared, "targeted_impressions")


def test_smears_work_in_proportion_to_the_credibility_of_who_smears() -> None:
    losses = []
    for strangers in (0.0, 0.2, 0.9):
        world = played(cast(committee("smear"), credibility=Credibility(strangers=strangers, half_life=1e6)), 30)
        losses.append(0.7 - world.history["targeted_credibility"].iloc[-1])
    assert losses[0] == pytest.approx(0.0, abs=1e-9)
    assert losses[0] < losses[1] < losses[2]


def test_who_defends_the_smeared_is_tainted() -> None:
    tainted, clean = (
        played(cast(brigade("smear", targets=3), credibility=Credibility(association=a, spillover=0.0)), 60)
        for a in (1.0, 0.0)
    )
    n = tainted.n_organic
    others = np.setdiff1d(np.arange(n), tainted.state.actors[-1].targets[0])  # type: ignore[attr-defined]
    assert (clean.accounts.credibility[others] == 0.7).all()
    assert (tainted.accounts.credibility[others] < 0.7 - 1e-6).any()


@pytest.mark.parametrize("path", ["lift", "source_credibility_weight"])
def test_credibility_weighs_in_feeds_and_in_persuasion(path: str) -> None:
    """Each path alone changes the world; with neither, a smear moves nothing but credibility."""
    alone = {"lift": 0.0, "source_credibility_weight": 0.0, path: 1.0}
    seen = [played(cast(committee("smear"), credibility=Credibility(**c)), 40) for c in (alone, alone | {path: 0.0})]
    assert not seen[0].history["acts"].equals(seen[1].history["acts"])
    spared = played(
        cast(committee("smear"), credibility=Credibility(lift=0.0, source_credibility_weight=0.0, smear=0.0)), 40
    )
    common = [name for name in spared.history if "credib" not in name]
    assert seen[1].history[common].equals(spared.history[common])


def test_civil_engagement_earns_credibility() -> None:
    planted = Sleepers(size=3, operations=(does("civic", start=0, hours=60),))
    earned = [
        played(cast(planted, credibility=Credibility(civic=c)), 50).history["credibility_sleepers"] for c in (0.0, 0.5)
    ]
    assert earned[0].iloc[-1] == 0.5 < earned[1].iloc[-1]


# ---- morale


def loss(voice: str, **changes: Any) -> World:
    return played(cast(brigade("demoralise", delivery=voice), **changes), 40)


def test_distress_breaks_morale_and_voice_by_being_believed() -> None:
    """Their own side is believed more than outsiders; with the path removed nothing happens to them."""
    own, outside = loss("impersonate"), loss("news")
    removed = loss("impersonate", morale=Morale(loss=0.0))
    assert (
        mean(own, "morale_propagandists")
        < mean(outside, "morale_propagandists")
        < mean(removed, "morale_propagandists")
        == 1.0
    )
    assert mean(own, "extremist_posts") < mean(removed, "extremist_posts")
    nobody = loss("impersonate", credibility=Credibility(strangers=0.0))
    assert mean(nobody, "morale_propagandists") == 1.0


def test_who_has_lost_heart_leaves_orders_undone_and_morale_heals() -> None:
    hard = Morale(loss=1.0, half_life=1e6, defection=0.0)
    broken, whole = (loss("impersonate", morale=rule).history for rule in (hard, replace(hard, loss=0.0)))
    assert broken["propagandists"].equals(whole["propagandists"]), "nobody has gone"
    assert broken["extremist_posts"][-10:].sum() < 0.2 * whole["extremist_posts"][-10:].sum()
    morale = played(cast(brigade("demoralise"), morale=replace(hard, half_life=12.0)), 60).history[
        "morale_propagandists"
    ]
    assert morale.iloc[-1] > morale.iloc[30] + 0.2


def test_some_defect_and_never_write_again() -> None:
    hard = Morale(loss=1.0, defection=0.5, threshold=1.0)
    world, kept = (loss("impersonate", morale=rule) for rule in (hard, replace(hard, defection=0.0)))
    assert world.history["propagandists"].iloc[-1] < kept.history["propagandists"].iloc[-1] == QUIET.extremists.size
    assert world.history["sympathisers"].iloc[-1] < kept.history["sympathisers"].iloc[-1]


def test_who_has_not_joined_yet_loses_no_heart() -> None:
    """Accounts that an organisation keeps for recruits, and those in reserve, belong to nobody yet."""
    rivals = Contender(name="rivals", size=3, recruits=5, posts_per_day=30.0)
    rule = Morale(loss=1.0, defection=0.5, threshold=1.0)
    world = played(cast(rivals, brigade("demoralise"), morale=rule, returns=Returns(aged=0.0)), 40)
    waiting = world.state.truth.propagandists[world.state.register.opened_at[world.state.truth.propagandists] == NEVER]
    assert len(waiting) == 5 + Returns().spares * (QUIET.extremists.size + 3 + 5)
    assert (world.accounts.morale[waiting] == 1.0).all()
    assert not world.accounts.has_left[waiting].any()
    assert mean(world, "morale_propagandists") < 0.9
    assert world.history["propagandists"].iloc[0] == QUIET.extremists.size + 3


def test_an_unmasked_persona_does_the_opposite() -> None:
    frail = Morale(loss=0.5, half_life=1e6, defection=0.0)
    brave, plain = (
        played(cast(brigade("demoralise", delivery="impersonate", risk=0.01), morale=replace(frail, defiance=d)), 40)
        for d in (0.5, 0.0)
    )
    assert mean(plain, "unmasked") > 0
    assert mean(brave, "morale_propagandists") > mean(plain, "morale_propagandists")


def test_an_event_stirs_the_extremists_up_while_it_lasts() -> None:
    hot, cold = (
        played(cast(events=(Event(start=4, hours=20, extremist_volume=heat),)), 24).history for heat in (4.0, 1.0)
    )
    assert hot["extremist_posts"][:4].equals(cold["extremist_posts"][:4])
    assert hot["extremist_posts"][4:].sum() > 2 * cold["extremist_posts"][4:].sum() > 0


# ---- sleepers


def sleeping(**fields: Any) -> Sleepers:
    wake = (does("civic", start=0, hours=24), does("sway", start=24, hours=36, risk=0.2))
    return Sleepers(**{"size": 4, "operations": wake, **fields})


def test_hired_figures_are_genuine_and_go_on() -> None:
    world, posts = recorded(cast(sleeping(size=0, hired=2, hired_at=20)), 60)
    hired = [*world.state.truth.hired_since]
    assert len(hired) == 2
    assert max(hired) < world.n_organic
    assert min(world.state.truth.hired_since.values()) >= 20
    assert (world.accounts.cohort[hired] == DISSENTER).all()
    assert (posts.author[posts.time < 20 * 3600] == hired[0]).any(), "a person before, and seen"


def test_planted_sleepers_come_back_and_only_accounts_in_use_become_known() -> None:
    """Also after others were hired; the reserve, which nobody has opened, betrays nobody."""
    force = Sleepers(size=4, hired=2, hired_at=10, operations=(does("sway", start=0, hours=60),))
    swept = Pressure(start=16, hours=8, lag=0, false_alarm=1.0, bias=1.0)
    known = (Event(start=39, hours=1, unmask=100),)
    world = played(cast(force, pressure=swept, returns=Returns(delay=0.0, aged=0.0), events=known), 40)
    accounts, register = world.accounts, world.state.register
    planted = np.flatnonzero(world.state.truth.role == SLEEPER)
    back = planted[register.predecessor[planted] >= 0]
    assert len(back) > 0
    assert accounts.written[back].all()
    assert accounts.unmasked[back].any()
    assert not accounts.unmasked[planted[register.opened_at[planted] == NEVER]].any()


def test_who_is_unmasked_writes_no_more_to_order_and_costs_genuine_moderates() -> None:
    diary = Diary()
    spilt = played(cast(sleeping()), 70, diary)
    spared = played(cast(sleeping(), credibility=Credibility(spillover=0.0)), 70)
    assert spilt.history["unmasked"].iloc[-1] > 0
    known: set[int] = set()
    for step in diary.moments:
        written = set(step.posts.author[step.new].tolist())
        assert not known & written
        known |= set(step.unmasked.tolist())
    assert (spilt.state.truth.role[[*known]] == SLEEPER).all()
    assert mean(spilt, "credibility_dissenters") < mean(spared, "credibility_dissenters")


def test_an_event_unmasks_as_many_as_it_says() -> None:
    asleep = Sleepers(size=5, operations=(does("civic", start=0, hours=60),))
    world = played(cast(asleep, events=(Event(start=12, hours=1, unmask=2), Event(start=20, hours=1, unmask=9))), 24)
    assert world.history["unmasked"].iloc[[11, 12, 19, 20]].tolist() == [0, 2, 2, 5]


def apart(posts: Any, rows: Any) -> float:
    """Return the median distance, in seconds of the hour, between posts of different `rows` in the same hour."""
    ours = np.isin(posts.author, rows)
    hour, second = np.divmod(posts.time[ours], 3600)
    one, other = np.triu_indices(len(hour), 1)
    pairs = (hour[one] == hour[other]) & (posts.author[ours][one] != posts.author[ours][other])
    gap = np.abs(second[one] - second[other])[pairs]
    return float(np.median(np.minimum(gap, 3600 - gap)))


def test_a_committee_s_sleepers_have_one_target_and_act_apart() -> None:
    aims, gaps = [], []
    for master in ("army", "committee"):
        force = sleeping(serves=master, size=6, operations=(does("smear", targets=3, hours=34),))
        world, posts = recorded(cast(force), 40)
        aims.append(len(world.state.actors[-1].group.targets[0]))  # type: ignore[attr-defined]
        gaps.append(apart(posts, np.flatnonzero(world.state.truth.role == SLEEPER)))
    assert aims == [3, 1]
    assert gaps[0] < 300 < 600 < gaps[1], "even seconds are 900 apart in the median"


def test_who_rallies_chants_the_same_within_minutes() -> None:
    """The event's own people: nobody is ordered, and others go on at seconds of their own."""
    world, posts = recorded(cast(events=(Event(start=2, hours=30, rally_share=1.0),)), 32)
    chants = posts.template >= FIRST_SLOGAN
    own = chants & (posts.kind == 0)
    assert own.sum() > 10
    assert posts.dissent[own].all()
    assert len(np.unique(posts.template[own])) == len(np.unique(posts.time[own] // 3600)), "one slogan an hour"
    everybody = np.arange(world.n_organic)
    assert apart(posts._replace(author=np.where(own, posts.author, -1)), everybody) < 120
    assert apart(posts._replace(author=np.where(own, -1, posts.author)), everybody) > 600
