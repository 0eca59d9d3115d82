"""The model of Truong et al. (2024) does what its specification says, and the app judges it."""

import math
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import reproduce
from experiments.experiment import start
from experiments.published import simsom_curves as curves
from experiments.published import simsom_kernels as kernels
from experiments.published import simsom_networks as networks
from experiments.published import simsom_targets as targets
from experiments.published.simsom_2024 import (
    Platform,
    SimSom,
    compute_diversity,
    compute_exposure,
    compute_taus,
    simulate,
)
from experiments.published.simsom_networks import (
    SimSomNetwork,
    draw_weighted,
    grow_network,
    read_network,
    shuffle_follows,
)
from experiments.report import simsom as report
from sim.errors import InputError
from sim.rng import U64, make_key, stream
from sim.state.graph import from_edges, list_edges
from tests.looks import common_look

KEY = stream("test.simsom")
TINY = SimSomNetwork(people=40, links=6, beta=0.1, gamma=0.2)
Entry = tuple[int, int, int]  #: message, shares, age


def taken_up(feed: list[Entry], arrived: list[tuple[int, int]], sigma: int, compatible: bool) -> list[Entry]:
    """Return the feed after messages (number, copies) arrived in this order, by the specification."""
    if not arrived:
        return feed
    counts: dict[int, int] = {}
    for message, copies in arrived:
        counts[message] = counts.get(message, 0) + copies
    held = [message for message, _, _ in feed]
    both = [message for message in counts if message in held]
    if both:
        slots = [message for message in held if message in counts]
        gains = dict(zip(slots, (counts[m] for m in (both if compatible else slots)), strict=True))
        old = [(message, shares + gains.get(message, 0), age + 1) for message, shares, age in feed]
    else:
        old = [(message, shares, 1 if compatible else age + 1) for message, shares, age in feed]
    new = [(message, copies, 0) for message, copies in counts.items() if message not in both]
    return sorted(new + old, key=lambda entry: entry[2])[:sigma]


def feed_of(platform: Platform, agent: int) -> list[Entry]:
    feeds, length = platform.feeds, platform.feeds.length[agent]
    return list(zip(*(c[agent, :length].tolist() for c in (feeds.message, feeds.shares, feeds.age)), strict=True))


@pytest.mark.parametrize("compatible", [True, False])
@pytest.mark.parametrize(("sigma", "theta"), [(3, 1), (15, 4)])
def test_feeds_take_posts_up_as_the_specification_says(sigma: int, theta: int, compatible: bool) -> None:
    graph = TINY(1)
    platform = Platform(graph, 40, SimSom(sigma=sigma, theta=theta, compatible=compatible, mu=0.3), 5)
    start, overlaps = graph.following_start, 0
    for _ in range(25):
        before = [feed_of(platform, agent) for agent in range(44)]
        rank = np.argsort(platform.draw_order())
        average = platform.advance()
        for agent in range(44):
            friends = sorted(graph.following[start[agent] : start[agent + 1]].tolist(), key=lambda j: rank[j])
            arrived = [(int(platform.posted[j]), theta if j >= 40 else 1) for j in friends]
            overlaps += len({m for m, _ in arrived} & {m for m, _, _ in before[agent]}) > 1
            assert feed_of(platform, agent) == taken_up(before[agent], arrived, sigma, compatible)
        entries = [m for agent in range(40) for m, _, _ in feed_of(platform, agent)]
        assert average == pytest.approx(np.mean(platform.messages.quality[entries]))
    assert overlaps > 20


def test_the_two_quirks_by_hand() -> None:
    feed, arrived = [(1, 5, 2), (2, 5, 3)], [(2, 7), (1, 1), (9, 1)]
    assert taken_up(feed, arrived, 9, compatible=False) == [(9, 1, 0), (1, 6, 3), (2, 12, 4)]
    assert taken_up(feed, arrived, 9, compatible=True) == [(9, 1, 0), (1, 12, 3), (2, 6, 4)]
    assert taken_up(feed, [(9, 1)], 9, compatible=False)[1:] == [(1, 5, 3), (2, 5, 4)]
    assert taken_up(feed, [(9, 1)], 9, compatible=True)[1:] == [(1, 5, 1), (2, 5, 1)]
    assert taken_up(feed, [], 9, compatible=True) == feed


def test_an_entry_is_reposted_by_appeal_shares_and_age() -> None:
    many = 40_000
    graph = from_edges([0], [1], many)
    platform = Platform(graph, many, SimSom(mu=0.25), 1)
    platform.messages.appeal[:3], platform.made = (0.5, 1.0, 0.2), 3
    platform.messages.author[:3] = 0
    platform.feeds.message[:, :3], platform.feeds.shares[:, :3] = (0, 1, 2), (4, 1, 3)
    platform.feeds.age[:, :3], platform.feeds.length[:] = (0, 1, 3), 3
    platform.advance()
    weight = np.array([2.0, math.exp(-0.4), 0.6 * math.exp(-0.4 * 3**0.4)])
    expected = 0.75 * weight / weight.sum()
    found = np.bincount(np.minimum(platform.posted, 3), minlength=4)[:3] / many
    assert np.abs(found - expected).max() < 4 * 0.5 / math.sqrt(many)


def test_messages_have_the_specified_quality_and_appeal() -> None:
    people, bots = 20_000, 5_000
    platform = Platform(from_edges([0], [1], people + bots), people, SimSom(phi=0.3), 1)
    platform.advance()
    quality, appeal = platform.messages.quality, platform.messages.appeal
    assert quality[:people].mean() == pytest.approx(0.90005, abs=0.003)
    assert not quality[people : people + bots].any()
    assert appeal[:people].mean() == pytest.approx(1 / 6, abs=0.005)
    assert (appeal[people : people + bots] == 1.0).mean() == pytest.approx(0.3, abs=0.03)
    assert abs(np.corrcoef(quality[:people], appeal[:people])[0, 1]) < 0.03
    assert kernels.compute_quality(0.5, 10.0) == pytest.approx(math.log(0.5 + 0.5 * math.exp(10)) / 10)
    assert kernels.compute_quality(0.3, 0.0) == 0.3


def test_growth_follows_its_law() -> None:
    n, k = 400, 10
    graph = grow_network(n, k, 0.5, 3)
    source, target = list_edges(graph)
    following = np.diff(graph.following_start)
    assert (following[:k] == k - 1).all()
    assert (following[k:] <= k).all()
    assert following[k:].mean() > 0.85 * k
    assert (target[source >= k] < source[source >= k]).all()
    assert np.diff(graph.followers_start).max() > 5 * k
    assert len(grow_network(5, 4, 0.5, 1).following) == 20
    alone = grow_network(n, k, 0.0, 3)
    assert np.diff(graph.followers_start).max() > 1.2 * np.diff(alone.followers_start).max()
    assert (np.diff(alone.following_start)[n // 2 :] == k).mean() > 0.9  # one friend, k - 1 others, who seldom coincide


def test_newcomers_copy_that_part_of_what_a_friend_follows() -> None:
    for p in (0.3, 0.7):
        graph = grow_network(1500, 20, p, 2)
        start = graph.following_start
        follows = [set(graph.following[start[i] : start[i + 1]].tolist()) for i in range(1500)]
        shared = [max(len(follows[i] & follows[j]) for j in follows[i]) / 19 for i in range(1000, 1500)]
        assert np.mean(shared) == pytest.approx(p, abs=0.06)


def test_bots_follow_nobody_else_and_more_of_gamma_keeps_who_followed() -> None:
    people = TINY.build_people_graph(1)
    few, many = (replace(TINY, gamma=gamma).add_bots(people, 1) for gamma in (0.1, 0.5))
    for graph in (few, many):
        source, target = list_edges(graph)
        assert not ((source >= 40) & (target < 40)).any()
        among = (source < 40) & (target < 40)
        assert [e[among].tolist() for e in (source, target)] == [e.tolist() for e in list_edges(people)]
    pairs = [set(zip(*(e.tolist() for e in list_edges(g)), strict=True)) for g in (few, many)]
    assert pairs[0] < pairs[1]
    assert np.array_equal(replace(TINY, gamma=0.0)(1).following, people.following)


def test_hubs_are_targeted_by_followers() -> None:
    weight = np.array([0.0, 1.0, 2.0, 5.0])
    first = Counter(int(draw_weighted(U64(make_key(seed, KEY)), weight, 1)[0]) for seed in range(4000))
    for row in (1, 2, 3):
        assert first[row] / 4000 == pytest.approx(weight[row] / 8, abs=0.035)
    assert len(draw_weighted(U64(7), weight, 9)) == 3
    assert sorted(draw_weighted(U64(7), np.ones(5), 5).tolist()) == [0, 1, 2, 3, 4]


def test_shuffles_keep_hubs_or_not() -> None:
    graph = grow_network(300, 10, 0.5, 1)
    most = [
        np.diff(g.followers_start).max()
        for g in (graph, *(shuffle_follows(graph, how, 1) for how in networks.SHUFFLES[1:]))
    ]
    assert most[1] > 0.6 * most[0]
    assert most[2] < 0.4 * most[0]


@pytest.mark.parametrize(
    ("worse", "network"),
    [({"phi": 1.0}, {}), ({"theta": 64}, {}), ({}, {"gamma": 0.6}), ({"phi": 1.0, "theta": 64}, {})],
)
def test_quality_falls(worse: dict[str, float], network: dict[str, float]) -> None:
    base = SimSomNetwork(people=200, links=15, gamma=0.1)
    there, here = (
        np.mean([simulate(net(s), 200, rule, s, 30).quality for s in range(4)])
        for net, rule in ((base, SimSom()), (replace(base, **network), SimSom(**worse)))
    )
    assert here < there - 0.02


def test_quality_is_smoothed_until_it_stands_still() -> None:
    graph, by_hand, quality, change = TINY(1), Platform(TINY(1), 40, SimSom(), 3), 1.0, 1.0
    while change > 1e-4:
        new = 0.8 * quality + 0.2 * by_hand.advance()
        change, quality = abs(new - quality) / quality, new
    ended = simulate(graph, 40, SimSom(), 3)
    assert (ended.steps, ended.settled) == (by_hand.step, True)
    assert ended.quality == pytest.approx(quality, rel=1e-12)
    assert not simulate(graph, 40, SimSom(), 3, ended.steps + 5).settled


def test_bots_are_counted_before_who_acts_and_posts_of_people_as_popularity() -> None:
    platform = Platform(TINY(1), 40, SimSom(phi=1.0, theta=4), 2)
    seen, popular = Counter[bool](), Counter[int]()
    for _ in range(12):
        feeds = [message for agent in range(44) for message, _, _ in feed_of(platform, agent)]
        seen.update(bool(platform.messages.author[message] >= 40) for message in feeds)
        platform.advance()
        popular.update(platform.posted[:40].tolist())
    assert compute_exposure(platform) == pytest.approx(seen[True] / seen.total())
    assert platform.messages.human_shares[: platform.made].tolist() == [popular[m] for m in range(platform.made)]


def test_a_run_is_a_function_of_its_seed_and_stops_when_it_settles() -> None:
    graph = TINY(1)
    one, same, other = (simulate(graph, 40, SimSom(), seed, 12).quality for seed in (1, 1, 2))
    assert one == same != other
    nobody = simulate(from_edges([0, 1], [1, 0], 2), 2, SimSom(mu=1.0, strength=500.0), 1)
    assert nobody.settled or nobody.steps > 1
    assert simulate(graph, 40, SimSom(), 1, limit=3).steps == 3


def test_diversity_and_taus_by_hand() -> None:
    platform = Platform(from_edges([0], [1], 3), 3, SimSom(), 1)
    platform.feeds.message[0, :2], platform.feeds.message[1, :2] = (0, 1), (0, 2)
    platform.feeds.length[:2] = 2
    assert compute_diversity(platform) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4))
    platform.made = 4
    platform.messages.quality[:4], platform.messages.human_shares[:4] = (0.1, 0.2, 0.3, 0.4), (1, 1, 1, 2)
    theirs, tau_b = compute_taus(platform)
    assert theirs == 1.0
    assert tau_b == pytest.approx(3 / math.sqrt(6 * 3))


def test_verdicts_need_the_published_network_and_three_errors() -> None:
    rng = random.Random(1)
    rows = [{m: v + rng.gauss(0, 0.005) for m, (_, v, _) in targets.TARGETS.items()} for _ in range(60)]
    runs = pd.DataFrame(rows).fillna(0.0)
    assert targets.compare(runs, is_judged=True)["passed"].dropna().tolist() == [True] * 4
    assert targets.compare(runs, is_judged=False)["passed"].isna().all()
    missed = targets.compare(runs.assign(quality=runs["quality"] - 0.02), is_judged=True)
    assert missed["passed"].dropna().tolist() == [False, True, True, True]


def test_a_curve_says_which_way_it_moves() -> None:
    curve = curves.Curve("x", {"a": {}, "b": {}}, -1)
    relative = [0.9, 0.8, 0.92, 0.81, 0.9, 0.82]
    played = pd.DataFrame(
        {"curve": "x", "point": list("ab") * 3, "seed": [1, 1, 2, 2, 3, 3], curves.RELATIVE: relative}
    )
    down, up = (curves.judge_directions(played, [replace(curve, rises=rises, is_judged=False)]) for rises in (-1, 1))
    assert [f["verdict"].tolist() for f in (down, up)] == [["", curves.AS_PUBLISHED], ["", curves.AGAINST]]
    level = pd.DataFrame({"a": [0.9, 0.8, 0.85], "b": [0.8, 0.9, 0.85]})
    assert curves.judge_direction(level, 1) == curves.judge_direction(level, -1) == curves.UNCLEAR
    bent = pd.DataFrame({"a": [0.9, 0.91, 0.9], "b": [0.5, 0.51, 0.49], "c": [0.8, 0.81, 0.81]})
    assert curves.judge_direction(bent, -1) == curves.UNCLEAR
    few = pd.DataFrame({"a": [0.0, 0.0, 0.0], "b": [0.5, 1.0, 1.6]})  # 3.2 standard errors, of three runs
    assert curves.judge_direction(few, 1) == curves.UNCLEAR
    assert curves.judge_direction(pd.concat([few] * 3), 1) == curves.AS_PUBLISHED
    none = targets.compare(pd.DataFrame([dict.fromkeys(targets.TARGETS, 0.5)] * 2), is_judged=False)
    assert "0 of 1 directions that hang on the network as published. " in report.format_headline(none, up)
    assert report.format_summary(up) == ["Not as published, of directions that hang on the network: x: against."]


def test_no_world_of_the_curves_is_played_twice() -> None:
    plan = curves.make_jobs(0.01, [1, 2])
    needed = curves.list_runs(plan)
    assert len(set(needed)) == len(needed) < len(plan)
    assert {world.seed for world in needed} == {1, 2}
    people = [(world.seed, world.without_bots.network) for world in needed]
    changes = sum(one != other for one, other in pairwise(people))
    assert changes + 1 == len(set(people))  # so that each network is drawn once
    bare = [job.run for job in plan if job.curve == "mu, no bots"]
    assert all(world.without_bots == world for world in bare)


def test_follows_are_returned_at_their_rate() -> None:
    grown, back = (replace(TINY, people=500, returned=returned).build_people_graph(1) for returned in (0.0, 0.5))
    one_way = set(zip(*(ends.tolist() for ends in list_edges(grown)), strict=True))
    both = set(zip(*(ends.tolist() for ends in list_edges(back)), strict=True))
    assert one_way <= both
    lone = [pair for pair in one_way if pair[::-1] not in one_way]
    assert sum(pair[::-1] in both for pair in lone) / len(lone) == pytest.approx(0.5, abs=0.04)
    followers, following = np.diff(back.followers_start), np.diff(back.following_start)
    assert np.corrcoef(followers, following)[0, 1] > 0.8 > np.corrcoef(*map(np.diff, grown[::2]))[0, 1]


def test_a_file_gives_the_network_and_its_bots(tmp_path: Path) -> None:
    path = tmp_path / "edges.txt"
    path.write_text("# follower followee\n0 1\n1 2\n2 0\n")
    assert len(read_network(str(path), 1).following) == 3
    with pytest.raises(InputError, match="must leave people among the 3 nodes"):
        read_network(str(path), 3)


def test_the_app_writes_what_it_found(
    command_line: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(targets, "SMALL_NETWORK", TINY)
    words = [
        "simsom.scale=0.006",
        "simsom.runs=3",
        "simsom.networks=2",
        "simsom.steps=5",
        "out=out/simsom",
        "workers=1",
    ]
    command_line("paper=simsom_2024", *words)
    with suppress(SystemExit):
        start(reproduce.Reproduction)
    told = " ".join(capsys.readouterr().out.split())  # a terminal wraps lines
    assert "No published number is judged (this is not the published small network and setting)" in told
    folder = tmp_path / "out/simsom"
    assert len(pd.read_parquet(folder / "runs.parquet")) == 3
    assert (folder / "figures/curves.png").stat().st_size > 1000
    common_look(folder / "report.html")
    assert "Quality and diversity along what is varied" in (folder / "report.html").read_text(encoding="utf-8")


WORDS = {
    "simsom.runs=1": "simsom.runs=1 must be a whole number from 2 to 10000",
    "simsom.scale=0": "simsom.scale=0 must be a number above 0 to 10",
    "graph.bots=many": "graph.bots=many must be a whole number from 0",
    "simsom.rule.mu=2": "simsom.rule.mu=2 must lie in [0, 1] (share)",
    "graph.path=absent": "graph.path=absent cannot be opened (No such file or directory): "
    "set graph.path=FILE that exists",
}


@pytest.mark.parametrize("words", WORDS)
def test_a_mistake_is_one_line(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str], words: str
) -> None:
    command_line("paper=simsom_2024", words)
    with pytest.raises(SystemExit) as leave:
        start(reproduce.Reproduction)
    assert (leave.value.code, capfd.readouterr().err) == (2, WORDS[words] + "\n")
