"""Malformed files of ties never end in a traceback, never hang and never take memory without bound."""

import bz2
import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from experiments import run
from experiments.app import app
from sim.errors import InputError
from sim.people.given_graphs import GraphFile
from tests.conftest import ROOT
from tests.graph_files import pairs, read, written
from tests.test_graph_formats import GRAPHML, LINKS, zipped
from tests.test_graph_reading import OPEN

ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [{}]><graphml><graph><node id="&b;"/></graph></graphml>'
REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "an XML bomb": ("g.graphml", ENTITIES.format('<!ENTITY a "aa"><!ENTITY b "&a;&a;">'), "declares entities"),
    "a header that is shorter than its lines": (
        "g.csv",
        "from,to\nann,bob,5\nbob,cy,3\n",
        "2 names in its header and 3 cells in its lines: say graph.columns=[1,2]",
    ),
    "a short header above numbers that may be people": (
        "g.csv",
        "from,to\n1,2,5\n2,3,5\n",
        "2 names in its header and 3 cells in its lines: say graph.columns=[1,2]",
    ),
    "a line with another separator": ("g.csv", "1,2\n2,3\n3 4\n", "3 4 alone in a line, which may be two people"),
    "another line with another separator": ("g.csv", "from,to\nann,bob\ncy;dee\n", "alone in a line, which may be two"),
    "an external entity": ("g.graphml", ENTITIES.format('<!ENTITY b SYSTEM "file:///etc/hosts">'), "declares entities"),
    "a parameter entity": ("g.gexf", ENTITIES.format('<!ENTITY % b SYSTEM "http://x/y"> %b;'), "declares entities"),
    "a name of 50 MB in GraphML": (
        "g.graphml",
        f'<graphml><graph><node id="{"x" * 50_000_000}"/></graph></graphml>',
        "a text of 50,000,013 bytes: shorten it",
    ),
    **{
        f"a gigantic {what} in GraphML": ("g.graphml", GRAPHML.format(text.format("x" * 2_000_000)), "2,000,0")
        for what, text in {
            "attr.name": '<key id="k" for="node" attr.name="{}"/><graph/>',
            "key": '<graph><node id="a" {}="1"/></graph>',
            "tag": "<graph><{}/></graph>",
            "value": '<graph><node id="a"><data key="k">{}</data></node></graph>',
        }.items()
    },
    "a line of 50 MB": ("t.csv", "a,b\nb," + "x" * 50_000_000, "a line of more than 16 MB"),
    "a name of 20 kB": ("t.csv", "a,b\n" + "x" * 20_000 + ",c\n", "has a name of 20,000 characters"),
    "one word of 50 MB": ("t.txt", "x" * 50_000_000, "a line of more than 16 MB"),
    "deep JSON": ("j.json", '{"nodes":' + "[" * 200_000, "not readable JSON"),
    "deep GraphML": (
        "g.graphml",
        "<graphml>" + "<graph>" * 50_000 + "</graph>" * 50_000 + "</graphml>",
        "not readable GraphML",
    ),
    "ids that are lists": (
        "j.json",
        '{"nodes":[{"id":[1]}],"links":[{"source":[1],"target":1}]}',
        "where an id should be",
    ),
    "an id that is no number": ("j.json", '{"nodes":[{"id":NaN}],"links":[]}', "has nan where an id should be"),
    "JSON that is no graph": ("j.json", '{"a": 1}', "no node-link graph"),
    "JSON of an unknown end": (
        "j.json",
        json.dumps(LINKS | {"links": [{"source": "a", "target": "z"}]}),
        "ties z, which is no node",
    ),
    "GML with a list as id": ("g.gml", "graph [ node [ id [ a 1 ] ] edge [ source 1 target 2 ] ]", "not readable GML"),
    "a node without id": (
        "g.graphml",
        GRAPHML.format('<graph><node/><edge source="a" target="b"/></graph>'),
        "without an id",
    ),
    "two graphs": ("g.graphml", GRAPHML.format("<graph/><graph/>"), "holds several graphs"),
    "a web page": ("t.txt", "<!DOCTYPE html><html><body>404</body></html>", "is HTML, which is not read"),
    "another XML": ("t.xml", '<?xml version="1.0"?><rss/>', "is XML, which is not read"),
    "DOT": ("t.txt", "digraph G {\n a -> b;\n}\n", "is DOT, which is not read"),
    "GDF": ("t.gdf", "nodedef>name VARCHAR\na\nedgedef>a VARCHAR\n", "is GDF, which is not read"),
    "UCINET": ("t.txt", "dl n=2 format=edgelist1\ndata:\n1 2\n", "is UCINET DL, which is not read"),
    "UCINET otherwise": ("t.txt", "dl nr=3, nc=3 format = edgelist2\ndata:\n1 2\n", "is UCINET DL, which is not read"),
    "NetDraw": ("t.vna", "*Node data\nID name\n1 Ann\n*Tie data\nfrom to\n1 2\n", "is NetDraw VNA, which is not read"),
    "a pointer": ("t.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n", "of Git LFS"),
    "a title": ("t.csv", "Exported on 2020-01-01,,\nSource,Target,Weight\n1,2,1\n2,3,1\n", "delete what is above that"),
    "a short title": ("t.csv", "My network 2020\nfrom,to\n1,2\n", "in from to: delete what is above that"),
    "NodeXL": ("t.csv", ",,Visual Properties,\nVertex 1,Vertex 2,Color,\nann,bob,,\n", "delete what is above that"),
    "Neo4j below its name": ("t.csv", "ties\n:START_ID,:END_ID\na,b\n", "delete what is above that"),
    "two Pajek networks": (
        "c.paj",
        '*Network one\n*Vertices 2\n1 "Ann"\n2 "Bob"\n*Arcs\n1 2\n*Network two\n*Vertices 2\n1 "Xi"\n2 "Yo"\n',
        "holds several networks",
    ),
    **{
        f"YAML {number}": ("t.txt", text, "is YAML, which is not read: give a table of ties, GraphML,")
        for number, text in enumerate(
            (
                "nodes:\n  - a\n  - b\nedges:\n  - [a, b]\n",
                "# ties\nann:\n- bob\n- cy\nbob:\n- cy\n",
                "---\n- from: a\n  to: b\n",
                "- [a, b]\n- [b, c]\n",
                "- {from: a, to: b}\n",
                "- source: a\n  target: b\n",
            )
        )
    },
    "YAML by its name": ("t.yaml", "ann: bob\nbob: cy\n", "is YAML, which is not read"),
    "TOML": ("t.txt", '[[ties]]\nfrom = "a"\nto = "b"\n', "is TOML, which is not read"),
    "a list of JSON": ("t.txt", '[{"from": "a", "to": "b"}]\n', "is JSON, but no node-link graph"),
    "Markdown by its name": ("t.md", "ann bob\nbob cy\n", "is Markdown, which is not read"),
    **{
        f"Markdown {number}": ("t.txt", text, "is a drawn table or a list, as in Markdown, which is not read: give a")
        for number, text in enumerate(
            (
                "# Ties\n\n| from | to |\n|------|:--:|\n| a | b |\n",
                "from | to\n--- | ---\na | b\n",
                "+-----+----+\n| from| to |\n+=====+====+\n| a | b |\n+-----+----+\n",
                " from | to \n------+----\n 1 | 2\n(1 row)\n",
                "==== ====\nfrom to\n==== ====\na b\n",
                "# Mine\n\n- ann follows bob\n- bob follows cy\n",
                "* ann bob\n* bob cy\n",
            )
        )
    },
    "a matrix": ("t.csv", ",a,b,c\na,0,1,0\nb,1,0,0\nc,0,0,0\n", "seems to be a matrix"),
    "two kinds of nodes": ("t.tsv", "% bip unweighted\n1 1\n2 1\n1 2\n", "two kinds of nodes"),
    "a matrix of two kinds": (
        "m.mtx",
        "%%MatrixMarket matrix coordinate real general\n3 2 1\n1 2 1\n",
        "two kinds of nodes",
    ),
    "a dense matrix": (
        "m.mtx",
        "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n",
        "no list of coordinates",
    ),
    "a short matrix": ("m.mtx", "%%MatrixMarket matrix coordinate real general\n9 9 5\n1 2 1\n", "it is damaged"),
    "a matrix of 10^12": (
        "m.mtx",
        "%%MatrixMarket matrix coordinate real general\n1000000000000 1000000000000 1\n1 2 1\n",
        "it is damaged",
    ),
    "Pajek of 10^12": ("p.net", "*Vertices 1000000000000\n*Arcs\n1 2\n", "correct the number"),
    "Pajek of 10^8": ("p.net", "*Vertices 99999999\n*Arcs\n1 2\n", "says 99,999,999 vertices and holds 29 bytes"),
    "a group": (
        "g.graphml",
        GRAPHML.format(
            '<graph edgedefault="directed"><node id="g"><graph edgedefault="directed"><node id="a"/><node id="b"/>'
            '<edge source="a" target="b"/></graph></node><node id="c"/><edge source="a" target="c"/></graph>'
        ),
        "a graph within a node",
    ),
    "a tie of three": (
        "g.graphml",
        GRAPHML.format('<graph><node id="a"/><hyperedge><endpoint node="a"/></hyperedge></graph>'),
        "(hyperedge): give a tie for each two",
    ),
    "people aside": (
        "g.graphml",
        GRAPHML.format('<graph><node id="a"/><x><node id="b"/></x><edge source="a" target="c"/></graph>'),
        "1 node and 0 ties at places where none is read: export it flat",
    ),
    "a list of ids in a cell": ("t.csv", "user,friends\n1,\"['2', '3']\"\n", "which may be several people"),
    "a list of numbers in a cell": ("t.csv", 'from,to\n"[1, 2]",3\n3,4\n', "which seems to be a list: give each tie"),
    **{
        f"{cell} in a cell": ("t.csv", f"from\tto\na\t{cell}\nb\t{cell}\n", f"has {cell} for a name, which seems to be")
        for cell in ("['b']", "[b, c]", "(b; c)", "{b}", "[1 2]", "[]")
    },
    "bars in a cell": ("t.csv", "from,to\n1,2|3\n2,3\n", "has 2|3 for a name, which seems to be a list"),
    "spaces in a cell": ("t.csv", "user,friends\n1,2 3 4\n2,3\n", "which may be several people"),
    "a list without quotes": ("t.csv", "[1,2]\n[2,3]\n", "in two cells, which seem to be one"),
    "single quotes and a backslash": ("t.csv", "'O\\'Lee, Ann','Ray'\n" + "'a','b'\n" * 9, "which seem to be one"),
    "METIS that ends early": ("t.metis", "4 4\n2 4\n1 3\n", "holds 2 lines and 4 neighbours, not two for a tie"),
    "METIS one way": ("t.metis", "4 4\n2 3 4\n1 3\n1 2\n2\n", "has 4 in line 1 and not 1 in line 4: it is damaged"),
    "METIS by its lines alone": ("t.txt", "4 9\n2 3 4\n1 3\n1 2\n1\n", "may say how many people and ties there are"),
    "DIMACS of fewer ties": ("t.col", "p edge 4 5\ne 1 2\ne 2 3\n", "says 5 ties and holds 2"),
    "DIMACS of fewer people": ("t.col", "p edge 2 2\ne 1 2\ne 2 3\n", "ties 3, and says that there are 2 people"),
    "DIMACS of 10^12": ("t.col", "p edge 999999999999 1\ne 1 2\n", "correct the number"),
    "DIMACS without sizes": ("t.gr", "e 1 2\ne 2 3\n", "say graph.columns=[1,2] or [2,3]"),
    "sizes above ties": ("t.txt", "4 3\n1 2\n2 3\n3 4\n", "which may say how many people and ties there are"),
    "a number above ties": ("t.csv", "4\n1,2\n2,3\n3,4\n", "begins with 4, which may say how many people"),
    "LGL": ("t.lgl", "# ann\nbob 1\n", "is LGL, which is not read"),
    "LGL in a .txt": ("t.txt", "# ann\nbob\ncy\n# bob\ncy\n", "their ties stand below (LGL)"),
    "lists over several lines": ("t.txt", "ann 2\nbob\ncy\nbob 1\ncy\n", "those of as many lines below"),
    **{
        f"a comment after {sign}": ("t.txt", f"ann bob\n{sign} said so\nbob cy\n", "which may be a comment")
        for sign in ("//", "--", "/*", ";", "!", "*", "REM")
    },
    "a quote without an end": ("t.csv", '"Lee,b\nb,c\n', "double quotes must enclose a whole cell"),
    "Excel": ("t.xlsx", zipped(**{"[Content_Types].xml": "x", "a.xml": "y"}), "is an Excel or Office file"),
    "two files": ("t.zip", zipped(a="1 2\n", b="1 2\n"), "holds 2 files (a, b)"),
    "a damaged .zip": ("t.zip", zipped(a="1 2\n" * 99)[:150], "damaged .zip"),
    "a damaged .bz2": ("t.bz2", bz2.compress(b"1 2\n" * 99)[:-9], "damaged"),
    "Parquet": ("t.parquet", b"PAR1xxxx", "is a Parquet file"),
    "a .tar": ("t.tar", b"x" * 257 + b"ustar" + b"y" * 99, "is a .tar archive"),
    "an .xz": ("t.xz", b"\xfd7zXZ\0", "is an .xz file"),
    "a picture": ("t.png", bytes(range(256)) * 9, "is not text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_file_is_one_line(tmp_path: Path, name: str) -> None:
    file, content, said = REFUSED[name]
    with pytest.raises(InputError) as caught:
        read(written(tmp_path, file, content))
    line = str(caught.value).replace(str(tmp_path), "")
    assert said in line
    assert line.isprintable()
    assert len(line) < 300


BOMBS: dict[str, Callable[[Path], None]] = {
    "zeros": lambda path: write_bomb(path, b"\0" * 10**7),
    "ties": lambda path: write_bomb(path, b"1 2\n" * 2_500_000),
}


def write_bomb(path: Path, unit: bytes) -> None:
    """Write 4 GB, as members of one .gz file."""
    member = gzip.compress(unit, 1)
    with path.open("wb") as file:
        for _ in range(400):
            file.write(member)


CHILD = """
import resource, sys
from sim.errors import InputError
from sim.people.given_graphs import GraphFile
resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000, 1_500_000_000))
try:
    GraphFile(path=sys.argv[1]).size(1)
except InputError as problem:
    print(problem)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
@pytest.mark.parametrize("unit", BOMBS)
def test_a_bomb_of_4_gb_is_refused_within_bounded_memory(tmp_path: Path, unit: str) -> None:
    BOMBS[unit](tmp_path / "b.gz")
    command = [sys.executable, "-c", CHILD, str(tmp_path / "b.gz")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert "unpacks to more than 100 times its size" in done.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_500_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        for key in ("path", "stance_path"):
            ties = written(tmp_path, "e.txt", "a b\n")
            rule = GraphFile(**{"path": ties, "stance": "column", key: str(path)})  # type: ignore[arg-type]
            with pytest.raises(InputError, match=rf"graph\.{key}=.*a pipe or a device, which may never end"):
                rule(rule.size(1), np.zeros(2), 1)


def test_a_file_above_the_limit_is_refused_and_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = written(tmp_path, "e.txt", "10 20\n" * 300_000)
    with pytest.raises(InputError, match=r"holds more than 1 MB, unpacked: set graph\.max_size=MB"):
        read(path, max_size=1)
    assert read(path, max_size=2)[0] == pairs("10-20")


def test_notes_are_printed_and_stand_in_the_report_as_text(
    tmp_path: Path, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "<script>e.csv", "<b>,knows\nann,bob\nbob,<i>cy\x1b[1m\n")
    command_line("graph=file", f"graph.path={path}", "graph.header=yes", "ticks=2", "army.size=2", f"out={tmp_path}/r")
    app("run", run.main)
    said = "read 3 people and 2 ties from <script>e.csv: comma-separated; header, columns <b> (1st) and knows (2nd)"
    assert f"{said}; directed: <b> follows knows" in capfd.readouterr().err
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert str(escape(said)) in page
    assert "<script>e" not in page
    assert "<b> (1st)" not in page


def test_a_file_that_is_refused_ends_with_code_2_and_one_line(
    tmp_path: Path, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    command_line(
        "graph=file", f"graph.path={written(tmp_path, 't.csv', OPEN['no name or NA'][0])}", f"out={tmp_path}/r"
    )
    with pytest.raises(SystemExit) as ended:
        app("run", run.main)
    assert ended.value.code == 2
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "say graph.missing=drop if so, graph.missing=keep if it is a person" in told
