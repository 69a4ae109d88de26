"""Answering StudyService (casepath.hub.v1). Who calls is in the token; what they did or were refused is told to audit."""

from collections.abc import Awaitable
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
from chassis.access import Forbidden, Gate, Principal, Unauthenticated
from chassis.access_log import AccessLog, Asker
from chassis.calls import address_of
from chassis.errors import CasepathError
from chassis.events import check
from chassis.grpc_errors import refuse
from chassis.grpc_server import caller
from hub.studies.studying import Studying

DESCRIPTOR: str = FILE.services_by_name["StudyService"].full_name

type Context = grpc.aio.ServicerContext[Any, Any]


class StudyService(StudyServiceServicer):
    def __init__(self, studying: Studying, gate: Gate, accesses: AccessLog) -> None:
        self.studying = studying
        self.gate = gate
        self.accesses = accesses

    async def RequestStudy(self, request: RequestStudyRequest, context: Context) -> RequestStudyResponse:
        who = await self.admitted(request, context, "RequestStudy")
        study = await self.answered(self.studying.request(request.request, who), who, context, "RequestStudy", ACTION_CREATED)
        return RequestStudyResponse(study=study)

    async def GetStudy(self, request: GetStudyRequest, context: Context) -> GetStudyResponse:
        who, of = await self.admitted(request, context, "GetStudy"), request.study_id
        study = await self.answered(self.studying.get(of, who), who, context, "GetStudy", ACTION_READ, of)
        return GetStudyResponse(study=study, exports=await self.studying.exports(of))

    async def ListStudies(self, request: ListStudiesRequest, context: Context) -> ListStudiesResponse:
        who = await self.admitted(request, context, "ListStudies")
        studies = await self.answered(self.studying.all(who), who, context, "ListStudies", ACTION_READ)
        return ListStudiesResponse(studies=studies, projects=await self.studying.projects())

    async def DecideStudy(self, request: DecideStudyRequest, context: Context) -> DecideStudyResponse:
        who, of = await self.admitted(request, context, "DecideStudy"), request.study_id
        act = self.studying.decide(of, request.office, request.granted, request.reason, who)
        return DecideStudyResponse(study=await self.answered(act, who, context, "DecideStudy", ACTION_UPDATED, of))

    async def EndStudy(self, request: EndStudyRequest, context: Context) -> EndStudyResponse:
        who, of = await self.admitted(request, context, "EndStudy"), request.study_id
        return EndStudyResponse(
            study=await self.answered(self.studying.end(of, who), who, context, "EndStudy", ACTION_DELETED, of)
        )

    async def CountCohort(self, request: CountCohortRequest, context: Context) -> CountCohortResponse:
        who = await self.admitted(request, context, "CountCohort")
        act = self.studying.count(request.project, request.cohort, who)
        return await self.answered(act, who, context, "CountCohort", ACTION_READ)

    async def ListCodes(self, request: ListCodesRequest, context: Context) -> ListCodesResponse:
        who = await self.admitted(request, context, "ListCodes")
        act = self.studying.known_codes(request.project, who)
        return ListCodesResponse(codes=await self.answered(act, who, context, "ListCodes", ACTION_READ))

    async def MakeExtract(self, request: MakeExtractRequest, context: Context) -> MakeExtractResponse:
        who, of = await self.admitted(request, context, "MakeExtract"), request.study_id
        act = self.studying.make_extract(of, who)
        return MakeExtractResponse(extract=await self.answered(act, who, context, "MakeExtract", ACTION_CREATED, of))

    async def QueryWorkspace(self, request: QueryWorkspaceRequest, context: Context) -> QueryWorkspaceResponse:
        who, of = await self.admitted(request, context, "QueryWorkspace"), request.study_id
        act = self.studying.query(of, request.query, who)
        found = await self.answered(act, who, context, "QueryWorkspace", ACTION_READ, of)
        rows = [ResultRow(values=row) for row in found.rows]
        return QueryWorkspaceResponse(columns=found.columns, rows=rows, cut=found.cut)

    async def FitStep(self, request: FitStepRequest, context: Context) -> FitStepResponse:
        who, of = await self.admitted(request, context, "FitStep"), request.study_id
        act = self.studying.fit_step(of, request.design, tuple(request.coefficients), who)
        found = await self.answered(act, who, context, "FitStep", ACTION_READ, of)
        return FitStepResponse(
            names=found.names,
            persons=found.persons,
            gradient=found.gradient,
            information=found.information,
            log_likelihood=found.log_likelihood,
        )

    async def RequestExport(self, request: RequestExportRequest, context: Context) -> RequestExportResponse:
        who, of = await self.admitted(request, context, "RequestExport"), request.study_id
        act = self.studying.request_export(of, request.query, request.reason, who)
        return RequestExportResponse(export=await self.answered(act, who, context, "RequestExport", ACTION_CREATED, of))

    async def DecideExport(self, request: DecideExportRequest, context: Context) -> DecideExportResponse:
        who, of = await self.admitted(request, context, "DecideExport"), request.study_id
        act = self.studying.decide_export(of, request.export_id, request.granted, request.reason, who)
        return DecideExportResponse(export=await self.answered(act, who, context, "DecideExport", ACTION_UPDATED, of))

    async def ReadExport(self, request: ReadExportRequest, context: Context) -> ReadExportResponse:
        who, of = await self.admitted(request, context, "ReadExport"), request.study_id
        act = self.studying.read_export(of, request.export_id, who)
        return ReadExportResponse(content=await self.answered(act, who, context, "ReadExport", ACTION_READ, of))

    async def admitted(self, request: Message, context: Context, method: str) -> Principal:
        """Who calls, with a request that is well formed."""
        try:
            who = caller(self.gate, context)
            check(request)
            return who
        except CasepathError as error:
            await refuse(context, await self.told(Asker(address=address_of(context)), method, "", error))

    async def answered[R](
        self, act: Awaitable[R], who: Principal, context: Context, method: str, action: Action, study_id: str = ""
    ) -> R:
        """What an act gives, once audit is told of it; or its refusal."""
        asker = Asker.of(who, address_of(context))
        try:
            made = await act
            await self.accesses.acted(asker, action, f"{DESCRIPTOR}/{method}", entries(study_id))
            return made
        except CasepathError as error:
            await refuse(context, await self.told(asker, method, study_id, error))

    async def told(self, asker: Asker, method: str, study_id: str, error: CasepathError) -> CasepathError:
        """A refusal of somebody is told to audit; that something is not so, or not now, is not one."""
        if not isinstance(error, (Unauthenticated, Forbidden)):
            return error
        return await self.accesses.refused(asker, f"{DESCRIPTOR}/{method}", entries(study_id), error)


def entries(study_id: str) -> list[Entry]:
    return [Entry(kind="ResearchStudy", identifier=study_id)] if study_id else []
