"""Scores of accounts from any tool: a table of scores, a table of pairs, or a network as GraphML."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import ParseError

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.detection.reading.base import clean_ids, iterate_whole
from sim.errors import InputError, suggest

ACCOUNT = ("account_id", "user_id", "userid", "id")  #: names of a column of accounts
#: names of two columns of accounts: CooRTweet's groups; igraph's, Gephi's and pandas' edges
PAIRS = (("account_id", "account_id_y"), ("from", "to"), ("source", "target"), ("Source", "Target"))
NAMES = ("name", "label", "account_id", "user_id")  #: of a node, where its id is a number of the program's own
WEIGHT, DEGREE = "weight", "degree"


class Scores(NamedTuple):
    """What a file says."""

    score: "pd.Series[float]"  #: by account id, text
    notes: Sequence[str]  #: how it was read


def read_scores(path: Path, accounts: "pd.Index[str]", by: str = WEIGHT, column: str = "") -> Scores:
    """Read a file of scores.

    Args:
        path: GraphML, CSV, TSV or Parquet; text files may be compressed.
        accounts: ids that are known.
        by: of a network, what an account scores: the sum of its edges' weights, or their number.
        column: of scores, if it is not called score.

    Raises:
        InputError: it cannot be read, or knows no account of these, in one line with the cure.
    """
    if not path.is_file():
        raise InputError(f"scores={path} is no file: name a table of account_id and score, or a GraphML")
    found = _read_network(path, accounts, by) if ".graphml" in path.suffixes else _read_table(path, by, column)
    known = found.score.index.isin(accounts)
    if not known.any():
        stripped = found.score.rename(index=lambda one: one[1:])
        if stripped.index.isin(accounts).any():  # as in TwiBot-22
            return Scores(stripped[stripped.index.isin(accounts)], [*found.notes, "ids without their first letter"])
        first = str(found.score.index[0]) if len(found.score) else "none"
        cure = "read ids as text, since numbers lose digits" if "e+" in first else "say whose data=DIR it is"
        raise InputError(f"scores={path} knows no account of the data (its first is {first}): {cure}")
    strangers = int((~known).sum())
    notes = [*found.notes, f"{strangers:,} accounts that are not in the data left out"] if strangers else found.notes
    return Scores(found.score[known], notes)


def _read_table(path: Path, by: str, column: str) -> Scores:
    table = pd.concat([piece.to_pandas() for piece in iterate_whole(path)], ignore_index=True)
    for one, other in PAIRS:
        if {one, other} <= set(table) and not column:
            table, said = _clean_columns(table, (one, other))
            weight = table["weight"] if "weight" in table else pd.Series("1", index=table.index)
            edges = pd.DataFrame({"one": table[one], "other": table[other], "weight": _read_numbers(weight, path)})
            return Scores(
                _sum_edges(edges, by, False),
                [f"pairs of accounts ({one}, {other}); an account scores its {by}", *said],
            )
    name = next((name for name in ACCOUNT if name in table), "")
    if not name:
        raise InputError(f"scores={path} has no column account_id: {suggest('account_id', list(table))}")
    others = [one for one in table if one != name]
    if not others:
        raise InputError(f"scores={path} has no column beside {name}: add one of scores")
    chosen = column or ("score" if "score" in table else others[0] if len(others) == 1 else "")
    if chosen not in table:
        raise InputError(f"scores={path} has no column {chosen or 'score'}: say column=NAME, {suggest(chosen, others)}")
    table, said = _clean_columns(table, (name,))
    score = pd.Series(_read_numbers(table[chosen], path).to_numpy(), index=table[name])
    if not score.index.is_unique:
        twice = score.index[score.index.duplicated()][0]
        raise InputError(f"scores={path} has account {twice} twice: give one score each")
    return Scores(score, [f"scores are {chosen} by {name}", *said])


def _clean_columns(table: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that have ids in these columns, the ids as their platform had them, and what was met."""
    notes: Counter[str] = Counter()
    for name in names:
        ids, counts = clean_ids(pa.array(table[name], pa.string()), None)
        table = table.assign(**{name: ids.to_pandas()})
        notes.update(counts)
    whole = table.dropna(subset=list(names))
    notes["rows without an account, left out"] = len(table) - len(whole)
    return whole, [f"{number:,} {words}" for words, number in notes.items() if number]


def _read_numbers(column: pd.Series, path: Path) -> "pd.Series[float]":
    text = column.str.replace(r"^(-?\d+),(\d+)$", r"\1.\2", regex=True)
    numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
    if not np.isfinite(numbers).all():
        wrong = column[~np.isfinite(numbers)].iloc[0]
        raise InputError(f"scores={path} has the score {wrong}: give a finite number to every account that it names")
    return numbers


def _read_network(path: Path, accounts: "pd.Index[str]", by: str) -> Scores:
    try:
        graph = nx.read_graphml(path)
    except (ParseError, nx.NetworkXError, OSError, KeyError, ValueError) as error:
        said = " ".join(str(error).split())[:120]
        raise InputError(f"scores={path} cannot be read as GraphML ({said})") from None
    names, told = {node: str(node) for node in graph}, "nodes"
    if not any(one in accounts for one in names.values()):
        for attribute in NAMES:
            given = nx.get_node_attributes(graph, attribute)
            if any(str(one) in accounts for one in given.values()):
                names, told = {node: str(given.get(node, "")) for node in graph}, f"nodes' {attribute}"
                break
    edges = pd.DataFrame(
        [(names[one], names[other], float(about.get("weight", 1))) for one, other, about in graph.edges(data=True)],
        columns=["one", "other", "weight"],
    )
    score = _sum_edges(edges, by, graph.is_directed())
    alone = [name for name in names.values() if name not in score.index]
    whole = pd.concat([score, pd.Series(0.0, index=alone)])
    return Scores(whole, [f"accounts are {told} of a network of {len(edges):,} edges; an account scores its {by}"])


def _sum_edges(edges: pd.DataFrame, by: str, directed: bool) -> "pd.Series[float]":
    """Return what each account's edges weigh, or how many others it is tied to; itself is nobody.

    Edges between two accounts are added up; where they have directions, as in the toolkit's networks, those of one
    direction are, and the heavier direction counts.
    """
    others = edges[edges["one"] != edges["other"]]
    first = others["one"] < others["other"]
    pairs = pd.DataFrame({
        "one": others["one"].where(first, others["other"]),
        "other": others["other"].where(first, others["one"]),
        "forth": first & directed,
        "weight": others["weight"],
    })  # fmt: skip
    added = pairs.groupby(["one", "other", "forth"])["weight"].sum()
    once = added.groupby(["one", "other"]).max().reset_index()
    both = pd.concat([once, once.rename(columns={"one": "other", "other": "one"})])
    grouped = both.groupby("one")["weight"]
    return (grouped.sum() if by == WEIGHT else grouped.size()).astype(np.float64)
