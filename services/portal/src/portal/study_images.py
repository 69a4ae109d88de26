"""Looking at the images of a study on a region's data: whose there are, and each in the viewer."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from casepath.hub.v1.studies_pb2 import GetStudyRequest, QueryWorkspaceRequest, Study
from chassis.errors import Malformed, NotFound
from portal.adapters.dicomweb import Dicomweb
from portal.desk import Desk, render, spoken
from portal.dicom_slides import folder, viewed_slides
from portal.language import translator, viewer_texts
from portal.people import Person
from portal.pictures import answered_tile
from portal.pointed_at import boxes, query

PAGE = 50


class StudyImagePages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def images(self, request: Request) -> Dicomweb:
        return self.desk.study_images.of_study(str(request.path_params["study_id"]))

    async def study(self, request: Request, person: Person) -> Study:
        hub = self.desk.studies
        asked = GetStudyRequest(study_id=str(request.path_params["study_id"]))
        return (await hub.ask(hub.stub.GetStudy, asked, self.desk.tokens.of(person))).study

    async def whole(self, request: Request, person: Person) -> Response:
        """Whose images there are, of one person where the address names one."""
        try:
            start = max(0, int(request.query_params.get("from", "0")))
        except ValueError:
            raise Malformed("a page begins at a number") from None
        asked = {"limit": str(PAGE + 1), "offset": str(start), "includefield": "StudyDescription"}
        if wanted := request.query_params.get("person", "").strip():
            asked["PatientID"] = wanted
        rows = await self.images(request).rows("/studies", self.desk.tokens.of(person), **asked)
        return render(
            request,
            "study_images.html",
            person=person,
            study=await self.study(request, person),
            folders=[folder(row) for row in rows[:PAGE]],
            wanted=wanted,
            start=start,
            before=max(0, start - PAGE),
            after=start + PAGE if len(rows) > PAGE else None,
        )

    async def looked(self, request: Request, person: Person) -> Response:
        slides, study = await self.slides(request, person), await self.study(request, person)
        return render(
            request,
            "study_slides.html",
            person=person,
            study=study,
            points=has_findings(study),
            uid=str(request.path_params["uid"]),
            slide_names=[slide["slide"] for slide in slides],
            reads=False,
        )

    async def viewer(self, request: Request, person: Person) -> Response:
        """What the viewer's script shows."""
        slides, speaks = await self.slides(request, person), spoken(request)
        pointed_at = await self.pointed_at(request, person, [slide["scan"] for slide in slides])
        for slide in slides:
            slide["findings"] = pointed_at.get(slide["scan"], [])
        answer = {"slides": slides, "texts": viewer_texts(speaks), "language": speaks}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def pointed_at(self, request: Request, person: Person, scans: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """By scan what models pointed at; nothing where the study did not ask for measurements."""
        study, hub, speaks = await self.study(request, person), self.desk.studies, spoken(request)
        if not has_findings(study):
            return {}
        asked = QueryWorkspaceRequest(study_id=study.study_id, query=query(scans))
        answer = await hub.ask(hub.stub.QueryWorkspace, asked, self.desk.tokens.of(person))
        return boxes(answer.rows, speaks, translator(speaks))

    async def slides(self, request: Request, person: Person) -> list[dict[str, Any]]:
        uid = str(request.path_params["uid"])
        rows = await self.images(request).rows(f"/studies/{uid}/metadata", self.desk.tokens.of(person))
        if not rows:
            raise NotFound("there are no such slides")
        return viewed_slides(rows, f"/studies/{request.path_params['study_id']}/tiles")

    async def tile(self, request: Request, person: Person) -> Response:
        return await answered_tile(request, self.images(request), self.desk.tokens.of(person), "no-store")


def has_findings(study: Study) -> bool:
    return "measurement" in study.extract.rows
