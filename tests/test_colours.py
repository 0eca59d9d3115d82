"""Colours that stand for something can be told apart by people with any of the three kinds of colour blindness.

What a colour looks like to them: Machado, Oliveira & Fernandes (2009), full severity; distances in CIE L*a*b*.
"""

import re
from itertools import combinations

import numpy as np
import pytest

from experiments.report.figures import CAUSE_COLOURS
from experiments.teaching.replay import read_source

SIGHTS = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
APART = 15.0  #: about six times a difference that is just seen


def lab(colour: str, sight: str) -> np.ndarray:
    given = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    light = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    seen = TO_XYZ @ np.clip(np.array(SIGHTS[sight]) @ light, 0, 1) / WHITE
    x, y, z = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def palette(file: str, name: str) -> list[str]:
    (text,) = re.findall(rf"const {name} = [\[{{](.*?)[\]}}];", read_source(file))
    return re.findall("#[0-9a-f]{6}", text)


def test_grey_and_reddish_purple_are_one_to_many():
    assert np.linalg.norm(lab("#8a8f98", "deuteranopia") - lab("#cc79a7", "deuteranopia")) < APART / 3
    assert np.linalg.norm(lab("#000000", "usual") - lab("#ffffff", "usual")) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(("file", "name"), [("stage.js", "COLOURS"), ("chart.js", "INKS"), ("chart.js", "CAUSES")])
def test_the_player_s_colours_are_told_apart(file: str, name: str):
    colours = sorted(set(palette(file, name)))
    assert len(colours) >= 3
    for sight in SIGHTS:
        for one, two in combinations(colours, 2):
            assert np.linalg.norm(lab(one, sight) - lab(two, sight)) > APART, (sight, one, two)


def test_the_legend_has_the_colours_of_the_pictures():
    body = read_source("body.html")
    pairs = re.findall(r'fill="(#[0-9a-f]{6})"/></svg><span data-word="(side_\d)"', body)
    sides = {word: colour for colour, word in pairs}
    assert [sides[f"side_{side}"] for side in range(4)] == palette("stage.js", "COLOURS")
    causes = re.findall(r'<rect width="10" height="10" fill="(#[0-9a-f]{6})"', body)
    assert causes == palette("chart.js", "CAUSES")
    assert causes == [CAUSE_COLOURS[name].lower() for name in CAUSE_COLOURS if name.startswith("withheld")]
