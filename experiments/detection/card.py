"""The card of a data set: what it is, how it was made, what is in it, and where it differs from real data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import yaml

from sim.actors.evasion import Evasion

CARD = "README.md"

HEAD = """# Synthetic platform data

People, posts and an operation that were simulated; nobody in it exists. It is meant for judging detectors of
coordinated accounts. It is no sample of any platform, and a detector that was tuned on it has not
been tested on people.

"""

LIMITS = """## What is not as in life

* Text is a row of tokens without grammar; topics differ by their words alone, by Zipf's law. Hashtags and links stand
  beside the text, not in it. There is one language, no image, no quote, no like.
* Accounts have no profile but a name and a description, both drawn from the id, and nobody changes them. People's ages
  are even over nine years.
* Nobody joins, follows or stops following while the data last, unless the scenario has operators who return, recruits
  or ties that change; then ties are those of the end. Aged accounts of an operation have the numbers of ties
  that people have, not their returned ties or circles.
* Everything posted by order is on one topic, everyday talk and civil causes apart. Seconds of people are even within an
  hour, and acts of one session follow each other by exponential gaps.
* Links lead to one site in Zipf's order; a link is no answer to what it is about. Mentions are whom a post answers or
  reposts, and nobody else: whom a smear names is not shown, since nobody else names people in posts of their own.
* A deleted post is gone from the moment that data are collected, at the end; until then all could read it, if it was
  the author who deleted it. People delete nothing of their own: who has an empty row was organised, or moderated. Do
  not let a detector read `select_deleted`.
* Prevalence is far above that of any platform. Look at precision at a lower one.
* The truth labels who was commanded. Posts of such an account can be everyday talk: `order_id` says which were not.

"""

TABLES = """## Tables

Ids are text in Snowflake form: `id >> 22` plus 1288834974657 is the millisecond in which it was made. The lower bits are a
keyed permutation, so that neither ids nor order say who somebody is. Times are seconds since 1970; the day is arbitrary.

| table | columns |
|---|---|
| `accounts` | account_id, created_at, followers, following |
| `posts` | post_id, account_id, time, kind (original, repost, reply), repost_of, reply_to, reply_to_account, mentions, hashtags, urls (joined by spaces), text, deleted, reposts, replies |
| `follows` | source follows target |
| `truth/truth_accounts` | account_id, role, cohort (camp of an ordinary person), cell_id, campaign_id, activated_at (first post by order, -1) |
| `truth/truth_posts` | post_id, order_id (-1 for none), tactic |

Of a deleted post only post_id, account_id, time and kind are left; the other formats leave it out.

"""  # noqa: E501


#: how pandas reads a format without loss, where its defaults are not enough or need a word
READING = {
    "parquet": '`pd.read_parquet("posts.parquet")`',
    "cnt": '`pd.read_csv("cnt.csv")`; ids of posts begin with "t": `posts["message_id"].str[1:]` is the post_id',
    "v1": '`pd.read_json("v1.jsonl", lines=True, dtype=False)`; take the ids whose names end in `_str`',
    "v2": '`pd.json_normalize([post for page in open("v2.jsonl") for post in json.loads(page)["data"]])`',
    "io_archive": '`pd.read_csv("io_archive.csv", dtype=str, keep_default_na=False)`, or ids lose their last digits',
}


class Card(NamedTuple):
    """What a card says about one data set."""

    name: str
    formats: Sequence[str]
    fingerprint: str  #: of its rows
    settings: str  #: hash of the configuration that made it
    versions: Mapping[str, str | None]  #: versions by package
    evasion: Evasion
    counts: Mapping[str, int]  #: what there is how often


def write_card(folder: Path, card: Card) -> None:
    """Write the card of the data set in `folder`."""
    listed = "\n".join(f"| {what} | {number:,} |" for what, number in card.counts.items())
    knobs = yaml.safe_dump(asdict(card.evasion), sort_keys=False)
    lines = "".join(f"* {name}: {READING.get(name, 'all by its defaults')}\n" for name in card.formats)
    made = ", ".join(f"{package} {version}" for package, version in card.versions.items() if version)
    (folder / CARD).write_text(
        f"{HEAD}* Name: {card.name}\n* Formats: {', '.join(card.formats)}\n"
        f"* Fingerprint (SHA-256 of all rows): `{card.fingerprint}`\n"
        f"* Configuration: `config.yaml`, SHA-256 `{card.settings}`; command and time: `run.yaml`\n"
        f"* Made with: {made}\n\n## What is in it\n\n| what | how many |\n|---|---|\n{listed}\n\n{TABLES}"
        f"## How pandas reads it\n\n{lines}\n"
        f"## How the operation hides\n\n```yaml\n{knobs}```\n\n{LIMITS}",
        encoding="utf-8",
    )


def hash_settings(config: Mapping[str, Any]) -> str:
    """Return a hash of what decides the data: the configuration without where to, in which formats, and how fast."""
    decisive = {key: value for key, value in config.items() if key not in ("out", "workers", "formats", "release")}
    return sha256(yaml.safe_dump(decisive).encode()).hexdigest()


def count_accounts(truth: pa.Table, posts: int) -> dict[str, int]:
    """Return how many accounts of each role there are, and how many posts."""
    roles = truth["role"].value_counts().to_pylist()
    return {f"accounts ({role['values']})": role["counts"] for role in roles} | {"posts": posts}
