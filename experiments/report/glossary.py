"""Terms of the model and of the reports, each explained in a sentence; `glossary.yaml` holds them."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from experiments.report.formatting import CAUSES


@dataclass(frozen=True)
class Term:
    """One term."""

    term: str
    means: str
    ar: str
    field: str = ""  #: what the literature calls it
    names: tuple[str, ...] = ()  #: in code and tables; "*" stands for any end

    def occurs_in(self, text: str) -> bool:
        """Return whether a text uses the term, its label in reports, or a name with an underscore."""
        speech = [self.term.partition(" (")[0], *(CAUSES[name] for name in self.names if name in CAUSES)]
        written = [name.replace("*", "") for name in self.names if "_" in name]
        words = rf"\b({'|'.join(map(re.escape, speech))})(s|es)?(?!\w)"
        names = rf"\b({'|'.join(map(re.escape, written))})"
        return bool(re.search(words, text, re.IGNORECASE) or (written and re.search(names, text)))


@cache
def load_terms() -> tuple[Term, ...]:
    """Return all terms in alphabetical order."""
    text = files("experiments.report").joinpath("glossary.yaml").read_text(encoding="utf-8")
    return tuple(Term(**{**entry, "names": tuple(entry.get("names", ()))}) for entry in yaml.safe_load(text))


def find_terms(text: str) -> list[Term]:
    """Return the terms that a text uses."""
    return [term for term in load_terms() if term.occurs_in(text)]
