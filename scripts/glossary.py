"""Write docs/glossary.md from the terms that reports explain.

    python -m scripts.glossary

Run it after `experiments/report/glossary.yaml` has changed; `tests/test_glossary.py` fails until then.
"""

from experiments.report.glossary import Term, load_terms
from scripts.parameters import PAGE as PARAMETERS

PAGE = PARAMETERS.with_name("glossary.md")

HEAD = """# Glossary

Every term of the model and of the reports. Reports explain the terms that they use in a fold, *Words of this page*. The
equations behind the terms are in [odd.md](odd.md), the parameters in [parameters.md](parameters.md). A name that ends
in `*` stands for several columns, such as `rejected_dissenter` and `rejected_loyalist`.

Written by `python -m scripts.glossary` from `experiments/report/glossary.yaml`; do not edit.

| term | meaning | in the literature | in code and tables | Arabic |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(f"| {' | '.join(_format_cells(term))} |\n" for term in load_terms())


def _format_cells(term: Term) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in term.names)
    return (f"**{term.term}**", term.means, term.field or "\u2013", names or "\u2013", term.ar)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
