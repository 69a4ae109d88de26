import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

import examples
from casepath.inference.v1.scoring_pb2 import DerivedInstance, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import ENCOUNTER_STATUS_FINISHED
from casepath.portal.v1.reading_pb2 import ReportSigned
from casepath.records.v1.filing_pb2 import Entry
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicReport
from chassis.fhir import Resource
from records import genomics, handlers, resources
from records.adapters.fhir_server import MemoryFhirServer
from records.handlers import of_reports

OTHER_SCAN = "11111111-1111-5111-8111-111111111111"


def with_instances() -> SlideScored:
    """A score that has a structured report."""
    scored = examples.scored()
    report = DerivedInstance(
        sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
        sop_instance_uid="2.25.5",
        series_instance_uid="2.25.6",
        object=examples.ref("report"),
        modality="SR",
    )
    scored.instances.append(report)
    return scored


def everything() -> list[Resource]:
    order = examples.order()
    return [
        *handlers.of_registration(examples.registered()),
        *handlers.of_order(order),
        *handlers.of_study(order, [examples.ingested(), examples.ingested("A2", OTHER_SCAN)], [with_instances()]),
        *handlers.of_score(order, examples.scored(), examples.NOON),
        *handlers.of_failure(order, examples.failed(), examples.NOON),
        *handlers.of_variants(order, examples.variants_called()),
        *pharmacogenomics(),
        *of_reports(order, [examples.report_signed(), examples.report_signed(2, "HER2 négatif.")], ["2.25.1"]),
    ]


def pharmacogenomics(report: PharmacogenomicReport | None = None, before: Sequence[Entry] = ()) -> list[Resource]:
    issued, report = examples.pharmacogenomics_reported(), report or examples.pharmacogenomic_report()
    return handlers.of_pharmacogenomics(examples.order(), issued, report, {"en": b"%PDF", "fr": b"%PDF"}, before)


@pytest.mark.parametrize("resource", everything(), ids=lambda resource: resource["resourceType"])
def test_resources_have_the_shape_of_fhir_r4(resource: Resource) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))


def test_a_qualified_identity_is_filed_with_its_ins_as_france_has_it() -> None:
    registered = examples.registered()
    registered.patient.ins, registered.patient.ins_authority = "270019999999963", "1.2.250.1.213.1.4.8"
    filed, _ = handlers.of_registration(registered)
    hospitals, national = filed["identifier"]
    assert hospitals["value"] == "P1"
    assert national == {
        "use": "official",
        "type": {"coding": [{"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", "code": "INS-NIR"}]},
        "system": "urn:oid:1.2.250.1.213.1.4.8",
        "value": "270019999999963",
    }
    get_fhir_model_class("Patient").model_validate_json(json.dumps(filed))


def test_references_name_what_is_filed() -> None:
    filed = {f"{one['resourceType']}/{one['id']}" for one in everything()}
    assert set(references(everything())) <= filed


def references(found: Any) -> list[str]:
    if isinstance(found, dict):
        here = [found["reference"]] if isinstance(found.get("reference"), str) else []
        return here + [name for value in found.values() for name in references(value)]
    return [name for value in found for name in references(value)] if isinstance(found, list) else []


def test_what_is_referred_to_is_filed_first() -> None:
    seen: set[str] = set()
    for resource in handlers.of_order(examples.order()):
        assert set(references(resource)) <= seen
        seen.add(f"{resource['resourceType']}/{resource['id']}")


def test_the_same_events_give_the_same_resources() -> None:
    assert everything() == everything()


def test_no_element_is_empty() -> None:
    def walk(found: Any) -> None:
        assert found not in ("", [], {}, None)
        for value in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
            walk(value)

    walk(everything())


def test_a_failed_ai_run_is_a_cancelled_observation_and_never_a_value() -> None:
    _, observation, report, _ = handlers.of_failure(examples.order(), examples.failed(), examples.NOON)
    assert observation["status"] == report["status"] == "cancelled"
    assert "valueQuantity" not in observation
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "error"
    assert "failed" in report["conclusion"]
    assert "échoué" in report["conclusion"]


def test_an_ai_score_is_preliminary_and_says_in_both_languages_that_it_is_no_diagnosis() -> None:
    _, _, report, _ = handlers.of_score(examples.order(), examples.scored(), examples.NOON)
    assert report["status"] == "preliminary"
    assert "not a diagnosis" in report["conclusion"]
    assert "pas un diagnostic" in report["conclusion"]


def test_a_failure_and_a_score_of_one_job_do_not_replace_each_other() -> None:
    device, *scored = [one["id"] for one in handlers.of_score(examples.order(), examples.scored(), examples.NOON)]
    same, *failed = [one["id"] for one in handlers.of_failure(examples.order(), examples.failed(), examples.NOON)]
    assert device == same
    assert not set(scored) & set(failed)


def test_a_result_says_which_model_made_it_from_what_and_when() -> None:
    device, observation, report, origin = handlers.of_score(examples.order(), examples.scored(), examples.NOON)
    assert (device["deviceName"][0]["name"], device["version"][0]["value"]) == ("demo", "1")
    assert observation["device"]["reference"] == origin["agent"][0]["who"]["reference"] == f"Device/{device['id']}"
    assert [one["reference"] for one in origin["target"]] == [
        f"Observation/{observation['id']}",
        f"DiagnosticReport/{report['id']}",
    ]
    assert origin["entity"][0]["what"] == report["imagingStudy"][0]
    assert origin["recorded"] == "2026-03-01T12:00:00.000+00:00"


def test_each_part_of_a_report_is_a_document_with_the_words_that_were_signed_and_by_whom() -> None:
    reports = [examples.report_signed(), examples.report_signed(2, "HER2 négatif.")]
    filed = of_reports(examples.order(), reports, [])
    first, second = [one for one in filed if one["resourceType"] == "DocumentReference"]
    assert first == next(
        one for one in of_reports(examples.order(), reports[:1], []) if one["resourceType"] == "DocumentReference"
    )
    assert "HER2 négatif." in b64decode(second["content"][0]["attachment"]["data"]).decode()
    assert second["relatesTo"][0]["target"]["reference"] == f"DocumentReference/{first['id']}"
    signed = of_kind("Provenance", reports)
    assert [one["target"][0]["reference"].split("/")[1] for one in signed] == [first["id"], second["id"]]
    assert {one["agent"][0]["who"]["display"] for one in signed} == {"Dr Alix Martin"}


def test_a_stay_is_an_encounter_and_its_end_closes_it() -> None:
    _, begun = handlers.of_registration(examples.registered())
    left = examples.registered()
    left.encounter.status = ENCOUNTER_STATUS_FINISHED
    left.encounter.discharged_at.CopyFrom(examples.stamp(examples.NOON + timedelta(days=2)))
    _, ended = handlers.of_registration(left)
    assert (begun["class"]["code"], begun["status"], begun["location"][0]["location"]["display"]) == (
        "IMP",
        "in-progress",
        "CHIR",
    )
    assert ended["id"] == begun["id"]
    assert (ended["status"], ended["period"]["end"]) == ("finished", "2026-03-03T12:00:00.000+00:00")


def requests(order: OrderPlaced) -> list[Resource]:
    return [one for one in handlers.of_order(order) if one["resourceType"] == "ServiceRequest"]


def test_what_is_called_off_is_revoked_from_when_that_was_said_and_the_rest_stays_as_it_is() -> None:
    order = examples.order(examples.NOON + timedelta(hours=1))
    order.services[0].called_off = True
    order.services[1].recorded_at.CopyFrom(examples.stamp())
    before, after = requests(examples.order()), requests(order)
    assert [one["id"] for one in after] == [one["id"] for one in before]
    assert (after[0]["status"], after[0]["authoredOn"]) == ("revoked", "2026-03-01T13:00:00.000+00:00")
    assert after[1] == before[1]


def test_an_imaging_study_is_the_same_whatever_the_order_of_its_scans() -> None:
    scans = [examples.ingested(), examples.ingested("A2", OTHER_SCAN)]
    found = [handlers.of_study(examples.order(), list(order), [with_instances()]) for order in permutations(scans)]
    assert found[0] == found[1]
    assert found[0][0]["numberOfSeries"] == 3
    assert found[0][0]["numberOfInstances"] == 5
    assert [one["code"] for one in found[0][0]["modality"]] == ["SM", "SR"]


async def test_an_older_message_does_not_replace_a_newer_one() -> None:
    server = MemoryFhirServer()
    person = examples.patient()
    older = resources.patient(person, examples.stamp())
    person.family_name = "Corrigée"
    newer = resources.patient(person, examples.stamp(examples.NOON + timedelta(hours=1)))
    for resource in (newer, older, newer):
        assert await server.put(resource) == "1"
    assert server.resources["Patient", examples.PATIENT] == (newer, 1)


async def test_a_study_never_loses_what_somebody_else_filed_in_it_meanwhile() -> None:
    server = MemoryFhirServer()
    (smaller,) = handlers.of_study(examples.order(), [examples.ingested()], [])
    (larger,) = handlers.of_study(examples.order(), [examples.ingested()], [with_instances()])
    for study, version in ((smaller, "1"), (larger, "2"), (smaller, "2"), (larger, "2")):
        assert await server.put(study) == version
    assert server.resources["ImagingStudy", smaller["id"]] == (larger, 2)


@pytest.mark.parametrize(
    ("name", "uri"),
    [("1.2.250.1", "urn:oid:1.2.250.1"), ("CHU Rennes", "urn:casepath:authority:CHU%20Rennes"), ("", "urn:casepath:authority:")],
)
def test_an_authority_is_a_uri(name: str, uri: str) -> None:
    assert resources.authority(name) == uri


def of_kind(kind: str, reports: Sequence[ReportSigned], studies: Sequence[str] = ()) -> list[Resource]:
    return [one for one in of_reports(examples.order(), reports, studies) if one["resourceType"] == kind]


def whole(reports: Sequence[ReportSigned], studies: Sequence[str] = ()) -> Resource:
    return of_kind("DiagnosticReport", reports, studies)[0]


def test_a_signed_report_is_final_and_says_who_signed_it() -> None:
    report = whole([examples.report_signed()], ["2.25.1"])
    assert report["status"] == "final"
    assert report["resultsInterpreter"][0]["display"] == "Dr Alix Martin"
    assert "Carcinome" in report["conclusion"]
    assert "Diagnoses in code / Diagnostics codés: ADICAP BHGSA7A0, CIM-O-3 8500/3\n— Dr Alix Martin" in report["conclusion"]
    assert [one["coding"] for one in report["conclusionCode"]] == [
        [{"system": "https://smt.esante.gouv.fr/terminologie-adicap/", "code": "BHGSA7A0"}],
        [{"system": "http://terminology.hl7.org/CodeSystem/icd-o-3", "code": "8500/3"}],
    ]
    assert [one["reference"].split("/")[0] for one in report["imagingStudy"]] == ["ImagingStudy"]


def test_an_addendum_is_appended_to_the_same_report_and_changes_no_signed_word() -> None:
    first = whole([examples.report_signed()])
    both = whole([examples.report_signed(), examples.report_signed(2, "HER2 négatif.")])
    assert both["id"] == first["id"]
    assert both["status"] == "appended"
    assert both["conclusion"].startswith(first["conclusion"])
    assert "HER2 négatif." in both["conclusion"]


def test_codes_of_an_addendum_take_the_place_of_those_before_and_of_one_without_any_they_stay() -> None:
    said, silent = examples.report_signed(2), examples.report_signed(3)
    said.ClearField("diagnoses")
    said.diagnoses.add(code="C50.9", system="I10")
    silent.ClearField("diagnoses")
    report = whole([examples.report_signed(), said, silent])
    assert [one["coding"][0]["code"] for one in report["conclusionCode"]] == ["C50.9"]
    assert "conclusionCode" not in whole([examples.report_signed(), said, examples.report_withdrawn(3)])


WITHDRAWN = [examples.report_signed(), examples.report_signed(2, "HER2 négatif."), examples.report_withdrawn()]


def test_what_was_signed_in_error_is_so_in_the_record_and_why_takes_the_place_of_its_words() -> None:
    report = whole(WITHDRAWN)
    assert report["id"] == whole(WITHDRAWN[:2])["id"]
    assert report["status"] == "entered-in-error"
    assert report["conclusion"].startswith(
        "Report withdrawn / Compte rendu retiré\nSigné sur le mauvais dossier.\n— Dr Alix Martin"
    )
    assert "HER2" not in report["conclusion"]
    assert {one["status"] for one in of_kind("Observation", WITHDRAWN)} == {"entered-in-error"}
    documents = of_kind("DocumentReference", WITHDRAWN)
    assert [one["status"] for one in documents] == ["entered-in-error", "entered-in-error", "current"]
    assert [one["content"] for one in documents[:2]] == [one["content"] for one in of_kind("DocumentReference", WITHDRAWN[:2])]
    assert [(one["code"], one["target"]["reference"].split("/")[1]) for one in documents[2]["relatesTo"]] == [
        ("replaces", documents[0]["id"]),
        ("replaces", documents[1]["id"]),
    ]


def test_what_is_signed_after_a_withdrawal_is_a_report_again_and_corrects_it() -> None:
    signed = [*WITHDRAWN, examples.report_signed(4, "Bénin."), examples.report_signed(5, "Relu.")]
    report = whole(signed)
    assert report["status"] == "corrected"
    assert report["conclusion"].startswith("Bénin.\nDiagnoses in code / Diagnostics codés: ADICAP BHGSA7A0, CIM-O-3 8500/3\n— ")
    assert "Addendum 1 / Complément 1\nRelu." in report["conclusion"]
    assert "retiré" not in report["conclusion"]
    statuses = {one["id"]: one["status"] for one in of_kind("Observation", signed)}
    assert {statuses[one["reference"].split("/")[1]] for one in report["result"]} == {"final"}
    *_, anew, addendum = of_kind("DocumentReference", signed)
    assert "relatesTo" not in anew
    assert addendum["relatesTo"] == [{"code": "appends", "target": {"reference": f"DocumentReference/{anew['id']}"}}]


def test_each_decision_on_a_finding_is_filed() -> None:
    observation, *_ = of_reports(examples.order(), [examples.report_signed()], [])
    assert [one["valueString"] for one in observation["component"]] == ["accepted"]


SIGNED = genomics.Acts(examples.genomics_signed())


def test_a_genomic_report_that_was_withdrawn_is_in_error_without_its_words_and_says_why() -> None:
    issued, report = examples.pharmacogenomics_reported(), examples.pharmacogenomic_report()
    acts = replace(SIGNED, withdrawal=examples.genomics_withdrawn())
    *filed, signature, origin = handlers.of_pharmacogenomics(examples.order(), issued, report, {"fr": b"%PDF"}, (), acts)
    assert {one["status"] for one in filed} == {"entered-in-error"}
    withdrawn = filed[-1]
    assert withdrawn["conclusion"].splitlines() == [
        "Report withdrawn / Compte rendu retiré",
        "Dr Alix Martin: Prélèvement d'un autre patient.",
    ]
    assert "presentedForm" not in withdrawn
    assert signature["recorded"] < origin["recorded"]
    assert signature["id"] != origin["id"]
    assert origin["target"] == [{"reference": f"DiagnosticReport/{withdrawn['id']}"}]


def test_variants_of_another_patient_are_in_error_without_file_and_figures_and_say_why() -> None:
    order, called, said = examples.order(), examples.variants_called(), examples.variants_disowned()
    observation, report, origin = handlers.of_variants(order, called, said)
    standing = handlers.of_variants(order, called)
    assert [one["id"] for one in (observation, report)] == [one["id"] for one in standing]
    assert {one["status"] for one in (observation, report)} == {"entered-in-error"}
    assert not {"component", "note"} & observation.keys()
    assert "presentedForm" not in report
    assert report["conclusion"].splitlines() == [
        "Not this patient's variants / Ces variants ne sont pas ceux du patient",
        "Dr Alix Martin: Prélèvement d'un autre patient.",
    ]
    assert origin["target"] == [{"reference": f"DiagnosticReport/{report['id']}"}]
    assert handlers.of_disowning(order, said) == [report, origin]


def test_what_a_biologist_signed_is_final_with_their_name_and_words() -> None:
    issued, report = examples.pharmacogenomics_reported(), examples.pharmacogenomic_report()
    filed = handlers.of_pharmacogenomics(examples.order(), issued, report, {}, (), SIGNED)
    *observations, signed, origin = filed
    assert {one["status"] for one in [*observations, signed]} == {"final"}
    assert signed["resultsInterpreter"][0]["identifier"]["value"] == "lefebvre"
    assert signed["conclusion"].startswith("Dr Alix Martin: Dose à adapter.")
    assert origin["target"] == [{"reference": f"DiagnosticReport/{signed['id']}"}]
    unsigned = handlers.of_pharmacogenomics(examples.order(), issued, report, {}, ())
    assert {one["status"] for one in unsigned} == {"preliminary"}
    assert [one["id"] for one in unsigned] == [one["id"] for one in filed[:-1]]


def test_what_the_genome_says_of_a_drug_is_an_implication_of_its_genotype() -> None:
    genotype, implication, report = pharmacogenomics()
    assert genotype["valueCodeableConcept"]["text"].startswith("DPYD Reference, c.1129-5923C>G")
    assert implication["derivedFrom"] == [{"reference": f"Observation/{genotype['id']}"}]
    texts = json.dumps(implication)
    assert "Reduce starting dose by 50%." in texts
    assert "Not tested in DPYD: c.1024G>A." in texts
    assert '"code": "LA10317-8"' in texts
    assert '"code": "L01BC02"' in texts
    assert [one["language"] for one in report["presentedForm"]] == ["en", "fr"]
    assert "fluorouracil." in report["conclusion"]
    assert "fluorouracile." in report["conclusion"]


def test_a_gene_that_was_not_called_has_no_genotype_and_is_named_in_the_report() -> None:
    said = examples.pharmacogenomic_report()
    said.genes.add(gene="CYP2D6", reason="not callable")
    genotypes = [one for one in pharmacogenomics(said) if "valueCodeableConcept" in one]
    assert len(genotypes) == 1
    assert "Not called: CYP2D6." in pharmacogenomics(said)[-1]["conclusion"]


def test_what_an_amended_report_no_longer_says_is_withdrawn() -> None:
    before = [Entry(kind=one["resourceType"], identifier=one["id"]) for one in pharmacogenomics()]
    said = examples.pharmacogenomic_report()
    said.advice[0].changes = False
    genotype, report, gone = pharmacogenomics(said, before)
    assert (gone["id"], gone["status"]) == (before[1].identifier, "entered-in-error")
    assert report["result"] == [{"reference": f"Observation/{genotype['id']}"}]
    assert report["id"] == before[2].identifier
