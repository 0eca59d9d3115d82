"""Co-sharing: accounts that share the same rare things, whenever they do it.

An account is what it shares: objects weighted by TF-IDF (Luceri et al. 2024, doi:10.1145/3589334.3645529). Accounts are
tied to the `neighbours` most like them by cosine; communities of that network are found by Louvain's method
(Blondel et al. 2008); an account scores by its mean likeness to the others of its community that it is tied to.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx
import numpy as np
from scipy import sparse

from experiments.detection.detector import F64, I64, Detector, order_accounts
from experiments.detection.traces import Trace, extract_trace, merge_traces
from experiments.detection.view import PlatformView
from experiments.extras import require
from sim.errors import InputError

BLOCK = 512  #: accounts compared with all others at once: bounds the memory


@dataclass(frozen=True)
class CoSharing(Detector):
    """Scores an account by its mean likeness to its community, which shares what it shares.

    Args:
        kinds: of action, some of `experiments.detection.traces.TRACES`.
        min_actions: actions from which an account is compared, >= 1: who shared one thing is like too many.
        floor: likeness from which two accounts are tied, above 0, at most 1.
        neighbours: ties that an account brings, >= 1.
        company: ties within the community that an account needs to be scored, >= 1: two accounts are no network.
    """

    kinds: tuple[str, ...] = ("repost", "url")
    min_actions: int = 5
    floor: float = 0.1
    neighbours: int = 20
    company: int = 3

    def __post_init__(self) -> None:
        require("co-sharing", "detectors", "sklearn")
        for name in ("min_actions", "neighbours", "company"):
            if getattr(self, name) < 1:
                raise InputError(f"CoSharing.{name}={getattr(self, name)} must be at least 1")
        if not 0.0 < self.floor <= 1.0:
            raise InputError(f"CoSharing.floor={self.floor} must be above 0 and at most 1")

    @property
    def name(self) -> str:
        """Say what is shared."""
        return f"co-sharing ({', '.join(self.kinds)})"

    def score(self, view: PlatformView) -> F64:
        """Return the mean cosine of each account's ties within its community, 0 for fewer than `company`."""
        view, order = order_accounts(view)
        score = np.zeros(len(order))
        score[order] = self._score_ordered(view)
        return score

    def _score_ordered(self, view: PlatformView) -> F64:
        shared = count_actions(
            merge_traces([extract_trace(view, kind) for kind in self.kinds]), len(view.accounts), self.min_actions
        )
        source, target, likeness = self.compute_ties(shared)
        if not len(source):
            return np.zeros(len(view.accounts))
        member = find_communities(source, target, likeness, len(view.accounts))
        inside = member[source] == member[target]
        ends = np.concatenate([source[inside], target[inside]])
        total = np.bincount(ends, np.tile(likeness[inside], 2), len(view.accounts))
        number = np.bincount(ends, minlength=len(view.accounts))
        return np.where(number >= self.company, total / np.maximum(number, 1), 0.0)

    def compute_ties(self, shared: sparse.csr_array) -> tuple[I64, I64, F64]:
        """Return who is tied to whom (rows, source < target) and their cosines, given counts [accounts, objects]."""
        weighted = compute_tfidf(shared)
        parts = [tie for first in range(0, shared.shape[0], BLOCK) for tie in self._nearest(weighted, first)]
        pairs, likeness = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else _NONE
        pairs, place = np.unique(pairs, return_index=True)
        source, target = np.divmod(pairs, shared.shape[0])
        return source, target, likeness[place]

    def _nearest(self, weighted: sparse.csr_array, first: int) -> Iterator[tuple[I64, F64]]:
        n = weighted.shape[0]
        cosines = (weighted[first : first + BLOCK] @ weighted.T).tocsr()
        for row in range(cosines.shape[0]):
            cells = slice(cosines.indptr[row], cosines.indptr[row + 1])
            other, likeness = cosines.indices[cells].astype(np.int64), cosines.data[cells]
            near = (other != first + row) & (likeness >= self.floor)
            other, likeness = other[near], likeness[near]
            best = np.lexsort((other, -likeness))[: self.neighbours]
            one, two = np.minimum(other[best], first + row), np.maximum(other[best], first + row)
            yield one * n + two, likeness[best]


_NONE = (np.zeros(0, np.int64), np.zeros(0))


def count_actions(actions: Trace, accounts: int, min_actions: int) -> sparse.csr_array:
    """Return how often each account acted on each object, float64 [accounts, objects].

    Rows of who acted fewer than `min_actions` times, and objects of one account alone, are empty.
    """
    shape = (accounts, int(actions.thing.max(initial=-1)) + 1)
    table = sparse.csr_array((np.ones(len(actions.account)), (actions.account, actions.thing)), shape=shape)
    table.sum_duplicates()
    busy = (table.sum(axis=1) >= min_actions).astype(np.float64)
    common = (np.bincount(table.indices, minlength=shape[1]) > 1).astype(np.float64)
    kept = sparse.csr_array(sparse.diags_array(busy) @ table @ sparse.diags_array(common))
    kept.eliminate_zeros()
    return kept


def compute_tfidf(shared: sparse.csr_array) -> sparse.csr_array:
    """Return the rows weighted by scikit-learn's TF-IDF, each of length 1 (or 0)."""
    from sklearn.feature_extraction.text import TfidfTransformer

    if not shared.shape[0] or not shared.nnz:
        return shared
    return sparse.csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(shared))


def find_communities(source: I64, target: I64, likeness: F64, accounts: int) -> I64:
    """Return the number of each account's community by Louvain's method, int64; -1 for accounts without ties."""
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(source.tolist(), target.tolist(), likeness.tolist(), strict=True))
    member = np.full(accounts, -1, np.int64)
    for number, group in enumerate(nx.community.louvain_communities(graph, seed=0)):
        member[list(group)] = number
    return member
