"""networkx objects, GraphML and GML, in and out: the same graph, the same notes, the same mistakes."""

import gzip
from dataclasses import replace
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings

from sim.errors import InputError
from sim.people.given_graphs import GraphFile, NetworkxGraph
from sim.people.graph_files import read_graph_file
from sim.people.networkx_graphs import from_networkx, to_networkx, write_graphml
from sim.state.graph import Graph, from_edges, list_edges, reciprocity
from sim.world import World
from tests.test_graph import assert_valid, edge_lists, same, stances
from tests.worlds import LIVELY

quick = settings(max_examples=25, deadline=None)


def equal(one: Graph, other: Graph) -> bool:
    return all(np.array_equal(getattr(one, side), getattr(other, side)) for side in Graph._fields)


@quick
@given(edge_lists)
def test_to_networkx_and_back_is_the_same_graph(case):
    n, ends = case
    graph = from_edges([0, *ends[:, 0]], [1, *ends[:, 1]], n + 1)
    made = to_networkx(graph, stance=stances(n + 1))
    assert len(made) == n + 1, "those without an edge too"
    back = from_networkx(made)
    assert equal(back.graph, graph)
    network = NetworkxGraph(made)(n + 1, np.zeros(n + 1), 1)
    assert_valid(network.graph, n + 1)
    assert np.array_equal(network.stance, stances(n + 1))
    assert "stances are the node attribute stance" in network.notes


def test_columns_are_plain_values_and_must_be_as_long_as_the_graph():
    made = to_networkx(from_edges([0], [1], 2), stance=np.array([0.5, -1.0]), role=[3, 4])
    assert dict(made.nodes(data=True)) == {0: {"stance": 0.5, "role": 3}, 1: {"stance": -1.0, "role": 4}}
    with pytest.raises(ValueError, match=r"column stance has shape \(3,\), not \(2,\)"):
        to_networkx(from_edges([0], [1], 2), stance=np.zeros(3))


def test_friendships_become_follows_both_ways_and_rows_keep_the_order_of_nodes():
    found = from_networkx(networkx.Graph([("c", "a"), ("a", "b")]))
    assert found.labels == ("c", "a", "b")
    assert [ends.tolist() for ends in list_edges(found.graph)] == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert found.notes == ("read as undirected, as the graph is: each tie counts both ways",)
    directed = from_networkx(networkx.DiGraph([("c", "a"), ("a", "b")]))
    assert [ends.tolist() for ends in list_edges(directed.graph)] == [[0, 1], [1, 2]]


def test_what_is_ignored_is_noted():
    graph = networkx.MultiDiGraph([(0, 1, {"weight": 2.0}), (0, 1, {"weight": 1.0, "kind": "x"}), (1, 1), (1, 0)])
    notes = from_networkx(graph).notes
    assert "1 repeated tie and 1 tie to oneself dropped" in notes
    assert "attributes of ties (weights) not used: kind, weight" in notes


def test_stances_of_a_networkx_graph():
    graph = networkx.karate_club_graph()
    proposed = stances(34)
    assert not NetworkxGraph(graph, stance="random")(34, proposed, 1).community.any()
    placed = NetworkxGraph(graph)(34, proposed, 1)
    assert np.array_equal(np.sort(placed.stance), np.sort(proposed))
    assert any("Louvain communities" in note for note in placed.notes)
    assert placed.community.max() > 0
    networkx.set_node_attributes(graph, {node: 1.0 if node < 17 else -1.0 for node in graph}, "leaning")
    rule = NetworkxGraph(graph, column="leaning")
    assert rule(34, proposed, 1).stance.tolist() == [1.0] * 17 + [-1.0] * 17
    communities = replace(rule, stance="communities")(34, proposed, 2)
    assert np.array_equal(np.sort(communities.stance), np.sort(proposed))
    graph.remove_edge(0, 1)
    graph.nodes[0]["leaning"] = 0.0
    assert len(rule(34, proposed, 1).graph.following) == 2 * 78, "as it was when the rule was made"
    assert rule(34, proposed, 1).stance[0] == 1.0


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: NetworkxGraph([(0, 1)]), "NetworkxGraph.graph is of type list: a networkx graph is needed"),
        (lambda: NetworkxGraph(networkx.Graph()), "NetworkxGraph.graph is an empty graph"),
        (lambda: NetworkxGraph(networkx.Graph([(0, 0)])), "NetworkxGraph.graph is an empty graph"),
        (lambda: NetworkxGraph(networkx.path_graph(3), stance="colum"), "did you mean column"),
        (
            lambda: NetworkxGraph(networkx.path_graph(3), stance="column")(3, np.zeros(3), 1),
            r"NetworkxGraph.graph has no stance for 3 of 3 nodes \(0, 1, 2\): add them",
        ),
    ],
)
def test_mistakes_with_networkx_graphs(make, told):
    with pytest.raises(InputError, match=told):
        make()


@pytest.mark.parametrize(
    ("value", "told"), [(2, "stance 2 of node b"), ("x", "stance x of node b"), (None, "no stance")]
)
def test_bad_node_attributes_are_told(value, told):
    graph = networkx.DiGraph([("a", "b")])
    networkx.set_node_attributes(graph, {"a": 0.5, "b": value}, "stance")
    with pytest.raises(InputError, match=told):
        NetworkxGraph(graph)(2, np.zeros(2), 1)
    with pytest.raises(ValueError, match="file of 2 nodes"):
        NetworkxGraph(graph)(3, np.zeros(3), 1)


def test_a_world_on_a_networkx_graph_goes_out_again(tmp_path):
    setting = replace(LIVELY, graph=NetworkxGraph(networkx.karate_club_graph()), army=replace(LIVELY.army, size=4))
    world = World(setting, rng=1)
    world.run(2)
    assert world.n_organic == 34
    assert "attributes of ties (weights) not used: weight" in world.notes
    stance = world.accounts.stance_principal
    write_graphml(tmp_path / "world.graphml.gz", world.graph, stance=stance, role=world.role)
    again = GraphFile(path=str(tmp_path / "world.graphml.gz"), stance="column")
    network = again(again.size(0), np.zeros(len(stance)), 1)
    assert np.array_equal(network.stance, stance)
    assert np.array_equal(np.diff(network.graph.followers_start), np.diff(world.graph.followers_start))
    assert len(network.graph.following) == len(world.graph.following)


def saved(folder: Path, graph: networkx.Graph, name: str) -> str:
    path = folder / name
    writer = networkx.write_gml if ".gml" in name else networkx.write_graphml_xml
    writer(graph, path)
    return str(path)


NAMES = ["g.graphml", "g.graphml.gz", "g.gml", "g.gml.gz"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [networkx.Graph, networkx.DiGraph, networkx.MultiDiGraph])
def test_every_format_gives_the_graph_of_the_object(tmp_path, name, kind):
    graph = kind([("b", "a"), ("a", "c"), ("c", "b"), ("b", "b")])
    graph.add_node("d")
    networkx.set_node_attributes(graph, {"a": 0.25, "b": -1.0, "c": 1.0, "d": 0.0}, "stance")
    networkx.set_edge_attributes(graph, 2.5, "weight")
    path = saved(tmp_path, graph, name)
    found, wanted = read_graph_file(path, "auto"), from_networkx(graph)
    assert equal(found.graph, wanted.graph)
    assert found.labels == wanted.labels == ("b", "a", "c", "d")
    assert found.notes[1:] == ("attributes of ties (weights) not used: weight",)
    assert found.notes[0].startswith(f"read 4 people and 3 ties from {name.removesuffix('.gz')}: G")
    assert found.notes[0].endswith("; 1 tie to oneself dropped")
    assert ("undirected" in found.notes[0]) == (not graph.is_directed())
    rule = GraphFile(path=path, stance="column")
    assert rule.size(9) == 4
    network = rule(4, np.zeros(4), 1)
    assert network.stance.tolist() == [-1.0, 0.25, 1.0, 0.0]
    assert same(network, rule(4, np.zeros(4), 2))
    assert np.array_equal(np.sort(GraphFile(path=path)(4, stances(4), 1).stance), np.sort(stances(4)))
    assert np.array_equal(GraphFile(path=path, stance="random")(4, stances(4), 1).stance, stances(4))


@pytest.mark.parametrize("name", NAMES)
def test_direction_can_be_asked_for(tmp_path, name):
    path = saved(tmp_path, networkx.DiGraph([("a", "b"), ("b", "c")]), name)
    found = [read_graph_file(path, direction) for direction in ("auto", "directed", "undirected")]
    assert [reciprocity(each.graph) for each in found] == [0.0, 0.0, 1.0]
    assert "; undirected, as asked" in found[2].notes[0]


def test_a_gml_file_without_labels_is_read_by_its_numbers(tmp_path):
    path = tmp_path / "g.gml"
    path.write_text("graph [ directed 1 node [ id 7 ] node [ id 3 ] edge [ source 3 target 7 value 2 ] ]", "utf-8")
    found = read_graph_file(str(path), "auto")
    assert found.labels == ("7", "3")
    assert [ends.tolist() for ends in list_edges(found.graph)] == [[1], [0]]
    assert "attributes of ties (weights) not used: value" in found.notes


def test_a_file_of_stances_and_another_column_serve_too(tmp_path):
    graph = networkx.DiGraph([("a", "b")])
    networkx.set_node_attributes(graph, {"a": 0.5, "b": 0.75}, "leaning")
    path = saved(tmp_path, graph, "g.graphml")
    assert GraphFile(path=path, stance="column", column="leaning")(2, np.zeros(2), 1).stance.tolist() == [0.5, 0.75]
    (tmp_path / "s.txt").write_text("b -1\na 1\n", "utf-8")
    by_file = GraphFile(path=path, stance="column", stance_path=str(tmp_path / "s.txt"))
    assert by_file(2, np.zeros(2), 1).stance.tolist() == [1.0, -1.0]
    with pytest.raises(InputError, match=r"graph\.path=.* has no stance for 2 of 2 nodes \(a, b\)"):
        GraphFile(path=path, stance="column")(2, np.zeros(2), 1)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("g.graphml", b"", "is not readable GraphML"),
        ("g.graphml", b"<graphml><graph>", "is not readable GraphML"),
        ("g.graphml", b"1 2\n", "is not readable GraphML"),
        ("g.graphml", gzip.compress(b"<graphml>", mtime=0)[:-6], r"damaged \.gz"),
        ("g.gml", b"", "is not readable GML"),
        ("g.gml", b"graph [ node [ id 1 ]", "is not readable GML"),
        ("g.gml", b"1 2\n", "is not readable GML"),
        ("g.gml", b"\xff\xfe\x00", "is not text"),
        ("g.gml", b'graph [ node [ id 1 label "a" ] ]', "is an empty graph"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=told) as caught:
        GraphFile(path=str(path)).size(9)
    assert str(caught.value).startswith("graph.path=")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="cannot be opened"):
        GraphFile(path=str(tmp_path / f"none{name}")).size(9)
