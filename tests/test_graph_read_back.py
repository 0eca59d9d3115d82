"""Any table that a tool writes is read back, and any bytes are read or refused in one line."""

import csv
import io
import json
import string

import networkx
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.people.table_columns import find_ends, looks_like_header
from sim.people.table_layout import MISSING
from tests.graph_files import Ties, fuzz, read, written
from tests.test_graph_formats import EDGE, FORMATS, GEXF, GML, LINKS, MIXED

NUMBERS = st.integers(2, 10**18).map(str)
SIGNS = string.ascii_letters + "éßñ" + string.digits + "_@.-" + " " + ",;'"
WORDS = st.text(SIGNS, min_size=1, max_size=8).map(str.strip).filter(lambda word: word and word not in MISSING)
OTHER = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=8)


def is_name(word: str) -> bool:
    """Return whether a word is a name by every rule: no number in disguise, no sign with a meaning at its place."""
    stripped = word.strip() == word and word not in MISSING
    return (
        stripped
        and not any(sign in word for sign in '"#%|\t')
        and any(map(str.isalpha, word))
        and word[0] not in "{<*[('"
    )


def lists_of_ties(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(names, min_size=2, max_size=9, unique=True).flatmap(
        lambda known: st.lists(st.tuples(*[st.sampled_from(known)] * 2), min_size=1, max_size=25).filter(
            lambda found: any(one != other for one, other in found)
        )
    )


TIES = st.one_of(lists_of_ties(NUMBERS), lists_of_ties((WORDS | OTHER).filter(is_name)))
HEADERS = st.sampled_from([("source", "target"), ("user_id", "friend_id"), ("from", "to"), ("Vertex 1", "Vertex 2")])


def expected(ties: list[tuple[str, str]]) -> tuple[Ties, set[str]]:
    return {(one, other) for one, other in ties if one != other}, {end for tie in ties for end in tie}


def agree(path: str, ties: list[tuple[str, str]]) -> None:
    found, labels, notes = read(path)
    assert (found, set(labels)) == expected(ties), notes


@fuzz
@given(
    TIES,
    HEADERS,
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([None, "gzip", "zip", "bz2"]),
)
def test_what_pandas_writes_is_read_back(tmp_path, ties, header, sep, encoding, index, quoting, compression):
    frame = pd.DataFrame(ties, columns=list(header), dtype=object).assign(weight=[0.5 + at for at in range(len(ties))])
    path = tmp_path / "t.csv"
    compression = (
        None if encoding == "utf-16" and compression == "bz2" else compression
    )  # pandas would leave out the mark
    frame.to_csv(path, sep=sep, encoding=encoding, index=index, quoting=quoting, compression=compression)
    agree(str(path), ties)


@fuzz
@given(TIES, st.sampled_from(["excel", "excel-tab", "unix"]), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_what_the_csv_module_writes_is_read_back(tmp_path, ties, dialect, encoding):
    buffer = io.StringIO()
    csv.writer(buffer, dialect).writerows([("follower", "followee"), *ties])
    try:
        raw = buffer.getvalue().encode(encoding)
        assume(encoding != "cp1252" or raw.decode("utf-8", "replace") != raw.decode("utf-8", "ignore") or raw.isascii())
    except UnicodeEncodeError:  # a sign that Windows-1252 lacks
        raw = buffer.getvalue().encode()
    agree(written(tmp_path, "t.csv", raw), ties)


@fuzz
@given(lists_of_ties(NUMBERS) | lists_of_ties(st.text(string.ascii_letters + "_é", min_size=2, max_size=8)))
def test_edge_lists_without_header_are_read_back(tmp_path, ties):
    assume(not looks_like_header(ties[0], [name for tie in ties[1:] for name in tie]))
    assume(not find_ends(ties[0]) and not {word for tie in ties for word in tie} & MISSING)
    networkx.write_edgelist(networkx.MultiDiGraph(ties), tmp_path / "e.edgelist", data=False)
    agree(str(tmp_path / "e.edgelist"), ties)


@fuzz
@given(
    lists_of_ties(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)),
    st.sampled_from([networkx.DiGraph, networkx.Graph, networkx.MultiDiGraph]),
    st.sampled_from(["graphml", "gexf", "gml", "json"]),
)
def test_what_networkx_writes_is_read_back(tmp_path, ties, kind, ending):
    path = tmp_path / f"g.{ending}"
    graph = kind(ties)
    if ending == "json":
        path.write_text(json.dumps(networkx.node_link_data(graph)), "utf-8")
    else:
        getattr(networkx, f"write_{'graphml_xml' if ending == 'graphml' else ending}")(graph, path)
    wanted = expected(ties)[0]
    if kind is networkx.Graph:
        wanted |= {(other, one) for one, other in wanted}
    found, labels, _ = read(str(path))
    assert (found, labels) == (wanted, tuple(graph))


@fuzz
@given(
    st.binary(max_size=300) | st.text('ab1,; \t\n"#%<>{}[]*', max_size=120).map(str.encode),
    st.sampled_from(["t.csv", "t.gml", "t.graphml", "t.gexf", "t.net", "t.json", "t.gz", "t.zip"]),
)
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path, raw, name):
    try:
        read(written(tmp_path, name, raw))
    except InputError as problem:
        line = str(problem).replace(str(tmp_path), "")
        assert line.isprintable()
        assert len(line) < 300


BROKEN = [MIXED, GEXF, GML.format("A", EDGE), json.dumps(LINKS), FORMATS["Pajek of both kinds"][1]]


@fuzz
@given(st.sampled_from(BROKEN), st.data())
def test_a_graph_with_a_broken_place_is_read_or_refused_in_one_line(tmp_path, text, data):
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(begin + 12, len(text))))
    broken = text[:begin] + data.draw(st.text('ab1,; \n"#<>{}[]*/', max_size=4)) + text[end:]
    try:
        read(written(tmp_path, "t.txt", broken))
    except InputError as problem:
        assert "\n" not in str(problem)  # noqa: PT017
