import asyncio
from functools import partial

from click.testing import CliRunner, Result

from chassis.health import Health
from chassis.http_server import HttpServer
from cli.__main__ import casepath


async def asked(states: dict[str, bool], *options: str) -> Result:
    """What `casepath ready` says of a service with these checks."""
    health = Health({name: partial(bool, good) for name, good in states.items()})
    stop, server = asyncio.Event(), HttpServer(health.app(), "127.0.0.1", 0)
    serving = asyncio.create_task(server.run(stop))
    try:
        arguments = ["ready", f"http://127.0.0.1:{server.port}/readyz", *options]
        return await asyncio.to_thread(CliRunner().invoke, casepath, arguments)
    finally:
        stop.set()
        await serving


async def test_a_service_that_is_ready_is_said_to_be() -> None:
    result = await asked({"kafka": True})
    assert result.exit_code == 0
    assert result.output.endswith("/readyz ready\n")


async def test_what_a_service_waits_for_is_said() -> None:
    result = await asked({"kafka": False, "folder": True}, "--timeout", "0")
    assert str(result.exception).endswith("waits for kafka")


async def test_a_service_that_does_not_answer_is_named(unused_tcp_port: int) -> None:
    result = await asyncio.to_thread(
        CliRunner().invoke, casepath, ["ready", f"http://127.0.0.1:{unused_tcp_port}/readyz", "--timeout", "0"]
    )
    assert str(result.exception) == f"http://127.0.0.1:{unused_tcp_port}/readyz: does not answer (ConnectError)"
