"""The keyed chance of `sim.rng` in whole numbers of Python, masked to 64 bits."""

import math

from sim.rng import stream

MASK = 2**64 - 1
_UNIT = 2.0**-52


def mix(key: int, value: int) -> int:
    """Absorb `value` into `key`: one step of SplitMix64."""
    z = ((key + 0x9E3779B97F4A7C15) & MASK) ^ ((value * 0xBF58476D1CE4E5B9) & MASK)
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(key: int, identity: int) -> float:
    """Draw the uniform of `identity` in the stream `key`, in (0, 1)."""
    return ((mix(key, identity) >> 12) + 0.5) * _UNIT


def normal(key: int, identity: int) -> float:
    """Draw the standard normal of `identity` in the stream `key` (Box & Muller 1958)."""
    radius, angle = uniform(key, identity), uniform(mix(key, identity), 1)
    return math.sqrt(-2.0 * math.log(radius)) * math.cos(2.0 * math.pi * angle)


def stream_key(seed: int, name: str, tick: int) -> int:
    """Return the key of the stream called `name` at one tick."""
    return mix(mix(mix(0, seed), int(stream(name))), tick)
