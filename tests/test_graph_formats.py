"""Formats of graphs: each is known by its name or its content, and read right with its notes."""

import bz2
import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.people.given_graphs import GraphFile
from tests.graph_files import Ties, pairs, read, written

GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'
MIXED = GRAPHML.format(
    '<key id="d0" for="node" attr.name="stance" attr.type="double"><default>-1</default></key>'
    '<key id="d1" for="edge" attr.name="when" attr.type="date"/>'
    '<graph edgedefault="undirected"><node id="a"><data key="d0">0,5</data></node><node id="b"/><node id="c"/>'
    '<edge id="e" source="a" target="b"><data key="d1">2020</data></edge>'
    '<edge id="e" source="b" target="c" directed="true"><data key="none">1</data></edge></graph>'
)
GEXF = (
    '<gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="directed"><attributes class="node">'
    '<attribute id="0" title="stance" type="double"/></attributes><nodes><node id="a" label="A"><attvalues>'
    '<attvalue for="0" value="0,5"/></attvalues></node><node id="b"/></nodes><edges>'
    '<edge id="0" source="a" target="b" type="undirected" weight="0,5"/><edge id="0" source="b" target="a"/></edges>'
    "</graph></gexf>"
)
GML = 'graph [ directed 1 node [ id 1 label "{}" ] node [ id 2 label "B" ] {} ]'
EDGE = "edge [ source 1 target 2 ] "
LINKS = {"nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "links": [{"source": "a", "target": "b"}], "directed": True}
GRAPHOLOGY = {
    "options": {"type": "mixed", "multi": False},
    "nodes": [{"key": "x", "attributes": {"stance": 1}}, {"key": "y", "attributes": {"stance": 0}}, {"key": "z"}],
    "edges": [{"key": "a", "source": "x", "target": "y", "undirected": True}, {"source": "y", "target": "z"}],
}

FORMATS: dict[str, tuple[str, str | bytes, Ties, set[str], str]] = {
    # 8, 9: GML
    "a repeated edge": ("g.gml", GML.format("A", EDGE * 2), pairs("A-B"), set(), "1 repeated tie dropped"),
    "a label over two lines": ("g.gml", GML.format("Lee\nAnn", EDGE), {("Lee\nAnn", "B")}, set(), "GML"),
    "a label with entities": ("g.gml", GML.format("L&#233;e", EDGE), {("Lée", "B")}, set(), "GML"),
    "one label twice": ("g.gml", GML.format("B", EDGE), pairs("1-2"), set(), "ids are names, as labels repeat"),
    "GML of values that are no numbers": (
        "g.gml",
        GML.format("NaN", "edge [ source 1 target 2 weight NaN w -inf v 1e-05 on true nan 1 ]"),
        pairs("NaN-B"),
        set(),
        "GML; directed",
    ),
    "GML in a .txt": ("g.txt", 'Creator "x"\n' + GML.format("A", EDGE), pairs("A-B"), set(), "GML; directed"),
    # names of nobody, and of one person in several spellings: told, as such files know their ids
    "a name for nobody": (
        "g.gml",
        GML.format("None", EDGE),
        pairs("None-B"),
        set(),
        "None read as a person: delete it if it stands for nobody",
    ),
    "names that differ little": (
        "g.gml",
        GML.format("b", EDGE),
        pairs("b-B"),
        set(),
        "2 names, such as B and b, differ little and are read as different people",
    ),
    "1.0 beside 1 in GraphML": (
        "g.graphml",
        GRAPHML.format('<graph edgedefault="directed"><edge source="1.0" target="1"/></graph>'),
        pairs("1.0-1"),
        set(),
        "2 names, such as 1 and 1.0, differ little",
    ),
    "1.0 beside 1 in JSON": (
        "g.json",
        '{"directed": true, "nodes": [{"id": 1.0}, {"id": 2}], "links": [{"source": 1, "target": 2.0}]}',
        pairs("1-2"),
        set(),
        "JSON; directed",
    ),
    # 10: GraphML
    "GraphML of both kinds": ("m.graphml", MIXED, pairs("a-b b-a b-c"), set(), "1 tie both ways, the others one way"),
    "GraphML without a namespace": (
        "g.graphml",
        '<graphml><graph edgedefault="directed"><node id="a"/><node id="b"/>'
        '<edge source="a" target="b"/></graph></graphml>',
        pairs("a-b"),
        set(),
        "directed, as the file is",
    ),
    # 13: endings and first characters
    "X.GraphML": ("X.GraphML", MIXED, pairs("a-b b-a b-c"), set(), "GraphML"),
    "GraphML in a .txt": ("m.txt", MIXED, pairs("a-b b-a b-c"), set(), "GraphML"),
    "GraphML in UTF-16": (
        "m.txt",
        f'<?xml version="1.0" encoding="utf-16"?>{MIXED}'.encode("utf-16"),
        pairs("a-b b-a b-c"),
        set(),
        "GraphML",
    ),
    "GEXF of both kinds": ("m.gexf", GEXF, pairs("a-b b-a"), set(), "1 tie both ways, the others one way"),
    "GEXF in a .xml": ("m.xml", GEXF, pairs("a-b b-a"), set(), "GEXF"),
    "Pajek of both kinds": (
        "p.net",
        '% c\n*Network x\n*Vertices 4\n1 "Lee, O\'Brien" 0.1 0.2\n2 b\n3 c\n*Arcs\n1 2 1\n*Edges\n2 3\n',
        {("Lee, O'Brien", "b"), ("b", "c"), ("c", "b")},
        {"4"},
        "1 tie both ways, the others one way",
    ),
    "a Pajek project": (
        "p.paj",
        '*Partition a\n*Vertices 2\n1\n2\n*Network x\n*Vertices 2\n1 Ann\n2 Bob\n*Arcs :1 "x"\n1 2\n*Arcs :2 "y"\n2 1\n'
        "*Vector v\n*Vertices 2\n.5\n.1\n",
        pairs("Ann-Bob Bob-Ann"),
        set(),
        "2 relations are read as one",
    ),
    "Pajek's lists": ("p.net", "*Vertices 4\n*Arcslist\n1 2 3\n", pairs("1-2 1-3"), {"4"}, "Pajek; directed"),
    "one vertex twice": ("p.net", "*Vertices 2\n1 a\n2 a\n*Arcs\n1 2\n", pairs("1-2"), set(), "numbers are names"),
    "DIMACS": ("d.col", "c a\np edge 4 2\ne 1 2\ne 2 3\n", pairs("1-2 2-1 2-3 3-2"), {"4"}, "DIMACS; undirected"),
    "DIMACS of arcs": ("d.txt", "p sp 3 2\na 1 2 9\na 2 3 8\n", pairs("1-2 2-3"), set(), "DIMACS; directed"),
    "METIS": ("m.graph", "% c\n4 2\n2 3\n1\n1\n\n", pairs("1-2 2-1 1-3 3-1"), {"4"}, "METIS; undirected"),
    "METIS of a ring": ("m.txt", "4 4\n2 4\n1 3\n2 4\n1 3\n", pairs("1-2 2-1 2-3 3-2 3-4 4-3 1-4 4-1"), set(), "METIS"),
    "METIS of weights": ("m.txt", "3 2 11\n9 2 5\n9 1 5 3 7\n9 2 7\n", pairs("1-2 2-1 2-3 3-2"), set(), "METIS"),
    "node-link JSON": ("j.json", json.dumps(LINKS), pairs("a-b"), {"c"}, "JSON; directed"),
    "JSON in a .txt": ("j.txt", json.dumps(LINKS | {"edges": []}, indent=1), pairs("a-b"), {"c"}, "JSON"),
    "D3's places": (
        "j.json",
        '{"nodes":[{"name":"x"},{"name":"y"}],"links":[{"source":0,"target":1}]}',
        pairs("x-y y-x"),
        set(),
        "ends of ties are places in the list of nodes; the file says nothing of direction",
    ),
    "JSON of keys": (
        "j.json",
        '{"directed":true,"nodes":[{"key":"x"},{"key":"y"}],"links":[{"source":"x","target":"y","key":0}]}',
        pairs("x-y"),
        set(),
        "JSON; directed, as the file is",
    ),
    "graphology": (
        "j.json",
        json.dumps(GRAPHOLOGY),
        pairs("x-y y-x y-z"),
        set(),
        "JSON; 1 tie both ways, the others one way, as the file is",
    ),
    "undirected graphology": (
        "j.json",
        json.dumps(GRAPHOLOGY | {"options": {"type": "undirected"}}),
        pairs("x-y y-x y-z z-y"),
        set(),
        "JSON; undirected, as the file is",
    ),
    ".csv.zip": ("e.csv.zip", b"", pairs("a-b"), set(), "read 2 people and 1 tie from e.csv: comma"),
    ".CSV.GZ": ("E.CSV.GZ", gzip.compress(b"from,to\na,b\n"), pairs("a-b"), set(), "from E.CSV"),
    ".csv.bz2": ("e.csv.bz2", bz2.compress(b"from,to\na,b\n"), pairs("a-b"), set(), "from e.csv"),
    ".graphml.zip": ("m.graphml.zip", b"", pairs("a-b b-a b-c"), set(), "from m.graphml: GraphML"),
}


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


ZIPPED = {
    ".csv.zip": zipped(**{"deep/e.csv": "from,to\na,b\n", "__MACOSX/e.csv": "x"}),
    ".graphml.zip": zipped(**{"m.graphml": MIXED}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_known_and_read_right(tmp_path: Path, name: str) -> None:
    file, content, ties, alone, said = FORMATS[name]
    found, labels, notes = read(written(tmp_path, file, ZIPPED.get(name, content)))
    assert found == ties
    assert set(labels) == {end for tie in ties for end in tie} | alone
    assert said in " | ".join(notes)


def test_stances_may_have_a_decimal_comma_and_a_default(tmp_path: Path) -> None:
    rule = GraphFile(path=written(tmp_path, "m.graphml", MIXED), stance="column")
    assert rule(3, np.zeros(3), 1).stance.tolist() == [0.5, -1.0, -1.0]
    with pytest.raises(InputError, match=r"no stance for 1 of 2 nodes \(b\)"):
        GraphFile(path=written(tmp_path, "m.gexf", GEXF), stance="column")(2, np.zeros(2), 1)


def test_stances_in_percent_are_hundredths(tmp_path: Path) -> None:
    ties, rule = written(tmp_path, "e.csv", "ann,bob\n"), {"stance": "column", "stance_path": str(tmp_path / "s.csv")}
    written(tmp_path, "s.csv", "node;stance\nann;60%\nbob;-12,5 %\n")
    network = GraphFile(path=ties, **rule)(2, np.zeros(2), 1)
    assert network.stance.tolist() == [0.6, -0.125]
    assert "stances in percent: 60% is 0.6" in network.notes
    written(tmp_path, "s.csv", "ann,160%\nbob,1%\n")
    with pytest.raises(InputError, match=r"stance 160% of node ann must be a number in \[-1, 1\]"):
        GraphFile(path=ties, **rule)(2, np.zeros(2), 1)


def test_stances_may_stand_in_the_attributes_of_graphology(tmp_path: Path) -> None:
    rule = GraphFile(path=written(tmp_path, "j.json", json.dumps(GRAPHOLOGY)), stance="column")
    with pytest.raises(InputError, match=r"no stance for 1 of 3 nodes \(z\)"):
        rule(3, np.zeros(3), 1)


def test_a_table_of_stances_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    ties = written(tmp_path, "e.csv", "from,to\n1,2\n2,3\n")
    for content in (
        "user;stance;n\n3;-0,5;1\n1;0,5;1\n2.0;1;1\n".encode("utf-16"),
        ",stance,user\n0,-0.5,3\n1,0.5,1\n2,1,2\n",
        "1\t0.5\n2\t1\n3\t-0.5\n",
    ):
        rule = GraphFile(path=ties, stance="column", stance_path=written(tmp_path, "s.csv", content))
        assert rule(3, np.zeros(3), 1).stance.tolist() == [0.5, 1.0, -0.5]
    leaning = written(tmp_path, "s.csv", "user,stance,leaning\n1,0,1\n2,0,1\n3,0,1\n")
    rule = GraphFile(path=ties, stance="column", stance_path=leaning, column="leaning")
    assert rule(3, np.zeros(3), 1).stance.tolist() == [1.0] * 3
