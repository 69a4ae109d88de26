import subprocess
import sys

PROGRAM = """
import asyncio
from chassis.errors import Misconfigured, Unavailable
from chassis.service import main, run_parts
from chassis.settings import Settings

async def compose(settings):
    async def part(stop):
        {body}
    await run_parts(settings, [part], {{}})

main("test", Settings, compose)
"""
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "CASEPATH_KAFKA": "127.0.0.1:1",
    "CASEPATH_OBJECTS": "file:///tmp/objects",
    "CASEPATH_NAMESPACE": "7c9b1d3a-0f43-4f0e-9f57-7a1f6a4a9b11",
}


def run(body: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", PROGRAM.format(body=body)]
    return subprocess.run(program, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)


def test_a_service_that_cannot_go_on_says_why_and_with_which_code() -> None:
    ended = run('raise Unavailable("no broker answers")')
    assert ended.returncode == 69
    assert "no broker answers" in ended.stderr


def test_a_defect_ends_the_service_with_its_place_and_without_what_it_quotes() -> None:
    ended = run('{}["Exemple"]')
    assert ended.returncode == 70
    assert "KeyError at __main__:" in ended.stderr
    assert "Exemple" not in ended.stderr


def test_an_exception_that_nobody_awaits_is_logged_without_what_it_quotes() -> None:
    forget = 'asyncio.get_running_loop().call_soon(lambda: {}["Exemple"])'
    wait = "await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.1)"
    ended = run(f"{forget}; {wait}")
    assert ended.returncode == 0
    assert "KeyError" in ended.stderr
    assert "Exemple" not in ended.stderr


def test_a_page_that_fails_is_answered_and_logged_without_what_it_quotes() -> None:
    body = """
        import httpx
        from starlette.applications import Starlette
        from starlette.routing import Route
        from chassis.http_server import HttpServer
        async def page(request):
            return {}["Exemple"]
        server = HttpServer(Starlette(routes=[Route("/", page)]), "127.0.0.1", 0)
        serving = asyncio.ensure_future(server.run(stop))
        async with httpx.AsyncClient() as client:
            print((await client.get(f"http://127.0.0.1:{server.port}/")).status_code)
        stop.set()
        await serving
"""
    ended = run(body.strip())
    assert ended.stdout.strip() == "500"
    assert "KeyError at" in ended.stderr
    assert "Exemple" not in ended.stderr
