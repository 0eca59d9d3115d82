"""Counter-based random numbers: every draw is a pure function of (seed, stream, tick, stable identity).

There is no generator state, so no draw depends on order, on threads, or on who else exists. The hash is one step
of SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA,
doi:10.1145/2660193.2660195) for each key absorbed, with the constants of Stafford's variant 13 that Java's
SplittableRandom and Vigna's splitmix64.c use. All functions run inside compiled kernels.
"""

import math
from hashlib import blake2b

import numpy as np

from sim.kernels import cached_njit

U64 = np.uint64
_GOLDEN = U64(0x9E3779B97F4A7C15)
_MIX1 = U64(0xBF58476D1CE4E5B9)
_MIX2 = U64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = U64(30), U64(27), U64(31), U64(12)
_UNIT = 2.0**-52


def stream(name: str) -> np.uint64:
    """Return the 64-bit key of a named stream (BLAKE2b of the name): one name for each kind of draw."""
    return U64(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little"))


@cached_njit
def mix(key, value):
    """Absorb `value` into `key` (both uint64): one SplitMix64 step. Returns uint64."""
    z = (key + _GOLDEN) ^ (U64(value) * _MIX1)
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return z ^ (z >> _S31)


@cached_njit
def stream_key(seed, stream, tick):
    """Return the key of one stream at one tick; absorb an identity next. Arguments are integers."""
    return mix(mix(mix(U64(0), U64(seed)), U64(stream)), U64(tick))


def make_key(seed: int, stream: np.uint64, tick: int = 0) -> np.uint64:
    """Return `stream_key` as a numpy scalar, which Python code passes to kernels (kernels return plain ints)."""
    return U64(stream_key(seed, stream, tick))


@cached_njit
def to_unit_interval(key):
    """Map a uint64 key to a float64 uniform on the open interval (0, 1)."""
    return (float(key >> _S12) + 0.5) * _UNIT


@cached_njit
def uniform(key, identity):
    """Draw the uniform of `identity` (uint64) in the stream `key`. Returns float64 in (0, 1)."""
    return to_unit_interval(mix(key, identity))


@cached_njit
def draw(identity, purpose):
    """Draw the uniform of one decision about `identity`; `purpose` is a small integer naming it."""
    return to_unit_interval(mix(identity, U64(purpose)))


@cached_njit
def pair_uniform(key, identity, other):
    """Draw the uniform of an ordered pair of identities, such as (reader, post)."""
    return to_unit_interval(mix(mix(key, identity), other))


@cached_njit
def normal(key, identity):
    """Draw a standard normal (Box & Muller 1958, doi:10.1214/aoms/1177706645)."""
    first = mix(key, identity)
    return math.sqrt(-2.0 * math.log(to_unit_interval(first))) * math.cos(
        2.0 * math.pi * to_unit_interval(mix(first, U64(1)))
    )


@cached_njit
def draw_each(identities, purpose):
    """Draw one uniform for each identity (uint64 [n]) for one purpose. Returns float64 [n]."""
    out = np.empty(len(identities))
    for i in range(len(identities)):
        out[i] = draw(identities[i], purpose)
    return out


@cached_njit
def exponentials(identities, purpose, mean):
    """Draw one exponential of this mean for each identity for one purpose. Returns float64 [n]."""
    out = np.empty(len(identities))
    for i in range(len(identities)):
        out[i] = -mean * math.log(draw(identities[i], purpose))
    return out


@cached_njit
def keyed_hash(key, values):
    """Absorb each of `values` (uint64 [n]) into `key`. Returns uint64 [n]."""
    out = np.empty(len(values), np.uint64)
    for i in range(len(values)):
        out[i] = mix(key, values[i])
    return out


@cached_njit
def hash_pairs(first, second):
    """Absorb second[i] into first[i] for all i (both uint64 [n]). Returns uint64 [n]."""
    out = np.empty(len(first), np.uint64)
    for i in range(len(first)):
        out[i] = mix(first[i], second[i])
    return out


@cached_njit
def lognormals(mean, sigma, key, identities):
    """Draw a lognormal of this mean (>= 0) and log-sigma for each identity. Returns float64 [n]."""
    out = np.empty(len(identities))
    for i in range(len(identities)):
        out[i] = mean * math.exp(sigma * normal(key, identities[i]) - 0.5 * sigma * sigma)
    return out
