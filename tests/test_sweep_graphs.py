"""A mapped graph is the graph, drawn once, and a world on it is the same world."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from experiments.sweeps import graphs, world
from sim.people.given_graphs import GraphFile
from sim.people.networks import CommunityGraph, SocialNetwork
from sim.world import World
from tests.worlds import LIVELY


@dataclass(frozen=True)
class Counted:
    """A rule that says how often it was asked."""

    rule: CommunityGraph = field(default_factory=CommunityGraph)
    asked: list[int] = field(default_factory=list, repr=False)

    def size(self, default: int) -> int:
        return self.rule.size(default)

    def __call__(self, size: int, stance: np.ndarray, seed: int) -> SocialNetwork:
        self.asked.append(seed)
        return self.rule(size, stance, seed)


def test_a_network_is_drawn_once_for_what_decides_it_and_comes_back_to_the_bit(tmp_path: Path) -> None:
    counted = Counted()
    rule = graphs.MappedGraph(counted, tmp_path, "")
    stance = np.linspace(-1, 1, 200)
    plain = counted.rule(200, stance, 3)
    for _ in range(3):
        again = rule(200, stance, 3)
        for one, other in zip(plain.graph, again.graph, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
            assert isinstance(other.base, np.memmap)
        np.testing.assert_array_equal(plain.stance, again.stance)
        np.testing.assert_array_equal(plain.community, again.community)
        assert plain.notes == again.notes
    rule(200, stance, 4)
    rule(200, stance[::-1], 3)
    assert counted.asked == [3, 4, 3]
    assert not list(tmp_path.glob("_*"))


def test_a_world_on_a_mapped_graph_is_the_same_world(tmp_path: Path) -> None:
    mapped = replace(LIVELY, graph=graphs.MappedGraph(LIVELY.graph, tmp_path, ""))
    plain = World(LIVELY, rng=2).run(30)
    for _ in range(2):
        assert World(mapped, rng=2).run(30).equals(plain)


def test_a_run_maps_its_graph_from_the_folder_of_its_machine(tmp_path: Path) -> None:
    edges = tmp_path / "ring.edges"
    edges.write_text("".join(f"{i} {(i + 1) % 30}\n" for i in range(30)))
    task = replace(LIVELY, graph=GraphFile(path=str(edges))), "files", 1, 3
    machines = [tmp_path / name for name in ("here", "there")]
    measures = [world.measure(task, machine)[0] for machine in [*machines, machines[0]]]
    np.testing.assert_equal(measures[1:], measures[:1] * 2)
    for machine in machines:
        assert len([path for path in (machine / "graphs").iterdir() if path.is_dir()]) == 1


def test_only_a_big_graph_or_a_file_is_mapped(tmp_path: Path) -> None:
    assert graphs.map_graph(LIVELY, tmp_path, "") is LIVELY
    big = replace(LIVELY, population=replace(LIVELY.population, size=graphs.BIG))
    assert isinstance(graphs.map_graph(big, tmp_path, "").graph, graphs.MappedGraph)
    edges = tmp_path / "ring.edges"
    edges.write_text("".join(f"{i} {(i + 1) % 30}\n" for i in range(30)))
    file = graphs.map_graph(replace(LIVELY, graph=GraphFile(path=str(edges))), tmp_path / "kept", "a")
    assert file.graph.size(200) == 30
    edges.unlink()
    assert file.graph.size(200) == 30
    with pytest.raises(Exception, match=r"ring\.edges"):
        replace(file.graph, files="b").size(200)
