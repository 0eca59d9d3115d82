"""Files in formats of graphs: GraphML, GEXF, GML and node-link JSON, read by networkx, Pajek, and two of numbers.

What networkx refuses or loses is put right before it reads: types of attributes that it does not know, ties of both
kinds of direction in one file, names over several lines, repeated ties. Nothing in a file is fetched or expanded:
a document type with entities is refused.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from sim.errors import InputError
from sim.people.file_content import MAX_NAME, FileContent, format_name, recode
from sim.people.given_ties import GraphData, build_graph, describe_ties
from sim.people.networkx_graphs import BOTH_WAYS, list_attributes, list_ends
from sim.people.numbered_graphs import find_numbered_format, read_dimacs, read_metis
from sim.people.spellings import describe_alike, describe_nobody
from sim.people.table_notes import count_words

if TYPE_CHECKING:
    import networkx

ENDINGS = {
    ".graphml": "GraphML",
    ".gexf": "GEXF",
    ".gml": "GML",
    ".net": "Pajek",
    ".paj": "Pajek",
    ".json": "JSON",
    ".metis": "METIS",
    ".dimacs": "DIMACS",
    ".lgl": "LGL",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".toml": "TOML",
}
#: formats that are known and not read: their lines would pass as ties
_UNREAD = {
    "DOT": r"(?:strict\s+)?(?:di)?graph\b[^\n\[]*\{",
    "GDF": r"nodedef\s*>",
    "UCINET DL": r"dl\s[^\n]*\b(?:n|nr|nc|nm|format)\s*=",
    "NetDraw VNA": r"\*(?:node|tie)\s+(?:data|properties)\b",
    "a pointer of Git LFS and not the file": r"version https://git-lfs",
    "YAML": r"(?:\s*#[^\n]*\n)*(?:---[ \t]*\n|%YAML\b|[^\s,;|#][^\n,;|]*:[ \t]*\n\s*-[ \t]|-[ \t]+(?:\[|\{|\w+:\s))",
    "TOML": r"(?:\s*#[^\n]*\n)*\[\[?[\w.]+\]\]?[ \t]*\n\w+[ \t]*=",
    "JSON": r"\[\s*\{",
}
#: a line that is drawn below a header, as in Markdown, org and SQL's clients
_RULE = re.compile(r"(?m)^(?=[^\n]*(?:--|==))[-=:|+ \t]+$")
_BULLET = re.compile(r"(?m)^[ \t]*[-*\N{BULLET}][ \t]+(?=[^\s,;|])")
_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_GEXF = "http://www.gexf.net/1.2draft"
_HEAD = 4096
_MAX_TAG = 2**20  #: bytes from one tag to the next: parsers read a longer one again and again


def find_format(content: FileContent) -> str:
    """Return the format of a file, by its first characters or else the ending of its name; "" for a table."""
    head = content.raw[: 2 * _HEAD]
    if b"\0" in head:
        head = recode(head[: len(head) // 4 * 4], content.name)[0] if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    text = head.decode("utf-8-sig", "ignore").lstrip()
    named = ENDINGS.get(PurePath(content.name).suffix.lower(), "")
    if text.startswith("<"):
        root = re.search(r"<(?:\w+:)?(graphml|gexf|html)\b", text, re.IGNORECASE)
        if root:
            return {"graphml": "GraphML", "gexf": "GEXF", "html": "HTML"}[root[1].lower()]
        return named or ("XML" if text.startswith(("<?xml", "<!DOCTYPE", "<!--")) else "")
    if re.match(r'\{\s*(["}]|$)', text):
        return "JSON"
    for kind, begin in _UNREAD.items():
        if re.match(begin, text, re.IGNORECASE):
            return kind
    if _RULE.search(text) or 2 * len(_BULLET.findall(text)) >= max(2, sum(map(bool, map(str.strip, text.split("\n"))))):
        return "a drawn table or a list, as in Markdown"
    if re.match(r"(?:%[^\n]*\n\s*)*\*(?:vertices|network)\b", text, re.IGNORECASE):
        return "Pajek"
    if re.match(r"(?:(?:#[^\n]*|(?:creator|version|comment|label)\s[^\n]*)\n\s*)*graph\s*\[", text, re.IGNORECASE):
        return "GML"
    return named or find_numbered_format(content.raw, text)


def read_graph(content: FileContent, kind: str, direction: str, where: str) -> GraphData:
    """Return the graph of a file in one of the formats.

    Args:
        content: the file.
        kind: of `find_format`.
        direction: "directed", "undirected", or "auto": as the file says.
        where: name of the file in messages.

    Raises:
        InputError: the file is not in its format, asks for something outside it, or has no tie.
    """
    if kind not in _PARSERS:
        raise InputError(
            f"{where} is {kind}, which is not read: give a table of ties, GraphML, GEXF, GML, Pajek, JSON, DIMACS or "
            "METIS"
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # of attributes that are not read
            graph, said = _PARSERS[kind](content.raw, where)
            return _collect(graph, kind, said, content.name, direction, where)
    except InputError:
        raise
    except RecursionError:
        reason = "it is nested too deeply"
    except Exception as problem:  # of many types: networkx assumes well-formed files
        reason = format_name(" ".join(str(problem).split()), 120) or type(problem).__name__
    raise InputError(f"{where} is not readable {kind} ({reason}): export it again")


def _collect(
    graph: "networkx.Graph", kind: str, said: tuple[str, ...], name: str, direction: str, where: str
) -> GraphData:
    labels = tuple(map(str, graph))
    _check_lengths(labels, where)
    ends = list_ends(graph)
    usual = "false" if graph.is_directed() else "true"
    both_ways: Any = np.array([mark == "true" for *_, mark in graph.edges(data=BOTH_WAYS, default=usual)], np.bool_)
    if direction != "auto":
        both_ways, decision = direction == "undirected", f"{direction}, as asked"
    elif both_ways.all() and len(both_ways):
        both_ways, decision = True, "undirected, as the file is: each tie counts both ways"
    elif not both_ways.any():
        both_ways, decision = False, "directed, as the file is: the first end of a tie follows the second"
    else:
        decision = f"{count_words(int(both_ways.sum()), 'tie')} both ways, the others one way, as the file is"
    laid_out, dropped = build_graph(ends[:, 0], ends[:, 1], len(labels), both_ways, where)
    told = (kind, decision, *said, *dropped)
    defaults = graph.graph.get("node_default", {})
    attributes = tuple({**defaults, **data} for _, data in graph.nodes(data=True))
    names = list_attributes(graph)
    unused = (f"attributes of ties (weights) not used: {', '.join(map(format_name, names[:8]))}",) if names else ()
    notes = (*unused, *describe_nobody(labels), *describe_alike(labels))
    return GraphData(laid_out, labels, (describe_ties(laid_out, both_ways, name, told), *notes), attributes)


def _check_lengths(names: Iterable[str], where: str) -> None:
    if (longest := max(map(len, names), default=0)) > MAX_NAME:
        raise InputError(f"{where} has a name of {longest:,} characters: at most {MAX_NAME:,} are allowed")


# ---- XML


def _parse_xml(raw: bytes, where: str) -> ElementTree.Element:
    """Return the root of an XML document whose names have lost their namespaces.

    Raises:
        InputError: its document type declares entities, which could ask for other files or for all memory, or it has
            a gigantic name, value or text.
        ElementTree.ParseError: it is no XML.
    """
    begins = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("<"))
    if (longest := int(np.diff(begins, append=len(raw)).max(initial=0))) > _MAX_TAG:
        raise InputError(
            f"{where} has a name, a value or a text of {longest:,} bytes: shorten it to at most {_MAX_TAG:,}"
        )
    scout = expat.ParserCreate()

    def refuse(*_: Any) -> Any:
        raise InputError(f"{where} declares entities, which are not read: export it without a document type")

    def stop(*_: Any) -> Any:
        raise StopIteration

    scout.EntityDeclHandler = scout.ExternalEntityRefHandler = refuse
    scout.StartElementHandler = stop  # entities are declared before the first element
    with suppress(StopIteration):
        scout.Parse(raw, True)
    root = ElementTree.fromstring(raw)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def _check_xml_ties(nodes: list[Any], ties: list[Any], where: str) -> tuple[str, ...]:
    """Return what there is to say of the people of a file.

    Raises:
        InputError: a person or an end of a tie has no id.
    """
    ids = {node.get("id") for node in nodes}
    ends = {tie.get(end) for tie in ties for end in ("source", "target")}
    if None in ids or None in ends:
        raise InputError(f"{where} has a person or a tie without an id: export it again")
    _check_lengths([one for one in (*ids, *ends) if one], where)
    said = [f"{count_words(len(ends - ids), 'name')} in ties alone"] if ends - ids else []
    said += [f"{len(nodes) - len(ids):,} people twice in the file"] if len(ids) < len(nodes) else []
    return tuple(said)


def _check_whole(graph: "networkx.Graph", nodes: list[Any], ties: list[Any], where: str) -> "networkx.Graph":
    """Return the graph.

    Raises:
        InputError: it lacks people or ties that the file has.
    """
    aside = {node.get("id") for node in nodes}.difference(graph)
    lost = len(ties) - graph.number_of_edges()
    if aside or lost:
        raise InputError(
            f"{where} has {count_words(len(aside), 'node')} and {count_words(lost, 'tie')} at places where none "
            "is read: export it flat"
        )
    return graph


def _read_graphml(raw: bytes, where: str) -> tuple["networkx.Graph", tuple[str, ...]]:
    import networkx

    root = _parse_xml(raw, where)
    if root.tag != "graphml":
        raise ValueError(f"it begins with {format_name(root.tag)}")
    graph = root.find("graph")
    if graph is None:
        raise ValueError("it has no graph")
    if len(root.findall("graph")) > 1:
        raise InputError(f"{where} holds several graphs: give one of them")
    people, ties = list(root.iter("node")), list(root.iter("edge"))
    said = _check_xml_ties(people, ties, where)
    if root.find(".//node/graph") is not None or root.find(".//edge/graph") is not None:
        raise InputError(f"{where} has a graph within a node (a group), which is no person: ungroup it")
    if root.find(".//hyperedge") is not None:
        raise InputError(f"{where} has ties of more than two people (hyperedge): give a tie for each two")
    keys = {key.get("id") for key in root.iter("key")}
    for key in root.iter("key"):
        if key.get("yfiles.type") is None:
            key.set("attr.type", "string")
            key.set("attr.name", key.get("attr.name") or key.get("id") or "")
        for default in key.findall("default"):
            default.text = default.text or ""
    ElementTree.SubElement(root, "key", {"id": BOTH_WAYS, "attr.name": BOTH_WAYS, "attr.type": "string", "for": "edge"})
    for element in (graph, *graph.iter("node")):
        for data in [data for data in element.findall("data") if data.get("key") not in keys]:
            element.remove(data)
    undirected = "true" if graph.get("edgedefault") != "directed" else "false"
    for tie in graph.iter("edge"):
        for data in [data for data in tie.findall("data") if data.get("key") not in keys]:
            tie.remove(data)
        one_way = (tie.attrib.pop("directed", None) or "").lower()
        mark = {"true": "false", "1": "false", "false": "true", "0": "true"}.get(one_way, undirected)
        ElementTree.SubElement(tie, "data", {"key": BOTH_WAYS}).text = mark
        tie.attrib.pop("id", None)
    graph.set("edgedefault", "directed")
    found = networkx.read_graphml(_serialise(root, _GRAPHML), force_multigraph=True)
    return _check_whole(found, people, ties, where), said


def _read_gexf(raw: bytes, where: str) -> tuple["networkx.Graph", tuple[str, ...]]:
    import networkx

    root = _parse_xml(raw, where)
    graph = root.find("graph")
    if root.tag != "gexf" or graph is None:
        raise ValueError("it has no graph")
    people, ties = list(root.iter("node")), list(root.iter("edge"))
    said = _check_xml_ties(people, ties, where)
    undirected = "false" if graph.get("defaultedgetype") == "directed" else "true"
    for element in graph.iter():
        for name in ("start", "end", "startopen", "endopen", "timestamp", "mode", "weight", "timeformat"):
            if name != "weight" or element.tag == "edge":
                element.attrib.pop(name, None)
        for child in [one for one in element if one.tag in _GEXF_UNREAD]:
            element.remove(child)
    classes: dict[str | None, set[str | None]] = {}
    for group in list(graph.findall("attributes")):
        if group.get("class") not in ("node", "edge"):
            graph.remove(group)
        for attribute in group.findall("attribute"):
            attribute.set("type", "string")
            attribute.set("title", attribute.get("title") or attribute.get("id") or "")
            classes.setdefault(group.get("class"), set()).add(attribute.get("id"))
            for default in attribute.findall("default"):
                default.text = default.text or ""
    for element in (*graph.iter("node"), *graph.iter("edge")):
        for values in element.findall("attvalues"):
            for value in list(values):
                value.set("for", value.get("for") or value.get("id") or "")
                if value.get("for") not in classes.get(element.tag, ()):
                    values.remove(value)
    group = ElementTree.SubElement(graph, "attributes", {"class": "edge"})
    ElementTree.SubElement(group, "attribute", {"id": BOTH_WAYS, "title": BOTH_WAYS, "type": "string"})
    for tie in graph.iter("edge"):
        kind = tie.attrib.pop("type", None)
        mark = {"directed": "false", "undirected": "true", "mutual": "true"}.get(kind or "", undirected)
        place = tie.find("attvalues")
        place = ElementTree.SubElement(tie, "attvalues") if place is None else place
        ElementTree.SubElement(place, "attvalue", {"for": BOTH_WAYS, "value": mark})
        tie.attrib.pop("id", None)
        tie.attrib.pop("label", None)
    graph.set("defaultedgetype", "directed")
    return _check_whole(networkx.read_gexf(_serialise(root, _GEXF)), people, ties, where), said


_GEXF_UNREAD = {"color", "size", "position", "shape", "thickness", "spells", "slices", "parents", "meta"}


def _serialise(root: ElementTree.Element, namespace: str) -> BytesIO:
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = f"{{{namespace}}}{element.tag}"
    return BytesIO(ElementTree.tostring(root, encoding="utf-8"))


# ---- text


#: values of GML that networkx does not read: NaN and the like, and whole numbers with an exponent
_WORD = re.compile(r"(\b[A-Za-z]\w*\s+)([-+]?(?:nan|inf(?:inity)?|true|false|null|none|na))(?=[\s\]])", re.IGNORECASE)
_EXPONENT = re.compile(r"(?<=\s)([-+]?\d+)(e[-+]?\d+)(?=[\s\]])", re.IGNORECASE)


def _read_gml(raw: bytes, where: str) -> tuple["networkx.Graph", tuple[str, ...]]:
    import networkx

    text, said = recode(raw, where)
    pieces = re.split(r'("[^"]*")', re.sub(r"\r\n?", "\n", text.decode()))  # what is quoted stands at odd places
    pieces[1::2] = [piece.replace("\n", "&#10;").replace("\x85", "&#133;") for piece in pieces[1::2]]
    pieces[::2] = [re.sub(r"\bmultigraph\s+\d+", " ", piece) for piece in pieces[::2]]
    at = next((at for at in range(0, len(pieces), 2) if re.search(r"\bgraph\s*\[", pieces[at])), None)
    if at is None:
        raise ValueError("it has no graph")
    pieces[at] = re.sub(r"\bgraph\s*\[", "graph [ multigraph 1\n", pieces[at], count=1)
    pieces[::2] = [_WORD.sub(r'\1"\2"', _EXPONENT.sub(r"\1.0\2", piece)) for piece in pieces[::2]]
    lines = "".join(pieces).split("\n")
    try:
        return networkx.parse_gml(lines), said
    except networkx.NetworkXError as problem:  # no labels, or not one for each node
        graph = networkx.parse_gml(lines, label="id")
        twice = "duplicated" in str(problem)
        return graph, (*said, "ids are names, as labels repeat" if twice else "ids are names, as labels are missing")


#: what a Pajek project may hold beside networks, with vertices of its own
_ASIDE = re.compile(r"\*(partition|vector|cluster|permutation|hierarchy)\b", re.IGNORECASE)


def _read_pajek(raw: bytes, where: str) -> tuple["networkx.Graph", tuple[str, ...]]:
    import networkx

    text, said = recode(raw, where)
    names: dict[str, str] = {}
    ties: dict[str, list[tuple[str, str]]] = {"edges": [], "arcs": []}
    section, is_aside, relations = "", False, set[str]()
    for line in re.split(r"\r\n?|\n", text.decode()):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        if line.startswith("*"):
            is_aside = bool(_ASIDE.match(line)) or (is_aside and not re.match(r"\*network", line, re.IGNORECASE))
            section, number = ("", 0) if is_aside else _begin_section(line, len(text), where)
            if section == "vertices":
                if names:
                    raise InputError(f"{where} holds several networks: save the one that you mean alone")
                names = {str(at): str(at) for at in range(1, number + 1)}
            elif section:
                relations.add(line.partition(":")[2].strip())
        elif section == "vertices":
            found = re.match(r'(\d+)(?:\s+(?:"([^"]*)"|(\S+)))?', line)
            if not found or found[1] not in names:
                raise ValueError(f"no vertex in the line {format_name(line)}")
            label = found[2] if found[2] is not None else found[3]
            names[found[1]] = found[1] if label is None else label
        elif section:
            words = line.split()
            listed = section.endswith("list")
            for other in words[1:] if listed else words[1:2]:
                if words[0] not in names or other not in names:
                    raise ValueError(f"an unknown vertex in the line {format_name(line)}")
                ties[section.removesuffix("list").removesuffix("s") + "s"].append((words[0], other))
    if len(relations) > 1:
        said = (*said, f"{len(relations)} relations are read as one")
    twice = len(set(names.values())) < len(names)
    marked = networkx.MultiDiGraph()
    marked.add_nodes_from(names)
    for kind, mark in (("edges", "true"), ("arcs", "false")):
        marked.add_edges_from((*tie, {BOTH_WAYS: mark}) for tie in ties[kind])
    if twice:
        return marked, (*said, "numbers are names, as labels repeat")
    return networkx.relabel_nodes(marked, names), said


def _begin_section(line: str, size: int, where: str) -> tuple[str, int]:
    """Return (edges, arcs, edgeslist, arcslist, vertices, or "" for what is not read; number of vertices).

    Args:
        line: begins with a star.
        size: of the file, in bytes.
        where: name of the file in messages.

    Raises:
        InputError: there are more vertices than such a file can be about, two kinds of them, or a matrix.
    """
    words = line[1:].lower().split() or [""]
    if words[0] == "vertices":
        if len(words) > 2:
            raise InputError(f"{where} has two kinds of vertices: give a graph of people alone")
        number = int(words[1])
        if number > 10 * (size + 1000):
            raise InputError(f"{where} says {number:,} vertices and holds {size:,} bytes: correct the number")
        return "vertices", number
    if words[0] == "matrix":
        raise InputError(f"{where} is a matrix: save it with arcs or edges")
    section = words[0].partition(":")[0]
    return (section if section in ("edges", "arcs", "edgeslist", "arcslist") else ""), 0


def _read_json(raw: bytes, where: str) -> tuple["networkx.Graph", tuple[str, ...]]:
    import networkx

    text, said = recode(raw, where)
    data = json.loads(text)
    nodes, key = (data.get("nodes"), "links" if "links" in data else "edges") if isinstance(data, dict) else (None, "")
    links = data.get(key) if nodes is not None else None
    if not isinstance(nodes, list) or not isinstance(links, list):
        raise InputError(f"{where} is JSON, but no node-link graph: it needs lists of nodes and of links or edges")
    ids = [_get_name(node, at) for at, node in enumerate(nodes)]
    ends: list[list[Any]] = [
        [_get_id(link.get(end)) for end in ("source", "target")] if isinstance(link, dict) else [None] for link in links
    ]
    ids, ends = list(map(_take_whole, ids)), [list(map(_take_whole, pair)) for pair in ends]
    for one in (*ids, *(end for pair in ends for end in pair)):
        if not isinstance(one, str | int | float) or isinstance(one, bool) or one != one:
            raise InputError(f"{where} has {format_name(one)} where an id should be: give text or a number")
    if len(set(map(str, ids))) < len(ids):
        raise InputError(f"{where} has two nodes of one id: give each its own")
    known = {str(one): one for one in ids}
    unknown = [end for pair in ends for end in pair if str(end) not in known]
    if unknown and all(isinstance(end, int) and 0 <= end < len(ids) for pair in ends for end in pair):
        ends = [[str(ids[end]) for end in pair] for pair in ends]
        said = (*said, "ends of ties are places in the list of nodes")
    elif unknown:
        raise InputError(f"{where} ties {format_name(unknown[0])}, which is no node: add it")
    usual, is_told = _find_direction(data, links)
    whole = {
        "directed": True,
        "multigraph": True,
        "nodes": [{**_get_attributes(node), "id": str(one)} for node, one in zip(nodes, ids, strict=True)],
        "links": [
            {
                **{name: value for name, value in _get_attributes(link).items() if name not in _OF_LINKS},
                "source": str(one),
                "target": str(other),
                BOTH_WAYS: "true" if link.get("undirected", usual) is True else "false",
            }
            for link, (one, other) in zip(links, ends, strict=True)
        ],
    }
    if not is_told:
        said = (*said, "the file says nothing of direction (else set graph.edges=directed)")
    try:
        return networkx.node_link_graph(whole, edges="links"), said
    except TypeError:  # networkx 3.3 and before
        return networkx.node_link_graph(whole, link="links"), said


_OF_LINKS = ("key", "undirected")  #: what is no attribute of a tie


def _get_name(node: Any, place: int) -> Any:
    """Return the id of a node, which graphology calls its key, and D3 its name or its place."""
    return next((node[one] for one in ("id", "key", "name") if one in node), place) if isinstance(node, dict) else node


def _take_whole(one: Any) -> Any:
    """Return 1 for 1.0, which is the same number."""
    return int(one) if isinstance(one, float) and one.is_integer() and abs(one) < 2**53 else one


def _get_attributes(one: Any) -> dict[str, Any]:
    """Return the attributes of a node or a link, which graphology keeps in a dictionary of their own."""
    own = one.get("attributes") if isinstance(one, dict) else None
    if isinstance(own, dict):
        return {**{name: value for name, value in one.items() if name != "attributes"}, **own}
    return one if isinstance(one, dict) else {}


def _find_direction(data: dict[str, Any], links: list[Any]) -> tuple[bool, bool]:
    """Return (whether links that say nothing count both ways, whether the file says so)."""
    options = data.get("options")
    kind = options.get("type") if isinstance(options, dict) else None  # of graphology
    if kind in ("directed", "undirected", "mixed"):
        return kind == "undirected", True
    if "directed" in data:
        return data["directed"] is not True, True
    return (False, True) if any("undirected" in link for link in links) else (True, False)


def _get_id(end: Any) -> Any:
    return end.get("id") if isinstance(end, dict) else end


_PARSERS: dict[str, Callable[[bytes, str], tuple["networkx.Graph", tuple[str, ...]]]] = {
    "GraphML": _read_graphml,
    "GEXF": _read_gexf,
    "GML": _read_gml,
    "Pajek": _read_pajek,
    "JSON": _read_json,
    "DIMACS": read_dimacs,
    "METIS": read_metis,
}
