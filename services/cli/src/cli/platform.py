"""Where the platform is, for commands that talk to it. The defaults are those of the embedded one."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import click

from chassis.calls import Identity
from chassis.kafka import Kafka
from chassis.kafka_rights import OPERATOR

ACCESS = Path(".casepath/access")
FILE = click.Path(dir_okay=False, path_type=Path)
KAFKA_OPTIONS = (
    click.option("--kafka", envvar="CASEPATH_KAFKA", default="127.0.0.1:18092", show_default=True, help="Bootstrap servers."),
    click.option("--kafka-user", envvar="CASEPATH_KAFKA_USER", default=OPERATOR, show_default=True, help="As whom."),
    click.option(
        "--kafka-password-file",
        envvar="CASEPATH_KAFKA_PASSWORD_FILE",
        default=ACCESS / "kafka" / f"{OPERATOR}.password",
        show_default=True,
        type=FILE,
        help="Its password.",
    ),
    click.option(
        "--kafka-ca",
        envvar="CASEPATH_KAFKA_CA",
        default=ACCESS / "tls" / "ca.pem",
        show_default=True,
        type=FILE,
        help="Who signs the brokers' certificates.",
    ),
    click.option("--kafka-open", envvar="CASEPATH_KAFKA_OPEN", is_flag=True, help="The broker asks nobody who they are."),
)
CASES_OPTIONS = (
    click.option(
        "--cases", envvar="CASEPATH_CASES_ADDRESS", default="127.0.0.1:18050", show_default=True, help="gRPC address of cases."
    ),
    click.option(
        "--ca",
        envvar="CASEPATH_TLS_CA",
        default=ACCESS / "tls" / "ca.pem",
        show_default=True,
        type=FILE,
        help="Who signs the certificates of services.",
    ),
    click.option(
        "--identity",
        "own",
        envvar="CASEPATH_TLS_IDENTITY",
        default=ACCESS / "tls" / f"{OPERATOR}.pem",
        show_default=True,
        type=FILE,
        help="Key and certificate that prove who asks.",
    ),
    click.option("--tls-off", envvar="CASEPATH_TLS_OFF", is_flag=True, help="Calls need no proof."),
)


def kafka_option[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command a cluster as `kafka`."""

    @wraps(command)
    def run(
        *args: Any, kafka: str, kafka_user: str, kafka_password_file: Path, kafka_ca: Path, kafka_open: bool, **kwargs: Any
    ) -> R:
        found = Kafka(kafka) if kafka_open else Kafka.of_user(kafka, kafka_ca, kafka_user, kafka_password_file)
        return command(*args, kafka=found, **kwargs)

    for option in reversed(KAFKA_OPTIONS):
        run = option(run)
    return run


def cases_option[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command the address of cases, and `identity`, by which it proves who asks."""

    @wraps(command)
    def run(*args: Any, ca: Path, own: Path, tls_off: bool, **kwargs: Any) -> R:
        return command(*args, identity=None if tls_off else Identity.at(ca, own), **kwargs)

    for option in reversed(CASES_OPTIONS):
        run = option(run)
    return run


def asynchronous[**P](command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A command that runs on an event loop."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return run
