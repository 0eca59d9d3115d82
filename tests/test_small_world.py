"""A world small enough to be played without the compiler, where the lines of kernels are counted."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numba import config

from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.networks import CommunityGraph, PreferentialAttachment
from sim.people.population import Population
from sim.platform.feed import Feed
from sim.setting import Setting
from sim.world import World
from tests.conftest import ROOT

TICKS = 36
UNWANTED = ["left", "suspended", "persuaded", "unprompted", "private"]
WITHHELD = ["withheld_fear", "withheld_climate", "withheld_joint", "withheld_redundant"]
SETTINGS = {
    "engagement": Setting(
        population=Population(size=150),
        graph=CommunityGraph(),
        army=Army(size=12),
        extremists=Extremists(size=4),
        campaign=Campaign(start=8, hours=20, targets=5, dose="saturation"),
    ),
    "chronological": Setting(
        population=Population(size=120),
        graph=PreferentialAttachment(),
        feed=Feed(engagement=0.0),
        army=Army(size=9),
        extremists=Extremists(size=0),
        campaign=Campaign(start=8, hours=20, targets=5, dose="saturation", effort="equal", tactics=("flood", "abuse")),
    ),
}


def play(name: str) -> pd.DataFrame:
    return World(SETTINGS[name], rng=3).run(TICKS)


@pytest.mark.interpreted
@pytest.mark.parametrize("name", SETTINGS)
def test_every_intention_ends_in_exactly_one_cell(name: str) -> None:
    history = play(name)
    assert (history["dissent_withheld"] == history[WITHHELD].sum(axis=1)).all()
    assert (history["dissent_wanted"] == history["dissent_posts"] + history["dissent_withheld"]).all()
    assert (history["opportunities"] == history[UNWANTED].sum(axis=1) + history["dissent_wanted"]).all()
    assert history["opportunities"].sum() > 0
    at_work = history["army_posts"] > 0
    assert at_work.any()
    assert not at_work[: SETTINGS[name].campaign.start].any()


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="compares compiled code with interpreted code")
def test_a_world_is_the_same_bits_compiled_and_interpreted() -> None:
    code = "from tests.test_small_world import play; print(play('engagement').to_numpy(float).tobytes().hex())"
    words = [sys.executable, "-W", "ignore::RuntimeWarning:sim.rng", "-c", code]
    off = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(words, env=off, cwd=ROOT, capture_output=True, text=True, check=True)
    interpreted = np.frombuffer(bytes.fromhex(done.stdout.strip()))
    compiled = play("engagement").to_numpy(float)
    np.testing.assert_array_equal(interpreted.reshape(compiled.shape), compiled)
