"""Every accepted event is filed, dead, in flight, erased or missing, and is counted once."""

from itertools import product
from uuid import uuid4

from casepath.inference.v1.scoring_pb2 import DerivedInstance, SlideScored
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.records.v1.filing_pb2 import EntriesFiled, Entry
from casepath.slides.v1.slide_pb2 import Instance as Stored
from casepath.slides.v1.slide_pb2 import SlideIngested
from records.balance import Accepted, Balance, Instance, Resource, balance, derived, ingested, resources

ORDER, MERGE = "intake.order.placed.v1", "intake.patient.merged.v1"


def test_an_event_that_records_has_passed_and_neither_filed_nor_set_aside_is_missing() -> None:
    events = {"filed": (0, 0), "dead": (0, 1), "mended": (0, 2), "lost": (0, 3), "waits": (0, 4), "other": (1, 0)}
    found = balance(Accepted(ORDER, events, {0: 4, 1: 0}), {"filed", "mended"}, {"dead", "mended"}, set())
    assert found == Balance(ORDER, accepted=6, filed=2, dead=1, in_flight=2, erased=0, missing=("lost",))


def test_a_partition_that_nothing_was_committed_of_is_in_flight() -> None:
    assert balance(Accepted(ORDER, {"waits": (7, 0)}, {}), set(), set(), set()).in_flight == 1


def test_what_was_told_or_set_aside_of_other_topics_counts_nowhere() -> None:
    assert balance(Accepted(ORDER, {}, {}), {"elsewhere"}, {"elsewhere"}, {"elsewhere"}) == Balance(ORDER, 0, 0, 0, 0, 0, ())


def test_the_five_outcomes_add_up_to_what_was_accepted() -> None:
    states = list(product((False, True), repeat=4))
    events = {str(state): (int(state[2]), 0) for state in states}
    filed, dead, erased = ({str(state) for state in states if state[at]} for at in (0, 1, 3))
    found = balance(Accepted(ORDER, events, {0: 1}), filed, dead, erased)
    assert found.accepted == found.filed + found.dead + found.in_flight + found.erased + len(found.missing) == 16
    assert (found.filed, found.dead, found.in_flight, found.erased) == (8, 4, 2, 1)
    assert found.missing == (str((False, False, False, False)),)


def told(cause: str, *entries: Entry) -> EntriesFiled:
    return EntriesFiled(case_id=str(uuid4()), cause=cause, entries=entries)


def test_a_resource_is_repaired_by_the_last_event_that_files_it_whole() -> None:
    specimen, study, scan = (Entry(kind=k, identifier="1") for k in ("Specimen", "ImagingStudy", "Instance"))
    said = [
        ("a", told(ORDER, specimen)),
        ("b", told(ORDER, study, scan)),
        ("c", told(ORDER, study)),
        ("d", told(MERGE, specimen)),
    ]
    assert resources(said, [ORDER]) == [Resource("ImagingStudy", "1", "c"), Resource("Specimen", "1", "a")]


def test_objects_are_those_of_the_scanner_and_those_of_the_model() -> None:
    reference = ObjectRef(sha256="ab")
    scan = SlideIngested(
        study_instance_uid="1", series_instance_uid="1.2", instances=[Stored(sop_instance_uid="1.2.3", object=reference)]
    )
    result = SlideScored(
        study_instance_uid="1",
        instances=[DerivedInstance(series_instance_uid="1.4", sop_instance_uid="1.4.5", object=reference)],
    )
    assert ingested("a", scan) == [Instance("1", "1.2", "1.2.3", "ab", "a")]
    assert derived("b", result) == [Instance("1", "1.4", "1.4.5", "ab", "b")]
