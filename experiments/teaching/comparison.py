"""What a scenario is compared with, in a replay and live, and which charts it has; its story says both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.analysis.stories import make_timeline
from experiments.settings import apply_overrides, build_setting, get_baseline_changes
from experiments.teaching.curves import CURVES
from sim.campaigns import Campaign
from sim.setting import Setting

MAX_OWN = 2  #: measures of a scenario that get a chart, beside those of every page
NO_CAMPAIGN = ("campaign.tactics=[]", "army.size=0")  #: words that take the campaign away, as an intensity of 0 does
#: words of a page about something else than a campaign
OTHER_WORDS = {
    "en": {
        "arm_without": "without it",
        "fork": "fork: without it",
        "before": "before it",
        "during": "under way",
        "after": "after it",
    },
    "ar": {
        "arm_without": "من دون ذلك",
        "fork": "تفريع: من دون ذلك",
        "before": "قبل ذلك",
        "during": "جارٍ الآن",
        "after": "بعد ذلك",
    },
}


def build_settings(config: DictConfig) -> tuple[Setting, ...]:
    """Return the settings of one scene: the world without what it is about, if there is one, and the one with it."""
    changes = list_changes(config)
    return (
        *([build_setting(apply_overrides(config, changes, "replay.without"))] if changes else []),
        build_setting(config),
    )


def list_changes(config: DictConfig) -> list[str]:
    """Return what differs in the first world: what `replay.without` says, or else the story of the scenario."""
    said = config.replay.without
    return get_baseline_changes(read_story(config)) if said is None else list(said)


def read_story(config: DictConfig) -> dict[str, Any]:
    """Return the story of the scenario, {} for none."""
    texts: Any = OmegaConf.to_container(config.story) if "story" in config else {}
    return dict(texts)


def select_measures(config: DictConfig) -> tuple[str, ...]:
    """Return the first outcomes of the story that no other chart shows: columns of the history, `MAX_OWN` at most."""
    shown = [measure for measure, _ in CURVES.values()]
    named = dict.fromkeys(outcome["measure"] for outcome in read_story(config).get("outcomes", ()))
    return tuple(measure for measure in named if measure not in shown)[:MAX_OWN]


def get_time_span(config: DictConfig, setting: Setting) -> Campaign:
    """Return a campaign from the first to the last hour of all that is scheduled; of no hours if nothing is."""
    whole: Any = OmegaConf.to_container(config)
    parts = make_timeline({key: part for key, part in whole.items() if key not in ("story", "replay")}, config.ticks)
    spans = [(int(start), int(stop)) for start, stop in zip(parts["start"], parts["stop"], strict=True)]
    if setting.army.size:  # maybe one that somebody added
        spans.append((setting.campaign.start, setting.campaign.end))
    if not spans:
        return replace(setting.campaign, hours=0)
    start, stop = min(start for start, _ in spans), max(stop for _, stop in spans)
    return replace(setting.campaign, start=start, hours=stop - start)


def name_page(config: DictConfig, lesson: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the names of the page and its two worlds in each language, where the default words do not fit.

    A page about a scenario has the title of its story; see `name_arms` for the worlds.
    """
    changes, titles = list_changes(config), read_story(config)
    if lesson or config.replay.without is not None or "title" not in titles:
        return name_arms(lesson, changes)
    title = {"en": titles["title"], "ar": titles.get("title_ar", titles["title"])}
    if all(map(_is_conduct_change, changes)):
        return {language: {"title": text} for language, text in title.items()}
    return {language: {**OTHER_WORDS[language], "title": text, "arm_with": text} for language, text in title.items()}


def name_arms(lesson: Mapping[str, Mapping[str, str]], without: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the names of the two worlds in each language; {} where the default words fit.

    Args:
        lesson: the texts of a lesson, which may name them; {} without one.
        without: what differs in the first world.
    """
    if lesson:
        names = ("arm_without", "arm_with")
        return {
            language: {name: text for name, text in parts.items() if name in names}
            for language, parts in lesson.items()
        }
    if all(map(_is_conduct_change, without)):
        return {}
    changes = ", ".join(without)
    return {
        language: {"arm_without": changes, "arm_with": word}
        for language, word in (("en", "as it is set"), ("ar", "كما ضُبط"))
    }


def _is_conduct_change(change: str) -> bool:
    return change in NO_CAMPAIGN or ".intensity=" in change
