import re
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

import portal
from casepath.audit.v1.audit_pb2 import Action
from casepath.cases.v1.cases_pb2 import CaseState, Reason, SlideState
from casepath.hub.v1.studies_pb2 import ExportState, Office, ResearchTable, StudyState
from casepath.inference.v1.scoring_pb2 import FailureReason
from casepath.intake.v1.patient_pb2 import Sex
from casepath.portal.v1.reading_pb2 import Verdict
from casepath.sequencing.v1.calling_pb2 import CallingFailureReason
from casepath.slides.v1.slide_pb2 import QualityFlag
from casepath.topics import TOPICS
from portal.language import CATALOGUES, LANGUAGES, number, preferred, span, translator
from portal.presenting import short

ROOM = Path(portal.__file__).parent
KEY = re.compile(r"""\bt\(\s*"([a-z0-9_.]+)"\s*[,)]""")
ENUMS = [
    ("state.", CaseState),
    ("slide_state.", SlideState),
    ("reason.", Reason),
    ("sex.", Sex),
    ("notice.", QualityFlag),
    ("notice.ai_failed.", FailureReason),
    ("calling_failed.", CallingFailureReason),
    ("ledger.action.", Action),
    ("study_state.", StudyState),
    ("export_state.", ExportState),
    ("office.", Office),
    ("studies.table.", ResearchTable),
]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    english, french = CATALOGUES["en"], CATALOGUES["fr"]
    assert english.keys() == french.keys()
    assert [key for key in english if fields(english[key]) != fields(french[key])] == []
    assert all(text.strip() for catalogue in CATALOGUES.values() for text in catalogue.values())


def test_every_key_that_a_page_names_exists() -> None:
    named = {key for template in (ROOM / "templates").glob("*.html") for key in KEY.findall(template.read_text())}
    assert len(named) > 50
    assert named - CATALOGUES["en"].keys() == set()


@pytest.mark.parametrize(("prefix", "enum"), ENUMS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_value_of_what_is_shown_has_a_text(prefix: str, enum: object) -> None:
    values = enum.values()[1:]  # type: ignore[attr-defined]
    assert {f"{prefix}{short(enum, value)}" for value in values} - CATALOGUES["en"].keys() == set()


def test_every_event_of_a_case_has_a_text() -> None:
    assert {f"event.{topic.name}" for topic in TOPICS if "cases" in topic.consumers} - CATALOGUES["en"].keys() == set()


def test_every_verdict_has_a_text() -> None:
    assert {f"verdict.{short(Verdict, value)}" for value in Verdict.values()[1:]} - CATALOGUES["en"].keys() == set()


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("fr", "en", "fr"),
        (None, "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        (None, "de, en;q=0.5", "en"),
        ("xx", "", "en"),
        (None, "", "en"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_browsers(cookie: str | None, accepted: str, language: str) -> None:
    assert preferred(cookie, accepted) == language


def test_numbers_and_spans_are_said_as_the_language_says_them() -> None:
    assert (number(0.5, 2, "fr"), number(0.5, 2, "en")) == ("0,50", "0.50")
    for language in LANGUAGES:
        t = translator(language)
        said = [span(length, t) for length in (timedelta(minutes=-5), timedelta(hours=47), timedelta(days=3))]
        assert said == ["5 min", "47 h", "3 j" if language == "fr" else "3 d"]


def test_what_was_not_examined_is_said_as_the_language_writes_numbers() -> None:
    assert "0,8 %" in translator("fr")("notice.unexamined", share=0.812)
    assert "0.8 %" in translator("en")("notice.unexamined", share=0.812)
