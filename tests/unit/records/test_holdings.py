"""What the archives should hold follows from what is told to be filed."""

from uuid import uuid4

from casepath.inference.v1.scoring_pb2 import DerivedInstance, SlideScored
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.records.v1.filing_pb2 import EntriesFiled, Entry
from casepath.slides.v1.slide_pb2 import Instance as Stored
from casepath.slides.v1.slide_pb2 import SlideIngested
from records.holdings import Instance, Resource, derived, ingested, resources

ORDER, MERGE = "intake.order.placed.v1", "intake.patient.merged.v1"


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
