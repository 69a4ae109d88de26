"""Every way in over HTTP, asked what nobody would ask (schemathesis): it is refused or answered, and never fails."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from stages.peer_environment import peer_python
from starlette.routing import BaseRoute, Route

import portal as portal_service
from advice.cds_hooks import CdsHooks
from conftest import Platform
from e2e.conftest import Done, Portal, new_visit, once
from embedded.hospital import Visit, send
from intake.adapters.fhir_endpoint import FhirEndpoint
from portal.web import application
from slides.dicomweb import Dicomweb

SPECIFICATION = Path(__file__).parents[1] / "data/wes/workflow_execution_service.openapi.yaml"
# Of each operation.
EXAMPLES = "6"
# They end a session, wait for what comes next, or count who comes in.
ASIDE = {"/login", "/logout", "/worklist/events"}
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
PORTAL = Path(portal_service.__file__).parent
NOBODY: Any = cast(Any, SimpleNamespace(routes=lambda: []))


@pytest_asyncio.fixture(scope="module")
async def visit(platform: Platform) -> Visit:
    """Ordered, so that something is there to be asked for."""
    one = new_visit(platform)
    await send(platform.ports["mllp"], [one.registration(), one.order()])
    await once(platform, one, lambda case: bool(case.order.accession))
    return one


def described(routes: Iterable[BaseRoute], known: Mapping[str, str], kind: str, fields: Iterable[str] = ()) -> dict[str, Any]:
    """OpenAPI of routes: parameters of a path are what is `known` by their names, or anything; so is what is asked and sent,
    under any name and under those of `fields`.
    """
    paths: dict[str, Any] = {}
    anything = {"type": "object", "additionalProperties": {"type": "string"}}
    sent = {**anything, "properties": {name: {"type": "string"} for name in fields}}
    for route in routes:
        if not isinstance(route, Route) or route.path in ASIDE:
            continue
        parameters: list[dict[str, Any]] = [
            {"name": "asked", "in": "query", "style": "form", "explode": True, "schema": anything}
        ]
        for name, convertor in PARAMETER.findall(route.path):
            schema: dict[str, Any] = {"type": "integer"} if convertor == "int" else {"type": "string", "minLength": 1}
            if convertor == "uuid":
                schema["format"] = "uuid"
            values = {"anyOf": [{"const": known[name]}, schema]} if name in known else schema
            parameters.append({"name": name, "in": "path", "required": True, "schema": values})
        operation: dict[str, Any] = {"parameters": parameters, "responses": {"default": {"description": "anything"}}}
        for method in (route.methods or set()) - {"HEAD"}:
            body = {"requestBody": {"content": {kind: {"schema": sent}}}} if method == "POST" else {}
            paths.setdefault(PARAMETER.sub(r"{\1}", route.path), {})[method.lower()] = {**operation, **body}
    return {"openapi": "3.1.0", "info": {"title": "ways in", "version": "1"}, "paths": paths}


def fields_of_forms() -> list[str]:
    """Of all that the portal's pages have. Wrong passwords would keep their owner out."""
    pages = "".join(page.read_text() for page in (PORTAL / "templates").rglob("*.html"))
    return sorted({*re.findall(r' name="([\w-]+)"', re.sub(r"{{.*?}}", "1", pages))} - {"password"})


def never_fails(document: Path, base: str, headers: Mapping[str, str], checks: str = "not_a_server_error") -> None:
    """Fail with what schemathesis says where it finds anything."""
    program = peer_python("schemathesis", "schemathesis==4.32.5").with_name("st")
    options = ["--checks", checks, "--max-examples", EXAMPLES, "--seed", "1", "--phases", "coverage,fuzzing", "--no-color"]
    sent = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command = [str(program), "run", str(document), "--url", base, *options, *sent, "--request-timeout", "30", "--workers", "2"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=document.parent, timeout=300, check=False)
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)


def written(folder: Path, document: dict[str, Any]) -> Path:
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    return file


def bearer(platform: Platform, subject: str, role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {platform.signer.token(subject, [role], 600)}"}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("martin", "cases|worklist|language|$"),
        ("leroy", "research"),
        ("leroy", "studies"),
        ("girard", "studies"),
        ("garnier", "identities"),
        ("fournier", "ledger"),
        ("roux", "operations/"),
    ],
)
def test_the_portal_does_not_fail(platform: Platform, portal: Portal, visit: Visit, tmp_path: Path, name: str, part: str) -> None:
    base, offered = portal.base, application(NOBODY, NOBODY, "x" * 32, False).routes
    routes = [route for route in offered if isinstance(route, Route) and re.match(f"/({part})", route.path)]
    assert routes
    document = described(routes, {"case_id": visit.case_id}, "application/x-www-form-urlencoded", fields_of_forms())
    with httpx.Client(base_url=base, headers={"Origin": base}) as client:
        client.post("/login", data={"name": name, "password": portal.passwords[name]})
        cookies = "; ".join(f"{one}={value}" for one, value in client.cookies.items())
    never_fails(written(tmp_path, document), base, {"Cookie": cookies, "Origin": base})


def test_dicomweb_does_not_fail(platform: Platform, done: Done, tmp_path: Path) -> None:
    app = Dicomweb(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY).app()
    ingested = done.case.slides[0].ingested
    known = {
        "study": ingested.study_instance_uid,
        "series": ingested.series_instance_uid,
        "instance": ingested.instances[0].sop_instance_uid,
    }
    base = f"http://127.0.0.1:{platform.ports['dicomweb']}/dicomweb"
    for role, method in (("pathologist", "GET"), ("scanner", "POST")):
        offered = [route for route in app.routes if isinstance(route, Route) and method in (route.methods or ())]
        document = described(offered, known, "multipart/form-data")
        never_fails(written(tmp_path, document), base, bearer(platform, "somebody", role))


def test_the_workflow_execution_service_answers_as_ga4gh_says(platform: Platform, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{platform.ports['wes']}/ga4gh/wes/v1"
    checks = "not_a_server_error,response_schema_conformance,content_type_conformance"
    document = tmp_path / "wes.yaml"
    document.write_text(SPECIFICATION.read_text())
    never_fails(document, base, bearer(platform, "leroy", "researcher"), checks)


def test_transactions_of_fhir_do_not_fail(platform: Platform, tmp_path: Path) -> None:
    document = described(FhirEndpoint(NOBODY, NOBODY, NOBODY, NOBODY, 1 << 20, NOBODY).app().routes, {}, "application/fhir+json")
    base = f"http://127.0.0.1:{platform.ports['fhir-in']}"
    never_fails(written(tmp_path, document), base, bearer(platform, "his", "ordering-system"))


def test_cds_hooks_do_not_fail(platform: Platform, tmp_path: Path) -> None:
    routes = CdsHooks(NOBODY, NOBODY, NOBODY, NOBODY, "http://x", "en", "").app().routes
    document = described(routes, {"service": "pharmacogenomics-order-sign"}, "application/json")
    never_fails(written(tmp_path, document), f"http://127.0.0.1:{platform.ports['advice']}", {})
