"""What makes two jobs one: the function, the value that it is given, the sources, the files and the versions."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from hashlib import blake2b
from importlib.machinery import PathFinder
from itertools import accumulate
from pathlib import Path, PurePath
from types import BuiltinFunctionType, FunctionType
from typing import Any

from experiments.folder import ROOT, get_versions

SOURCES = ("sim/**/*.py", "experiments/**/*.py")  #: that decide what a job returns
DRAWING = "experiments/report/"  #: sources that only draw what jobs returned
PLAIN = (type(None), bool, int, float, complex, str, bytes, range)


def hash_sources(further: Iterable[Path] = ()) -> str:
    """Return a hash of the sources that decide what any job returns, and of `further`."""
    own = _list_sources()
    return hash_paths([*own, *further])


def hash_paths(paths: Iterable[Path]) -> str:
    """Return a hash of the content of these files, each once."""
    digest = blake2b(digest_size=6)
    for path in sorted({path for path in paths if path.is_file()}):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _list_sources() -> tuple[Path, ...]:
    found = (path for pattern in SOURCES for path in ROOT.glob(pattern))
    return tuple(path for path in found if not path.relative_to(ROOT).as_posix().startswith(DRAWING))


@cache
def _describe_code() -> str:
    return f"{hash_sources()} {sorted(get_versions().items())}"


def make_identity(*parts: Any) -> str:
    """Return the identity of a job, given its function and its value: the same in every process.

    It is another one where anything differs that decides the result.

    What is at a path that the value names is part of it, and so are a user's own modules that it uses, and
    those of a user's own that they import.
    """
    walk = _Walk()
    walk.add(parts)
    walk.digest.update(f"{_describe_code()} {hash_paths(find_own_files(walk.modules))}".encode())
    return walk.digest.hexdigest()


def find_own_files(modules: Iterable[str]) -> set[Path]:
    """Return the files of those of the modules that are a user's own, and of a user's own that these import."""
    waiting, met, found = list(modules), set[str](), set[Path]()
    while waiting:
        name = waiting.pop()
        if name not in met and _is_own(path := _find_file(name)):
            found.add(path)
            waiting += _list_imports(name, path)
        met.add(name)
    return found


def _find_file(name: str) -> Path:
    """Return the file of a module, which is not loaded for that; an empty path if there is none."""
    if name in sys.modules:
        return Path(getattr(sys.modules[name], "__file__", None) or "")
    places, origin = None, None
    for part in accumulate(name.split("."), "{}.{}".format):
        spec = PathFinder.find_spec(part, places) if part == name.partition(".")[0] or places else None
        places, origin = (list(spec.submodule_search_locations or ()), spec.origin) if spec else ([], None)
    return Path(origin or "")


def _list_imports(name: str, path: Path) -> Iterator[str]:
    """Yield the names of all modules that a module may import, wherever in it, and some that are none."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except SyntaxError:  # not loaded yet; whoever loads it is told
        return
    for node in nodes:
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            named = [f"{start}.{one}" for one in named]
        for one in named:
            yield from accumulate(one.split("."), "{}.{}".format)


def _is_own(path: Path) -> bool:
    """Return whether a module is neither of this project nor installed."""
    installed = (sys.prefix, sys.base_prefix, str(ROOT / "sim"), str(ROOT / "experiments"))
    return path.suffix == ".py" and not any(path.is_relative_to(place) for place in installed)


class _Walk:
    """Adds a value to a hash by what it holds: neither the order of a set nor where anything lies in memory counts."""

    def __init__(self) -> None:
        self.digest = blake2b(digest_size=12)
        self.modules: set[str] = set()
        self._above: list[int] = []  # ids of what is being added: a value may hold itself

    def add(self, value: Any) -> None:
        """Add a value and all that it holds."""
        kind = type(value)
        if isinstance(value, type | FunctionType | BuiltinFunctionType):
            self._note(f"name {self._name(value)}")
            if "<" in value.__qualname__ and isinstance(value, FunctionType):  # a name that others may have too
                self._add_all((value.__code__.co_code, value.__code__.co_consts[1:], value.__defaults__))
        elif kind in PLAIN:
            self._note(f"{kind.__name__} {value!r}")
        elif isinstance(value, PurePath):
            self._note(f"path {value}")
        elif id(value) in self._above:
            self._note(f"above {len(self._above) - self._above.index(id(value))}")
        else:
            self._above.append(id(value))
            self._note(f"{self._name(kind)}(")
            self._add_parts(value)
            self._note(")")
            self._above.pop()

    def _add_parts(self, value: Any) -> None:
        if isinstance(value, list | tuple):
            self._add_all(value)
        elif isinstance(value, Mapping):
            self._add_all(part for item in value.items() for part in item)
        elif isinstance(value, set | frozenset):
            self._add_all(sorted(_hash_alone(part) for part in value))
        elif isinstance(value, partial):
            self._add_all((value.func, value.args, value.keywords))
        elif hasattr(value, "dtype") and hasattr(value, "tobytes"):  # numpy
            self._add_all((str(value.dtype), value.shape, value.tolist() if value.dtype.hasobject else value.tobytes()))
        elif hasattr(value, "to_numpy") and hasattr(value, "columns"):  # pandas
            self._add_all((list(map(str, value.columns)), value.index.to_numpy()))
            self._add_all(value[name].to_numpy() for name in value.columns)
        elif is_dataclass(value):
            self._add_fields(value)
        else:
            made = value.__reduce_ex__(4)
            self._add_all(
                made if isinstance(made, str) else (list(part) if _is_iterator(part) else part for part in made)
            )

    def _add_fields(self, value: Any) -> None:
        for column in fields(value):
            held = getattr(value, column.name)
            self._add_all((column.name, held))
            if column.name.endswith("path") and isinstance(held, str) and Path(held).is_file():
                self._note(f"file {hash_paths([Path(held)])}")

    def _add_all(self, parts: Iterable[Any]) -> None:
        for part in parts:
            self.add(part)

    def _name(self, named: Any) -> str:
        self.modules.add(named.__module__ or "builtins")
        return f"{named.__module__}.{named.__qualname__}"

    def _note(self, text: str) -> None:
        self.digest.update(text.encode("utf-8", "surrogateescape") + b"\0")


def _hash_alone(value: Any) -> str:
    walk = _Walk()
    walk.add(value)
    return walk.digest.hexdigest()


def _is_iterator(part: Any) -> bool:
    return hasattr(part, "__next__")
