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

from sim import noise
from sim.noise import U64
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
    return noise.draws(noise.mixed(noise.key_of(seed, noise.stream(name), tick), np.arange(n, dtype=np.uint64)), 0)


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
    assert int(noise.mix(U64(key), U64(value))) == expected


@pytest.mark.interpreted
@given(seed=st.integers(0, 2**62), stream=WORDS, tick=st.integers(0, 2**40), who=WORDS, other=WORDS)
def test_every_draw_agrees_with_plain_integers(seed: int, stream: int, tick: int, who: int, other: int) -> None:
    key = noise.key_of(seed, U64(stream), tick)
    assert int(key) == restated(seed, stream, tick)
    exact = {
        noise.uniform(key, U64(who)): restated(seed, stream, tick, who),
        noise.draw(U64(key), 7): splitmix((int(key) + 0x9E3779B97F4A7C15 & MASK) ^ (7 * 0xBF58476D1CE4E5B9 & MASK)),
        noise.uniform2(key, U64(who), U64(other)): restated(seed, stream, tick, who, other),
    }
    for drawn, word in exact.items():
        assert abs(drawn - word / 2**64) <= 2**-52


@pytest.mark.interpreted
@pytest.mark.parametrize("word", [0, 1, 2**11, 2**12 - 1, 2**63, MASK - 2**11, MASK - 1, MASK])
def test_a_uniform_lies_inside_the_open_interval(word: int) -> None:
    assert 0.0 < noise.unit(U64(word)) < 1.0


@pytest.mark.interpreted
def test_arrays_of_draws_are_the_single_draws() -> None:
    key, who = noise.key_of(3, noise.stream("a"), 5), np.arange(50, dtype=np.uint64)
    words = noise.mixed(key, who)
    assert words.dtype == np.uint64
    assert [int(word) for word in words] == [int(noise.mix(key, i)) for i in who]
    assert [int(word) for word in noise.mixed_pairs(words, who)] == [
        int(noise.mix(U64(word), i)) for word, i in zip(words, who, strict=True)
    ]
    assert noise.draws(words, 2).tolist() == [noise.draw(word, 2) for word in words]
    expected = [3.0 * np.exp(0.5 * noise.normal(key, i) - 0.125) for i in who]
    np.testing.assert_allclose(noise.lognormals(3.0, 0.5, key, who), expected, rtol=1e-14)


def test_streams_have_names_that_do_not_depend_on_the_process() -> None:
    assert int(noise.stream("fear")) == 0x1B6114B3DD3662CA
    assert len({int(noise.stream(name)) for name in ("fear", "faer", "Fear", "", "fear ")}) == 5


BITS = """
import numpy as np
from sim import noise
key, who = noise.key_of(11, noise.stream("bits"), 13), np.arange(2000, dtype=np.uint64)
words = noise.mixed(key, who)
normals = np.array([noise.normal(key, i) for i in who])
print(words.tobytes().hex(), noise.draws(words, 1).tobytes().hex(), normals.tobytes().hex(),
      noise.lognormals(2.0, 1.0, key, who).tobytes().hex())
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
    key = noise.key_of(1, noise.stream("normal"))
    drawn = np.array([noise.normal(key, U64(i)) for i in range(N)])
    assert stats.kstest(drawn, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 4 / np.sqrt(N)


def test_lognormals_have_the_mean_and_the_spread_asked_for() -> None:
    drawn = noise.lognormals(5.0, 0.4, noise.key_of(1, noise.stream("lognormal")), np.arange(N, dtype=np.uint64))
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
    words = noise.mixed(noise.key_of(1, noise.stream("test")), np.arange(N, dtype=np.uint64))
    assert not correlated(noise.draws(words, 0), noise.draws(words, 1))
    assert correlated(drawn, some(1))


def test_a_pair_of_identities_is_ordered() -> None:
    key = noise.key_of(1, noise.stream("pairs"))
    there = np.array([noise.uniform2(key, U64(i), U64(i + 1)) for i in range(2000)])
    back = np.array([noise.uniform2(key, U64(i + 1), U64(i)) for i in range(2000)])
    assert not correlated(there, back)


def test_one_flipped_bit_flips_half_of_the_bits() -> None:
    flipped = [
        (int(noise.mix(U64(key), U64(1))) ^ int(noise.mix(U64(key), U64(1 ^ 1 << bit)))).bit_count()
        for key in range(100)
        for bit in range(64)
    ]
    assert np.mean(flipped) == pytest.approx(32, abs=0.2)
    assert min(flipped) > 8


@compiled
def test_draws_work_inside_a_kernel() -> None:
    @njit
    def kernel(seed, n):
        return noise.uniform(noise.stream_key(seed, 3, 4), U64(n))

    assert kernel(1, 5) == noise.uniform(noise.key_of(1, U64(3), 4), U64(5))
