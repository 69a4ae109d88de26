"""FHIR R4 resources of what a patient's genome says of drugs, by HL7 Genomics Reporting (STU 3, 3.0.0). Pure.

Genotypes and therapeutic implications are observations, the report a genomic report. A gene that was not called has no genotype
observation: the report names it. Nothing is coded as a recommended action: which of LOINC's actions a guideline's sentence is
would be our reading of it.
"""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn
from casepath.records.v1.filing_pb2 import Entry
from casepath.sequencing.v1.pharmacogenomics_pb2 import Advice, Drug, GeneCall, PharmacogenomicReport, PharmacogenomicsReported
from chassis.fhir import Resource, instant, resource
from records.provenance import signed_by
from records.resources import WITHDRAWN, accession, coded, own, reference, requests_for, signer, specimen_id

GUIDE = "http://hl7.org/fhir/uv/genomics-reporting"
PROFILES = f"{GUIDE}/StructureDefinition"
TERMS = f"{GUIDE}/CodeSystem/tbd-codes-cs"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
RELATED = "http://hl7.org/fhir/StructureDefinition/workflow-relatedArtifact"
CATEGORIES = [
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]},
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "GE"}]},
]
# HUGO Gene Nomenclature Committee.
GENE_IDS = {
    "ABCG2": 74,
    "CACNA1S": 1397,
    "CFTR": 1884,
    "CYP2B6": 2615,
    "CYP2C19": 2621,
    "CYP2C9": 2623,
    "CYP2D6": 2625,
    "CYP3A4": 2637,
    "CYP3A5": 2638,
    "CYP4F2": 2645,
    "DPYD": 3012,
    "G6PD": 4057,
    "HLA-A": 4931,
    "HLA-B": 4932,
    "IFNL3": 18365,
    "MT-RNR1": 7470,
    "NAT2": 7646,
    "NUDT15": 23063,
    "RYR1": 10483,
    "SLCO1B1": 10959,
    "TPMT": 12014,
    "UGT1A1": 12530,
    "VKORC1": 23663,
}
# Of the value set of therapeutic implications (LOINC LL4038-7, LL4039-5).
PHENOTYPES = {
    "Ultrarapid Metabolizer": ("LA10315-2", "Ultrarapid metabolizer"),
    "Rapid Metabolizer": ("LA25390-8", "Rapid metabolizer"),
    "Normal Metabolizer": ("LA25391-6", "Normal metabolizer"),
    "Intermediate Metabolizer": ("LA10317-8", "Intermediate metabolizer"),
    "Poor Metabolizer": ("LA9657-3", "Poor metabolizer"),
}
NEVER_REFERENCE_EN = "A position that was not genotyped is not taken for the reference."
NEVER_REFERENCE_FR = "Une position non génotypée n'est pas prise pour la référence."


@dataclass(frozen=True, slots=True)
class Acts:
    """What biologists did with a report."""

    signature: GenomicReportSigned | None = None
    withdrawal: GenomicReportWithdrawn | None = None

    @property
    def status(self) -> str:
        """Of the report, and of what it says."""
        if self.withdrawal is not None:
            return "entered-in-error"
        return "final" if self.signature is not None else "preliminary"

    @property
    def last(self) -> GenomicReportSigned | GenomicReportWithdrawn | None:
        return self.withdrawal or self.signature

    @property
    def words(self) -> list[str]:
        """What the last of them said of it."""
        if self.withdrawal is not None:
            return [WITHDRAWN, f"{self.withdrawal.signer.name}: {self.withdrawal.reason}"]
        if self.signature is not None and self.signature.comment:
            return [f"{self.signature.signer.name}: {self.signature.comment}"]
        return []


NOTHING_DONE = Acts()


def pharmacogenomics(
    order: OrderPlaced,
    issued: PharmacogenomicsReported,
    report: PharmacogenomicReport,
    printed: Mapping[str, bytes],
    filed_before: Iterable[Entry] = (),
    acts: Acts = NOTHING_DONE,
) -> list[Resource]:
    """Genotypes, implications of drugs for which another dose, drug or precaution is asked, and the report with its pages.

    `printed` are PDF pages by language. What was filed of an earlier report and is no longer said is marked as withdrawn.
    Without a signature all of it is preliminary; with one it is final, until it is withdrawn.
    """
    genotypes = {one.gene: genotype(issued, one) for one in report.genes if one.diplotypes or one.components}
    implications = implications_of(issued, [one for one in report.advice if one.changes], genotypes)
    observations = [*genotypes.values(), *implications]
    if acts.last is not None:
        observations = [{**one, "status": acts.status, "performer": [signer(acts.last.signer)]} for one in observations]
    kept = {one["id"] for one in observations}
    gone = [one.identifier for one in filed_before if one.kind == "Observation" and one.identifier not in kept]
    return [
        *observations,
        diagnostic_report(order, issued, report, observations, printed, acts),
        *([provenance_of(issued, "signed", acts.signature)] if acts.signature is not None else []),
        *([provenance_of(issued, "withdrawn", acts.withdrawal)] if acts.withdrawal is not None else []),
        *(withdrawn(issued, identifier) for identifier in gone),
    ]


def observation(issued: PharmacogenomicsReported, profile: str, name: str, code: Resource) -> Resource:
    return resource(
        "Observation",
        str(uuid5(UUID(issued.case_id), f"{profile}|{issued.sample_id}|{name}")),
        meta={"profile": [f"{PROFILES}/{profile}"]},
        status="preliminary",
        category=CATEGORIES,
        code=code,
        subject=reference("Patient", issued.patient_id),
        specimen=reference("Specimen", specimen_id(issued.case_id, issued.sample_id)),
    )


def genotype(issued: PharmacogenomicsReported, one: GeneCall) -> Resource:
    said = " or ".join(one.diplotypes) if one.diplotypes else f"{', '.join(one.components)} (phase not known)"
    limits = []
    if one.not_genotyped:
        limits.append(f"{one.not_genotyped} of {one.positions} positions not genotyped.")
    if one.not_excluded:
        limits.append(f"Not excluded: {', '.join(one.not_excluded)}.")
    found = observation(issued, "genotype", one.gene, coded(LOINC, "84413-4", "Genotype display name"))
    found["valueCodeableConcept"] = {"text": f"{one.gene} {said}"}
    if one.outside:
        found["method"] = {"text": "Called by another method"}
    found["component"] = [
        {"code": coded(LOINC, "48018-6", "Gene studied [ID]"), "valueCodeableConcept": gene(one.gene)},
        *([conclusion(" ".join(limits))] if limits else []),
    ]
    return found


def implications_of(
    issued: PharmacogenomicsReported, advice: Sequence[Advice], genotypes: Mapping[str, Resource]
) -> list[Resource]:
    """One for each drug of each recommendation, in order; those that differ by their text alone are numbered."""
    found: list[Resource] = []
    seen: Counter[str] = Counter()
    for one in advice:
        grounds = [genotypes[ground.gene] for ground in one.grounds if ground.gene in genotypes]
        for drug in one.drugs:
            because = ",".join(f"{ground.gene}={ground.phenotype}" for ground in one.grounds)
            name = f"{one.source}|{drug.name}|{one.population}|{because}"
            seen[name] += 1
            if grounds:
                found.append(implication(issued, f"{name}|{seen[name]}", one, drug, grounds))
    return found


def implication(issued: PharmacogenomicsReported, name: str, one: Advice, drug: Drug, grounds: Sequence[Resource]) -> Resource:
    found = observation(
        issued, "therapeutic-implication", name, coded(TERMS, "therapeutic-implication", "Therapeutic Implication")
    )
    source = {"type": "citation", "label": f"version {one.version}", "display": one.guideline, "url": one.url}
    found["extension"] = [{"url": RELATED, "valueRelatedArtifact": source}]
    found["derivedFrom"] = [reference("Observation", ground["id"]) for ground in grounds]
    untested = [f"Not tested in {each.gene}: {', '.join(each.not_excluded)}." for each in one.grounds if each.not_excluded]
    population = f" ({one.population})" if one.population not in ("", "general") else ""
    strength = f", {one.strength}" if one.strength else ""
    found["component"] = [
        *(implied(ground.gene, ground.phenotype) for ground in one.grounds),
        {"code": coded(LOINC, "51963-7", "Medication assessed [ID]"), "valueCodeableConcept": medication(drug)},
        conclusion(" ".join([f"{one.source}{strength}{population}: {one.text}", *untested])),
    ]
    return found


def implied(gene_name: str, phenotype: str) -> Resource:
    value: Resource = {"text": f"{gene_name}: {phenotype}"}
    if phenotype in PHENOTYPES:
        code, display = PHENOTYPES[phenotype]
        value["coding"] = [{"system": LOINC, "code": code, "display": display}]
    return {"code": coded(TERMS, "therapeutic-implication", "Therapeutic Implication"), "valueCodeableConcept": value}


def medication(drug: Drug) -> Resource:
    codes = [{"system": RXNORM, "code": drug.rxnorm, "display": drug.name}] if drug.rxnorm else []
    codes += [{"system": ATC, "code": code} for code in drug.atc]
    return {**({"coding": codes} if codes else {}), "text": drug.name}


def gene(name: str) -> Resource:
    number = GENE_IDS.get(name)
    codes = [{"system": "http://www.genenames.org", "code": f"HGNC:{number}", "display": name}] if number else []
    return {**({"coding": codes} if codes else {}), "text": name}


def conclusion(text: str) -> Resource:
    return {"code": coded(TERMS, "conclusion-string", "Conclusion Text"), "valueString": text}


def report_resource_id(issued: PharmacogenomicsReported) -> str:
    """Of one sample there is one report: an amended one is its next version."""
    return str(uuid5(UUID(issued.case_id), f"DiagnosticReport|pharmacogenomics|{issued.sample_id}"))


def provenance_of(issued: PharmacogenomicsReported, what: str, said: GenomicReportSigned | GenomicReportWithdrawn) -> Resource:
    target = reference("DiagnosticReport", report_resource_id(issued))
    return signed_by(uuid5(UUID(issued.report_id), f"Provenance|{what}"), target, said.signer, said.signed_at)


def diagnostic_report(
    order: OrderPlaced,
    issued: PharmacogenomicsReported,
    report: PharmacogenomicReport,
    observations: Sequence[Resource],
    printed: Mapping[str, bytes],
    acts: Acts,
) -> Resource:
    """Of one that was withdrawn neither the words nor the pages are left, but why it was."""
    last = acts.last
    withdrawn = acts.withdrawal is not None
    return resource(
        "DiagnosticReport",
        report_resource_id(issued),
        meta={"profile": [f"{PROFILES}/genomic-report"]},
        identifier=[accession(order.accession), {"system": "urn:casepath:pharmacogenomics", "value": issued.report_id}],
        status=acts.status,
        category=[coded("http://terminology.hl7.org/CodeSystem/v2-0074", "GE", "Genetics")],
        code=coded(LOINC, "51969-4", "Genetic analysis report"),
        subject=reference("Patient", issued.patient_id),
        basedOn=requests_for(order, issued.sample_id),
        specimen=[reference("Specimen", specimen_id(issued.case_id, issued.sample_id))],
        result=[reference("Observation", one["id"]) for one in observations],
        issued=instant(last.signed_at) if last is not None else None,
        resultsInterpreter=[signer(last.signer)] if last is not None else None,
        conclusion="\n".join([*acts.words, *([] if withdrawn else in_words(issued, report))]),
        presentedForm=[
            {
                "contentType": "application/pdf",
                "language": language,
                "title": "Gènes et médicaments" if language == "fr" else "Genes and medicines",
                "data": base64.b64encode(content).decode(),
            }
            for language, content in sorted(printed.items())
            if not withdrawn
        ],
    )


def in_words(issued: PharmacogenomicsReported, report: PharmacogenomicReport) -> list[str]:
    english = ", ".join(one.name for one in issued.changed_drugs) or "none"
    french = ", ".join(one.name_fr for one in issued.changed_drugs) or "aucun"
    untold = ", ".join(one.gene for one in report.genes if not one.diplotypes and not one.components)
    return [
        f"Another dose, medicine or precaution: {english}.",
        *([f"Not called: {untold}. {NEVER_REFERENCE_EN}"] if untold else []),
        f"Autre dose, autre médicament ou précaution : {french}.",
        *([f"Non déterminés : {untold}. {NEVER_REFERENCE_FR}"] if untold else []),
        f"Definitions / définitions : {issued.definitions}.",
    ]


def withdrawn(issued: PharmacogenomicsReported, identifier: str) -> Resource:
    """What an amended report no longer says."""
    return resource(
        "Observation",
        identifier,
        status="entered-in-error",
        category=CATEGORIES,
        code=own("withdrawn", "Withdrawn by an amended report"),
        subject=reference("Patient", issued.patient_id),
    )
