"""One valid message of every kind, about a patient who does not exist."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.audit.v1.audit_pb2 import ACTION_READ, OUTCOME_DONE, AccessRecorded, Agent, BlockSealed
from casepath.deidentification.v1.release_pb2 import CaseFact, FactReleased, ObjectionRecorded, ReleaseRecorded, ServiceFact
from casepath.inference.v1.registry_pb2 import (
    DRIFT_OF_SCORES,
    BundleFile,
    DriftDetected,
    FindingJudged,
    ModelEvaluated,
    ModelPublished,
    ModelStaged,
)
from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_NO_TISSUE,
    MODEL_KIND_TILE_CLASSIFIER,
    STAGE_CANARY,
    STAGE_CANDIDATE,
    STAGE_PRODUCTION,
    Finding,
    Histogram,
    Model,
    ShardRequested,
    ShardScored,
    SlideFailed,
    SlideScored,
    StainStatistics,
)
from casepath.intake.v1.identity_pb2 import TRAIT_BIRTH_DATE, TRAIT_SEX, IdentityDisputed
from casepath.intake.v1.order_pb2 import Code, OrderPlaced, RequestedService, Specimen
from casepath.intake.v1.patient_pb2 import (
    ENCOUNTER_CLASS_INPATIENT,
    ENCOUNTER_STATUS_IN_PROGRESS,
    SEX_FEMALE,
    SEX_MALE,
    Encounter,
    Patient,
    PatientMerged,
    PatientRegistered,
    PatientsUnlinked,
)
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import (
    IDENTITY_VERDICT_TAKEN,
    VERDICT_ACCEPTED,
    AnnotationsSaved,
    CaseAssigned,
    FindingReviewed,
    GenomicReportSigned,
    GenomicReportWithdrawn,
    GlassBroken,
    IdentityDecided,
    IdentityVerdict,
    Reader,
    ReadingBegun,
    ReportSigned,
    VariantsDisowned,
)
from casepath.records.v1.erasure_pb2 import CaseErased, ErasureDecided, PatientErased
from casepath.records.v1.filing_pb2 import CaseMoved, EntriesFiled, Entry
from casepath.results.v1.delivery_pb2 import ResultDelivered
from casepath.sequencing.v1.calling_pb2 import (
    CALLING_FAILURE_REASON_TOOL_FAILED,
    STAGE_ALIGN,
    CallingFailed,
    TaskDone,
    TaskRequested,
)
from casepath.sequencing.v1.known_variants_pb2 import (
    RESPECT_GERMLINE,
    KnownVariant,
    KnownVariants,
    Snapshot,
    Statement,
    VariantsAnnotated,
)
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    WITHHOLDING_REASON_OTHER_REFERENCE,
    Advice,
    Drug,
    GeneCall,
    Ground,
    PharmacogenomicReport,
    PharmacogenomicsReported,
    PharmacogenomicsWithheld,
    Phenotype,
    TreatmentPage,
    Unanswered,
    VariantsReceived,
)
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_UNEQUAL_PAIRS,
    CallingRequested,
    Quality,
    ReadGroup,
    ReadsReceived,
    ReadsRejected,
    VariantsCalled,
)
from casepath.slides.v1.slide_pb2 import (
    IMAGE_FLAVOR_LABEL,
    IMAGE_FLAVOR_VOLUME,
    QUARANTINE_REASON_NO_BARCODE,
    Instance,
    ScanQuality,
    SlideIngested,
    SlideQuarantined,
)
from casepath.topics import (
    AUDIT_ACCESS_RECORDED,
    AUDIT_BLOCK_SEALED,
    DEIDENTIFICATION_FACTS_RELEASED,
    DEIDENTIFICATION_OBJECTION_RECORDED,
    DEIDENTIFICATION_RELEASE_RECORDED,
    INFERENCE_DRIFT_DETECTED,
    INFERENCE_FINDING_JUDGED,
    INFERENCE_MODEL_EVALUATED,
    INFERENCE_MODEL_PUBLISHED,
    INFERENCE_MODEL_STAGED,
    INFERENCE_SHADOW_FAILED,
    INFERENCE_SHADOW_SCORED,
    INFERENCE_SHARD_REQUESTED,
    INFERENCE_SHARD_SCORED,
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    INFERENCE_URGENT_SHARD_REQUESTED,
    INTAKE_IDENTITY_DISPUTED,
    INTAKE_ORDER_PLACED,
    INTAKE_ORDER_RECEIVED,
    INTAKE_PATIENT_MERGED,
    INTAKE_PATIENT_REGISTERED,
    INTAKE_PATIENTS_UNLINKED,
    INTAKE_REGISTRATION_RECEIVED,
    PORTAL_ANNOTATIONS_SAVED,
    PORTAL_CASE_ASSIGNED,
    PORTAL_FINDING_REVIEWED,
    PORTAL_GENOMICS_SIGNED,
    PORTAL_GENOMICS_WITHDRAWN,
    PORTAL_GLASS_BROKEN,
    PORTAL_IDENTITY_DECIDED,
    PORTAL_READING_BEGUN,
    PORTAL_REPORT_SIGNED,
    PORTAL_VARIANTS_DISOWNED,
    RECORDS_CASE_ERASED,
    RECORDS_CASE_MOVED,
    RECORDS_ENTRIES_FILED,
    RECORDS_ERASURE_DECIDED,
    RECORDS_PATIENT_ERASED,
    RESULTS_RESULT_DELIVERED,
    SEQUENCING_CALLING_FAILED,
    SEQUENCING_CALLING_REQUESTED,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
    SEQUENCING_PHARMACOGENOMICS_WITHHELD,
    SEQUENCING_READS_RECEIVED,
    SEQUENCING_READS_REJECTED,
    SEQUENCING_TASK_DONE,
    SEQUENCING_TASK_REQUESTED,
    SEQUENCING_VARIANTS_ANNOTATED,
    SEQUENCING_VARIANTS_CALLED,
    SEQUENCING_VARIANTS_RECEIVED,
    SLIDES_SLIDE_INGESTED,
    SLIDES_SLIDE_QUARANTINED,
)
from chassis.events import Envelope
from chassis.identity import case_id, encounter_id, patient_id
from deidentification.pseudonyms import Pseudonyms

NAMESPACE = UUID("7c9b1d3a-0f43-4f0e-9f57-7a1f6a4a9b11")
ACCESSION = "S26-0001"
UNIT = "LAB"
CASE = case_id(NAMESPACE, ACCESSION)
PATIENT = patient_id(NAMESPACE, "1.2.250.1.999", "P1")
SCAN = str(uuid5(NAMESPACE, "scan"))
RUN = str(uuid5(NAMESPACE, "run"))
JOB = str(uuid5(NAMESPACE, "job"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def stamp(moment: datetime = NOON) -> Timestamp:
    converted = Timestamp()
    converted.FromDatetime(moment)
    return converted


def ref(name: str, size: int = 10) -> ObjectRef:
    sha256 = (uuid5(NAMESPACE, name).hex * 2)[:64]
    return ObjectRef(path=f"sha256/{sha256[:2]}/{sha256}", sha256=sha256, size=size)


def patient() -> Patient:
    return Patient(
        patient_id=PATIENT,
        identifier="P1",
        assigning_authority="1.2.250.1.999",
        family_name="Exemple",
        given_names=["Zoé"],
        birth_date="1970-01-31",
        sex=SEX_FEMALE,
    )


def encounter() -> Encounter:
    return Encounter(
        encounter_id=encounter_id(NAMESPACE, "1.2.250.1.999", "V1"),
        number="V1",
        authority="1.2.250.1.999",
        status=ENCOUNTER_STATUS_IN_PROGRESS,
        unit="CHIR",
        admitted_at=stamp(),
        **{"class": ENCOUNTER_CLASS_INPATIENT},  # type: ignore[arg-type]
    )


def registered() -> PatientRegistered:
    return PatientRegistered(patient=patient(), trigger="A01", recorded_at=stamp(), encounter=encounter())


def order(recorded_at: datetime = NOON) -> OrderPlaced:
    histology = RequestedService(
        service=Code(code="11529-5", text="Surgical pathology study", system="LN"),
        placer_order_number="PL1",
        clinical_information="Nodule de 12 mm.\nRécidive ?",
        reasons=[Code(code="C50.9", text="Tumeur maligne du sein", system="I10")],
        specimens=[
            Specimen(
                identifier="T1",
                type=Code(code="119376003", text="Tissue specimen", system="SCT"),
                site=Code(code="SKIN", text="Peau", system="L"),
                collected_at=stamp(),
                containers=["A1", "A2"],
            )
        ],
    )
    genetics = RequestedService(
        service=Code(code="51969-4", text="Genetic analysis report", system="LN"),
        placer_order_number="PL2",
        specimens=[Specimen(identifier="B1", type=Code(code="119297000", text="Blood specimen", system="SCT"))],
    )
    return OrderPlaced(
        case_id=CASE,
        patient=patient(),
        accession=ACCESSION,
        services=[histology, genetics],
        recorded_at=stamp(recorded_at),
        unit=UNIT,
    )


def instance(uid: str, flavor: int = IMAGE_FLAVOR_VOLUME, side: int = 2560, microns: float = 0.25) -> Instance:
    return Instance(
        sop_instance_uid=uid,
        flavor=flavor,  # type: ignore[arg-type]
        object=ref(uid),
        transfer_syntax_uid="1.2.840.10008.1.2.4.50",
        frames=100,
        rows=256,
        columns=256,
        total_rows=side,
        total_columns=side,
        microns_per_pixel=microns,
    )


def ingested(slide: str = "A1", scan: str = SCAN) -> SlideIngested:
    return SlideIngested(
        case_id=CASE,
        patient_id=PATIENT,
        slide_id=slide,
        scan_id=scan,
        study_instance_uid="2.25.1",
        series_instance_uid=f"2.25.2.{UUID(scan).int % 1000}",
        instances=[instance(f"2.25.3.{UUID(scan).int % 1000}"), instance("2.25.4", IMAGE_FLAVOR_LABEL, 256, 0)],
        source_sha256=ref("svs").sha256,
        source_format="aperio",
        quality=ScanQuality(tissue_fraction=0.5, sharp_fraction=0.9, tiles=64),
    )


def quarantined() -> SlideQuarantined:
    return SlideQuarantined(
        scan_id=SCAN, reason=QUARANTINE_REASON_NO_BARCODE, remedy="Read the glass.", source_sha256=ref("svs").sha256
    )


def model() -> Model:
    return Model(name="demo", version="1", sha256=ref("model").sha256)


def shard_requested() -> ShardRequested:
    return ShardRequested(job_id=JOB, case_id=CASE, shard=0, shards=1)


def shard_scored() -> ShardScored:
    return ShardScored(job_id=JOB, case_id=CASE, shard=0, shards=1)


def scored(slide: str = "A1", scan: str = SCAN) -> SlideScored:
    return SlideScored(
        case_id=CASE,
        patient_id=PATIENT,
        slide_id=slide,
        job_id=JOB,
        study_instance_uid="2.25.1",
        series_instance_uid=ingested(slide, scan).series_instance_uid,
        model=model(),
        provider="CPUExecutionProvider",
        tiles=100,
        failed_tiles=1,
        score=0.75,
        positive_fraction=0.25,
        tissue_fraction=0.5,
        heatmap=ref("heatmap"),
        heatmap_image=ref("heatmap image"),
        scan_id=scan,
        findings=[finding()],
        findings_total=1,
        columns=10,
        rows=10,
        tile_microns=64,
        unexamined_tissue=0.01,
    )


def failed(slide: str = "A1", scan: str = SCAN) -> SlideFailed:
    return SlideFailed(
        case_id=CASE,
        patient_id=PATIENT,
        slide_id=slide,
        job_id=JOB,
        model=model(),
        reason=FAILURE_REASON_NO_TISSUE,
        scan_id=scan,
    )


def published() -> ModelPublished:
    return ModelPublished(
        model=model(),
        kind=MODEL_KIND_TILE_CLASSIFIER,
        files=[BundleFile(name="bundle.json", object=ref("manifest")), BundleFile(name="model.onnx", object=ref("model"))],
        key_sha256=ref("key").sha256,
        publisher="robert",
        published_at=stamp(),
    )


def evaluated(auc: float | None = 0.9, passed: bool = True, at: datetime = NOON) -> ModelEvaluated:
    return ModelEvaluated(
        model=model(),
        evaluation_set_sha256=ref("tiles").sha256,
        tiles=32,
        slides=4,
        auc=auc,
        auc_low=None if auc is None else auc - 0.05,
        auc_high=None if auc is None else auc + 0.05,
        sensitivity=0.8,
        specificity=0.7,
        ece=0.05,
        provider="CPUExecutionProvider",
        passed=passed,
        reason="" if passed else "its AUC is low",
        scores=Histogram(low=0, high=1, counts=[16, 0, 0, 0, 16]),
        stain=StainStatistics(tiles=32, red=6.4, green=9.6, blue=6.4),
        evaluated_at=stamp(at),
    )


def staged() -> ModelStaged:
    return ModelStaged(
        model=model(),
        from_stage=STAGE_CANDIDATE,
        to_stage=STAGE_CANARY,
        canary_percent=10,
        approver="dubois",
        reason="better on the site's set",
        staged_at=stamp(),
    )


def drift_detected() -> DriftDetected:
    return DriftDetected(model=model(), of=DRIFT_OF_SCORES, value=0.4, limit=0.25, slides=20, last_job_id=JOB)


def judged() -> FindingJudged:
    return FindingJudged(
        model=model(), job_id=JOB, finding_id=finding().finding_id, stage=STAGE_PRODUCTION, score=0.9, accepted=True
    )


def reads_received() -> ReadsReceived:
    return ReadsReceived(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        run_id=RUN,
        pairs=1000,
        reference="hg19-chr20",
        read_groups=[ReadGroup(id="B1", library="B1", reads_1=ref("r1"), reads_2=ref("r2"))],
    )


def reads_rejected() -> ReadsRejected:
    return ReadsRejected(run_id=RUN, reason=REJECTION_REASON_UNEQUAL_PAIRS, file=2, record=12, line=45)


def calling_requested() -> CallingRequested:
    return CallingRequested(job_id=JOB, reads=reads_received())


def task() -> TaskRequested:
    return TaskRequested(computation_id=JOB, stage=STAGE_ALIGN, part=1, chunk=2)


def calling_failed() -> CallingFailed:
    return CallingFailed(case_id=CASE, sample_id="B1", job_id=JOB, reason=CALLING_FAILURE_REASON_TOOL_FAILED)


def variants_called() -> VariantsCalled:
    return VariantsCalled(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        job_id=JOB,
        alignments=ref("bam"),
        alignments_index=ref("bai"),
        variants=ref("vcf"),
        variants_index=ref("tbi"),
        quality=Quality(
            reads=2000,
            mapped_reads=1990,
            duplicate_reads=5,
            q30_fraction=0.9,
            mean_coverage=31.5,
            covered_10x_fraction=0.99,
            median_insert_size=350,
            snps=10,
            indels=2,
            transition_transversion_ratio=2.1,
        ),
        reference="hg19-chr20",
        reference_sha256=ref("fasta").sha256,
        tools=["minimap2 2.31", "bcftools 1.24"],
    )


def variants_received() -> VariantsReceived:
    return VariantsReceived(case_id=CASE, patient_id=PATIENT, sample_id="B1", run_id=RUN, variants=ref("vcf"), records=12)


def dpyd(result: str = "Intermediate Metabolizer", score: str = "1.5") -> GeneCall:
    return GeneCall(
        gene="DPYD",
        components=["Reference", "c.1129-5923C>G, c.1236G>A (HapB3)"],
        phenotypes=[Phenotype(result=result, activity_score=score)],
        positions=90,
        not_genotyped=2,
        not_excluded=["c.1024G>A"],
        ambiguous=True,
        definition_version="2025-11-05",
    )


def fluorouracil() -> Drug:
    return Drug(name="fluorouracil", name_fr="fluorouracile", rxnorm="4492", atc=["L01BC02", "L01BC52"])


def pharmacogenomic_report() -> PharmacogenomicReport:
    """Reduced dose of fluorouracil; nothing known of codeine."""
    advice = Advice(
        drugs=[fluorouracil()],
        source="CPIC",
        strength="Strong",
        population="general",
        text="Reduce starting dose by 50%.",
        grounds=[Ground(gene="DPYD", phenotype="Intermediate Metabolizer", not_excluded=["c.1024G>A"])],
        changes=True,
        guideline="CPIC Guideline for fluorouracil and DPYD",
        version="47",
        url="https://www.pharmgkb.org/guidelineAnnotation/PA166122686",
    )
    codeine = Drug(name="codeine", name_fr="codéine", rxnorm="2670", atc=["R05DA04", "N02AJ06"])
    unanswered = Unanswered(drugs=[codeine], source="CPIC", guideline="CPIC Guideline for codeine and CYP2D6", genes=["CYP2D6"])
    return PharmacogenomicReport(genes=[dpyd()], advice=[advice], unanswered=[unanswered])


def pharmacogenomics_reported(report: ObjectRef | None = None) -> PharmacogenomicsReported:
    return PharmacogenomicsReported(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        report_id=str(uuid5(NAMESPACE, "pharmacogenomics")),
        report=report or ref("report"),
        pages=[TreatmentPage(language=one, html=ref(f"{one} html"), pdf=ref(f"{one} pdf")) for one in ("en", "fr")],
        genes=[dpyd()],
        changed_drugs=[fluorouracil()],
        tables_sha256=ref("tables").sha256,
        definitions="2025-11-05",
        variants_sha256=ref("vcf").sha256,
    )


def pharmacogenomics_withheld() -> PharmacogenomicsWithheld:
    return PharmacogenomicsWithheld(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        reason=WITHHOLDING_REASON_OTHER_REFERENCE,
        variants_sha256=ref("gvcf").sha256,
    )


def variants_annotated() -> VariantsAnnotated:
    clinvar = Snapshot(source="ClinVar", release="2026-09-05", reference="GRCh38", sha256=ref("clinvar").sha256, records=3)
    return VariantsAnnotated(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        annotation_id=str(uuid5(NAMESPACE, "known variants")),
        variants_sha256=ref("vcf").sha256,
        snapshots=[clinvar],
        looked_up=41,
        known=3,
        notable=1,
        variants=ref("known variants"),
        pages=[TreatmentPage(language=one, html=ref(f"{one} known html"), pdf=ref(f"{one} known pdf")) for one in ("en", "fr")],
    )


def known_variants() -> KnownVariants:
    """What was looked up: of three variants one is notable."""

    def known(position: int, significance: str, gene: str) -> KnownVariant:
        said = Statement(
            source="ClinVar",
            release="2026-09-05",
            accession=f"VCV{position:09}",
            url="https://www.ncbi.nlm.nih.gov/clinvar/",
            genes=[gene],
            variant_name=f"NC_000017.11:g.{position}C>T",
            respect=RESPECT_GERMLINE,
            significance=significance,
            conditions=["Syndrome d'Exemple"],
        )
        return KnownVariant(
            contig="chr17", position=position, reference_bases="C", alternate_bases="T", genotype="0/1", statements=[said]
        )

    said = ((7675088, "Pathogenic", "TP53"), (43045712, "Benign", "BRCA1"), (61968, "not provided", "RPH3AL"))
    return KnownVariants(variants=[known(*one) for one in said])


def survivor() -> Patient:
    return Patient(
        patient_id=patient_id(NAMESPACE, "1.2.250.1.999", "P9"),
        identifier="P9",
        assigning_authority="1.2.250.1.999",
        family_name="Exemple",
        given_names=["Camille"],
        birth_date="1964-02-29",
        sex=SEX_FEMALE,
    )


def merged(at: datetime = NOON) -> PatientMerged:
    """The patient of every example is retired."""
    said = PatientMerged(surviving=survivor(), retired_id=PATIENT, retired_identifier="P1", retired_authority="1.2.250.1.999")
    said.recorded_at.FromDatetime(at)
    return said


def unlinked(at: datetime = NOON) -> PatientsUnlinked:
    said = PatientsUnlinked(patient_id=survivor().patient_id, other_id=PATIENT)
    said.recorded_at.FromDatetime(at)
    return said


def case_moved(at: datetime = NOON) -> CaseMoved:
    said = CaseMoved(case_id=CASE, ordered_for=PATIENT, patient=survivor())
    said.recorded_at.FromDatetime(at)
    return said


def result_delivered() -> ResultDelivered:
    return ResultDelivered(case_id=CASE, control_id="0123456789abcdef0123", cause=PORTAL_REPORT_SIGNED.name)


def filed() -> EntriesFiled:
    return EntriesFiled(
        case_id=CASE,
        cause=INTAKE_ORDER_PLACED.name,
        entries=[Entry(kind="Patient", identifier=PATIENT, version="1"), Entry(kind="Instance", identifier="2.25.3")],
    )


def fact_released() -> FactReleased:
    pseudonyms = Pseudonyms(b"k" * 32)
    fact = CaseFact(
        case_id=pseudonyms.name("case", CASE),
        sex=SEX_FEMALE,
        birth_year=1970,
        ordered_on="2025-05-13",
        services=[ServiceFact(service=Code(code="11529-5", text="Surgical pathology study", system="LN"))],
    )
    return FactReleased(
        project="demonstration",
        hospital="angers",
        subject_id=pseudonyms.name("patient", PATIENT),
        lineage_id=pseudonyms.name("event", CASE),
        case=fact,
    )


def release_recorded() -> ReleaseRecorded:
    return ReleaseRecorded(case_id=CASE, project="demonstration", content=INTAKE_ORDER_PLACED.name)


def objection_recorded(lifted: bool = False, at: datetime = NOON, project: str = "") -> ObjectionRecorded:
    return ObjectionRecorded(
        patient_id=PATIENT, project=project, lifted=lifted, recorded_by="the data protection officer", recorded_at=stamp(at)
    )


def erasure_decided(patient_id: str = "") -> ErasureDecided:
    return ErasureDecided(
        patient_id=patient_id or PATIENT,
        decided_by="the data protection officer",
        reason="GDPR 17, request 1",
        decided_at=stamp(),
    )


def patient_erased() -> PatientErased:
    return PatientErased(patient_id=PATIENT, case_ids=[CASE], erased_at=stamp())


def case_erased() -> CaseErased:
    return CaseErased(case_id=CASE, patient_id=PATIENT, erased_at=stamp())


def reader(user: str = "u1") -> Reader:
    return Reader(user_id=user, name="Dr Alix Martin")


def assigned() -> CaseAssigned:
    return CaseAssigned(case_id=CASE, assignee=reader(), by=reader("u2"))


def reading_begun() -> ReadingBegun:
    return ReadingBegun(case_id=CASE, reader=reader())


def genomics_signed(report_id: str = "", at: datetime = NOON + timedelta(hours=3)) -> GenomicReportSigned:
    return GenomicReportSigned(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        report_id=report_id or pharmacogenomics_reported().report_id,
        comment="Dose à adapter.",
        signer=reader("lefebvre"),
        signed_at=stamp(at),
    )


def genomics_withdrawn(at: datetime = NOON + timedelta(hours=5)) -> GenomicReportWithdrawn:
    return GenomicReportWithdrawn(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        report_id=pharmacogenomics_reported().report_id,
        reason="Prélèvement d'un autre patient.",
        signer=reader("lefebvre"),
        signed_at=stamp(at),
    )


def variants_disowned(at: datetime = NOON + timedelta(hours=5)) -> VariantsDisowned:
    called = variants_called()
    return VariantsDisowned(
        case_id=CASE,
        patient_id=PATIENT,
        sample_id="B1",
        origin_id=called.job_id,
        variants_sha256=[called.variants.sha256, pharmacogenomics_reported().variants_sha256],
        reason="Prélèvement d'un autre patient.",
        signer=reader("lefebvre"),
        signed_at=stamp(at),
    )


def glass_broken(user: str = "u9", until: datetime = NOON + timedelta(hours=8)) -> GlassBroken:
    return GlassBroken(case_id=CASE, by=reader(user), reason="Frozen section asked for by the surgeon", until=stamp(until))


def finding() -> Finding:
    return Finding(finding_id=str(uuid5(NAMESPACE, "finding")), column=1, row=2, columns=2, rows=3, tiles=4, score=0.9)


def reviewed(verdict: int = VERDICT_ACCEPTED) -> FindingReviewed:
    return FindingReviewed(
        case_id=CASE,
        slide_id="A1",
        finding_id=finding().finding_id,
        verdict=verdict,  # type: ignore[arg-type]
        reviewer=reader(),
    )


def annotated() -> AnnotationsSaved:
    return AnnotationsSaved(case_id=CASE, slide_id="A1", scan_id=SCAN, geojson=ref("geojson"), count=1, author=reader())


def report_signed(number: int = 1, text: str = "Carcinome. Prélèvement A1.") -> ReportSigned:
    return ReportSigned(
        case_id=CASE,
        patient_id=PATIENT,
        number=number,
        text=text,
        signer=reader(),
        signed_at=stamp(),
        reviews=[reviewed()],
        scan_ids=[SCAN],
        diagnoses=[Code(code="BHGSA7A0", system="ADICAP"), Code(code="8500/3", system="ICDO3")],
    )


def report_withdrawn(number: int = 3) -> ReportSigned:
    return ReportSigned(
        case_id=CASE,
        patient_id=PATIENT,
        number=number,
        text="Signé sur le mauvais dossier.",
        signer=reader(),
        signed_at=stamp(),
        withdraws=True,
    )


def disputed() -> IdentityDisputed:
    """The order names the patient of every example, with another birth date and sex."""
    said = order()
    said.patient.birth_date, said.patient.sex = "1980-01-01", SEX_MALE
    return IdentityDisputed(
        dispute_id=str(uuid5(NAMESPACE, "dispute")),
        known=patient(),
        stated=said.patient,
        traits=[TRAIT_BIRTH_DATE, TRAIT_SEX],
        order=said,
    )


def identity_decided(verdict: IdentityVerdict = IDENTITY_VERDICT_TAKEN) -> IdentityDecided:
    return IdentityDecided(
        dispute_id=disputed().dispute_id, patient_id=PATIENT, verdict=verdict, reason="Asked the ward.", by=reader("garnier")
    )


def accessed(user: str = "u1", operation: str = "GET /cases/{case_id}") -> AccessRecorded:
    return AccessRecorded(
        agent=Agent(user_id=user, roles=["pathologist"], address="192.0.2.7"),
        action=ACTION_READ,
        outcome=OUTCOME_DONE,
        service="portal",
        operation=operation,
        entries=[Entry(kind="Case", identifier=CASE), Entry(kind="Patient", identifier=PATIENT)],
    )


BY_TOPIC: dict[str, Message] = {
    INTAKE_PATIENT_REGISTERED.name: registered(),
    INTAKE_ORDER_PLACED.name: order(),
    SLIDES_SLIDE_INGESTED.name: ingested(),
    SLIDES_SLIDE_QUARANTINED.name: quarantined(),
    INFERENCE_SHARD_REQUESTED.name: shard_requested(),
    INFERENCE_URGENT_SHARD_REQUESTED.name: shard_requested(),
    INFERENCE_SHARD_SCORED.name: shard_scored(),
    INFERENCE_SLIDE_SCORED.name: scored(),
    INFERENCE_SLIDE_FAILED.name: failed(),
    INFERENCE_SHADOW_SCORED.name: scored(),
    INFERENCE_SHADOW_FAILED.name: failed(),
    INFERENCE_MODEL_PUBLISHED.name: published(),
    INFERENCE_MODEL_EVALUATED.name: evaluated(),
    INFERENCE_MODEL_STAGED.name: staged(),
    INFERENCE_DRIFT_DETECTED.name: drift_detected(),
    INFERENCE_FINDING_JUDGED.name: judged(),
    SEQUENCING_READS_RECEIVED.name: reads_received(),
    SEQUENCING_READS_REJECTED.name: reads_rejected(),
    SEQUENCING_CALLING_REQUESTED.name: calling_requested(),
    SEQUENCING_TASK_REQUESTED.name: task(),
    SEQUENCING_TASK_DONE.name: TaskDone(task=task()),
    SEQUENCING_CALLING_FAILED.name: calling_failed(),
    SEQUENCING_VARIANTS_CALLED.name: variants_called(),
    SEQUENCING_VARIANTS_RECEIVED.name: variants_received(),
    SEQUENCING_PHARMACOGENOMICS_REPORTED.name: pharmacogenomics_reported(),
    SEQUENCING_PHARMACOGENOMICS_WITHHELD.name: pharmacogenomics_withheld(),
    SEQUENCING_VARIANTS_ANNOTATED.name: variants_annotated(),
    INTAKE_PATIENT_MERGED.name: merged(),
    INTAKE_PATIENTS_UNLINKED.name: unlinked(),
    RECORDS_CASE_MOVED.name: case_moved(),
    RECORDS_ENTRIES_FILED.name: filed(),
    RECORDS_ERASURE_DECIDED.name: erasure_decided(),
    DEIDENTIFICATION_FACTS_RELEASED.name: fact_released(),
    DEIDENTIFICATION_RELEASE_RECORDED.name: release_recorded(),
    DEIDENTIFICATION_OBJECTION_RECORDED.name: objection_recorded(),
    RECORDS_PATIENT_ERASED.name: patient_erased(),
    RECORDS_CASE_ERASED.name: case_erased(),
    RESULTS_RESULT_DELIVERED.name: result_delivered(),
    PORTAL_CASE_ASSIGNED.name: assigned(),
    PORTAL_READING_BEGUN.name: reading_begun(),
    PORTAL_GENOMICS_SIGNED.name: genomics_signed(),
    PORTAL_GENOMICS_WITHDRAWN.name: genomics_withdrawn(),
    PORTAL_VARIANTS_DISOWNED.name: variants_disowned(),
    PORTAL_GLASS_BROKEN.name: glass_broken(),
    PORTAL_FINDING_REVIEWED.name: reviewed(),
    PORTAL_ANNOTATIONS_SAVED.name: annotated(),
    PORTAL_REPORT_SIGNED.name: report_signed(),
    INTAKE_REGISTRATION_RECEIVED.name: registered(),
    INTAKE_ORDER_RECEIVED.name: order(),
    INTAKE_IDENTITY_DISPUTED.name: disputed(),
    PORTAL_IDENTITY_DECIDED.name: identity_decided(),
    AUDIT_ACCESS_RECORDED.name: accessed(),
    AUDIT_BLOCK_SEALED.name: BlockSealed(number=1, digest=bytes(range(32)), entries=2),
}


def envelope(topic: str, cause: str = "cause", time: datetime = NOON) -> Envelope:
    id_ = uuid5(NAMESPACE, f"{topic}|{cause}")
    return Envelope(id=id_, type=topic, source="test", time=time, correlation_id=id_, causation_id=None)
