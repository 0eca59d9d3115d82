"""Lessons: texts in two languages beside a setting of `conf/lesson/`, with the numbers that a run has computed.

Texts are data (`lessons/NAME.yaml`): for each language title, question, setting, look, answer and variation. What
stands in braces is a finding (`findings.findings`) of the first scene, or with variation_ before it of the second.
`answer_cases` and `variation_cases` say what follows from the numbers: the first case whose findings fell, rose, or are
open, because their interval holds 0.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import islice
from string import Formatter
from typing import Any

import yaml

from experiments.analysis.pairing import Interval
from experiments.report.formatting import format_number
from sim.errors import InputError, suggest

FOLDER = files("experiments.teaching") / "lessons"
NAMES = ("flood", "witness", "numbers", "backlash", "moderation")  #: in the order in which they are taught
PARTS = (
    "title",
    "question",
    "setting",
    "look",
    "answer",
    "variation",
)  #: and arm_without, arm_with, if not the default
UNITS = {
    "en": {"percent": "%", "points": " points", "posts": " posts", "accounts": " accounts"},
    "ar": {"percent": "%", "points": " نقطة مئوية", "posts": " منشورًا", "accounts": " حسابًا"},
}
KINDS = {
    "voice": "percent",
    "seen": "percent",
    "shift": "points",
    "withheld": "posts",
    "unhurt": "posts",
    "removed": "posts",
    "supporters": "accounts",
}
APART = "\u2066\u2069"  #: first and last sign around what runs from left to right
SENTENCES = {
    "en": "{value} (95% interval {lo} to {hi})",
    "ar": "{value} (مجال الثقة \u206695%\u2069: من {lo} إلى {hi})",
}


def read_texts(name: str) -> dict[str, dict[str, Any]]:
    """Return the texts of a lesson, language -> part -> text with names of findings in braces, or cases.

    Raises:
        InputError: there is no such lesson.
    """
    if name not in NAMES:
        raise InputError(f"replay.lesson={name} is unknown: {suggest(str(name), NAMES)}")
    texts: Any = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return dict(texts)


def fill_texts(
    name: str, found: Mapping[str, Interval], variation: Mapping[str, Interval]
) -> dict[str, dict[str, str]]:
    """Return the texts of a lesson with its numbers in place.

    Args:
        name: of the lesson.
        found: findings of its setting.
        variation: findings of the setting where the effect disappears.
    """
    both = {**found, **{f"variation_{finding}": value for finding, value in variation.items()}}
    return {
        language: {
            part: " ".join([_fill_text(text, both, language), *choose_sentence(parts.get(f"{part}_cases", []), both)])
            for part, text in parts.items()
            if not part.endswith("_cases")
        }
        for language, parts in read_texts(name).items()
    }


def judge_finding(finding: Interval) -> str:
    """Return "fell" or "rose" if the whole interval lies on one side of 0, else "open"."""
    return "fell" if finding.hi < 0.0 else "rose" if finding.lo > 0.0 else "open"


def choose_sentence(cases: Sequence[Mapping[str, Any]], findings: Mapping[str, Interval]) -> list[str]:
    """Return what the first case says that fits the findings, in a list; an empty one if there are no cases."""
    fitting = (
        case["say"]
        for case in cases
        if all(judge_finding(findings[name]) == sign for name, sign in case.get("when", {}).items())
    )
    return list(islice(fitting, 1))


def list_placeholders(text: str) -> list[str]:
    """Return the names in braces in a text."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def _fill_text(text: str, findings: Mapping[str, Interval], language: str) -> str:
    return text.format(**{name: format_finding(name, findings[name], language) for name in list_placeholders(text)})


def format_finding(name: str, finding: Interval, language: str) -> str:
    """Return one finding with its unit and interval: "-85.7% (95% interval ...)".

    Numbers are set apart, so that they keep their order in a text from right to left.
    """
    unit = UNITS[language][KINDS[name.removeprefix("variation_")]]
    value, lo, hi = (f"{'+' if bound > 0 else ''}{format_number(float(bound))}" for bound in finding)
    value, unit = (value + unit, "") if unit == "%" else (value, unit)
    value, lo, hi = (f"{APART[0]}{text}{APART[1]}" for text in (value, lo, hi))
    return SENTENCES[language].format(value=value + unit, lo=lo, hi=hi)


def strip_marks(text: str) -> str:
    """Return a text without the signs that set numbers apart, which a terminal may show."""
    return text.translate(dict.fromkeys(map(ord, APART)))
