"""What others wrote reads our export unchanged, and agrees with what we wrote. Skipped where it is not installed."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from experiments.detection.coaction import CoAction
from experiments.detection.detector import Detector
from experiments.detection.toolkits import COMMAND, Bloc, CoordinationToolkit
from sim.errors import InputError
from tests.views import crowd, view_of

THERE = shutil.which(COMMAND) or (Path(sys.executable).parent / COMMAND).exists()
toolkit = pytest.mark.skipif(not THERE, reason="the coordination network toolkit is not installed (group toolkits)")
bloc = pytest.mark.skipif(find_spec("bloc") is None, reason="twitterbloc is not installed (group toolkits)")
# BLOC and what it imports warn of their own making.
theirs = pytest.mark.filterwarnings("ignore")


@toolkit
def test_the_toolkit_s_co_retweets_are_our_co_reposts() -> None:
    view, _ = crowd(people=60, members=8, jitter=60.0)
    np.testing.assert_array_equal(CoordinationToolkit().score(view), CoAction("repost", window=60).score(view))


@toolkit
def test_more_jitter_hides_from_the_toolkit() -> None:
    worlds = [crowd(people=60, members=8, jitter=jitter) for jitter in (10.0, 20_000.0)]
    near, far = (roc_auc_score(labels, CoordinationToolkit().score(view)) for view, labels in worlds)
    assert near > 0.99
    assert far < 0.8


@toolkit
def test_the_toolkit_says_why_it_failed() -> None:
    with pytest.raises(InputError, match="compute_networks compute failed: "):
        CoordinationToolkit("co_nothing").score(view_of(2, [{"by": 0, "at": 1, "text": "a"}]))


@bloc
@theirs
def test_bloc_finds_who_behaves_alike() -> None:
    view, labels = crowd(people=40, members=8)
    assert roc_auc_score(labels, Bloc().score(view)) > 0.9
    assert Bloc().score(view_of(2, [{"by": 0, "at": 1, "text": "a"}])).tolist() == [0.0, 0.0]


@theirs
@pytest.mark.parametrize("make", [pytest.param(CoordinationToolkit, marks=toolkit), pytest.param(Bloc, marks=bloc)])
def test_nothing_one_account_silence_and_a_campaign_alone_are_scored(make: type[Detector]) -> None:
    views = [view_of(0, []), view_of(1, []), view_of(1, [{"by": 0, "at": 3, "text": "a b c"}]), view_of(4, [])]
    for view in (*views, crowd(people=0, members=12)[0], crowd(people=12, members=0)[0]):
        score = make().score(view)
        assert score.shape == (len(view.accounts),)
        assert np.isfinite(score).all()


def test_without_them_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.detection.toolkits.shutil.which", lambda name: None)
    monkeypatch.setattr("experiments.detection.toolkits.sys.executable", "nowhere/python")
    monkeypatch.setattr("experiments.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"^CoordinationToolkit needs coordination-network-toolkit, twitterbloc: "):
        CoordinationToolkit()
    with pytest.raises(InputError, match=r"^Bloc needs coordination-network-toolkit, twitterbloc: "):
        Bloc()
