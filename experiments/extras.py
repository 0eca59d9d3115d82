"""Packages that only some apps need: whether they are installed, and how to install them."""

import re
import shlex
import shutil
import sys
import tomllib
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path, PurePath, PureWindowsPath

from experiments.folder import ROOT
from sim.errors import InputError

NAME = "infowar-lab"


def require(what: str, extra: str, *modules: str) -> None:
    """Raise InputError unless all `modules`, which the optional group `extra` brings, are there."""
    if any(find_spec(module) is None for module in modules):
        raise make_error(what, extra)


def make_error(what: str, extra: str) -> InputError:
    """Return what to say where `what` cannot be had without the optional group `extra`."""
    names = [re.split(r"[^\w.-]", requirement)[0] for requirement in list_requirements(extra)]
    python = _format_python()
    powershell = "; in PowerShell with & in front" if python.startswith('"') else ""
    return InputError(f"{what} needs {', '.join(names)}{powershell}: {python} -m {format_install(extra)}")


def format_install(extra: str) -> str:
    """Return the command that installs an optional group, quoted as every shell has it."""
    return " ".join(["pip install", *(f'"{requirement}"' for requirement in list_requirements(extra))])


def list_requirements(extra: str) -> list[str]:
    """Return what an optional group requires: as pyproject.toml of a checkout says, or the installed package."""
    project = ROOT / "pyproject.toml"
    if project.is_file():
        said = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        if said.get("name") == NAME:
            return [line.partition(";")[0] for line in said["optional-dependencies"][extra]]
    lines = (line.partition(";") for line in requires(NAME) or ())
    return [line.strip() for line, _, marker in lines if re.search(f"""extra == ["']{extra}["']""", marker)]


def _format_python() -> str:
    """Return how to call this Python from the folder where the user stands."""
    python = Path(sys.executable)
    if Path(shutil.which("python") or "") == python:
        return "python"
    return format_program(python, Path.cwd())


def format_program(program: PurePath, folder: PurePath) -> str:
    """Return a program as a shell of its system takes it in `folder`; PowerShell needs & before what is quoted."""
    named = str(program.relative_to(folder) if program.is_relative_to(folder) else program)
    windows = isinstance(program, PureWindowsPath)
    if named == program.name:
        named = f".\\{named}" if windows else f"./{named}"
    if windows:
        return named if re.fullmatch(r"[\w.:~\\-]+", named) else f'"{named}"'
    return shlex.quote(named)
