import examples
from casepath.cases.v1.cases_pb2 import Case
from casepath.records.v1.filing_pb2 import Entry
from embedded.reading_back import Archived, differences


def complete() -> tuple[Case, Archived]:
    case = Case(case_id=examples.CASE)
    slide = case.slides.add(slide_id="A1")
    slide.ingested.CopyFrom(examples.ingested())
    instances = {one.sop_instance_uid: one.object.sha256 for one in slide.ingested.instances}
    case.filed.append(Entry(kind="Patient", identifier="p", version="1"))
    case.filed.extend(Entry(kind="Instance", identifier=uid) for uid in instances)
    return case, Archived({("Patient", "p"): "1"}, instances)


def test_a_record_that_is_as_filed_has_no_differences() -> None:
    assert differences(*complete()) == []


def test_each_way_of_being_wrong_is_told() -> None:
    case, found = complete()
    uid = next(iter(found.instances))
    wrong = {
        "does not have it": Archived({}, found.instances),
        "nobody filed it": Archived({**found.resources, ("Patient", "q"): "1"}, found.instances),
        "has version 2": Archived({("Patient", "p"): "2"}, found.instances),
        "other bytes": Archived(found.resources, {**found.instances, uid: "0" * 64}),
        "not of the case": Archived(found.resources, {**found.instances, "2.25.99": "0" * 64}),
    }
    for said, archived in wrong.items():
        assert any(said in line for line in differences(case, archived)), said
