"""Laws of graphs: valid rows in both directions, keyed draws, the measures a builder promises, files and mistakes."""

import gzip
import math
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.errors import InputError
from sim.people import graph_files, wiring
from sim.people.given_graphs import GraphFile
from sim.people.networks import CommunityGraph, PreferentialAttachment, SocialNetwork
from sim.state.graph import Graph, assortativity, extend_graph, from_edges, list_edges, reciprocity

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
quick = settings(max_examples=25, deadline=None)


def stances(n: int) -> np.ndarray:
    return 2.0 * wiring.uniforms(np.uint64(20), n) - 1.0


def assert_valid(graph: Graph, n: int) -> None:
    """Check every law of `Graph`, by plain sets."""
    sides = ((graph.following_start, graph.following), (graph.followers_start, graph.followers))
    pairs = []
    for start, column in sides:
        assert start.dtype == np.int64
        assert column.dtype == np.int32
        assert len(start) == n + 1
        assert start[0] == 0
        assert start[-1] == len(column)
        rows = np.split(column, start[1:-1])
        for number, row in enumerate(rows):
            assert (np.diff(row) > 0).all(), "a row ascends, so it has no duplicate"
            assert number not in row, "no self-loop"
        assert not len(column) or (column.min() >= 0 and column.max() < n)
        pairs.append({(number, int(other)) for number, row in enumerate(rows) for other in row})
    assert pairs[0] == {(source, target) for target, source in pairs[1]}


def same(first: SocialNetwork, second: SocialNetwork) -> bool:
    graphs = all(
        getattr(first.graph, side).tobytes() == getattr(second.graph, side).tobytes() for side in Graph._fields
    )
    people = first.stance.tobytes() == second.stance.tobytes() and np.array_equal(first.community, second.community)
    return graphs and people


edge_lists = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n), arrays(np.int64, st.tuples(st.integers(0, 60), st.just(2)), elements=st.integers(0, n - 1))
    )
)


@quick
@given(edge_lists)
def test_from_edges_is_the_set_of_pairs_without_loops(case):
    n, pairs = case
    graph = from_edges(pairs[:, 0], pairs[:, 1], n)
    assert_valid(graph, n)
    source, target = list_edges(graph)
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == sorted(
        {(a, b) for a, b in pairs.tolist() if a != b}
    )


@quick
@given(edge_lists)
def test_measures_agree_with_networkx(case):
    n, pairs = case
    graph = from_edges(pairs[:, 0], pairs[:, 1], n)
    source, target = list_edges(graph)
    other = networkx.DiGraph()
    other.add_nodes_from((node, {"value": float(node % 5)}) for node in range(n))
    other.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    value = np.arange(n) % 5.0
    if not len(source):
        assert math.isnan(reciprocity(graph))
        assert math.isnan(assortativity(graph, value))
        return
    assert reciprocity(graph) == pytest.approx(networkx.overall_reciprocity(other))
    if np.ptp(value[source]) == 0 or np.ptp(value[target]) == 0:
        assert math.isnan(assortativity(graph, value))
    else:
        assert assortativity(graph, value) == pytest.approx(np.corrcoef(value[source], value[target])[0, 1], abs=1e-12)
        expected = networkx.numeric_assortativity_coefficient(other, "value")
        assert assortativity(graph, value) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("source", "target"), [([0, 3], [1, 1]), ([0], [-1]), ([0, 1], [1]), ([[0]], [[1]])])
def test_from_edges_rejects_what_is_no_edge(source, target):
    with pytest.raises(ValueError, match=r"must"):
        from_edges(source, target, 3)


@quick
@given(edge_lists, st.data())
def test_extended_leaves_organic_rows_alone(case, data):
    old, pairs = case
    graph = from_edges(pairs[:, 0], pairs[:, 1], old)
    n = old + data.draw(st.integers(0, 4))
    anyone, appended = st.integers(0, n - 1), st.integers(old, max(old, n - 1))
    added = (
        data.draw(st.lists(st.tuples(anyone, appended) | st.tuples(appended, anyone), max_size=30)) if n > old else []
    )
    source, target = np.array(added, np.int64).reshape(-1, 2).T
    longer = extend_graph(graph, source, target, n)
    assert_valid(longer, n)
    everything = np.concatenate((pairs, np.array(added, np.int64).reshape(-1, 2)))
    expected = from_edges(everything[:, 0], everything[:, 1], n)
    for side in Graph._fields:
        assert np.array_equal(getattr(longer, side), getattr(expected, side))
    for row in range(old):
        now = longer.following[longer.following_start[row] : longer.following_start[row + 1]]
        before = graph.following[graph.following_start[row] : graph.following_start[row + 1]]
        assert np.array_equal(now[: len(before)], before)
        assert (now[len(before) :] >= old).all()


def test_extended_rejects_organic_edges_and_shrinking():
    graph = from_edges([0, 1], [1, 2], 3)
    with pytest.raises(ValueError, match="appended row"):
        extend_graph(graph, [0, 3], [2, 0], 4)
    with pytest.raises(ValueError, match="shrink"):
        extend_graph(graph, [], [], 2)


builders = st.one_of(
    st.builds(
        CommunityGraph,
        mean_following=st.floats(1.0, 40.0),
        reciprocity=st.floats(0.0, 1.0),
        communities=st.integers(1, 80),
        mixing=st.floats(0.0, 1.0),
        homophily=st.floats(0.0, 1.0),
    ),
    st.builds(PreferentialAttachment, links=st.integers(1, 6), mutual=st.booleans()),
)


@quick
@given(builders, st.integers(7, 60), st.integers(0, 2**31))
def test_builders_give_valid_graphs_that_repeat(rule, size, seed):
    network = rule(rule.size(size), stances(size), seed)
    assert_valid(network.graph, size)
    assert network.stance.shape == network.community.shape == (size,)
    assert network.community.min() >= 0
    assert network.community.dtype == np.int32
    assert np.array_equal(network.stance, stances(size))
    assert same(network, rule(size, stances(size), seed))


@pytest.mark.parametrize("rule", [CommunityGraph(), PreferentialAttachment(), PreferentialAttachment(mutual=False)])
def test_seed_matters(rule):
    assert not np.array_equal(rule(200, stances(200), 1).graph.following, rule(200, stances(200), 2).graph.following)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_community_graph_of_very_few(size):
    assert_valid(CommunityGraph()(size, stances(size), 0).graph, size)


@pytest.mark.parametrize("target", [0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
def test_reciprocity_meets_its_target(target):
    network = CommunityGraph(mean_following=25.0, reciprocity=target)(2000, stances(2000), 3)
    assert reciprocity(network.graph) == pytest.approx(target, abs=0.03)
    assert len(network.graph.following) / 2000 == pytest.approx(25.0, rel=0.2)


def test_homophily_raises_assortativity_from_nothing():
    found = []
    for homophily in (0.0, 0.35, 0.7, 1.0):
        networks = [CommunityGraph(homophily=homophily)(2000, stances(2000), seed) for seed in range(3)]
        found.append(np.mean([assortativity(network.graph, network.stance) for network in networks]))
    assert abs(found[0]) < 0.03
    assert found == sorted(found)
    assert np.diff(found).min() > 0.05
    assert 0.2 <= found[2] <= 0.4, "the default is gentle"


def test_mixing_is_the_share_of_edges_that_leave_the_community_where_it_is_not_exhausted():
    for mixing in (0.0, 0.3, 1.0):
        network = CommunityGraph(mixing=mixing, fame=0.0, spread=0.8)(4000, stances(4000), 5)
        source, target = list_edges(network.graph)
        leaving = np.mean(network.community[source] != network.community[target])
        assert leaving == pytest.approx(mixing, abs=0.04)


def test_communities_are_of_equal_size_and_sorted_by_stance_at_full_homophily():
    network = CommunityGraph(communities=7, homophily=1.0)(1000, stances(1000), 1)
    counts = np.bincount(network.community)
    assert len(counts) == 7
    assert np.ptp(counts) <= 1
    in_order = network.community[np.argsort(network.stance)]
    assert (np.diff(in_order) >= 0).all()


def top_share(graph: Graph) -> float:
    followers = np.sort(np.diff(graph.followers_start))
    return followers[-len(followers) // 100 :].sum() / followers.sum()


@pytest.mark.parametrize("rule", [CommunityGraph(), PreferentialAttachment(), PreferentialAttachment(mutual=False)])
def test_followers_are_heavy_tailed(rule):
    graph = rule(3000, stances(3000), 2).graph
    ends = wiring.uniforms(np.uint64(1), 2 * len(graph.following)) * 3000
    source, target = ends.astype(np.int64).reshape(2, -1)
    even = from_edges(source, target, 3000)
    assert top_share(graph) > 3.0 * top_share(even)


def test_a_lower_tail_exponent_is_heavier():
    shares = [top_share(CommunityGraph(tail=tail, fame=0.0)(3000, stances(3000), 2).graph) for tail in (4.0, 2.0, 1.2)]
    assert shares == sorted(shares)
    assert shares[2] > 1.5 * shares[0]


def test_fame_leaves_most_people_with_few_followers() -> None:
    """Followers of the 90th percentile over the median: about 2 without, 11 to 25 in data."""
    ratios = []
    for fame in (0.0, 1.0, 2.5):
        graph = CommunityGraph(mean_following=20.0, fame=fame, reciprocity=0.2)(4000, stances(4000), 2).graph
        followers = np.diff(graph.followers_start)
        assert followers.mean() == pytest.approx(20.0, rel=0.1)
        ratios.append(np.quantile(followers, 0.9) / np.median(followers))
    assert ratios[0] < 3.0 < ratios[1] < 7.0 < ratios[2]


def test_preferential_attachment_has_the_links_of_the_paper():
    network = PreferentialAttachment(links=4)(500, stances(500), 8)
    assert len(network.graph.following) == 2 * 4 * (500 - 4), "a star of 5, then 4 distinct links each"
    assert reciprocity(network.graph) == 1.0
    directed = PreferentialAttachment(links=4, mutual=False)(500, stances(500), 8)
    assert (np.diff(directed.graph.following_start)[4:] == 4).all()
    source, target = list_edges(directed.graph)
    assert (source > target).all()
    assert reciprocity(directed.graph) == 0.0


def test_indexed_inversion_draws_by_weight():
    weights = np.array([1.0, 0.5, 4.0, 2.5])
    order = np.array([2, 0, 3, 1])
    cumulative, guide = wiring.build_index(weights, order)
    for value in np.linspace(0.0, 7.999, 97):
        place = wiring._find_place(value, cumulative, guide)
        assert cumulative[place] <= value < cumulative[place + 1]
    assert cumulative.tolist() == [0.0, 4.0, 5.0, 7.5, 8.0]


def test_too_few_people_for_the_links():
    with pytest.raises(InputError, match=r"graph\.links=12 needs a population above 12, not 12: set graph\.links=11"):
        PreferentialAttachment()(12, stances(12), 0)


@pytest.mark.parametrize(
    ("rule", "wrong", "told"),
    [
        (CommunityGraph, {"reciprocity": 1.2}, r"reciprocity=1\.2 must lie in \[0, 1\]"),
        (CommunityGraph, {"tail": 0.9}, r"tail=0\.9 must lie in"),
        (CommunityGraph, {"communities": 0}, r"communities=0 must lie in"),
        (PreferentialAttachment, {"links": 0}, r"links=0 must lie in"),
        (GraphFile, {"edges": "undirectd"}, r"did you mean undirected"),
        (GraphFile, {"stance": "columns"}, r"did you mean column"),
    ],
)
def test_parameters_out_of_range(rule, wrong, told):
    with pytest.raises(InputError, match=told):
        rule(**wrong)


def written(folder: Path, content: str | bytes, name: str = "g.edges") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    "content", ["b a\na c\nc b\n", "b,a,3\na , c,1\nc,b,2\n", "source\ttarget\nb\ta\na\tc\nc\tb\n"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_edges_in_every_format(tmp_path, content, packed):
    path = written(tmp_path, gzip.compress(content.encode()) if packed else content)
    found = graph_files.read_edge_list(path, "auto")
    assert found.labels == ("a", "b", "c")
    assert [ends.tolist() for ends in list_edges(found.graph)] == [[0, 1, 2], [2, 0, 1]]
    assert ("further columns (weights) not used" in found.notes[0]) == ("," in content)
    assert ("header, columns source (1st) and target (2nd)" in found.notes[0]) == ("source" in content)


def test_numbers_are_ordered_as_numbers_and_text_as_text(tmp_path):
    assert graph_files.read_edge_list(written(tmp_path, "10 9\n9 100\n", "a"), "auto").labels == ("9", "10", "100")
    assert graph_files.read_edge_list(written(tmp_path, "10 9\n9 x\n", "b"), "auto").labels == ("10", "9", "x")
    assert graph_files.read_edge_list(written(tmp_path, "07 7\n", "c"), "auto").labels == ("07", "7"), (
        "not the same node"
    )


def test_direction_is_asked_or_read_from_the_comment(tmp_path):
    plain, said = written(tmp_path, "1 2\n", "a"), written(tmp_path, "# Undirected graph\n1 2\n", "b")
    late = written(tmp_path, "1 2\n# undirected\n2 3\n", "c")
    assert [reciprocity(graph_files.read_edge_list(path, "auto").graph) for path in (plain, said, late)] == [
        0.0,
        1.0,
        0.0,
    ]
    assert reciprocity(graph_files.read_edge_list(plain, "undirected").graph) == 1.0
    assert reciprocity(graph_files.read_edge_list(said, "directed").graph) == 0.0
    assert any("as its comment says" in note for note in graph_files.read_edge_list(said, "auto").notes)
    assert any("graph.edges=undirected" in note for note in graph_files.read_edge_list(plain, "auto").notes)


def test_what_is_ignored_is_noted(tmp_path):
    found = graph_files.read_edge_list(written(tmp_path, "1 1\n1 2\n1 2\n2 1\n\n# end\n"), "undirected")
    assert "; 2 repeated ties and 1 tie to oneself dropped" in found.notes[0]
    assert len(found.graph.following) == 2


def test_a_changed_file_is_read_again(tmp_path):
    path = written(tmp_path, "1 2\n")
    first = graph_files.read_edge_list(path, "auto")
    assert graph_files.read_edge_list(path, "auto") is first
    written(tmp_path, "1 2\n2 3\n")
    assert len(graph_files.read_edge_list(path, "auto").labels) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", r"holds no line of data"),
        ("# only a comment\n", r"holds no line of data"),
        ("1 1\n2 2\n", r"is an empty graph"),
        ("source target\n", r"is an empty graph"),
        ("1\n2\n", r"no line with two names"),
        (b"1 2\x00\n", r"is not text"),
        (b"\xff\xfe\x31\x32\x33", r"is not text"),
        (gzip.compress(b"1 2\n2 3\n", mtime=0)[:-9], r"damaged \.gz"),
        (gzip.compress(b"1 2\n2 3\n", mtime=0)[:12] + b"xxxxxxxxxxxxxxxx", r"damaged \.gz"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, content, told):
    rule = GraphFile(path=written(tmp_path, content))
    with pytest.raises(InputError, match=told) as caught:
        rule.size(2000)
    assert str(caught.value).startswith("graph.path=")
    assert "\n" not in str(caught.value)


def test_missing_files_are_told_in_one_line(tmp_path):
    with pytest.raises(InputError, match=r"graph=file needs a file: set graph\.path=FILE"):
        GraphFile().size(2000)
    with pytest.raises(InputError, match=r"cannot be opened \(No such file or directory\): set graph\.path=FILE"):
        GraphFile(path=str(tmp_path / "none")).size(2000)
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        GraphFile(path=str(tmp_path)).size(2000)


CYCLE = "a b\nb c\nc a\n"


def test_stances_from_a_column(tmp_path):
    path = written(tmp_path, CYCLE)
    column = written(tmp_path, "node,stance\nc,-1\na,0.5\nz,0\nb,1\n", "s.csv")
    network = GraphFile(path=path, stance="column", stance_path=column)(3, np.zeros(3), 1)
    assert network.stance.tolist() == [0.5, 1.0, -1.0]
    assert "stances of 1 nodes outside the graph ignored" in network.notes


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a 0\nb 0\n", r"no stance for 1 of 3 nodes \(c\): add them"),
        ("a 0\nb 0\nc 2\n", r"stance 2 of node c must be a number in \[-1, 1\]"),
        ("a 0\nb nan\nc 0\n", r"stance nan of node b"),
        ("a 0\nb much\nc 0\n", r"stance much of node b"),
        ("a 0\nb 0\nc 0\na 1\n", r"names node a twice"),
        ("a\n", r"s, a: two columns are needed"),
        ("", r"holds no line of data"),
    ],
)
def test_bad_stances_are_told_in_one_line(tmp_path, content, told):
    rule = GraphFile(path=written(tmp_path, CYCLE), stance="column", stance_path=written(tmp_path, content, "s"))
    with pytest.raises(InputError, match=told) as caught:
        rule(3, np.zeros(3), 1)
    assert str(caught.value).startswith("graph.stance_path=")
    assert "\n" not in str(caught.value)


def test_missing_stances_are_told_in_one_line(tmp_path):
    path = written(tmp_path, CYCLE)
    with pytest.raises(InputError, match=r"needs a file of node and stance: set graph\.stance_path=FILE"):
        GraphFile(path=path, stance="column")(3, np.zeros(3), 1)
    with pytest.raises(InputError, match=r"graph\.stance_path=.*none cannot be opened"):
        GraphFile(path=path, stance="column", stance_path=str(tmp_path / "none"))(3, np.zeros(3), 1)
    with pytest.raises(ValueError, match="file of 3 nodes"):
        GraphFile(path=path)(4, np.zeros(4), 1)


def two_cliques(folder: Path) -> str:
    pairs = [(side + a, side + b) for side in (0, 20) for a in range(20) for b in range(a)]
    return written(folder, "# undirected\n" + "".join(f"{a} {b}\n" for a, b in [*pairs, (0, 20)]))


def test_stances_along_communities(tmp_path):
    path = two_cliques(tmp_path)
    proposed = stances(40)
    full = GraphFile(path=path, homophily=1.0)(40, proposed, 1)
    assert np.array_equal(np.sort(full.stance), np.sort(proposed)), "the same people, placed otherwise"
    assert full.community.tolist() == [0] * 20 + [1] * 20
    lower, upper = sorted((full.stance[:20], full.stance[20:]), key=np.mean)
    assert lower.max() <= upper.min(), "each community is of one mind"
    leans = {
        bool(GraphFile(path=path, homophily=1.0)(40, proposed, seed).stance[0] > np.median(proposed))
        for seed in range(9)
    }
    assert leans == {True, False}, "which community holds which view is a matter of the seed"
    assert same(full, GraphFile(path=path, homophily=1.0)(40, proposed, 1))
    found = [GraphFile(path=path, homophily=share)(40, proposed, seed) for share in (0.0, 1.0) for seed in range(20)]
    measured = np.reshape([assortativity(network.graph, network.stance) for network in found], (2, 20)).mean(axis=1)
    assert abs(measured[0]) < 0.1
    assert measured[1] > 0.5


def test_random_stances_stay_as_proposed(tmp_path):
    path = two_cliques(tmp_path)
    network = GraphFile(path=path, stance="random")(40, stances(40), 1)
    assert np.array_equal(network.stance, stances(40))
    assert not network.community.any()
    assert same(network, GraphFile(path=path, stance="random")(40, stances(40), 2)), "the file decides all else"


@pytest.mark.parametrize(
    ("name", "nodes", "number", "mutual"),
    [
        ("ego_facebook", 4039, 2 * 88234, True),
        ("congress_twitter", 475, 13289, False),
        ("simsom_growth_1050", 1050, 31420, False),
    ],
)
def test_shared_files(name, nodes, number, mutual):
    path = SHARED / f"{name}.edges.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in ../shared/data")
    rule = GraphFile(path=str(path))
    assert rule.size(2000) == nodes
    network = rule(nodes, stances(nodes), 1)
    assert len(network.graph.following) == number
    assert (reciprocity(network.graph) == 1.0) == mutual
    assert ("weights" in network.notes[0]) == (name == "congress_twitter")
    sorted_by = [GraphFile(path=str(path), homophily=share)(nodes, stances(nodes), 1) for share in (0.0, 1.0)]
    without, full = (assortativity(placed.graph, placed.stance) for placed in sorted_by)
    assert abs(without) < 0.06
    assert full > without + 0.05
