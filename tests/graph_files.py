"""Files of ties for tests: written, read, and what they should give in plain Python."""

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from sim.people.given_graphs import GraphFile
from sim.state.graph import list_edges

fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Ties = set[tuple[str, str]]


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(path: str, **said: Any) -> tuple[Ties, tuple[str, ...], tuple[str, ...]]:
    """Return who follows whom by name, the names, and the notes."""
    rule = GraphFile(path=path, stance="random", **said)
    found = rule._read()
    ends = zip(*(side.tolist() for side in list_edges(found.graph)), strict=True)
    return {(found.labels[one], found.labels[other]) for one, other in ends}, found.labels, found.notes


def pairs(text: str) -> Ties:
    """Return the ties of "a-b c-d"."""
    return {(one, other) for one, _, other in (part.partition("-") for part in text.split())}
