"""What must be acknowledged before a signature is asked for on the page, or nobody could sign."""

import pytest
from starlette.requests import Request

import examples
from casepath.cases.v1.cases_pb2 import Case, Slide
from chassis.signed_reports import named, parts, standing
from portal.desk import render
from portal.handlers import undecided, unread
from portal.presenting import notices

REQUEST = Request({"type": "http", "headers": []})


def case(unexamined: float) -> Case:
    scored = examples.scored()
    scored.failed_tiles = 0
    scored.unexamined_tissue = unexamined
    slide = Slide(slide_id="A1", ingested=examples.ingested(), scored=scored)
    return Case(case_id=examples.CASE, order=examples.order(), slides=[slide], reviews=[examples.reviewed()])


@pytest.mark.parametrize(("unexamined", "asked"), [(0.0, False), (1e-6, True), (0.2, True)])
def test_the_page_asks_to_acknowledge_whatever_the_signature_needs_acknowledged(unexamined: float, asked: bool) -> None:
    one = case(unexamined)
    page = render(
        REQUEST,
        "report.html",
        case=one,
        parts=parts(one.reports),
        standing=standing(one.reports),
        draft=None,
        diagnoses="",
        diagnosis_names=named,
        may_sign=True,
        undecided=undecided(one),
        unread=unread(one),
        notices=notices(one),
    )
    assert bool(undecided(one) or unread(one)) is asked
    assert (b'name="acknowledged"' in page.body) is asked
