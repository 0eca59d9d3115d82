"""One place says the version, and what is packaged is what the packages hold."""

import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

import infowar_lab
import sim
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
PACKAGES = ("sim", "experiments", "infowar_lab")


def test_one_place_says_the_version() -> None:
    assert "version" not in PROJECT["project"]
    assert "version" in PROJECT["project"]["dynamic"]
    assert SETUPTOOLS["dynamic"]["version"] == {"attr": "sim.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", sim.__version__)
    assert infowar_lab.__version__ == sim.__version__


def test_the_citation_has_the_version() -> None:
    said = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert said is not None
    assert said[1].strip("'\"") == sim.__version__


def test_what_is_installed_has_the_version() -> None:
    assert version("infowar-lab") == sim.__version__, "install again: make install"


def test_every_file_of_a_package_is_packaged() -> None:
    known = SETUPTOOLS["package-data"]
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_dir() or path.suffix == ".py" or {"__pycache__", ".DS_Store"} & set(path.parts):
                continue
            name = path.relative_to(ROOT).as_posix()
            patterns = [
                f"{'*' if owner == '*' else owner.replace('.', '/')}/{pattern}"
                for owner, patterns in known.items()
                for pattern in patterns
            ]
            assert any(fnmatch(name, pattern) for pattern in patterns), name


def test_the_configuration_is_nothing_but_yaml() -> None:
    there = {path.suffix for path in (ROOT / "conf").rglob("*") if path.is_file() and path.name != ".DS_Store"}
    assert there == {".yaml"}


def test_typed_packages_say_so() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)
    assert all(Path(ROOT / package / "__init__.py").is_file() for package in PACKAGES)
