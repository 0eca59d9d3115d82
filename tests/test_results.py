"""The pages of results say what their records say, records are of today's commands, conclusions follow intervals."""

import json
import re
import signal
import sys
import time
from pathlib import Path
from threading import Thread, main_thread
from typing import Any

import pytest

from experiments.apps import BY_NAME
from experiments.exit_codes import stop_on_signals
from experiments.ownership import hash_file
from experiments.report.formatting import format_headline
from experiments.report.results import Finding
from scripts.results import pages, playing, records
from scripts.results.__main__ import main
from scripts.results.jobs import JOBS, Job
from sim.errors import InputError
from tests.conftest import ROOT

INTERVAL = re.compile(r"(?:[−-]?[\d.,]+%?(?: h)? )?(?:\[[^][]*\d to [^][]*\]|\(95%[^()]*interval[^()]*\))")
NUMBERED = [ROOT / "README.md", ROOT / "docs" / "results.md", ROOT / "docs" / "validity.md"]
TEMPLATES = [ROOT / "scripts" / "results" / name for name in pages.PAGES]
NO_FINDING = Finding(float("nan"), float("nan"), float("nan"), 0, "")
SHARED = [job for job in JOBS if not job.needs]
#: one world of few people, some seconds: a job that plays as all do
TINY = Job(
    "tiny",
    "contest seeds=2 population.size=60 campaign.hours=6 campaign.start=2 ticks=12 contest.breadths=[1]",
    ("Every organisation",),
    {"harm.png": "harm"},
)


def make_record(**changes: Any) -> dict[str, Any]:
    table = {"title": "Every arm", "columns": ["arm", "lost, %"], "rows": [["a|b", "−1.0 [−2.0 to 0.5]"], ["c", "2"]]}
    record: dict[str, Any] = dict.fromkeys(records.KEYS, "")
    return {
        **record,
        "seconds": 90,
        "setting": {"seed": 3, "seeds": 6},
        "sentences": [],
        "tables": [table],
        "pictures": {},
        **changes,
    }


def tell(**changes: Any) -> pages.Teller:
    return pages.Teller({"suppression": make_record(**changes)})


def put(record: dict[str, Any], root: Path, job: Job = JOBS[0]) -> Path:
    path = records.find_record(job, root)
    records.write_record(record, path)
    return path


@pytest.mark.parametrize("job", SHARED, ids=lambda job: job.name)
def test_a_record_is_of_the_command_and_the_values_of_today(job: Job) -> None:
    record = records.read_record(job)
    assert record is not None, "run: make results"
    assert records.find_changes(job, record) == [], "run: make results"


@pytest.mark.parametrize("job", [job for job in SHARED if job.pictures], ids=lambda job: job.name)
def test_a_picture_is_that_of_its_record(job: Job) -> None:
    record = records.read_record(job)
    assert record is not None, "run: make results"
    assert record["pictures"] == {name: hash_file(ROOT / "docs" / "images" / name) for name in job.pictures}


def test_the_pages_say_what_templates_and_records_say() -> None:
    for path, text in pages.render_all(records.read_all()).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python -m scripts.results --render"


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.name)
def test_a_number_with_an_interval_is_backed_by_a_record(path: Path) -> None:
    def strip(text: str) -> str:
        return re.sub(r"[\s>]+", " ", pages.format_plain(text))

    kept = strip("\n".join(f"{part}" for record in records.read_all().values() for part in iterate_texts(record)))
    found = [strip(number) for number in INTERVAL.findall(path.read_text(encoding="utf-8"))]
    assert found
    assert [number for number in found if number not in kept] == []


def iterate_texts(value: Any):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from iterate_texts(part)


def test_an_interval_that_is_typed_would_be_found() -> None:
    assert INTERVAL.findall("lost 20.6% [18.7 to 22.4] and") == ["20.6% [18.7 to 22.4]"]
    assert INTERVAL.findall("cost 20.6%\n> (95%\n> interval 18.7 to 22.4, 18 pairs)")
    assert INTERVAL.findall("109 [48 to beyond the run]")
    assert not INTERVAL.findall("[the report](a.md) and (95% of all)")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_interval(path: Path) -> None:
    assert INTERVAL.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_the_command_of_a_job_is_one_that_its_app_accepts(job: Job) -> None:
    assert job.app in BY_NAME
    assert ("FILE" in job.command) == bool(job.needs)
    setting = records.compose_setting(job)
    assert setting
    assert not {"out", "workers"} & setting.keys()


def test_a_job_whose_file_is_named_gets_it() -> None:
    job = Job("a", "reproduce paper=simsom_2024 graph.path=FILE", needs="a network")
    assert job.list_words("net work.txt") == ["paper=simsom_2024", "graph.path=net work.txt"]


def test_all_jobs_have_names_and_pictures_of_their_own() -> None:
    names = [job.name for job in JOBS]
    pictures = [name for job in JOBS for name in job.pictures]
    assert len(set(names)) == len(names)
    assert len(set(pictures)) == len(pictures)


def test_every_job_stands_on_a_page_with_how_it_was_made() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    for job in JOBS:
        assert f'command("{job.name}")' in text
        assert f'made("{job.name}")' in text
        asked = re.findall(rf'table\("{job.name}", "([^"]+)"', text)
        for title in job.tables:
            assert [one for one in asked if one.startswith(title)], f"{job.name} keeps {title!r}, which no page shows"
        for name in job.pictures:
            assert f'image("{job.name}", "{name}"' in text


def test_a_record_is_read_back_as_written(tmp_path: Path) -> None:
    record = make_record(headline="“20%” −1 to 2")
    path = put(record, tmp_path)
    assert records.read_record(JOBS[0], tmp_path) == record
    assert '["a|b", "−1.0 [−2.0 to 0.5]"],\n' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("key", records.KEYS)
def test_a_record_that_lacks_a_key_is_one_line(key: str, tmp_path: Path) -> None:
    record = make_record()
    del record[key]
    put(record, tmp_path)
    with pytest.raises(InputError, match=rf"suppression\.json lacks {key}: python -m scripts\.results --only supp"):
        records.read_all(tmp_path)


def test_a_record_that_is_torn_is_one_line(tmp_path: Path) -> None:
    path = put(make_record(), tmp_path)
    path.write_text(path.read_text(encoding="utf-8")[:40], encoding="utf-8")
    with pytest.raises(InputError, match=r"suppression\.json cannot be read .*--only suppression$"):
        records.read_record(JOBS[0], tmp_path)


def test_records_that_are_missing_are_named_but_for_those_of_a_file_that_cannot_be_shared(tmp_path: Path) -> None:
    put(make_record(), tmp_path)
    with pytest.raises(InputError, match=r"^no record of validity, .*, recovery: make results$") as caught:
        records.read_all(tmp_path)
    assert "simsom," not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("Other",), "has 0 tables whose title begins with 'Other': its tables are Every arm"),
        (("Every", ["won"]), "has no column 'won' in 'Every': arm, lost, %"),
        (("Every", [], {"arm": ("d",)}), "has no row 'd' in 'Every'"),
    ],
)
def test_what_a_record_does_not_have_is_one_line(asked: tuple[Any, ...], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"docs/results/suppression.json {said}")):
        tell().table("suppression", *asked)


def test_what_nobody_recorded_is_one_line() -> None:
    for ask in (tell().headline, tell().made, tell().sentences):
        with pytest.raises(InputError, match=r"no record of race: python -m scripts\.results --only race"):
            ask("race")
    with pytest.raises(InputError, match=r"has no picture a\.png"):
        tell().image("suppression", "a.png", "")


def test_a_table_is_markdown_with_plain_signs() -> None:
    whole = "| arm | lost, % |\n| --- | --- |\n| a\\|b | -1.0 [-2.0 to 0.5] |\n| c | 2 |"
    assert tell().table("suppression", "Every") == whole
    assert tell().table("suppression", "Every", ["lost, %"], {"arm": ("c",)}) == "| lost, % |\n| --- |\n| 2 |"


def test_how_a_job_was_made_names_seeds_time_commit_and_date() -> None:
    made = tell(version="1.2.3", commit="abc", date="2026-01-02").made("suppression")
    assert made == "*6 seeds from 3 on, 90 s of processor time; version 1.2.3, commit abc, 2026-01-02.*"
    published = tell(setting={"seed": 1, "seeds": 1000, "paper": "daymude_2025"}, seconds=600).made("suppression")
    assert published.startswith("*10 minutes of processor time; ")


def test_one_sentence_is_a_paragraph_and_several_are_a_list() -> None:
    told = tell(sentences=["One.", "Two.", "Over."])
    assert told.sentences("suppression", "Tw") == "Two."
    assert told.sentences("suppression", "One", "Over") == "* One.\n* Over."
    assert told.sentences("suppression", "None") == ""


def test_no_line_of_a_sentence_begins_as_a_list_does() -> None:
    text = " - ".join(["word" * number for number in range(1, 60)])
    lines = tell(headline=text).headline("suppression").splitlines()
    assert all(line.startswith("> ") for line in lines)
    assert not [line for line in lines if re.match(r"> (?:[-+*] |\d+\. )", line)]


@pytest.mark.parametrize(
    ("lo", "hi", "said"),
    [
        (1.0, 9.0, "campaign cost dissent 5.0%"),
        (-1.0, 9.0, "No effect of the campaign on dissent was found"),
        (-9.0, -1.0, "did not silence dissent but raised it"),
    ],
)
def test_what_readme_quotes_follows_the_interval(lo: float, hi: float, said: str) -> None:
    headline = format_headline(Finding((lo + hi) / 2, lo, hi, 6, ""), NO_FINDING, NO_FINDING)
    half = "Half of the loss at the highest dose tried (98%) is reached early."
    quote = " ".join(tell(headline=headline, sentences=["Other.", half]).quote("suppression").split("\n> "))
    assert said in quote
    assert quote.endswith(half)
    assert "Other" not in quote


def test_a_record_of_another_command_or_of_other_values_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    today = {"a.b": 1.5, "c": [1, 2], "new": 3}
    monkeypatch.setattr(records, "compose_setting", lambda job: today)
    record = make_record(command=TINY.command, setting={"a.b": 1.5, "c": [1, 2], "gone": 0})
    assert records.find_changes(TINY, record) == []
    assert records.find_changes(TINY, {**record, "setting": {"a.b": 1.0, "c": [1]}}) == ["a.b", "c"]
    assert records.find_changes(TINY, {**record, "command": "contest"}) == ["the command"]


def test_a_job_is_played_recorded_and_not_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs" / "images").mkdir(parents=True)
    assert playing.find_reason(TINY, tmp_path) == "no record"
    (tmp_path / "out" / "results").mkdir(parents=True)
    (tmp_path / "out" / "results" / "tiny.seconds").write_text("1000.0")  # of a try that was stopped
    seconds = playing.play(TINY, root=tmp_path)
    record = records.read_record(TINY, tmp_path)
    assert record is not None
    assert record["seconds"] == round(seconds)
    assert 1000 < seconds < 1600
    assert record["headline"] == json.loads((tmp_path / "out/results/tiny/report.json").read_text("utf-8"))["headline"]
    assert [table["title"] for table in record["tables"]] == ["Every organisation"]
    assert record["pictures"] == {"harm.png": hash_file(tmp_path / "docs" / "images" / "harm.png")}
    assert record["setting"]["population.size"] == 60
    assert playing.find_reason(TINY, tmp_path) == ""
    monkeypatch.setattr(playing, "hash_sources", lambda: "other")
    assert playing.find_reason(TINY, tmp_path) == "the code changed"
    other = Job("tiny", f"{TINY.command} seed=2")
    assert playing.find_reason(other, tmp_path) == "the command changed"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_job_that_is_stopped_ends_with_its_app_and_counts_what_it_took(tmp_path: Path) -> None:
    log, spent = tmp_path / "a.log", tmp_path / "a.seconds"
    busy = "import time; print('begun', flush=True)\nwhile time.process_time() < 60: pass"

    def stop() -> None:
        while not (log.is_file() and log.read_text("utf-8")):
            time.sleep(0.05)
        time.sleep(0.5)
        signal.pthread_kill(main_thread().ident or 0, signal.SIGTERM)

    Thread(target=stop, daemon=True).start()
    with stop_on_signals(), pytest.raises(SystemExit):
        playing._count_time([sys.executable, "-c", busy], log, spent)
    assert 0.0 < float(spent.read_text("utf-8")) < 30.0


def test_a_job_that_fails_says_why_and_keeps_the_former_record(tmp_path: Path) -> None:
    wrong = Job("tiny", f"{TINY.command} seeds=-1")
    path = put(make_record(), tmp_path, wrong)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"^tiny left with code 2: seeds=-1 "):
        stamped(wrong, tmp_path)
    assert path.read_bytes() == before


def stamped(job: Job, root: Path) -> None:
    """Play a job whose command nobody could stamp, since it is wrong."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playing, "make_stamp", lambda job: {"code": "", "setting": {}})
        playing.play(job, root=root)


def test_a_result_that_grows_begins_again_where_another_setting_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "calibrate"
    for stamp, is_kept in (("a", False), ("a", True), ("b", False), ("b", True)):
        folder.mkdir(exist_ok=True)
        (folder / "run").touch()
        playing._clear_former(folder, {"code": stamp, "setting": {}})
        assert (folder / "run").is_file() == is_kept


@pytest.mark.parametrize("words", [["--only", "nothing"], ["--only"], ["--render", "--list"], ["--what"]])
def test_a_mistake_on_the_command_line_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].endswith("see python -m scripts.results --help")


def test_a_job_without_its_file_is_left_out_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.results.__main__.read_all", dict)
    monkeypatch.setattr("scripts.results.__main__.render_all", lambda kept: {})
    main(["--only", "simsom"])
    assert "left out: it needs the published network of Truong et al. 2024" in capsys.readouterr().out
