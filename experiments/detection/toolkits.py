"""Detectors by other authors, called as their users call them, on the files that the export writes.

They are optional. When one is created without its packages, the error names them.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

from experiments.detection.detector import F64, Detector
from experiments.detection.formats.base import AccountTexts, Format, format_standing
from experiments.detection.formats.pages import V1
from experiments.detection.formats.tables import Cnt
from experiments.detection.traces import fill_gaps
from experiments.detection.view import PlatformView
from experiments.extras import make_error, require
from sim.errors import InputError

COMMAND = "compute_networks"


class CoordinationToolkit(Detector):
    """The coordination network toolkit's command line, version 1.5.2: an account scores its weighted degree.

    Args:
        network: of the toolkit, such as "co_retweet", "co_tweet", "co_reply", "co_link".
        window: seconds within which two acts are coordinated.
        min_weight: coordinated acts from which two accounts are tied.

    Raises:
        InputError: the toolkit is not installed.
    """

    def __init__(self, network: str = "co_retweet", window: int = 60, min_weight: int = 2) -> None:
        self.network, self.window, self.min_weight = network, window, min_weight
        beside = Path(sys.executable).parent / COMMAND
        self.command = str(beside) if beside.exists() else shutil.which(COMMAND)
        if self.command is None:
            raise make_error("CoordinationToolkit", "toolkits")

    @property
    def name(self) -> str:
        """Say which network and window."""
        return f"toolkit {self.network} {self.window} s"

    def score(self, view: PlatformView) -> F64:
        """Return the sum of weights of each account's edges.

        Raises:
            InputError: the toolkit failed, with the last line that it said.
        """
        if not len(view.posts):
            return np.zeros(len(view.accounts))
        with TemporaryDirectory() as scratch:
            folder = Path(scratch)
            _export(view, Cnt, folder)
            input_ = "cnt_links.csv" if self.network == "co_link" else "cnt.csv"
            self._run(folder, "preprocess", str(folder / input_))
            graph = folder / "graph.graphml"
            self._run(
                folder, "compute", self.network, "--time_window", str(self.window),
                "--min_edge_weight", str(self.min_weight), "--output_file", str(graph), "--output_format", "graphml",
            )  # fmt: skip
            found = nx.read_graphml(graph)
        degree = dict(found.out_degree(weight="weight") if found.is_directed() else found.degree(weight="weight"))
        loops = {one: float(weight) for one, _, weight in nx.selfloop_edges(found, data="weight")}
        strength = {int(account): float(weight) - loops.get(account, 0.0) for account, weight in degree.items()}
        return np.array([strength.get(account, 0.0) for account in view.accounts["account_id"].tolist()])

    def _run(self, folder: Path, *words: str) -> None:
        command = [str(self.command), str(folder / "toolkit.db"), *words]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", cwd=folder, check=False)
        if done.returncode:
            said = (done.stderr.strip() or "nothing").splitlines()[-1]
            raise InputError(f"{COMMAND} {words[0]} failed: {said}")


class Bloc(Detector):
    """BLOC (Nwala, Flammini & Menczer 2023), package twitterbloc: accounts whose strings of behaviour are alike.

    Each account's posts become a string of actions and content by BLOC's own alphabets; an account scores the mean
    cosine of BLOC's TF-IDF vectors with the `neighbours` that are most like it.

    Raises:
        InputError: BLOC is not installed.
    """

    DIMENSIONS = ("action", "content_syntactic")

    def __init__(self, neighbours: int = 5) -> None:
        self.neighbours = neighbours
        require("Bloc", "toolkits", "bloc")

    def score(self, view: PlatformView) -> F64:
        """Return the mean cosine with the nearest accounts; 0 for accounts without posts."""
        if not len(view.posts):
            return np.zeros(len(view.accounts))
        with TemporaryDirectory() as scratch:
            _export(view, V1, Path(scratch))
            lines = (Path(scratch) / "v1.jsonl").read_text(encoding="utf-8").splitlines()
        posts: dict[int, list[dict[str, object]]] = {}
        for post in map(json.loads, filter(None, lines)):
            posts.setdefault(int(post["user"]["id"]), []).append(post)
        score = np.zeros(len(view.accounts))
        if len(posts) <= self.neighbours:
            return score
        who, vectors = _compute_vectors(posts, self.DIMENSIONS)
        alike = (vectors @ vectors.T).toarray()
        np.fill_diagonal(alike, 0.0)
        score[pd.Index(view.accounts["account_id"]).get_indexer(who)] = np.sort(alike)[:, -self.neighbours :].mean(
            axis=1
        )
        return score


def _compute_vectors(
    posts: dict[int, list[dict[str, object]]], dimensions: tuple[str, ...]
) -> tuple[list[int], sparse.csr_array]:
    """Return whose behaviour BLOC could spell, and its TF-IDF vectors, each of length 1."""
    from bloc.generator import add_bloc_sequences
    from bloc.util import get_bloc_doc_lst, get_bloc_variant_tf_matrix, get_default_symbols

    symbols = get_default_symbols()
    spelt = [
        add_bloc_sequences(
            timeline[::-1], all_bloc_symbols=symbols, bloc_alphabets=list(dimensions), user_id=str(account)
        )
        for account, timeline in posts.items()
    ]
    documents = get_bloc_doc_lst(spelt, list(dimensions))
    matrix = get_bloc_variant_tf_matrix(documents, ngram=1, tf_idf_norm="l2")["tf_idf_matrix"]
    who = [int(row["user_id"]) for row in matrix]
    return who, sparse.csr_array(sparse.vstack([sparse.csr_matrix(row["tf_vector"]) for row in matrix]))


def _export(view: PlatformView, kind: type[Format], folder: Path) -> None:
    """Write a view in a format of the export."""
    people = AccountTexts(pa.Table.from_pandas(view.accounts.sort_values("account_id"), preserve_index=False))
    posts = fill_gaps(view.posts)
    table = pa.Table.from_pandas(posts.assign(kind=posts["kind"].astype(str)), preserve_index=False)
    texts = {field.name: pa.string() for field in table.schema if pa.types.is_large_string(field.type)}
    table = table.cast(pa.schema([field.with_type(texts.get(field.name, field.type)) for field in table.schema]))
    written = kind(folder, people)
    written.write_posts(format_standing(table, people))
    written.close(pa.table({}))
