"""Who may import whom: lab -> experiments -> world -> tick -> setting -> mechanisms -> people | platform | ..."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# From the top down. A module imports from its own line's package, or from lines below it; nothing from above or beside.
LAYERS = (
    ("infowar_lab",),
    ("experiments",),
    ("sim.world", "sim.sampling"),
    ("sim.tick", "sim.agents"),
    ("sim.hour",),
    ("sim.memory",),
    ("sim.setting",),
    ("sim.mechanisms",),
    ("sim.people", "sim.platform", "sim.actors", "sim.observers"),
    ("sim.campaigns",),
    ("sim.state",),
    ("sim.rng",),
    ("sim.rules", "sim.kernels", "sim.threads"),
    ("sim.kernel_cache",),
    ("sim.errors", "sim.__version__"),
    ("sim.renamed",),
)
# What else is installed, and the only places that may know of it.
CONFINED = {
    "hydra": ("experiments",),
    "omegaconf": ("experiments",),
    "yaml": ("experiments",),
    "rich": ("experiments",),
    "jinja2": ("experiments",),
    "markupsafe": ("experiments",),
    "scipy": ("experiments",),
    "pyarrow": ("experiments", "sim.people.table_cells"),
    "pandas": ("experiments", "sim.world"),
    "matplotlib": ("experiments.report", "experiments.notebook"),  # the second: its type
    "mesa": ("sim.world", "sim.agents"),
    "networkx": (
        "sim.people.networkx_graphs",
        "sim.people.graph_formats",
        "sim.people.numbered_graphs",
        "sim.people.given_graphs",
        "experiments.detection",
    ),  # the third: its type
    "sklearn": ("experiments.detection",),
    "threadpoolctl": ("experiments.detection",),
    "bloc": ("experiments.detection.toolkits",),
    "datasketch": ("experiments.detection.duplicates",),
    "IPython": ("experiments.running.progress",),
    "xarray": ("experiments.sweeps.reading",),
    "solara": ("experiments.teaching.live", "experiments.demo"),
    "ipyvue": ("experiments.teaching.live",),
    "traitlets": ("experiments.teaching.live",),
    "uvicorn": ("experiments.demo",),
    "pebble": ("experiments.running.local",),
    "ray": ("experiments.running.cluster", "experiments.running.ray_setup"),
    "SALib": ("experiments.analysis.sensitivity",),
    "llvmlite": ("sim.kernels",),
    "optuna": ("experiments.calibration.search",),
    "pyabc": ("experiments.calibration.abc_posterior",),
    "numba": ("sim.kernels", "sim.kernel_cache"),
    "numpy": ("sim", "experiments"),
}
# Who runs an account is known to the world, its tick and its observers. People, platform and actors must not see it;
# mechanisms have it from their view, if it is that of organised accounts.
BLIND = ("sim.people", "sim.platform", "sim.actors", "sim.mechanisms")
VIEWS = "sim.mechanisms.views"
STANDARD = sys.stdlib_module_names
COMPILED = {
    "kernel",
    "inline_kernel",
    "njit",
    "jit",
    "vectorize",
    "guvectorize",
    "overload",
    "intrinsic",
    "cached_njit",
}


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer(module: str) -> tuple[int, str] | None:
    """Return the height and the package of a module of this project, or None if it has no layer."""
    for height, packages in enumerate(reversed(LAYERS)):
        for package in packages:
            if within(module, package):
                return height, package
    return None


def imported(module: str, source: str, is_package: bool = False) -> Iterator[str]:
    """Yield the dotted name of everything that `source` imports anywhere, relative names made absolute."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            parts = parts[: len(parts) - node.level + is_package] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def violations(module: str, source: str, is_package: bool = False) -> list[str]:
    """Return one line for each import of `module` that the layout forbids."""
    found = []
    for name in imported(module, source, is_package):
        root = name.partition(".")[0]
        if root in CONFINED:
            allowed = any(within(module, package) for package in CONFINED[root])
        elif root in ("infowar_lab", "sim", "experiments", "tests", "benchmarks", "scripts"):
            here, there = layer(module), layer(name)
            below = here is not None and there is not None and (there[0] < here[0] or there[1] == here[1])
            blind = any(within(module, package) for package in BLIND) and module != VIEWS
            allowed = below and not (blind and within(name, "sim.state.truth"))
        else:
            allowed = root in STANDARD
        if not allowed:
            found.append(f"{module} must not import {name}")
    return found


def uses(module: str) -> set[str]:
    """Return the modules of this project that a module imports anywhere, also late or for types alone."""
    path, is_package = MODULES[module]
    names = imported(module, path.read_text(encoding="utf-8"), is_package)
    found = {name if name in MODULES else name.rpartition(".")[0] for name in names}
    return {name for name in found if name in MODULES} - {module}


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules that take part in a cycle: what is left when leaves have been taken away again and again."""
    left = {module: {name for name in names if name in graph} for module, names in graph.items()}
    while leaves := [module for module, names in left.items() if not names & left.keys()]:
        for module in leaves:
            del left[module]
    return sorted(left)


def unannotated(source: str) -> list[str]:
    """Return the names of functions with an argument or a result without a type, compiled kernels apart."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef):
            decorators = {name.id for d in node.decorator_list for name in ast.walk(d) if isinstance(name, ast.Name)}
            decorators |= {
                name.attr for d in node.decorator_list for name in ast.walk(d) if isinstance(name, ast.Attribute)
            }
            if decorators & COMPILED:
                return
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            arguments += [extra for extra in (node.args.vararg, node.args.kwarg) if extra]
            typed = all(a.annotation or a.arg in ("self", "cls") for a in arguments)
            if not typed or (node.returns is None and node.name != "__init__"):
                found.append(node.name)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return found


def modules(packages: tuple[str, ...] = ("sim", "experiments", "infowar_lab")) -> dict[str, tuple[Path, bool]]:
    files = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    names = {}
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        names[".".join(parts[:-1] if is_package else parts)] = (path, is_package)
    return names


MODULES = modules()
WHOLE = modules(("sim", "experiments", "infowar_lab"))


def edges(sources: dict[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Return for each module, given as (source, whether it is a package), the others that it names in imports.

    Those inside functions and under TYPE_CHECKING count: a circle of types is as hard to take apart.
    """
    found: dict[str, set[str]] = {}
    for module, (source, is_package) in sources.items():
        names = {name if name in sources else name.rpartition(".")[0] for name in imported(module, source, is_package)}
        found[module] = {name for name in names if name in sources and name != module}
    return found


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one cycle in order, [] if there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for other in sorted(graph[module]):
                if found := visit(other, [*path, module]):
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_layer_may(module: str) -> None:
    path, is_package = MODULES[module]
    assert violations(module, path.read_text(encoding="utf-8"), is_package) == []


def test_no_module_of_the_engine_imports_itself_by_a_detour() -> None:
    assert cycles({module: uses(module) for module in MODULES if within(module, "sim")}) == []


@pytest.mark.parametrize("module", MODULES)
def test_every_function_but_a_kernel_is_annotated(module: str) -> None:
    assert unannotated(MODULES[module][0].read_text(encoding="utf-8")) == []


def test_every_module_has_a_layer() -> None:
    assert [module for module in MODULES if module != "sim" and layer(module) is None] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sim.people.attention", "from sim.platform.feed import Feed"),
        ("sim.people.attention", "from sim import platform"),
        ("sim.people.attention", "import sim.actors.army"),
        ("sim.people.attention", "from ..observers import voice"),
        ("sim.people.attention", "def late():\n    from sim.world import World"),
        ("sim.people.attention", "if TYPE_CHECKING:\n    from sim.setting import Setting"),
        ("sim.people.attention", "from sim.state.truth import Truth"),
        ("sim.people.attention", "import networkx as nx"),
        ("sim.people.networks", "import networkx as nx"),
        ("sim.platform.feed", "from sim.state import truth"),
        ("sim.actors.army", "from sim.state.truth import ORGANIC"),
        ("sim.mechanisms.morale", "from sim.state.truth import Truth"),
        ("sim.mechanisms.morale", "from sim.hour import Hour"),
        ("sim.people.reaction", "from sim.mechanisms.morale import Morale"),
        ("sim.state.posts", "from sim.people.activity import Activity"),
        ("sim.rng", "from sim.state.accounts import Accounts"),
        ("sim.tick", "from sim.world import World"),
        ("sim.tick", "import mesa"),
        ("sim.world", "from experiments.app import app"),
        ("experiments.app", "import infowar_lab as lab"),
        ("sim.world", "import hydra"),
        ("sim.world", "from omegaconf import DictConfig"),
        ("sim.observers.voice", "import matplotlib.pyplot as plt"),
        ("experiments.suppression", "from matplotlib import pyplot"),
        ("experiments.suppression", "import mesa"),
        ("experiments.suppression", "from tests.conftest import ROOT"),
        ("sim.brand_new", "from sim.errors import InputError"),
        ("sim.world", "import requests"),
    ],
)
def test_a_forbidden_import_is_found(module: str, source: str) -> None:
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("experiments.suppression", "from sim.world import World\nfrom hydra.utils import instantiate"),
        ("experiments.report.page", "import matplotlib.pyplot as plt"),
        ("infowar_lab", "from experiments.sweep import sweep\nfrom sim.setting import Setting"),
        ("sim.world", "import mesa\nfrom sim.tick import run_tick\nfrom sim.state.truth import Truth"),
        ("sim.tick", "from sim.people import attention\nfrom sim.platform import feed"),
        (
            "sim.people.networkx_graphs",
            "import networkx\nfrom sim.people import wiring\nfrom sim.state.graph import Graph",
        ),
        ("sim.people.networks", "from . import wiring\nimport math\nimport numpy as np"),
        ("sim.observers.voice", "from sim.state.truth import TROLL"),
    ],
)
def test_an_allowed_import_is_not(module: str, source: str) -> None:
    assert violations(module, source) == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    sources = {module: (path.read_text(encoding="utf-8"), is_package) for module, (path, is_package) in WHOLE.items()}
    assert cycle(edges(sources)) == []


def test_a_circle_is_found_through_packages_functions_and_types() -> None:
    sources = {
        "a": ("", True),
        "a.one": ("from a import two", False),
        "a.two": ("def late():\n    from .three import x", False),
        "a.three": ("if TYPE_CHECKING:\n    import a.one", False),
        "a.zero": ("from a.two import x", False),
    }
    assert cycle(edges(sources)) == ["a.one", "a.two", "a.three", "a.one"]
    sources["a.three"] = ("import a", False)
    assert cycle(edges(sources)) == []


def test_a_missing_annotation_is_found() -> None:
    source = "def a(x): ...\ndef b(x: int): ...\ndef c(*x) -> None: ...\nclass D:\n    def e(self, y) -> None: ...\n"
    assert unannotated(source) == ["a", "b", "c", "e"]
    kernel = "@cached_njit\ndef a(x):\n    return x\n@numba.njit\ndef b(x): ...\ndef c(x: int) -> int: ...\n"
    assert unannotated(kernel) == []
