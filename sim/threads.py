"""Work in several threads. Kernels run outside Python's lock, and no draw depends on the thread."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


def parallel_map(work: Callable[[Part], Result], parts: Sequence[Part], threads: int) -> list[Result]:
    """Return work(part) for each part, in order, using up to `threads` threads, this one included."""
    if threads <= 1 or len(parts) <= 1:
        return [work(part) for part in parts]
    others = [_get_executor(threads - 1).submit(work, part) for part in parts[1:]]
    return [work(parts[0]), *(other.result() for other in others)]


@cache
def _get_executor(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_get_executor.cache_clear)  # a child has no thread of its parent
