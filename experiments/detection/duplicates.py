"""Near-duplicate texts: accounts whose words others nearly repeat, whenever they do it.

Texts are sets of words; MinHash (Broder 1997) estimates how large a share of their words two texts have in common, and
locality-sensitive hashing finds those that may pass the threshold without comparing all pairs. Within a bucket every
text is compared with the bucket's first alone, so time and memory grow with the number of different texts.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from experiments.detection.detector import F64, I64, Detector
from experiments.detection.traces import is_content, select_standing
from experiments.detection.view import PlatformView
from experiments.extras import require
from sim.errors import InputError

BLOCK = 4096  #: texts whose words' hashes are in memory at once


@dataclass(frozen=True)
class NearDuplicates(Detector):
    """Scores an account by how many of its own texts other accounts nearly repeat.

    Args:
        threshold: share of words in common (Jaccard) from which two texts are nearly the same, above 0, below 1.
        shortest: words that a text must have to be compared, >= 1: short ones are alike by chance.
        permutations: of MinHash, >= 16.
    """

    threshold: float = 0.6
    shortest: int = 6
    permutations: int = 64

    def __post_init__(self) -> None:
        require(self.name, "detectors", "datasketch")
        if not 0.0 < self.threshold < 1.0:
            raise InputError(f"NearDuplicates.threshold={self.threshold} must be above 0 and below 1")
        for name, lowest in (("shortest", 1), ("permutations", 16)):
            if getattr(self, name) < lowest:
                raise InputError(f"NearDuplicates.{name}={getattr(self, name)} must be at least {lowest}")

    @property
    def name(self) -> str:
        """Say what it looks for."""
        return "near-duplicates"

    def score(self, view: PlatformView) -> F64:
        """Return the number of own texts of each account that are in a group with those of others."""
        posts, account = select_standing(view)
        text = posts["text"]
        own = ((posts["kind"] != "repost") & (text.str.count(r"\S+") >= self.shortest) & is_content(text)).to_numpy()
        code, texts = pd.factorize(text[own])
        group, account = self.find_groups(texts.tolist())[code], account[own]
        pairs = np.unique(group * len(view.accounts) + account) // max(len(view.accounts), 1)
        authors = np.bincount(pairs, minlength=1)
        return np.bincount(account[authors[group] > 1], minlength=len(view.accounts)).astype(np.float64)

    def find_groups(self, texts: list[str]) -> I64:
        """Return the number of the group of near-duplicates that each text is in, int64; equal means the same."""
        from datasketch import MinHashLSH

        if not texts:
            return np.zeros(0, np.int64)
        signature = self.compute_signatures(texts)
        index = MinHashLSH(threshold=self.threshold, num_perm=self.permutations)
        found = [self._match_bucket(signature, band * index.r, index.r) for band in range(index.b)]
        source, target = np.concatenate(found, axis=1)
        size = (len(texts), len(texts))
        return connected_components(sparse.coo_array((np.ones(len(source)), (source, target)), size))[1].astype(
            np.int64
        )

    def compute_signatures(self, texts: list[str]) -> NDArray[np.uint32]:
        """Return the MinHash of each text's words, [texts, permutations]: the least of those of the words alone.

        A word is hashed once, however many texts have it.
        """
        from datasketch import MinHash

        parts = [text.split() for text in texts]
        code, words = pd.factorize(np.array([word for part in parts for word in part], object))
        hashed = MinHash.bulk([[word.encode()] for word in words], num_perm=self.permutations)
        each = np.array([one.hashvalues for one in hashed])
        ends = np.cumsum([len(part) for part in parts])
        begins = np.concatenate([[0], ends[:-1]])
        found = np.empty((len(texts), self.permutations), each.dtype)
        for first in range(0, len(texts), BLOCK):
            block = slice(first, first + BLOCK)
            rows = each[code[begins[first] : ends[block][-1]]]
            found[block] = np.minimum.reduceat(rows, begins[block] - begins[first])
        return found

    def _match_bucket(self, signature: NDArray[np.uint32], first: int, rows: int) -> I64:
        """Return the texts that nearly repeat the first of their bucket in a band, and that first, [2, n]."""
        band = np.ascontiguousarray(signature[:, first : first + rows])
        keys = band.view(np.dtype((np.void, band.dtype.itemsize * rows)))[:, 0]
        _, head, bucket = np.unique(keys, return_index=True, return_inverse=True)
        leader = head[bucket]
        near = (signature == signature[leader]).mean(axis=1) >= self.threshold
        near &= leader != np.arange(len(signature))
        return np.array([np.flatnonzero(near), leader[near]])
