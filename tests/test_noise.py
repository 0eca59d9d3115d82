"""Keyed chance: the bits are SplitMix64's, compiled or not, and what is drawn from them is distributed as it says."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import config, njit
from scipy import stats

from sim import rng
from sim.rng import U64
from tests.conftest import ROOT

MASK = 2**64 - 1
N = 20_000
WORDS = st.integers(0, MASK)
compiled = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="compares compiled code with interpreted code")


def splitmix(state: int) -> int:
    """SplitMix64's output for a state, in plain integers (Steele, Lea & Flood 2014)."""
    z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def restated(*keys: int) -> int:
    """Absorb `keys` one by one, starting from 0, in plain integers."""
    key = 0
    for value in keys:
        key = splitmix((key + 0x9E3779B97F4A7C15 & MASK) ^ (value * 0xBF58476D1CE4E5B9 & MASK))
    return key


def some(seed: int, name: str = "test", n: int = N, tick: int = 0) -> np.ndarray:
    return rng.draw_each(rng.keyed_hash(rng.make_key(seed, rng.stream(name), tick), np.arange(n, dtype=np.uint64)), 0)


def test_the_restatement_is_splitmix64() -> None:
    # With nothing absorbed, absorbing is one step of the published generator: its first outputs from seed 1234567.
    state, outputs = 1234567, []
    for _ in range(5):
        state = state + 0x9E3779B97F4A7C15 & MASK
        outputs.append(splitmix(state))
    assert outputs == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert restated(0) == splitmix(0x9E3779B97F4A7C15)


@pytest.mark.interpreted
@given(key=WORDS, value=WORDS)
def test_mix_agrees_with_plain_integers(key: int, value: int) -> None:
    expected = splitmix((key + 0x9E3779B97F4A7C15 & MASK) ^ (value * 0xBF58476D1CE4E5B9 & MASK))
    assert int(rng.mix(U64(key), U64(value))) == expected


@pytest.mark.interpreted
@given(seed=st.integers(0, 2**62), stream=WORDS, tick=st.integers(0, 2**40), who=WORDS, other=WORDS)
def test_every_draw_agrees_with_plain_integers(seed: int, stream: int, tick: int, who: int, other: int) -> None:
    key = rng.make_key(seed, U64(stream), tick)
    assert int(key) == restated(seed, stream, tick)
    exact = {
        rng.uniform(key, U64(who)): restated(seed, stream, tick, who),
        rng.draw(U64(key), 7): splitmix((int(key) + 0x9E3779B97F4A7C15 & MASK) ^ (7 * 0xBF58476D1CE4E5B9 & MASK)),
        rng.pair_uniform(key, U64(who), U64(other)): restated(seed, stream, tick, who, other),
    }
    for drawn, word in exact.items():
        assert abs(drawn - word / 2**64) <= 2**-52


@pytest.mark.interpreted
@pytest.mark.parametrize("word", [0, 1, 2**11, 2**12 - 1, 2**63, MASK - 2**11, MASK - 1, MASK])
def test_a_uniform_lies_inside_the_open_interval(word: int) -> None:
    assert 0.0 < rng.to_unit_interval(U64(word)) < 1.0


@pytest.mark.interpreted
def test_arrays_of_draws_are_the_single_draws() -> None:
    key, who = rng.make_key(3, rng.stream("a"), 5), np.arange(50, dtype=np.uint64)
    words = rng.keyed_hash(key, who)
    assert words.dtype == np.uint64
    assert [int(word) for word in words] == [int(rng.mix(key, i)) for i in who]
    assert [int(word) for word in rng.hash_pairs(words, who)] == [
        int(rng.mix(U64(word), i)) for word, i in zip(words, who, strict=True)
    ]
    assert rng.draw_each(words, 2).tolist() == [rng.draw(word, 2) for word in words]
    expected = [3.0 * np.exp(0.5 * rng.normal(key, i) - 0.125) for i in who]
    np.testing.assert_allclose(rng.lognormals(3.0, 0.5, key, who), expected, rtol=1e-14)


def test_streams_have_names_that_do_not_depend_on_the_process() -> None:
    assert int(rng.stream("fear")) == 0x1B6114B3DD3662CA
    assert len({int(rng.stream(name)) for name in ("fear", "faer", "Fear", "", "fear ")}) == 5


BITS = """
import numpy as np
from sim import rng
key, who = rng.make_key(11, rng.stream("bits"), 13), np.arange(2000, dtype=np.uint64)
words = rng.keyed_hash(key, who)
normals = np.array([rng.normal(key, i) for i in who])
print(words.tobytes().hex(), rng.draw_each(words, 1).tobytes().hex(), normals.tobytes().hex(),
      rng.lognormals(2.0, 1.0, key, who).tobytes().hex())
"""


@compiled
def test_compiled_and_interpreted_code_draw_the_same_bits() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", BITS],
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in ("0", "1")
    ]
    assert said[0] == said[1]
    assert len(said[0]) > 4 * 2000 * 16


def test_uniforms_are_uniform() -> None:
    drawn = some(1)
    assert stats.kstest(drawn, "uniform").pvalue > 1e-3
    low_bits = (drawn * 2**40).astype(np.int64) % 256
    assert stats.chisquare(np.bincount(low_bits, minlength=256)).pvalue > 1e-3


def test_normals_are_normal() -> None:
    key = rng.make_key(1, rng.stream("normal"))
    drawn = np.array([rng.normal(key, U64(i)) for i in range(N)])
    assert stats.kstest(drawn, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 4 / np.sqrt(N)


def test_lognormals_have_the_mean_and_the_spread_asked_for() -> None:
    drawn = rng.lognormals(5.0, 0.4, rng.make_key(1, rng.stream("lognormal")), np.arange(N, dtype=np.uint64))
    assert drawn.mean() == pytest.approx(5.0, rel=0.02)
    assert np.log(drawn).std() == pytest.approx(0.4, rel=0.03)


def correlated(first: np.ndarray, second: np.ndarray) -> bool:
    return bool(abs(np.corrcoef(first, second)[0, 1]) > 4 / np.sqrt(len(first)))


def test_what_differs_in_one_key_is_uncorrelated() -> None:
    drawn = some(1)
    assert not correlated(drawn, some(1, "other"))
    assert not correlated(drawn, some(2))
    assert not correlated(drawn, some(1, tick=1))
    for lag in (1, 2, 64, 1000):
        assert not correlated(drawn[lag:], drawn[:-lag]), lag
    words = rng.keyed_hash(rng.make_key(1, rng.stream("test")), np.arange(N, dtype=np.uint64))
    assert not correlated(rng.draw_each(words, 0), rng.draw_each(words, 1))
    assert correlated(drawn, some(1))


def test_a_pair_of_identities_is_ordered() -> None:
    key = rng.make_key(1, rng.stream("pairs"))
    there = np.array([rng.pair_uniform(key, U64(i), U64(i + 1)) for i in range(2000)])
    back = np.array([rng.pair_uniform(key, U64(i + 1), U64(i)) for i in range(2000)])
    assert not correlated(there, back)


def test_one_flipped_bit_flips_half_of_the_bits() -> None:
    flipped = [
        (int(rng.mix(U64(key), U64(1))) ^ int(rng.mix(U64(key), U64(1 ^ 1 << bit)))).bit_count()
        for key in range(100)
        for bit in range(64)
    ]
    assert np.mean(flipped) == pytest.approx(32, abs=0.2)
    assert min(flipped) > 8


@compiled
def test_draws_work_inside_a_kernel() -> None:
    @njit
    def kernel(seed, n):
        return rng.uniform(rng.stream_key(seed, 3, 4), U64(n))

    assert kernel(1, 5) == rng.uniform(rng.make_key(1, U64(3), 4), U64(5))
