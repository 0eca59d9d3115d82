"""Where configuration is: the folder of the choices, the user's own folders, and the paths in them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import InputError

OWN = "INFOWAR_CONF"  #: environment variable: folders with the layout of `CONF`, searched before it
#: keys whose value is a path, or a list of paths
PATHS = ("out", "graph.path", "graph.stance_path", "world", "sweep.csv", "sweep.merge", "calibrate.moments")
#: where the content of a user's file belongs whose first line does not say `# @package PLACE`
PLACES = dict.fromkeys(("scenario", "lesson", "release"), "_global_") | {
    "defence": "defences.{name}",
    "mechanism": "mechanisms.{name}",
}


def _find_shipped() -> Path:
    """Return the folder of a checkout, or else of the installed package."""
    checkout = Path(__file__).resolve().parents[1] / "conf"
    if (checkout / "base.yaml").is_file():
        return checkout
    from importlib.resources import files

    return Path(str(files("infowar_lab"))) / "conf"


CONF = _find_shipped()


@contextmanager
def search_also(folder: str | None) -> Iterator[None]:
    """Look into `folder` first inside this block, and in processes that it starts; None adds none."""
    former = os.environ.get(OWN)
    if folder is not None:
        os.environ[OWN] = os.pathsep.join([folder, *([former] if former else [])])
    try:
        yield
    finally:
        if former is None:
            os.environ.pop(OWN, None)
        else:
            os.environ[OWN] = former


def list_folders(conf: Path = CONF) -> list[Path]:
    """Return the folders that hold choices, in the order in which they are looked into.

    Raises:
        InputError: one of the user's own is not there.
    """
    own = [Path(expand_path(name, OWN)).absolute() for name in os.environ.get(OWN, "").split(os.pathsep) if name]
    for folder in own:
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder: name yours by --config-dir DIR, or in the variable {OWN}")
    return [*own, conf]


def is_group(name: str, conf: Path = CONF) -> bool:
    """Return whether `name`=CHOICE is possible."""
    return bool(name) and any((folder / name).is_dir() for folder in list_folders(conf))


def list_choices(group: str, conf: Path = CONF) -> list[str]:
    """Return the names of all choices of a group, those of the user's own folders included."""
    return sorted({path.stem for folder in list_folders(conf) for path in (folder / group).glob("*.yaml")})


def is_file(choice: str) -> bool:
    """Return whether a choice is the path of a file, not a name."""
    return choice.endswith((".yaml", ".yml")) or any(sign in choice for sign in "/\\")


def find_file(group: str, choice: str, conf: Path = CONF) -> Path | None:
    """Return the file of a choice, None if there is none."""
    named = [folder / group / f"{choice}.yaml" for folder in list_folders(conf)]
    paths = [Path(choice).absolute(), *named] if is_file(choice) else named
    return next((path for path in paths if path.is_file()), None)


def find_package(group: str, path: Path, text: str) -> str:
    """Return where the content of a choice belongs: what its first line says, or the default of its group."""
    said = re.match(r"\s*#\s*@package\s+(\S+)", text)
    return said[1] if said else PLACES.get(group, group).format(name=re.sub(r"\W", "_", path.stem))


def list_places(group: str, conf: Path = CONF) -> set[str]:
    """Return the keys of a configuration under which choices of a group may stand; `_global_` is all of it."""
    paths = (conf / group).glob("*.yaml")
    places = {find_package(group, path, path.read_text(encoding="utf-8")) for path in paths}
    return {place.partition(".")[0] for place in places | {PLACES.get(group, group)}}


def get_group(place: str) -> str:
    """Return the group whose choices stand by default under this key of a configuration."""
    return next((group for group, known in PLACES.items() if known.partition(".")[0] == place), place)


def expand_path(path: str, key: str) -> str:
    """Return a path with the user's home in place of `~`, and environment variables filled in; `key` names it.

    Raises:
        InputError: it names a variable that is not set, or somebody who has no home.
    """
    found = os.path.expandvars(path)
    if unset := re.search(r"\$[A-Za-z_]\w*", found):
        raise InputError(f"{key}={path} names {unset[0]}, which is not set: set it, or write the path out")
    try:
        return str(Path(found).expanduser()) if found.startswith("~") else found
    except RuntimeError:
        raise InputError(f"{key}={path} begins with ~ of somebody who has no home here: write the path out") from None
