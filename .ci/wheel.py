"""Checks what two wheels hold: all of the packages and of conf/, nothing else, and both the same.

Usage: python .ci/wheel.py CHECKOUT WHEEL WHEEL
"""

import sys
from pathlib import Path
from zipfile import ZipFile

PACKAGES = ("sim", "experiments", "infowar_lab")


def expected(checkout: Path) -> set[str]:
    """Return the names that a wheel of `checkout` must hold, its metadata apart."""
    files = [path for name in (*PACKAGES, "conf") for path in (checkout / name).rglob("*") if path.is_file()]
    names = {path.relative_to(checkout).as_posix() for path in files if "__pycache__" not in path.parts}
    return {f"infowar_lab/{name}" if name.startswith("conf/") else name for name in names}


def content(wheel: Path) -> dict[str, int]:
    """Return the checksum of every file in a wheel but its own list of them."""
    with ZipFile(wheel) as archive:
        return {info.filename: info.CRC for info in archive.infolist() if not info.filename.endswith("/RECORD")}


def main() -> None:
    """Compare, and leave with a line if something differs."""
    checkout, first, second = map(Path, sys.argv[1:])
    found, again = content(first), content(second)
    metadata = {name for name in found if ".dist-info/" in name}
    if differing := {name for name in {*found, *again} if found.get(name) != again.get(name)}:
        sys.exit(f"wheel of the sdist and of the checkout differ in {sorted(differing)}")
    if differing := (found.keys() - metadata) ^ expected(checkout):
        sys.exit(f"wheel and checkout differ in {sorted(differing)}")
    if not any(name.endswith("/licenses/LICENSE") for name in metadata):
        sys.exit("the wheel has no licence")
    print(f"   {first.name} holds {len(found)} files")


if __name__ == "__main__":
    main()
