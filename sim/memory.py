"""How much memory a world takes, told before any of it is built, so that what cannot fit is one line."""

import os
import sys
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.setting import Setting

ACCOUNT = 1000  #: bytes of an account: its columns, its timeline and what it has seen
TIE = 16  #: bytes of one that follows another, while the graph is built
POST = 64  #: bytes of a post in the window
WINDOW_DAYS = 2  #: that posts stay in memory
SPOKEN = 0.5  #: of intentions, about the share that becomes posts
FOLLOWED = ("mean_following", "links", "neighbours")  #: fields of graphs: how many others a person follows
GB = 10**9


def estimate_memory(setting: Setting) -> int:
    """Return about how many bytes a world takes at least, not looking into files."""
    people, rule = setting.population.size, setting.population
    ties = people * float(next((getattr(setting.graph, name) for name in FOLLOWED if hasattr(setting.graph, name)), 0))
    posts = people * rule.sessions_per_day * rule.intentions_per_session * SPOKEN
    accounts = people
    forces: tuple[Any, ...] = (setting.army, setting.extremists, *setting.forces)
    for force in forces:
        members = getattr(force, "members", getattr(force, "size", 0))
        accounts += members
        ties += members * min(getattr(force, "followers", 0), people)
        posts += members * min(getattr(force, "quota", 0), 24 * getattr(force, "rate", 0))
    return int(accounts * ACCOUNT + ties * TIE + posts * WINDOW_DAYS * POST)


def check_memory(setting: Setting, worlds: int = 1) -> None:
    """Raise InputError unless this machine can hold so many worlds at once."""
    there, one = find_memory(), estimate_memory(setting)
    if there is None or worlds * one <= there:
        return
    if one > there:
        raise InputError(
            f"population.size={setting.population.size} with army.size={setting.army.size} takes about "
            f"{one / GB:.3g} GB, and this machine has {there / GB:.3g}: say fewer of them, or fewer ties or posts each"
        )
    raise InputError(
        f"{worlds} worlds at once, each of about {one / GB:.2g} GB, are more than the {there / GB:.3g} GB of this "
        f"machine: say workers={there // one} or fewer, or a smaller population.size"
    )


def find_memory() -> int | None:
    """Return how many bytes this process may have, None where the system does not say."""
    found = list[int]()
    if (
        sys.platform != "win32"
        and hasattr(os, "sysconf")
        and {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= os.sysconf_names.keys()
    ):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    if sys.platform == "linux":  # a container may have less, by either version of its control groups
        for path in map(Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")):
            text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
            if text.isdigit():
                found.append(int(text))
    return min(found, default=None)
