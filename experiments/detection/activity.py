"""A data set in memory, real or synthetic, as the comparison of traces needs it: who posted what, when."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.detection.cases import label_accounts
from experiments.detection.detector import CAMPAIGN, GENUINE
from experiments.detection.formats.base import decode_seconds
from experiments.detection.formats.canonical import TRUTH
from experiments.detection.reading.base import ACCOUNTS, Asked, refuse_pipe
from experiments.detection.reading.cleaning import Cleaner, hash_ids
from experiments.detection.reading.formats import READERS, recognise_format
from experiments.detection.reading.tables import TRACES
from experiments.detection.surface import make_topic_pattern
from experiments.detection.view import TruthTables
from sim.errors import InputError
from sim.state.posts import CONTESTED

I64 = NDArray[np.int64]
UNTOLD = np.iinfo(np.int64).min  #: a time that is not known
AUTO, ALL = "auto", "all"  #: topics
NEAR, MOST = 60, 0.99  #: s between a time and the one in an id, and the share of ids, from which ids tell times


class Shown(NamedTuple):
    """What was shown of some platform."""

    name: str
    #: account (int64, row of `accounts`), time (int64, s since 1970), kind (original, repost, reply), thing (int64,
    #: number of the reposted post, -1 for none), origin (int64, when that was written, `UNTOLD`), matches (bool, on the
    #: topic)
    posts: pd.DataFrame
    #: identity (uint64, hash of the id), created_at, followers, following (float64), name, location (text, None)
    accounts: pd.DataFrame
    parts: Mapping[str, NDArray[np.bool_]]  #: accounts of a name, bool [A], if the data set has labels
    notes: Sequence[str]  #: what was decided when it was read


def read_activity(path: Path, topic: str = AUTO) -> Shown:
    """Read a data set.

    Args:
        path: a folder that `infowar-lab export` or `import` wrote, or a file of a format that can be recognised.
        topic: an expression that tags or words of a post must match; "auto" for the contested topic of an export and
            all of other data; "all".

    Raises:
        InputError: it cannot be read, in one line with the cure.
    """
    refuse_pipe(path)
    kind = recognise_format(path)
    notes, asked = [], Asked()
    if kind == "coortweet" and path.stem not in TRACES:
        asked = Asked(trace="repost")
        notes.append("taken as reposts, since its name does not say what was shared")
    cleaner, pieces, profiles = Cleaner(), [], [ACCOUNTS.empty_table()]
    for batch in READERS[kind](path, asked):
        pieces.append(cleaner.clean(batch.posts.filter(pc.invert(batch.posts["deleted"]))))
        if batch.accounts is not None:
            profiles.append(batch.accounts)
    notes += [f"{number:,} {words}" for words, number in cleaner.counts.items() if "left out" in words and number]
    posts = pa.concat_tables(pieces).combine_chunks()
    if not len(posts):
        raise InputError(f"{path} holds no post that has an id, an account and a time")
    labels = path / TRUTH / "truth_accounts.parquet"
    labelled = path.is_dir() and labels.is_file()
    pattern = {AUTO: make_topic_pattern(CONTESTED) if labelled else "", ALL: ""}.get(topic, topic)
    matches = _find_matches(posts, pattern)
    if pattern:
        notes.append(f"on the topic: {100 * matches.mean():.0f}% of its posts")
    code, ids = pd.factorize(posts["account_id"].to_numpy())
    origin, told = _find_origins(posts)
    notes += told
    frame = pd.DataFrame({"account": code.astype(np.int64), "time": posts["time"].to_numpy(),
                          "kind": posts["kind"].to_numpy(), "thing": _number_things(posts["repost_of"]),
                          "origin": origin, "matches": matches})  # fmt: skip
    accounts = _collect_profiles(pa.concat_tables(profiles), ids)
    return Shown(path.name, frame, accounts, _read_parts(labels, ids) if labelled else {}, notes)


def _find_matches(posts: pa.Table, pattern: str) -> NDArray[np.bool_]:
    if not pattern:
        return np.ones(len(posts), np.bool_)
    words = pc.binary_join_element_wise(posts["hashtags"], posts["text"], " ")
    try:
        return pc.match_substring_regex(words, pattern, ignore_case=True).to_numpy()
    except pa.ArrowInvalid as error:
        said = " ".join(str(error).split())[:120]
        raise InputError(f"topic={pattern} is no expression ({said}): say words, as in topic='vote|ballot'") from None


def _number_things(repost_of: pa.ChunkedArray) -> I64:
    names = repost_of.to_numpy()
    return np.where(names == "", -1, pd.factorize(names)[0]).astype(np.int64)


def _find_origins(posts: pa.Table) -> tuple[I64, list[str]]:
    """Return when what each post reposts was written: as its own row says, or else its id if ids tell times."""
    place = pd.Index(posts["post_id"].to_numpy()).get_indexer(posts["repost_of"].to_numpy())
    time = posts["time"].to_numpy()
    origin = np.where(place >= 0, time[place], UNTOLD)
    own, there = _decode_times(posts["post_id"])
    if not there.any() or np.mean(np.abs(own - time) <= NEAR) < MOST:
        return origin, []
    original, numbered = _decode_times(posts["repost_of"])
    absent = numbered & (place < 0)
    return np.where(absent, original, origin), ["times of reposted posts are told by their ids"] if absent.any() else []


def _decode_times(ids: pa.ChunkedArray) -> tuple[I64, NDArray[np.bool_]]:
    """Return the second that an id in Snowflake form holds, and which are whole numbers of such a size."""
    there = pc.match_substring_regex(ids, r"^\d{15,18}$|^[1-8]\d{18}$")
    numbers = pc.cast(pc.if_else(there, ids, "0"), pa.int64()).to_numpy()
    return decode_seconds(numbers), there.to_numpy()


def _collect_profiles(profiles: pa.Table, ids: NDArray[np.object_]) -> pd.DataFrame:
    """Return the last profile of each of the accounts `ids`."""
    told = profiles.to_pandas().drop_duplicates("account_id", keep="last").set_index("account_id").reindex(ids)
    numbers = {name: told[name].to_numpy(np.float64) for name in ("created_at", "followers", "following")}
    texts = {name: told[name].astype(object).where(told[name].notna(), None) for name in ("name", "location")}
    accounts = pd.DataFrame({"identity": hash_ids(pa.array(ids)), **numbers, **texts})
    return accounts.reset_index(drop=True)


def _read_parts(labels: Path, ids: NDArray[np.object_]) -> dict[str, NDArray[np.bool_]]:
    """Return who is of the people and who of the campaign; those whose label is not known are in neither."""
    told = pq.read_table(labels).to_pandas()
    label = pd.Series(label_accounts(TruthTables(told, pd.DataFrame())), index=told["account_id"]).reindex(ids)
    role = told.set_index("account_id")["role"].reindex(ids)
    parts = {"people": (label == GENUINE) & (role == "organic"), "campaign": label == CAMPAIGN}
    return {name: members.to_numpy() for name, members in parts.items() if members.any()}
