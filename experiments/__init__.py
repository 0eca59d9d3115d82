"""The apps and what they are made of. A file of the user's in place of our `sim` is reported here, before anything."""

from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path

_found = _find_spec("sim")
_place = _found.origin if _found else None
if _place is None or _Path(_place).resolve().parent != _Path(__file__).resolve().parents[1] / "sim":
    raise ImportError(
        f"infowar-lab needs its own package sim, but `import sim` finds {_place}: "
        "rename that file or folder, and start again"
    )
