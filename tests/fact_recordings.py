"""Recordings whose posts and people are made up, so that what each fact measures in them is known."""

import dataclasses
from typing import Any

import numpy as np

from experiments.facts.recording import AccountCounts, Recording
from sim.setting import Setting
from sim.state.accounts import Register, make_blank_accounts
from sim.state.posts import Ledger, Posts
from sim.state.truth import EXTREMIST, ORGANIC, TROLL

HOUR = 3600


def recording(people: int = 4, army: int = 0, extremists: int = 0, ticks: int = 240, **columns: Any) -> Recording:
    """Return a recording whose posts have these columns; by default originals on an everyday topic."""
    count = len(next(iter(columns.values()), []))
    blank = Ledger(1, capacity=count).columns._asdict()
    given = {name: np.asarray(values, blank[name].dtype) for name, values in columns.items() if name != "tactic"}
    own = {"root": np.arange(count), "topic": np.ones(count, np.int16)}
    none = {name: np.full(count, -1, blank[name].dtype) for name in ("parent", "template", "target")}
    posts = Posts(**(blank | own | none | given))
    role = np.repeat(np.array([ORGANIC, TROLL, EXTREMIST], np.int8), [people, army, extremists])
    written = np.bincount(posts.author, minlength=len(role))
    after = make_blank_accounts(len(role))._replace(written=written)
    return Recording(
        setting=Setting().replace({"campaign.start": 72}),
        ticks=ticks,
        people=people,
        role=role,
        posts=posts,
        tactic=np.asarray(columns.get("tactic", np.full(count, -1)), np.int8),
        before=make_blank_accounts(len(role)),
        after=after,
        follows=(np.zeros(0, np.int32), np.zeros(0, np.int32)),
        counts=AccountCounts(len(role)),
        delivered=np.zeros(len(role), np.int64),
        impressions=(np.zeros(0, np.int64), np.zeros(0, np.int64)),
        followers=np.zeros(len(role), np.int64),
        register=Register(np.zeros(len(role), np.int64), np.full(len(role), -1, np.int64)),
    )


def with_after(run: Recording, **columns: Any) -> Recording:
    """Return the recording with some columns of the accounts at the end replaced."""
    arrays = {name: np.asarray(values, getattr(run.after, name).dtype) for name, values in columns.items()}
    return dataclasses.replace(run, after=run.after._replace(**arrays))
