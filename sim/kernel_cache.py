"""A cache of compiled kernels, from which the next process loads them.

The cache is a folder of one user: beside the sources if the user may write there, else in the user's cache folder.
`NUMBA_CACHE_DIR` takes precedence. Without a writable folder each process compiles its kernels. The folder's name has a
hash of all sources, because numba checks only the file of a kernel itself and would reuse callers of changed kernels.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from numba import config, njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.dispatcher import Dispatcher

F = TypeVar("F", bound=Callable[..., Any])
SOURCES = Path(__file__).parent


def make_cached_njit(**options: Any) -> Callable[[F], F]:
    """Return a decorator that compiles as `numba.njit` does with `options`, and keeps the result.

    Kernels are called from Python or from each other, never as pointers, so the wrapper for C is left out.
    """

    def decorate(function: F) -> F:
        compiled: Any = njit(**{"no_cfunc_wrapper": True, **options})(function)
        file = Path(function.__code__.co_filename)  # does not exist for a function of a notebook's cell
        if isinstance(compiled, Dispatcher) and file.is_file() and find_kernel_folder(file.parent):
            compiled._cache = _KernelCache(function)  # type: ignore[attr-defined]
        return compiled

    return decorate


@cache
def find_kernel_folder(sources: Path) -> Path | None:
    """Return the cache folder for kernels of the files in `sources`; None if this user may write nowhere."""
    name = f"kernels-{_hash(sources)}-{_name_user()}"
    return next((folder / name for folder in _list_candidates() if _belongs_to_user(folder / name)), None)


def _hash(sources: Path) -> str:
    """Return a hash of all that kernels in `sources` may call: this package, and the files beside them."""
    digest = blake2b(digest_size=8)
    beside = () if sources.is_relative_to(SOURCES) else sources.glob("*.py")
    for path in [*sorted(SOURCES.rglob("*.py")), *sorted(beside)]:
        with suppress(OSError):  # this user may not read it, so no kernel comes from it
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _name_user() -> str:
    return str(os.geteuid()) if hasattr(os, "geteuid") else os.environ.get("USERNAME", "user")


def _list_candidates() -> Iterator[Path]:
    if chosen := config.CACHE_DIR:  # type: ignore[attr-defined]
        yield Path(chosen)
    yield SOURCES / "__pycache__"
    with suppress(RuntimeError):  # this user has no home
        yield _find_user_cache() / "infowar-lab"


def _find_user_cache() -> Path:
    """Return the system's folder for a user's caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    stated = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return stated if stated.is_absolute() else Path.home() / ".cache"


def _belongs_to_user(folder: Path) -> bool:
    """Make `folder` for this user if it is missing; return whether it is theirs and writable."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        return not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


class _Locator(UserProvidedCacheLocator):
    """Numba's locator with another folder."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        super().__init__(function, file)
        if folder := find_kernel_folder(Path(file).parent):
            self._cache_path = str(folder / self.get_suitable_cache_subpath(file))

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> "_Locator":
        return cls(function, file)


class _Impl(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 (numba's)


class _KernelCache(FunctionCache):
    """Numba's cache, but what cannot be read or written only costs time and does not end the run.

    An index names the classes of all arguments, a user's own too; it is begun anew where one of them is not known.
    """

    _impl_class = _Impl

    def load_overload(self, signature: Any, context: Any) -> Any:
        try:
            return super().load_overload(signature, context)
        except OSError:
            return None
        except Exception:  # whatever unpickling raises: a module that this process lacks, a class that has gone
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        with suppress(OSError):
            super().save_overload(signature, compiled)
