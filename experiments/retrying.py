"""Retry on Windows, which cannot rename or remove an open file; a virus scanner opens files for a moment."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")
TRIES, PAUSE = 20, 0.1  #: how often, and after how many seconds, Windows is asked again


def retry_while_open(act: Callable[[], R]) -> R:
    """Return what `act` returns; on Windows, repeat it for some seconds while it is refused."""
    for _ in range(TRIES if os.name == "nt" else 0):
        try:
            return act()
        except PermissionError:
            time.sleep(PAUSE)
    return act()
