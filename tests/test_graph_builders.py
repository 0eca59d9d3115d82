"""Laws of every builder of graphs, and of each one its own: ties within blocks, the ring, mixing, degrees."""

import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.people import degree_files, graph_kernels, stubs
from sim.people.generators import ConfigurationModel, PlantedPartition, SmallWorld
from sim.people.given_graphs import GraphFile, NetworkxGraph
from sim.people.lfr import LFR, _draw_power_law, _find_low_end, _make_even, _power_law_mean
from sim.people.networks import CommunityGraph, PreferentialAttachment, describe_network
from sim.people.networkx_graphs import to_networkx
from sim.state.graph import from_edges, list_edges, reciprocity
from tests.test_graph import assert_valid, same, stances, written

laws = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

shares = st.floats(0.0, 1.0)
DRAWN: dict[str, st.SearchStrategy] = {
    "community": st.builds(
        CommunityGraph,
        mean_following=st.floats(1.0, 40.0),
        reciprocity=shares,
        communities=st.integers(1, 80),
        mixing=shares,
        homophily=shares,
    ),
    "preferential": st.builds(PreferentialAttachment, links=st.integers(1, 6), mutual=st.booleans()),
    "planted": st.builds(
        PlantedPartition,
        mean_following=st.floats(0.0, 40.0),
        communities=st.integers(1, 80),
        mixing=shares,
        homophily=shares,
        mutual=st.booleans(),
    ),
    "small_world": st.builds(SmallWorld, neighbours=st.sampled_from((2, 4, 6)), rewiring=shares),
    "lfr": st.builds(
        LFR,
        mean_following=st.floats(1.0, 12.0),
        max_following=st.floats(12.0, 40.0),
        degree_exponent=st.floats(2.0, 4.0),
        min_community=st.integers(2, 8),
        max_community=st.integers(8, 40),
        community_exponent=st.floats(0.0, 3.0),
        mixing=shares,
        homophily=shares,
    ),
}


@laws
@given(st.one_of(*DRAWN.values()), st.integers(7, 60), st.integers(0, 2**31))
def test_a_drawn_graph_is_valid_repeats_and_keeps_the_stances(rule, size, seed):
    network = rule(rule.size(size), stances(size), seed)
    assert_valid(network.graph, size)
    assert network.stance.shape == network.community.shape == (size,)
    assert network.community.dtype == np.int32
    assert network.community.min() >= 0
    assert np.array_equal(np.sort(network.stance), np.sort(stances(size))), "moved perhaps, never changed"
    assert same(network, rule(size, stances(size), seed))
    assert all("\n" not in note for note in network.notes)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("rule", [PlantedPartition(), PlantedPartition(mutual=False), LFR()])
def test_very_few_people(rule, size):
    assert_valid(rule(size, stances(size), 0).graph, size)


@pytest.mark.parametrize(
    "rule",
    [
        CommunityGraph(),
        PreferentialAttachment(),
        PlantedPartition(),
        PlantedPartition(mutual=False),
        SmallWorld(),
        LFR(),
    ],
)
def test_seeds_matter(rule):
    drawn = {rule(200, stances(200), seed).graph.following.tobytes() for seed in range(5)}
    assert len(drawn) == 5


@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize("mixing", [0.0, 0.2, 0.7, 1.0])
def test_planted_partition_has_its_ties_and_its_share_of_them_outside(mutual, mixing):
    rule = PlantedPartition(mean_following=20.0, communities=6, mixing=mixing, mutual=mutual)
    network = rule(1500, stances(1500), 4)
    source, target = list_edges(network.graph)
    leaving = np.mean(network.community[source] != network.community[target])
    assert leaving == pytest.approx(mixing, abs=0.02)
    assert len(source) / 1500 == pytest.approx(20.0, rel=0.03)
    assert np.ptp(np.bincount(network.community)) <= 1
    assert reciprocity(network.graph) == (1.0 if mutual else pytest.approx(0.05, abs=0.05))


@pytest.mark.interpreted
@laws
@given(st.integers(1, 30), st.integers(1, 8), st.sampled_from((0.0, 1.0)), st.sampled_from((0.0, 1.0)), st.booleans())
def test_partition_makes_every_certain_tie_and_no_impossible_one(n, number, inside, outside, mutual):
    number = min(number, n)
    block = np.arange(n) * number // n
    wanted = {
        (one, other)
        for one in range(n)
        for other in range(one if mutual else n)
        if one != other and (inside if block[one] == block[other] else outside)
    }
    source, target = np.empty(len(wanted), np.int32), np.empty(len(wanted), np.int32)
    made = graph_kernels.draw_planted_partition(np.uint64(5), (n, number), inside, outside, mutual, source, target)
    assert made == len(wanted)
    assert set(zip(source.tolist(), target.tolist(), strict=True)) == wanted


@pytest.mark.interpreted
def test_each_tie_of_a_partition_is_as_likely_as_the_others():
    count, worlds = np.zeros((9, 9)), 600
    source, target = np.empty(81, np.int32), np.empty(81, np.int32)
    for world in range(worlds):
        made = graph_kernels.draw_planted_partition(np.uint64(world), (9, 3), 0.6, 0.2, False, source, target)
        count[source[:made], target[:made]] += 1
    inside = np.arange(9)[:, None] // 3 == np.arange(9) // 3
    expected = np.where(inside, 0.6, 0.2) * worlds
    np.fill_diagonal(expected, 0.0)
    assert np.abs(count - expected).max() < 4.5 * np.sqrt(worlds) * 0.5, "binomial, 72 pairs"
    assert count[inside].sum() == pytest.approx(expected[inside].sum(), rel=0.05)


def test_homophily_places_the_stances_along_blocks_and_communities():
    for rule in (PlantedPartition(homophily=1.0, communities=5), LFR(homophily=1.0)):
        network = rule(500, stances(500), 3)
        means = [network.stance[network.community == each] for each in range(network.community.max() + 1)]
        line = sorted(means, key=np.mean)
        assert all(one.max() <= other.min() for one, other in pairwise(line))


@laws
@given(st.integers(7, 80), st.sampled_from((2, 4, 6)), st.integers(0, 1000))
def test_an_unrewired_small_world_is_a_ring_lattice(size, neighbours, seed):
    graph = SmallWorld(neighbours=neighbours, rewiring=0.0)(size, stances(size), seed).graph
    lattice = networkx.watts_strogatz_graph(size, neighbours, 0.0).to_directed()
    assert set(to_networkx(graph).edges) == set(lattice.edges)


@laws
@given(st.integers(7, 80), st.sampled_from((2, 4, 6)), shares, st.integers(0, 1000))
def test_rewiring_keeps_half_of_the_ties_at_their_near_end(size, neighbours, rewiring, seed):
    graph = SmallWorld(neighbours=neighbours, rewiring=rewiring)(size, stances(size), seed).graph
    degree = np.diff(graph.following_start)
    assert reciprocity(graph) == 1.0
    assert degree.min() >= neighbours // 2
    assert degree.sum() <= size * neighbours, "a pair that chooses each other is tied once"


def test_a_small_world_is_rewired_as_often_as_asked_and_as_networkx_does_it():
    ring = {(node, (node + step) % 3000) for node in range(3000) for step in range(-3, 4) if step}
    for rewiring in (0.1, 0.5, 1.0):
        graph = SmallWorld(neighbours=6, rewiring=rewiring)(3000, stances(3000), 2).graph
        kept = len(ring & set(to_networkx(graph).edges)) / len(ring)
        assert kept == pytest.approx(1.0 - rewiring, abs=0.025)
        assert len(graph.following) == pytest.approx(3000 * 6, rel=0.003)
    ours = networkx.Graph(to_networkx(SmallWorld()(1000, stances(1000), 1).graph))
    theirs = networkx.watts_strogatz_graph(1000, 10, 0.1, seed=1)
    assert networkx.average_clustering(ours) == pytest.approx(networkx.average_clustering(theirs), abs=0.03)
    assert np.var(list(dict(ours.degree).values())) == pytest.approx(
        np.var(list(dict(theirs.degree).values())), rel=0.3
    )


@pytest.mark.interpreted
@pytest.mark.parametrize(("rewiring", "impossible"), [(1.0, [0, 1]), (0.2, [0, 2, 9, 10])])
def test_a_rewired_tie_goes_to_anybody_but_friends_with_the_same_chance(rewiring, impossible):
    count, worlds, n = np.zeros(11), 1500, 11
    source, target = np.empty(n * 2, np.int32), np.empty(n * 2, np.int32)
    for world in range(worlds):
        graph_kernels.draw_small_world(np.uint64(world), n, 2, rewiring, source, target)
        if rewiring == 1.0 or target[[1, 19, 20]].tolist() == [2, 0, 0]:  # else they are no friends by the ring
            count[target[0]] += 1
    assert not count[impossible].any(), "itself, where the tie was, friends on the ring"
    rewired = count[3:9]
    assert np.abs(rewired - rewired.mean()).max() < 4.5 * np.sqrt(rewired.mean())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: SmallWorld(neighbours=7), r"graph\.neighbours=7 must be even, half on either side: set .*=6 or 8"),
        (lambda: SmallWorld()(10, stances(10), 0), r"graph\.neighbours=10 needs more than 10 people: set .*=8 or"),
        (lambda: SmallWorld(rewiring=1.5), r"rewiring=1\.5 must lie in \[0, 1\]"),
        (lambda: PlantedPartition(mixing=-0.1), r"mixing=-0\.1 must lie in"),
        (lambda: LFR(mean_following=60.0), r"mean_following=60 is above graph\.max_following=50: raise max_following"),
        (lambda: LFR(min_community=101), r"min_community=101 is above graph\.max_community=100"),
        (lambda: LFR(degree_exponent=0.0), r"degree_exponent=0 needs a smaller graph\.max_following than 50"),
        (lambda: ConfigurationModel().size(9), r"graph=configuration needs a file: set graph\.path=FILE"),
    ],
)
def test_mistakes_are_told_in_one_line(make, told):
    with pytest.raises(InputError, match=told) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_blocks_too_small_for_the_ties_are_noted():
    network = PlantedPartition()(60, stances(60), 1)
    assert "blocks of about 7 people are too small for so many ties: all are made" in network.notes


@pytest.mark.parametrize("mixing", [0.1, 0.3, 0.6])
def test_lfr_mixes_as_asked_over_all_and_for_the_many_and_the_few(mixing):
    network = LFR(mixing=mixing)(2000, stances(2000), 1)
    source, target = list_edges(network.graph)
    leaving = network.community[source] != network.community[target]
    degree = np.diff(network.graph.following_start)
    assert leaving.mean() == pytest.approx(mixing, abs=0.01)
    assert leaving[degree[source] > 30].mean() == pytest.approx(mixing, abs=0.04)
    assert leaving[degree[source] < 15].mean() == pytest.approx(mixing, abs=0.04)
    assert reciprocity(network.graph) == 1.0


@laws
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=30))
def test_inner_ties_of_a_community_are_made_even_by_one_person(drawn):
    inner, community = np.array(drawn).T
    community = np.unique(community, return_inverse=True)[1].astype(np.int32)
    evened = _make_even(inner, community)
    given = np.bincount(community, inner)
    assert evened.min() >= 0
    assert np.array_equal(np.bincount(community, evened), given - given % 2)
    assert np.array_equal(np.bincount(community, evened != inner), given % 2)


def test_lfr_without_mixing_leaves_a_community_for_an_odd_tie_alone():
    network = LFR(mixing=0.0)(2000, stances(2000), 1)
    source, target = list_edges(network.graph)
    leaving = network.community[source] != network.community[target]
    assert leaving.sum() <= network.community.max() + 1


def test_lfr_has_the_degrees_and_communities_of_its_power_laws():
    network = LFR()(4000, stances(4000), 2)
    degree, sizes = np.diff(network.graph.following_start), np.bincount(network.community)
    assert degree.mean() == pytest.approx(20.0, rel=0.03)
    assert degree.max() <= 50
    least = _find_low_end(20.0, 50.0, 2.0)
    assert degree.min() >= np.floor(least) - 3, "but for a few ties given up"
    share = (1.0 / 20.0 - 1.0 / 50.0) / (1.0 / least - 1.0 / 50.0)
    assert np.mean(degree >= 20) == pytest.approx(share, abs=0.03)
    assert sizes.sum() == 4000
    assert sizes.min() >= 19
    assert sizes.max() <= 101
    assert np.mean(sizes) == pytest.approx(80.0 / np.log(5.0), rel=0.2)


@laws
@given(st.floats(2.0, 40.0), st.floats(2.0, 4.0))
def test_the_least_degree_gives_the_mean(mean, exponent):
    least = _find_low_end(mean, 50.0, exponent)
    assert _power_law_mean(least, 50.0, exponent) == pytest.approx(mean, rel=1e-6)
    middles = (np.arange(20_000) + 0.5) / 20_000
    assert _draw_power_law(middles, exponent, least, 50.0).mean() == pytest.approx(mean, rel=2e-3)


@pytest.mark.interpreted
def test_members_fit_their_communities_and_go_anywhere_they_fit():
    eligible, order, worlds = np.array([2, 2, 6, 6, 6, 6]), np.array([4, 1, 0, 2, 3, 5]), 600
    count = np.zeros((6, 3))
    for world in range(worlds):
        community = np.empty(6, np.int32)
        graph_kernels.assign_members(np.uint64(world), eligible, order, np.array([0, 0, 1, 1, 2, 2]), community)
        assert np.bincount(community).tolist() == [2, 2, 2]
        count[np.arange(6), community] += 1
    assert count[[4, 1]].tolist() == [[worlds, 0, 0]] * 2, "who needs a large community gets one"
    assert np.abs(count[[0, 2, 3, 5], 1:] - worlds / 2).max() < 4.5 * np.sqrt(worlds) / 2


def degrees_file(folder: Path, rows: np.ndarray, name: str = "degrees.txt") -> str:
    header = "followers following\n" if rows.shape[1] == 2 else "friends\n"
    return written(folder, header + "".join(" ".join(map(str, row)) + "\n" for row in rows.tolist()), name)


pairs = st.integers(4, 25).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=4 * n)
    )
)


@laws
@given(pairs, st.booleans(), st.integers(0, 100))
def test_the_configuration_model_has_the_degrees_of_its_file_but_for_what_it_drops(tmp_path, case, mutual, seed):
    n, drawn = case
    one, other = np.array(sorted({(min(p), max(p)) if mutual else p for p in drawn if p[0] != p[1]} | {(0, 1)})).T
    followers, following = np.bincount(other, minlength=n), np.bincount(one, minlength=n)
    rows = (followers + following)[:, None] if mutual else np.stack((followers, following), axis=1)
    rule = ConfigurationModel(path=degrees_file(tmp_path, rows, f"{hash((n, tuple(drawn), mutual))}"))
    assert rule.size(2000) == n
    network = rule(n, stances(n), seed)
    assert_valid(network.graph, n)
    assert same(network, rule(n, stances(n), seed))
    missing = rows[:, -1] - np.diff(network.graph.following_start), rows[:, 0] - np.diff(network.graph.followers_start)
    assert min(missing[0].min(), missing[1].min()) >= 0
    dropped = next((int(note.split()[0]) for note in network.notes if "dropped" in note), 0)
    assert missing[0].sum() == missing[1].sum() == dropped * (2 if mutual else 1)
    assert len(network.graph.following) >= 0.6 * rows[:, 0].sum()


@pytest.mark.parametrize("columns", [1, 2])
def test_degrees_with_a_heavy_tail_are_met(tmp_path, columns):
    wanted = np.diff(PreferentialAttachment(links=4)(800, stances(800), 1).graph.following_start)
    rows = wanted[:, None] if columns == 1 else np.stack((wanted, np.roll(wanted, 7)), axis=1)
    rule = ConfigurationModel(path=degrees_file(tmp_path, rows))
    graphs = [rule(800, stances(800), seed).graph for seed in range(4)]
    assert len({graph.following.tobytes() for graph in graphs}) == 4, "seeds matter"
    for graph in graphs:
        assert np.array_equal(np.diff(graph.followers_start), rows[:, 0])
        assert np.array_equal(np.diff(graph.following_start), rows[:, -1])
        assert (reciprocity(graph) == 1.0) == (columns == 1)


DEGREES = {
    "2 1\n1 1\n0 1\n": "read as followers, following",
    "2,1\n1,1\n0,1\n": "read as followers, following",
    "# degrees\nfollowers following\n2 1\n1 1\n0 1\n": "header, columns followers and following",
    "2 1 x\n1 1 y\n0 1 z\n": "further columns ignored",
    "\ufeffid;following;followers\n7;1;2,0\n8;1;1\n9;1;0\n": "semicolon-separated",
    "sep=;\r\nfollowers;following\r\n2;1\r\n1;1\r\n0;1\r\n": "header, columns followers and following",
    ",followers,following\n0,2,1\n1,1,1\n2,0,1\n": "header, columns followers and following",
    "name,out_degree,in_degree\nann,1.0,2.0\nbob,1.0,1.0\ncy,1.0,0.0\n": "columns in_degree and out_degree",
    "user\tfriends_count\tfollowers_count\na\t1\t2\nb\t1\t1\nc\t1\t0\n": "columns followers_count and friends_count",
    "1,2,1,x\n2,1,1,y\n3,0,1,z\n": "the 1st column is a row number",
}


@pytest.mark.parametrize("content", DEGREES)
def test_degree_files_in_every_format(tmp_path, content):
    for packed in (content.encode(), content.encode("utf-16"), gzip.compress(content.encode())):
        found = degree_files.read_degrees(written(tmp_path, packed))
        assert (found.followers.tolist(), found.following.tolist(), found.mutual) == ([2, 1, 0], [1, 1, 1], False)
        assert any(DEGREES[content] in note for note in found.notes)


@pytest.mark.parametrize(
    "content", ["degree\n1\n2\n1\n", "1\n2\n1\n", "0,1\n1,2\n2,1\n", "id,n_friends\nu,1\nv,2\nw,1\n"]
)
def test_one_number_a_person_is_friends(tmp_path, content):
    found = degree_files.read_degrees(written(tmp_path, content))
    assert (found.followers.tolist(), found.mutual) == ([1, 2, 1], True)
    assert found.notes[-1] == "one number a person: friends, who follow one another"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no line of data"),
        ("degree\n", "holds no line of data"),
        ("0\n0\n", "is an empty graph"),
        ("1\n2\n", "2 ties are more than 1 others"),
        ("1\n1\n1\n", "friends sum to 3, which is odd"),
        ("1 1\n1 0\n", "followers sum to 2, following to 1: make them the same"),
        ("1 1\n1\n", r", 1: as many numbers as in the first line \(2\) are needed"),
        ("1\n1 1\n", r", 1 1: as many numbers as in the first line \(1\)"),
        ("1\n-1\n", ": -1 must be whole numbers of at least 0"),
        ("1\nmany\n", ": many must be whole numbers"),
        (
            "0,1,1\n1,1,1\n2,1,1\n",
            "the 1st column may be a row number, as it counts: name the columns in its first line",
        ),
        ("a,b\n1,2\n2,1\n", "has the columns a, b: name the columns in its first line: followers,following or friends"),
        ("followers\n1\n1\n", "has the columns followers: name the columns"),
        ("followers,following\n5,1,1\n3,1,1\n", "cells in its lines: save it as CSV, and name the columns"),
        (b"1\x00", "is not text"),
        (b"\x1f\x8b123", r"damaged \.gz"),
    ],
)
def test_bad_degrees_are_told_in_one_line(tmp_path, content, told):
    with pytest.raises(InputError, match=told) as caught:
        ConfigurationModel(path=written(tmp_path, content)).size(9)
    assert str(caught.value).startswith("graph.path=")
    assert "\n" not in str(caught.value)


def test_a_wrong_size_is_a_mistake_of_the_programmer(tmp_path):
    with pytest.raises(ValueError, match="file of 2 people"):
        ConfigurationModel(path=written(tmp_path, "1\n1\n"))(3, stances(3), 0)


@pytest.mark.interpreted
@laws
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30), st.booleans(), st.integers(0, 99))
def test_simple_keeps_degrees_and_leaves_a_simple_graph(drawn, mutual, key):
    source, target = np.array(drawn, np.int64).reshape(-1, 2).T
    group = np.sort(np.arange(len(source)) % 2)
    community = np.arange(8) % 3
    tangled = stubs.Multigraph(source.copy(), target.copy(), group, community, 1, mutual)
    one, other, lost = stubs.remove_conflicts(np.uint64(key), tangled)
    assert len(one) + lost == len(source)
    assert np.array_equal(tangled.source, source), "its input stays"
    assert (one != other).all()
    found = [(min(p), max(p)) if mutual else p for p in zip(one.tolist(), other.tolist(), strict=True)]
    assert len(set(found)) == len(found)
    if mutual:
        before, after = np.bincount(np.concatenate((source, target)), minlength=8), np.concatenate((one, other))
        assert (np.bincount(after, minlength=8) <= before).all()
    else:
        assert (np.bincount(one, minlength=8) <= np.bincount(source, minlength=8)).all()
        assert (np.bincount(other, minlength=8) <= np.bincount(target, minlength=8)).all()
    if not (group == 0).any():
        assert (community[one] != community[other]).all()


@pytest.mark.interpreted
def test_edges_that_must_leave_their_community_do():
    people = np.repeat(np.arange(12), 3)
    ends = stubs.pair_stubs(np.uint64(3), people, np.ones(36, np.int64))
    source, target, lost = stubs.remove_conflicts(np.uint64(3), stubs.Multigraph(*ends, np.arange(12) % 3, 1, True))
    assert lost == 0
    assert (source % 3 != target % 3).all()
    assert np.bincount(np.concatenate((source, target))).tolist() == [3] * 12


@pytest.mark.interpreted
def test_of_equal_edges_without_an_exchange_one_stays():
    same_way = stubs.Multigraph(
        np.array([0, 0]), np.array([1, 1]), np.zeros(2, np.int64), np.zeros(2, np.int64), -1, False
    )
    assert stubs.remove_conflicts(np.uint64(1), same_way)[2] == 1
    loops = stubs.Multigraph(np.array([0, 1]), np.array([0, 1]), np.zeros(2, np.int64), np.zeros(2, np.int64), -1, True)
    assert stubs.remove_conflicts(np.uint64(1), loops)[2] == 1


GIVEN: dict[str, Callable[[str, networkx.DiGraph], GraphFile | NetworkxGraph]] = {
    "file": lambda path, graph: GraphFile(path=path),
    "networkx": lambda path, graph: NetworkxGraph(graph),
}


@pytest.mark.parametrize("kind", GIVEN)
@laws
@given(case=pairs, seed=st.integers(0, 100))
def test_a_given_graph_is_valid_and_repeats(tmp_path, kind, case, seed):
    _, drawn = case
    graph = networkx.DiGraph([(0, 1), *drawn])
    path = written(tmp_path, "".join(f"{a} {b}\n" for a, b in graph.edges), f"{hash(tuple(drawn))}.edges")
    rule = GIVEN[kind](path, graph)
    size = rule.size(5)
    network = rule(size, stances(size), seed)
    assert size == len(graph)
    assert_valid(network.graph, size)
    assert same(network, rule(size, stances(size), seed))
    assert len(network.graph.following) == sum(one != other for one, other in graph.edges)
    assert np.array_equal(np.sort(network.stance), np.sort(stances(size)))


@pytest.mark.parametrize("size", [1, 2])
def test_a_graph_of_one_or_two_says_what_is_undefined(size: int) -> None:
    graph = from_edges(np.zeros(0, np.int64), np.zeros(0, np.int64), size)
    assert describe_network(graph, np.zeros(size)) == (
        f"{size} nodes, 0 edges, reciprocity undefined, stance assortativity undefined",
    )
