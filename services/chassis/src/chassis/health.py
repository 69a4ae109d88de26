"""Liveness, readiness and metrics over HTTP: /healthz, /readyz, /metrics."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

type Check = Callable[[], bool]
type Facts = Callable[[], dict[str, str]]


class Health:
    """Named checks; the service is ready when all of them are true. `facts` are told beside them."""

    def __init__(self, checks: dict[str, Check], facts: Facts = dict) -> None:
        self.checks = checks
        self.facts = facts

    def state(self) -> dict[str, bool]:
        return {name: check() for name, check in self.checks.items()}

    def app(self) -> Starlette:
        async def healthz(_: Request) -> Response:
            return JSONResponse({"alive": True})

        async def readyz(_: Request) -> Response:
            state = self.state()
            return JSONResponse({**state, **self.facts()}, 200 if all(state.values()) else 503)

        async def metrics(_: Request) -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
