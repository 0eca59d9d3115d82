"""Mutants: every mistake in `mutants.yaml` is made in a copy of the project, and the tests named there must notice it.

    python -m tests.mutants                  all of them; those caught before, in the same project, are left out
    python -m tests.mutants "fact 1"         those whose name or file has these words
    python -m tests.mutants --workers 1 --again

A mutant survives if its tests pass. Compiled kernels that a mistake cannot reach are taken from the copy without one.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import yaml
from numba.core.caching import UserProvidedCacheLocator

from tests.conftest import ROOT

LIST = ROOT / "tests" / "mutants.yaml"
WORK = ROOT / "out" / "mutants"
COPIED = ("benchmarks", "conf", "docs", "experiments", "infowar_lab", "notebooks", "scripts", "sim", "tests")
MINUTES = 10  #: for the tests of one mutant; one that takes longer is caught: it does not end
CAUGHT, SURVIVED, BROKEN = "caught", "SURVIVED", "BROKEN"
PASSED, FAILED = 0, 1  #: what pytest returns
FIND_KERNELS = "from sim import kernel_cache as k; print(k.find_kernel_folder(k.SOURCES))"


@dataclass(frozen=True)
class Mutant:
    """One mistake, and who must notice it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, tree: Path) -> None:
        """Make the mistake in a copy of the project."""
        path = tree / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


def load_mutants(path: Path = LIST) -> list[Mutant]:
    """Return the list."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Mutant(**{**entry, "tests": tuple(entry["tests"])}) for entry in found]


def copy_project(tree: Path) -> None:
    """Make `tree` a copy of the project, with the times of its files, by which kernels are known to be fresh."""
    for name in COPIED:
        shutil.rmtree(tree / name, ignore_errors=True)
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy2(path, tree / path.name)


def hash_project() -> str:
    """Return a hash of all that a test may read."""
    digest = blake2b(digest_size=8)
    for name in COPIED:
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def run_tests(tree: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests on a copy; return what pytest returns, and the last line that it prints."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(words, cwd=tree, env=_make_environment(tree), capture_output=True, text=True,
                              encoding="utf-8", timeout=60 * MINUTES)  # fmt: skip
    except subprocess.TimeoutExpired:
        return FAILED, f"no end within {MINUTES} minutes"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode, next((line for line in lines if line.startswith(("FAILED", "ERROR"))), lines[-1])


def find_kernels(tree: Path) -> Path:
    """Return the folder with the compiled kernels of a copy, as it is now."""
    words = [sys.executable, "-c", FIND_KERNELS]
    done = subprocess.run(words, cwd=tree, env=_make_environment(tree), capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def lend_kernels(own: Path, own_tree: Path, kernels: Path, tree: Path, stale: set[Path]) -> None:
    """Copy compiled kernels from one copy of the project to another, without those of the files `stale` in `sim/`."""
    for module in sorted((tree / "sim").rglob("*.py")):
        place = module.relative_to(tree)
        if place not in stale:
            target = kernels / UserProvidedCacheLocator.get_suitable_cache_subpath(str(module))
            source = own / UserProvidedCacheLocator.get_suitable_cache_subpath(str(own_tree / place))
            for compiled in source.glob(f"{module.stem}.*"):
                target.mkdir(exist_ok=True)
                shutil.copy2(compiled, target)


def find_dependents(file: Path) -> set[Path]:
    """Return the files in `sim/` that import `file`, or import one that does, and `file` itself."""
    modules = {path.relative_to(ROOT): _list_imports(path) for path in (ROOT / "sim").rglob("*.py")}
    names = {".".join(path.with_suffix("").parts): path for path in modules}
    found, new = set(), {file}
    while new:
        found |= new
        new = {path for path, used in modules.items() if any(names.get(name) in found for name in used)} - found
    return found


def _list_imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def _make_environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": "", "PYTHONUTF8": "1"}


def try_mutant(mutant: Mutant, tree: Path, kernels: Path) -> tuple[str, str]:
    """Make one mistake in `tree`, run its tests, undo it; `kernels` are those of the copy without a mistake."""
    file, kept, own = tree / mutant.file, tree / "kept", None
    shutil.copy2(file, kept)
    try:
        mutant.apply(tree)
        if mutant.file.startswith("sim/"):
            own = find_kernels(tree)
            lend_kernels(kernels, tree, own, tree, find_dependents(Path(mutant.file)))
        code, line = run_tests(tree, mutant.tests)
    finally:
        kept.replace(file)
        if own:
            shutil.rmtree(own, ignore_errors=True)
    return {PASSED: SURVIVED, FAILED: CAUGHT}.get(code, BROKEN), line


def main() -> int:
    """Try the mutants; return 0 if all are caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only mutants whose name or file has one of these")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="copies at work at once")
    parser.add_argument("--again", action="store_true", help="try those caught before again")
    given = parser.parse_args()
    chosen = [m for m in load_mutants() if not given.words or any(w in m.name or w in m.file for w in given.words)]
    begun, results = time.monotonic(), WORK / f"caught-{hash_project()}.json"
    WORK.mkdir(parents=True, exist_ok=True)
    caught = json.loads(results.read_text(encoding="utf-8")) if results.exists() and not given.again else []
    left = [mutant for mutant in chosen if mutant.name not in caught]
    trees = [WORK / f"tree-{number}" for number in range(max(1, min(given.workers, len(left))))]
    for tree in trees:
        copy_project(tree)
    tests = tuple(sorted({test for mutant in left for test in mutant.tests}))
    print(
        f"{len(left)} mutants, {len(chosen) - len(left)} caught before; first their tests without a mistake", flush=True
    )
    code, line = run_tests(trees[0], tests) if left else (PASSED, "")
    if code != PASSED:
        print(f"the tests do not pass without a mistake: {line}")
        return 2
    number = count(1)
    free: SimpleQueue[tuple[Path, Path]] = SimpleQueue()
    for tree in trees:
        kernels = find_kernels(tree)
        if tree != trees[0]:
            lend_kernels(find_kernels(trees[0]), trees[0], kernels, tree, set())
        free.put((tree, kernels))

    def attempt(mutant: Mutant) -> str:
        tree, kernels = free.get()
        started = time.monotonic()
        try:
            verdict, line = try_mutant(mutant, tree, kernels)
        finally:
            free.put((tree, kernels))
        place = f"{next(number)}/{len(left)}"
        print(f"{place:>8} {verdict:8} {time.monotonic() - started:4.0f} s  {mutant.name}", flush=True)
        if verdict == CAUGHT:
            caught.append(mutant.name)
            results.write_text(json.dumps(caught), encoding="utf-8")
        else:
            print(f"                  {mutant.file}: {line}", flush=True)
        return verdict

    with ThreadPoolExecutor(len(trees)) as pool:
        verdicts = list(pool.map(attempt, left))
    minutes = (time.monotonic() - begun) / 60
    print(f"{len(chosen)} mutants, {len(left) - verdicts.count(CAUGHT)} not caught, {minutes:.1f} minutes")
    return int(verdicts.count(CAUGHT) < len(left))


if __name__ == "__main__":
    sys.exit(main())
