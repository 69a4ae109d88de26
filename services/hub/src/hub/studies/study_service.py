"""Answering StudyService (casepath.hub.v1). Who calls is in the token; what they did or were refused is told to audit."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import Message

from casepath.audit.v1.audit_pb2 import ACTION_CREATED, ACTION_DELETED, ACTION_READ, ACTION_UPDATED, Action
from casepath.hub.v1.studies_pb2 import DESCRIPTOR as FILE
from casepath.hub.v1.studies_pb2 import (
    CountCohortRequest,
    CountCohortResponse,
    DecideExportRequest,
    DecideExportResponse,
    DecideStudyRequest,
    DecideStudyResponse,
    EndStudyRequest,
    EndStudyResponse,
    FitStepRequest,
    FitStepResponse,
    GetStudyRequest,
    GetStudyResponse,
    ListCodesRequest,
    ListCodesResponse,
    ListStudiesRequest,
    ListStudiesResponse,
    MakeExtractRequest,
    MakeExtractResponse,
    QueryWorkspaceRequest,
    QueryWorkspaceResponse,
    ReadExportRequest,
    ReadExportResponse,
    RequestExportRequest,
    RequestExportResponse,
    RequestStudyRequest,
    RequestStudyResponse,
    ResultRow,
)
from casepath.hub.v1.studies_pb2_grpc import StudyServiceServicer
from casepath.records.v1.filing_pb2 import Entry
from chassis.access import Gate, Principal
from chassis.access_log import AccessLog, Asker
from chassis.grpc_server import answered, operation_of
from hub.studies.studying import Studying

DESCRIPTOR: str = FILE.services_by_name["StudyService"].full_name

type Context = grpc.aio.ServicerContext[Any, Any]


class StudyService(StudyServiceServicer):
    def __init__(self, studying: Studying, gate: Gate, accesses: AccessLog) -> None:
        self.studying = studying
        self.gate = gate
        self.accesses = accesses

    async def RequestStudy(self, request: RequestStudyRequest, context: Context) -> RequestStudyResponse:
        study = await self.answered(request, context, ACTION_CREATED, lambda who: self.studying.request(request.request, who))
        return RequestStudyResponse(study=study)

    async def GetStudy(self, request: GetStudyRequest, context: Context) -> GetStudyResponse:
        async def found(who: Principal) -> GetStudyResponse:
            study = await self.studying.get(request.study_id, who)
            return GetStudyResponse(study=study, exports=await self.studying.exports(request.study_id))

        return await self.answered(request, context, ACTION_READ, found)

    async def ListStudies(self, request: ListStudiesRequest, context: Context) -> ListStudiesResponse:
        async def found(who: Principal) -> ListStudiesResponse:
            studies = await self.studying.all(who)
            return ListStudiesResponse(studies=studies, projects=await self.studying.projects())

        return await self.answered(request, context, ACTION_READ, found)

    async def DecideStudy(self, request: DecideStudyRequest, context: Context) -> DecideStudyResponse:
        of, said = request.study_id, (request.office, request.granted, request.reason)
        study = await self.answered(request, context, ACTION_UPDATED, lambda who: self.studying.decide(of, *said, who))
        return DecideStudyResponse(study=study)

    async def EndStudy(self, request: EndStudyRequest, context: Context) -> EndStudyResponse:
        of = request.study_id
        return EndStudyResponse(
            study=await self.answered(request, context, ACTION_DELETED, lambda who: self.studying.end(of, who))
        )

    async def CountCohort(self, request: CountCohortRequest, context: Context) -> CountCohortResponse:
        return await self.answered(
            request, context, ACTION_READ, lambda who: self.studying.count(request.project, request.cohort, who)
        )

    async def ListCodes(self, request: ListCodesRequest, context: Context) -> ListCodesResponse:
        codes = await self.answered(request, context, ACTION_READ, lambda who: self.studying.known_codes(request.project, who))
        return ListCodesResponse(codes=codes)

    async def MakeExtract(self, request: MakeExtractRequest, context: Context) -> MakeExtractResponse:
        of = request.study_id
        made = await self.answered(request, context, ACTION_CREATED, lambda who: self.studying.make_extract(of, who))
        return MakeExtractResponse(extract=made)

    async def QueryWorkspace(self, request: QueryWorkspaceRequest, context: Context) -> QueryWorkspaceResponse:
        of, query = request.study_id, request.query
        found = await self.answered(request, context, ACTION_READ, lambda who: self.studying.query(of, query, who))
        rows = [ResultRow(values=row) for row in found.rows]
        return QueryWorkspaceResponse(columns=found.columns, rows=rows, cut=found.cut)

    async def FitStep(self, request: FitStepRequest, context: Context) -> FitStepResponse:
        of, said = request.study_id, (request.design, tuple(request.coefficients))
        found = await self.answered(request, context, ACTION_READ, lambda who: self.studying.fit_step(of, *said, who))
        return FitStepResponse(
            names=found.names,
            persons=found.persons,
            gradient=found.gradient,
            information=found.information,
            log_likelihood=found.log_likelihood,
        )

    async def RequestExport(self, request: RequestExportRequest, context: Context) -> RequestExportResponse:
        of, said = request.study_id, (request.query, request.reason)
        made = await self.answered(request, context, ACTION_CREATED, lambda who: self.studying.request_export(of, *said, who))
        return RequestExportResponse(export=made)

    async def DecideExport(self, request: DecideExportRequest, context: Context) -> DecideExportResponse:
        of, said = request.study_id, (request.export_id, request.granted, request.reason)
        made = await self.answered(request, context, ACTION_UPDATED, lambda who: self.studying.decide_export(of, *said, who))
        return DecideExportResponse(export=made)

    async def ReadExport(self, request: ReadExportRequest, context: Context) -> ReadExportResponse:
        of, export = request.study_id, request.export_id
        content = await self.answered(request, context, ACTION_READ, lambda who: self.studying.read_export(of, export, who))
        return ReadExportResponse(content=content)

    async def answered[R](
        self, request: Message, context: Context, action: Action, act: Callable[[Principal], Awaitable[R]]
    ) -> R:
        """What an act gives, once audit is told of it; or its refusal."""
        operation, of = operation_of(DESCRIPTOR, request), entries(getattr(request, "study_id", ""))

        async def told(who: Principal, asker: Asker) -> R:
            made = await act(who)
            await self.accesses.acted(asker, action, operation, of)
            return made

        return await answered(request, context, self.gate, self.accesses, operation, told, of)


def entries(study_id: str) -> list[Entry]:
    return [Entry(kind="ResearchStudy", identifier=study_id)] if study_id else []
