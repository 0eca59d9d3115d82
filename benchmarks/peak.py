"""The most memory that this process has held."""

import math
import sys


def peak_bytes() -> float:
    """Return the most memory that this process has held, bytes; nan on Windows, which does not report it."""
    if sys.platform == "win32":
        return math.nan
    import resource

    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
