"""An agent-based laboratory of information warfare: paired worlds with and without an operation.

Compiled kernels are cached in a folder named by a hash of this package's sources: numba itself looks at
the file of a kernel only, and would go on using a caller compiled with what another file used to say.
"""

import os
import sys
from hashlib import blake2b
from pathlib import Path

__version__ = "0.2.0"  #: the only place that says it


def _cache_folder() -> Path:
    sources = Path(__file__).parent
    digest = blake2b(digest_size=8)
    for path in sorted(sources.rglob("*.py")):
        digest.update(path.read_bytes())
    return sources / "__pycache__" / f"kernels-{digest.hexdigest()}"


os.environ["NUMBA_CACHE_DIR"] = str(_cache_folder())
if "numba" in sys.modules:
    sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
