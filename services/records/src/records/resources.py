"""FHIR R4 resources from messages (HL7 FHIR 4.0.1). Pure; ids derive from what they name, so that filing twice is filing once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.inference.v1.scoring_pb2 import DerivedInstance, FailureReason, Model, Run, SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import Code, OrderPlaced, RequestedService
from casepath.intake.v1.order_pb2 import Specimen as OrderedSpecimen
from casepath.intake.v1.patient_pb2 import (
    ENCOUNTER_CLASS_EMERGENCY,
    ENCOUNTER_CLASS_INPATIENT,
    ENCOUNTER_CLASS_OUTPATIENT,
    ENCOUNTER_CLASS_PREADMISSION,
    ENCOUNTER_CLASS_UNSPECIFIED,
    ENCOUNTER_STATUS_CANCELLED,
    ENCOUNTER_STATUS_FINISHED,
    ENCOUNTER_STATUS_IN_PROGRESS,
    SEX_FEMALE,
    SEX_MALE,
    SEX_OTHER,
    Encounter,
    Patient,
)
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import Reader, VariantsDisowned, Verdict
from casepath.sequencing.v1.sequencing_pb2 import QualityShortfall, VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from chassis.fhir import Resource, instant, resource
from chassis.ins import AUTHORITIES
from chassis.signed_reports import Part, diagnoses, named

GENDERS = {SEX_FEMALE: "female", SEX_MALE: "male", SEX_OTHER: "other"}
ACT_CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
NULL_FLAVORS = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
UNKNOWN = "UNK"
CLASSES = {
    ENCOUNTER_CLASS_UNSPECIFIED: (UNKNOWN, "unknown"),
    ENCOUNTER_CLASS_INPATIENT: ("IMP", "inpatient encounter"),
    ENCOUNTER_CLASS_OUTPATIENT: ("AMB", "ambulatory"),
    ENCOUNTER_CLASS_EMERGENCY: ("EMER", "emergency"),
    ENCOUNTER_CLASS_PREADMISSION: ("PRENC", "pre-admission"),
}
STATUSES = {
    ENCOUNTER_STATUS_IN_PROGRESS: "in-progress",
    ENCOUNTER_STATUS_FINISHED: "finished",
    ENCOUNTER_STATUS_CANCELLED: "cancelled",
}
VISIT_NUMBER = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "VN"}]}
# HL7 table 0396 as FHIR names the systems.
SYSTEMS = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "SRT": "http://snomed.info/srt",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "ICDO3": "http://terminology.hl7.org/CodeSystem/icd-o-3",
    # Of France's Agence du numérique en santé, who maintains it.
    "ADICAP": "https://smt.esante.gouv.fr/terminologie-adicap/",
}
WHOLE_SLIDE_CLASS = "urn:oid:1.2.840.10008.5.1.4.1.1.77.1.6"
DICOM_TERMS = "http://dicom.nema.org/resources/ontology/DCM"
RECORDED_AT = "urn:casepath:recorded-at"
CODES = "urn:casepath:codes"
INS_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
SCREENING_EN = "AI screening only, not a diagnosis: a pathologist reads the slide."
SCREENING_FR = "Dépistage par IA uniquement, pas un diagnostic : un pathologiste lit la lame."
FAILED_EN = "The AI run failed. This says nothing about what is on the slide."
FAILED_FR = "L'analyse par IA a échoué. Cela ne dit rien du contenu de la lame."
DIAGNOSES = "Diagnoses in code / Diagnostics codés"
WITHDRAWN = "Report withdrawn / Compte rendu retiré"
DISOWNED = "Not this patient's variants / Ces variants ne sont pas ceux du patient"
BELOW_EN = "Below the laboratory's thresholds."
BELOW_FR = "En dessous des seuils du laboratoire."
CALLS_EN = "Variants called, not interpreted. A position without a call is not thereby reference."
CALLS_FR = "Variants détectés, non interprétés. Une position sans appel n'est pas pour autant de référence."


def patient(person: Patient, recorded_at: Timestamp) -> Resource:
    name = {"family": person.family_name, "given": list(person.given_names)}
    return resource(
        "Patient",
        person.patient_id,
        extension=[stamp(recorded_at)],
        identifier=[{"system": authority(person.assigning_authority), "value": person.identifier}, *national(person)],
        name=[{key: value for key, value in name.items() if value}],
        gender=GENDERS.get(person.sex, "unknown"),
        birthDate=person.birth_date,
    )


def encounter(patient_id: str, said: Encounter, recorded_at: Timestamp) -> Resource:
    """A stay or a visit (FHIR R4 section 8.11)."""
    code, display = CLASSES[getattr(said, "class")]
    period = {
        "start": instant(said.admitted_at) if said.HasField("admitted_at") else None,
        "end": instant(said.discharged_at) if said.HasField("discharged_at") else None,
    }
    return resource(
        "Encounter",
        said.encounter_id,
        extension=[stamp(recorded_at)],
        identifier=[{"type": VISIT_NUMBER, "system": authority(said.authority), "value": said.number}],
        status=STATUSES[said.status],
        **{"class": {"system": ACT_CODES if code != UNKNOWN else NULL_FLAVORS, "code": code, "display": display}},
        subject=reference("Patient", patient_id),
        period={name: at for name, at in period.items() if at},
        location=[{"location": {"display": said.unit}}] if said.unit else None,
    )


def national(person: Patient) -> list[Resource]:
    """The INS as FR Core 2.1 has it (profile FRCorePatientINS, identifier)."""
    if not person.ins:
        return []
    kind = {"coding": [{"system": INS_TYPES, "code": AUTHORITIES[person.ins_authority]}]}
    return [{"use": "official", "type": kind, "system": f"urn:oid:{person.ins_authority}", "value": person.ins}]


def specimen_id(case_id: str, identifier: str) -> str:
    return str(uuid5(UUID(case_id), f"Specimen|{identifier}"))


def specimen(order: OrderPlaced, ordered: OrderedSpecimen) -> Resource:
    collected = instant(ordered.collected_at) if ordered.HasField("collected_at") else None
    site = concept(ordered.site) if ordered.HasField("site") else None
    return resource(
        "Specimen",
        specimen_id(order.case_id, ordered.identifier),
        extension=[stamp(order.recorded_at)],
        identifier=[{"system": "urn:casepath:specimen", "value": ordered.identifier}],
        accessionIdentifier=accession(order.accession),
        type=concept(ordered.type) if ordered.HasField("type") else None,
        subject=reference("Patient", order.patient.patient_id),
        collection={key: value for key, value in {"collectedDateTime": collected, "bodySite": site}.items() if value},
        container=[{"identifier": [{"system": "urn:casepath:container", "value": value}]} for value in ordered.containers],
    )


def service_request_id(case_id: str, service: RequestedService) -> str:
    return str(uuid5(UUID(case_id), f"ServiceRequest|{service.placer_order_number}|{service.service.code}"))


def service_request(order: OrderPlaced, service: RequestedService) -> Resource:
    said_at = service.recorded_at if service.HasField("recorded_at") else order.recorded_at
    identifiers = [accession(order.accession)]
    if service.placer_order_number:
        kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}]}
        identifiers.append({"type": kind, "value": service.placer_order_number})
    return resource(
        "ServiceRequest",
        service_request_id(order.case_id, service),
        extension=[stamp(said_at)],
        identifier=identifiers,
        status="revoked" if service.called_off else "active",
        intent="order",
        code=concept(service.service),
        subject=reference("Patient", order.patient.patient_id),
        authoredOn=instant(said_at),
        reasonCode=[concept(one) for one in service.reasons],
        note=[{"text": service.clinical_information}] if service.clinical_information else None,
        specimen=[reference("Specimen", specimen_id(order.case_id, one.identifier)) for one in service.specimens],
    )


def imaging_study_id(case_id: str, study_uid: str) -> str:
    return str(uuid5(UUID(case_id), f"ImagingStudy|{study_uid}"))


def imaging_study(order: OrderPlaced, slides: Sequence[SlideIngested], results: Sequence[SlideScored] = ()) -> Resource:
    """All scans of one DICOM study, and what was derived from them: the same whatever the order in which they came."""
    first = slides[0]
    by_series: dict[str, list[SlideIngested]] = {}
    for slide in sorted(slides, key=lambda slide: (slide.slide_id, slide.series_instance_uid, slide.scan_id)):
        by_series.setdefault(slide.series_instance_uid, []).append(slide)
    series = [imaging_series(order, uid, number, scans) for number, (uid, scans) in enumerate(by_series.items(), start=1)]
    series += derived_series(results, len(series) + 1)
    return resource(
        "ImagingStudy",
        imaging_study_id(order.case_id, first.study_instance_uid),
        identifier=[{"system": "urn:dicom:uid", "value": f"urn:oid:{first.study_instance_uid}"}, accession(order.accession)],
        status="available",
        modality=list({one["modality"]["code"]: one["modality"] for one in series}.values()),
        subject=reference("Patient", order.patient.patient_id),
        basedOn=requests_of(order),
        numberOfSeries=len(series),
        numberOfInstances=sum(one["numberOfInstances"] for one in series),
        series=series,
    )


def imaging_series(order: OrderPlaced, uid: str, number: int, scans: Sequence[SlideIngested]) -> Resource:
    uids = sorted({instance.sop_instance_uid for scan in scans for instance in scan.instances})
    return {
        "uid": uid,
        "number": number,
        "modality": {"system": DICOM_TERMS, "code": "SM"},
        "description": f"Slide {scans[0].slide_id}",
        "numberOfInstances": len(uids),
        "specimen": slide_specimens(order, scans[0].slide_id),
        "instance": [{"uid": value, "sopClass": {"system": "urn:ietf:rfc:3986", "code": WHOLE_SLIDE_CLASS}} for value in uids],
    }


def derived_series(results: Sequence[SlideScored], first: int) -> list[Resource]:
    """Reports, annotations, maps and segmentations that models made of the scans."""
    by_series: dict[str, list[tuple[SlideScored, DerivedInstance]]] = {}
    for result in sorted(results, key=lambda result: (result.slide_id, result.job_id)):
        for one in result.instances:
            by_series.setdefault(one.series_instance_uid, []).append((result, one))
    return [
        {
            "uid": uid,
            "number": number,
            "modality": {"system": DICOM_TERMS, "code": made[0][1].modality},
            "description": f"AI on slide {made[0][0].slide_id}: {made[0][0].model.name} {made[0][0].model.version}",
            "numberOfInstances": len(made),
            "instance": [
                {
                    "uid": one.sop_instance_uid,
                    "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{one.sop_class_uid}"},
                }
                for _, one in made
            ],
        }
        for number, (uid, made) in enumerate(by_series.items(), start=first)
    ]


def slide_score(order: OrderPlaced, scored: SlideScored) -> list[Resource]:
    """The model, the observation of a score, and its report."""
    observation = resource(
        "Observation",
        str(uuid5(UUID(scored.job_id), "Observation|scored")),
        status="preliminary",
        code=own("ai-slide-score", "AI slide score"),
        subject=reference("Patient", scored.patient_id),
        specimen=next(iter(slide_specimens(order, scored.slide_id)), None),
        valueQuantity=number(scored.score),
        device=device(scored.model, scored.provider, scored.run),
        note=[{"text": SCREENING_EN}, {"text": SCREENING_FR}],
        component=[
            component("positive-fraction", "Share of tiles at or above the threshold", scored.positive_fraction),
            component("tissue-fraction", "Share of the slide that is tissue", scored.tissue_fraction),
            component("tiles", "Tissue tiles", scored.tiles),
            component("failed-tiles", "Tiles that failed", scored.failed_tiles),
        ],
    )
    conclusion = f"Slide {scored.slide_id}: AI score {scored.score:.3f} (0 to 1). {SCREENING_EN} {SCREENING_FR}"
    image = attachment("image/png", "AI heatmap", scored.heatmap_image)
    study = imaging_study_id(order.case_id, scored.study_instance_uid)
    report = ai_report(order, scored.job_id, "scored", observation, conclusion, study, image)
    return [ai_device(scored.model), observation, report]


def slide_failure(order: OrderPlaced, failed: SlideFailed) -> list[Resource]:
    """The model, an observation that was not made, and its report: never one that found nothing."""
    reason = FailureReason.Name(failed.reason).removeprefix("FAILURE_REASON_")
    observation = resource(
        "Observation",
        str(uuid5(UUID(failed.job_id), "Observation|failed")),
        status="cancelled",
        code=own("ai-slide-score", "AI slide score"),
        subject=reference("Patient", failed.patient_id),
        specimen=next(iter(slide_specimens(order, failed.slide_id)), None),
        dataAbsentReason={
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error"}],
            "text": reason,
        },
        device=device(failed.model, "", Run()),
        note=[{"text": FAILED_EN}, {"text": FAILED_FR}],
    )
    conclusion = f"Slide {failed.slide_id}: {FAILED_EN} {FAILED_FR} ({reason})"
    return [ai_device(failed.model), observation, ai_report(order, failed.job_id, "failed", observation, conclusion)]


def ai_report(
    order: OrderPlaced,
    job_id: str,
    ending: str,
    observation: Resource,
    conclusion: str,
    study: str | None = None,
    image: Resource | None = None,
) -> Resource:
    return resource(
        "DiagnosticReport",
        str(uuid5(UUID(job_id), f"DiagnosticReport|{ending}")),
        identifier=[accession(order.accession)],
        status="preliminary" if ending == "scored" else "cancelled",
        category=[coded("http://terminology.hl7.org/CodeSystem/v2-0074", "PAT", "Pathology")],
        code=own("ai-slide-screening", "AI slide screening"),
        subject=observation["subject"],
        basedOn=requests_of(order),
        specimen=[observation["specimen"]] if "specimen" in observation else None,
        result=[reference("Observation", observation["id"])],
        imagingStudy=[reference("ImagingStudy", study)] if study else None,
        conclusion=conclusion,
        presentedForm=[image] if image else None,
    )


def variants(order: OrderPlaced, called: VariantsCalled) -> list[Resource]:
    """The observation of a run's quality, and the report that carries the VCF."""
    quality = called.quality
    observation_id, report_id = variants_ids(called.job_id)
    observation = resource(
        "Observation",
        observation_id,
        status="preliminary",
        code=own("sequencing-quality", "Sequencing quality"),
        subject=reference("Patient", called.patient_id),
        specimen=reference("Specimen", specimen_id(called.case_id, called.sample_id)),
        device={"display": ", ".join(called.tools)},
        note=[{"text": f"Reference {called.reference}, sha256 {called.reference_sha256}"}],
        component=[
            component("reads", "Reads", quality.reads),
            component("mapped-reads", "Mapped reads", quality.mapped_reads),
            component("duplicate-reads", "Duplicate reads", quality.duplicate_reads),
            component("q30-fraction", "Share of bases at Q30 or above", quality.q30_fraction),
            component("mean-coverage", "Mean coverage", quality.mean_coverage),
            component("covered-10x-fraction", "Share of positions covered ten times or more", quality.covered_10x_fraction),
            component("median-insert-size", "Median insert size", quality.median_insert_size),
            component("snps", "SNPs", quality.snps),
            component("indels", "Indels", quality.indels),
        ],
    )
    report = genetic_report(
        order,
        called,
        report_id,
        status="preliminary",
        result=[reference("Observation", observation["id"])],
        conclusion=" ".join([f"{quality.snps} SNPs, {quality.indels} indels. {CALLS_EN} {CALLS_FR}", *below_thresholds(called)]),
        presentedForm=[attachment("text/x-vcf+gzip", "Variants (VCF 4.2, bgzip)", called.variants)],
    )
    return [observation, report]


def genetic_report(order: OrderPlaced, of: VariantsCalled | VariantsDisowned, id_: str, **fields: Any) -> Resource:
    """The report on a sample's variants; `fields` are what it says of them."""
    return resource(
        "DiagnosticReport",
        id_,
        identifier=[accession(order.accession)],
        category=[coded("http://terminology.hl7.org/CodeSystem/v2-0074", "GE", "Genetics")],
        code=coded("http://loinc.org", "51969-4", "Genetic analysis report"),
        subject=reference("Patient", of.patient_id),
        basedOn=requests_for(order, of.sample_id),
        specimen=[reference("Specimen", specimen_id(of.case_id, of.sample_id))],
        **fields,
    )


def variants_ids(job_id: str) -> tuple[str, str]:
    """Of the observation, and of the report."""
    return str(uuid5(UUID(job_id), "Observation")), str(uuid5(UUID(job_id), "DiagnosticReport"))


def disowned_quality(observation: Resource, said: VariantsDisowned) -> Resource:
    """The observation where the reads are another patient's: without what was measured."""
    kept = {name: value for name, value in observation.items() if name not in ("component", "note")}
    return {**kept, "status": "entered-in-error", "performer": [signer(said.signer)]}


def disowned_variants(order: OrderPlaced, said: VariantsDisowned) -> Resource:
    """The report where the variants are another patient's: who found it, and why; also of what others called."""
    return genetic_report(
        order,
        said,
        variants_ids(said.origin_id)[1],
        status="entered-in-error",
        resultsInterpreter=[signer(said.signer)],
        conclusion=f"{DISOWNED}\n{said.signer.name}: {said.reason}",
    )


def below_thresholds(called: VariantsCalled) -> list[str]:
    if not called.shortfalls:
        return []
    names = [QualityShortfall.Name(one).removeprefix("QUALITY_SHORTFALL_").lower() for one in called.shortfalls]
    return [f"{BELOW_EN} {BELOW_FR} ({', '.join(names)})"]


def signed_report(order: OrderPlaced, signed: Sequence[Part], studies: Sequence[str]) -> list[Resource]:
    """The pathologist's report with its addenda, in order of number: written whole, so that nothing of it is lost or doubled.

    Of one that was withdrawn the words are in its documents alone.
    """
    last = signed[-1]
    shown = [part for part in signed if part.holds] or [last]
    observations = [(part, reviews_of(order, part)) for part in signed if part.signed.reviews]
    report = resource(
        "DiagnosticReport",
        str(uuid5(UUID(order.case_id), "DiagnosticReport|pathology")),
        identifier=[accession(order.accession)],
        status=report_status(signed),
        category=[coded("http://terminology.hl7.org/CodeSystem/v2-0074", "PAT", "Pathology")],
        code=coded("http://loinc.org", "11526-1", "Pathology study"),
        subject=reference("Patient", signed[0].signed.patient_id),
        basedOn=requests_of(order),
        issued=instant(last.signed.signed_at),
        resultsInterpreter=[signer(one) for one in {part.signed.signer.user_id: part.signed.signer for part in shown}.values()],
        specimen=[
            reference("Specimen", specimen_id(order.case_id, one.identifier))
            for service in order.services
            for one in service.specimens
            if one.containers
        ],
        result=[reference("Observation", one["id"]) for part, one in observations if part.holds or not last.holds],
        imagingStudy=[reference("ImagingStudy", imaging_study_id(order.case_id, uid)) for uid in studies],
        conclusion="\n\n".join(signed_text(part) for part in shown),
        conclusionCode=[concept(one) for one in diagnoses([part.signed for part in signed])],
    )
    return [*(one for _, one in observations), report]


def report_status(signed: Sequence[Part]) -> str:
    """FHIR R4 section 10.3.5: what takes the place of a withdrawn report corrects it."""
    held = sum(part.holds for part in signed)
    if not held:
        return "entered-in-error"
    if held < len(signed):
        return "corrected"
    return "appended" if held > 1 else "final"


def signed_text(part: Part) -> str:
    """A part of a report with its codes, who signed it and when."""
    heading, report = "", part.signed
    if report.withdraws:
        heading = f"{WITHDRAWN}\n"
    elif part.addendum:
        heading = f"Addendum {part.addendum} / Complément {part.addendum}\n"
    codes = f"\n{DIAGNOSES}: {named(report.diagnoses)}" if report.diagnoses else ""
    return f"{heading}{report.text}{codes}\n— {report.signer.name}, {instant(report.signed_at)}"


def signer(who: Reader) -> Resource:
    return {"display": who.name, "identifier": {"system": "urn:casepath:staff", "value": who.user_id}}


def reviews_of(order: OrderPlaced, part: Part) -> Resource:
    """What the signer decided of each of the AI's findings."""
    report = part.signed
    return resource(
        "Observation",
        str(uuid5(UUID(order.case_id), f"Observation|reviews|{report.number}")),
        status="final" if part.holds else "entered-in-error",
        code=own("ai-finding-reviews", "Pathologist's decision on each AI finding"),
        subject=reference("Patient", report.patient_id),
        performer=[signer(report.signer)],
        effectiveDateTime=instant(report.signed_at),
        component=[
            {
                "code": own(review.finding_id, f"Slide {review.slide_id}, finding {review.finding_id}"),
                "valueString": " ".join(
                    part for part in (Verdict.Name(review.verdict).removeprefix("VERDICT_").lower(), review.correction) if part
                ),
            }
            for review in report.reviews
        ],
    )


def requests_of(order: OrderPlaced) -> list[Resource]:
    return [reference("ServiceRequest", service_request_id(order.case_id, service)) for service in order.services]


def requests_for(order: OrderPlaced, specimen_identifier: str) -> list[Resource]:
    return [
        reference("ServiceRequest", service_request_id(order.case_id, service))
        for service in order.services
        if any(one.identifier == specimen_identifier for one in service.specimens)
    ]


def slide_specimens(order: OrderPlaced, slide_id: str) -> list[Resource]:
    """The specimens that are on a slide, as the order names them."""
    return [
        reference("Specimen", specimen_id(order.case_id, one.identifier))
        for service in order.services
        for one in service.specimens
        if slide_id in one.containers
    ]


def device(model: Model, provider: str, run: Run) -> Resource:
    """A model, and in words how it ran."""
    on = f" on {provider}" if provider else ""
    how = f", {run.runtime}, {run.precision}, threshold {run.threshold:g}" if run.runtime else ""
    said = f"{model.name} {model.version} (sha256 {model.sha256}){on}{how}"
    return {**reference("Device", ai_device_id(model)), "display": said}


def ai_device_id(model: Model) -> str:
    return str(uuid5(UUID(model.sha256[:32]), f"Device|{model.name}|{model.version}"))


def ai_device(model: Model) -> Resource:
    """A version of a model: the same for all that it reads."""
    return resource(
        "Device",
        ai_device_id(model),
        identifier=[{"system": "urn:casepath:model-sha256", "value": model.sha256}],
        status="active",
        deviceName=[{"name": model.name, "type": "model-name"}],
        type=own("ai-model", "AI model"),
        version=[{"value": model.version}],
    )


def reference(kind: str, id_: str) -> Resource:
    return {"reference": f"{kind}/{id_}"}


def accession(number: str) -> Resource:
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}
    return {"type": kind, "system": "urn:casepath:accession", "value": number}


def authority(name: str) -> str:
    """An assigning authority as a URI."""
    dotted = name and all(part.isdigit() for part in name.split("."))
    return f"urn:oid:{name}" if dotted else f"urn:casepath:authority:{quote(name, safe='')}"


def coded(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def own(code: str, display: str) -> Resource:
    return coded(CODES, code, display)


def concept(code: Code) -> Resource:
    system = SYSTEMS.get(code.system) or f"urn:casepath:local:{quote(code.system, safe='')}"
    coding = {"system": system, "code": code.code, "display": code.text}
    return {"coding": [{key: value for key, value in coding.items() if value}], "text": code.text or code.code}


def number(value: float) -> Resource:
    return {"value": round(value, 6), "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}


def component(code: str, display: str, value: float) -> Resource:
    return {"code": own(code, display), "valueQuantity": number(value)}


def attachment(kind: str, title: str, ref: ObjectRef) -> Resource:
    """A reference into the object store by digest; the bytes stay there."""
    return {"contentType": kind, "title": title, "url": f"urn:casepath:object:{ref.sha256}", "size": ref.size}


def stamp(recorded_at: Timestamp) -> Resource:
    """When the sender recorded what a resource says: an older message does not overwrite a newer one."""
    return {"url": RECORDED_AT, "valueInstant": instant(recorded_at)}


def age(found: Resource) -> float | int | None:
    """What grows from one version of a resource to the next: when it was recorded or issued, or of a study how much is in it.

    A Provenance says when something was made: what is told again later does not move that.
    """
    at = recorded_at(found)
    if at is not None:
        return at.timestamp()
    if found.get("resourceType") == "Provenance":
        return -datetime.fromisoformat(found["recorded"]).timestamp()
    if "issued" in found:
        return datetime.fromisoformat(found["issued"]).timestamp()
    count: int | None = found.get("numberOfInstances")
    return count


def newer(kept: Resource, than: Resource) -> bool:
    """Whether what is kept must not be replaced."""
    before, stated = age(kept), age(than)
    return before is not None and stated is not None and before > stated


def latest(kept: Resource | None, one: Resource) -> Resource:
    """What is kept where it must not be replaced, and else the other."""
    return kept if kept is not None and newer(kept, one) else one


def recorded_at(found: Resource) -> datetime | None:
    extensions: Iterable[Resource] = found.get("extension", ())
    for extension in extensions:
        if extension.get("url") == RECORDED_AT:
            return datetime.fromisoformat(extension["valueInstant"])
    return None
