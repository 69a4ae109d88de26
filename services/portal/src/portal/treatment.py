"""What a patient's genome says of drugs, what is known of its variants, and how good its reads were: shown as issued."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casepath.cases.v1.cases_pb2 import Case, Sample
from casepath.portal.v1.reading_pb2 import VariantsDisowned
from casepath.sequencing.v1.known_variants_pb2 import VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported, TreatmentPage
from casepath.sequencing.v1.sequencing_pb2 import VariantsCalled
from chassis.errors import NotFound
from portal.desk import SEEN_SECONDS, Desk, form_of, spoken
from portal.handlers import disowning, genomic_report, genomic_withdrawal, is_withdrawn, of_another
from portal.people import Person
from portal.reports import AlreadySigned

# The page brings its own style, and neither scripts nor pictures.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class TreatmentPages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def page(self, request: Request, person: Person) -> Response:
        return await self.shown(await self.issued(request, person))

    async def printed(self, request: Request, person: Person) -> Response:
        return await self.on_paper(await self.issued(request, person), str(request.path_params["report_id"]))

    async def sign(self, request: Request, person: Person) -> Response:
        """The newest report of a sample, as it was issued. A signature needs the signer's password again."""
        case, form = await self.signing(request, person)
        reported = report_of(case, str(request.path_params["report_id"]))
        said = genomic_report(reported, form.get("comment", ""), person.reader, datetime.now(UTC))
        return await self.held(case, await self.desk.genomics.reports.sign(said))

    async def withdraw(self, request: Request, person: Person) -> Response:
        """The newest report of a sample, signed or not, for a reason: signed as a report is."""
        case, form = await self.signing(request, person)
        reported = report_of(case, str(request.path_params["report_id"]))
        said = genomic_withdrawal(reported, form.get("reason", ""), person.reader, datetime.now(UTC))
        return await self.held(case, await self.desk.genomics.withdrawals.sign(said))

    async def disown(self, request: Request, person: Person) -> Response:
        """Variants that are another patient's. The report that stands on them is withdrawn first, for the same reason."""
        case, form = await self.signing(request, person)
        now = datetime.now(UTC)
        said = disowning(case, str(request.path_params["origin_id"]), form.get("reason", ""), person.reader, now)
        events = []
        for sample in case.samples:
            if sample.sample_id == said.sample_id and stands_on(sample, said):
                withdrawal = genomic_withdrawal(sample.reported, said.reason, person.reader, now)
                with suppress(AlreadySigned):
                    events.append(await self.desk.genomics.withdrawals.sign(withdrawal))
        return await self.held(case, *events, await self.desk.genomics.disownings.sign(said))

    async def signing(self, request: Request, person: Person) -> tuple[Case, dict[str, str]]:
        """The case, and what was filled in, once it is proven who signs."""
        case, form = await self.desk.case(request, person), await form_of(request)
        await self.desk.door.prove(request, person, form.get("password", ""))
        return case, form

    async def held(self, case: Case, *events: str) -> Response:
        await self.desk.cases.holding(case.case_id, events, SEEN_SECONDS)
        return RedirectResponse(f"/cases/{case.case_id}", 303)

    async def known(self, request: Request, person: Person) -> Response:
        """What knowledge bases say of a sample's variants."""
        return await self.shown(await self.annotated(request, person))

    async def known_printed(self, request: Request, person: Person) -> Response:
        return await self.on_paper(await self.annotated(request, person), str(request.path_params["annotation_id"]))

    async def shown(self, page: TreatmentPage) -> Response:
        content = await self.desk.objects.get(page.html)
        headers = {"Content-Security-Policy": POLICY, "Content-Language": page.language}
        return Response(content, media_type="text/html; charset=utf-8", headers=headers)

    async def on_paper(self, page: TreatmentPage, name: str) -> Response:
        headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Content-Language": page.language}
        return Response(await self.desk.objects.get(page.pdf), media_type="application/pdf", headers=headers)

    async def quality(self, request: Request, person: Person) -> Response:
        """What the reads of a sample were like, as it was measured."""
        called = called_by(await self.desk.case(request, person), str(request.path_params["job_id"]))
        found = {file.name: file.object for file in called.quality_files}
        ref = found.get(f"quality.{spoken(request)}.html") or found.get("quality.en.html")
        if ref is None:
            raise NotFound("these variants were called before quality pages were made")
        return Response(
            await self.desk.objects.get(ref),
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": POLICY},
        )

    async def provenance(self, request: Request, person: Person) -> Response:
        """What called variants were made of and by, as a Workflow Run RO-Crate's metadata."""
        called = called_by(await self.desk.case(request, person), str(request.path_params["job_id"]))
        if not called.HasField("provenance"):
            raise NotFound("these variants were called before their provenance was kept")
        headers = {"Content-Disposition": 'attachment; filename="ro-crate-metadata.json"'}
        return Response(await self.desk.objects.get(called.provenance), media_type="application/ld+json", headers=headers)

    async def issued(self, request: Request, person: Person) -> TreatmentPage:
        """In the person's language, or the first there is. Raise NotFound for what is not this case's newest."""
        report = report_of(await self.desk.case(request, person), str(request.path_params["report_id"]))
        return in_language(report.pages, spoken(request))

    async def annotated(self, request: Request, person: Person) -> TreatmentPage:
        found = annotated_by(await self.desk.case(request, person), str(request.path_params["annotation_id"]))
        return in_language(found.pages, spoken(request))


def in_language(pages: Sequence[TreatmentPage], language: str) -> TreatmentPage:
    return next((one for one in pages if one.language == language), pages[0])


def stands_on(sample: Sample, said: VariantsDisowned) -> bool:
    """Whether a report of these variants holds."""
    return sample.HasField("reported") and not is_withdrawn(sample) and sample.reported.variants_sha256 in said.variants_sha256


def called_by(case: Case, job_id: str) -> VariantsCalled:
    for sample in case.samples:
        if sample.HasField("called") and sample.called.job_id == job_id:
            return sample.called
    raise NotFound("there are no such variants, or newer ones took their place")


def report_of(case: Case, report_id: str) -> PharmacogenomicsReported:
    """Raise NotFound where it is not the newest of its sample, or was withdrawn."""
    for sample in case.samples:
        if sample.HasField("reported") and sample.reported.report_id == report_id:
            if is_withdrawn(sample):
                raise NotFound("this report was withdrawn: the case says by whom and why")
            return sample.reported
    raise NotFound("there is no such report, or a newer one took its place")


def annotated_by(case: Case, annotation_id: str) -> VariantsAnnotated:
    for sample in case.samples:
        if sample.annotated.annotation_id == annotation_id and sample.annotated.pages:
            if of_another(sample, sample.annotated.variants_sha256):
                raise NotFound("these variants are another patient's: the case says who found it, and why")
            return sample.annotated
    raise NotFound("there are no such statements, or newer ones took their place")
