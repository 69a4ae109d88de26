"""Asking a Kafka cluster from the command line: which one, and as whom. The defaults are those of the embedded one."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from chassis.asking import ACCESS, CA, FILE
from chassis.kafka import Kafka
from chassis.kafka_rights import OPERATOR

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
        default=CA,
        show_default=True,
        type=FILE,
        help="Who signs the brokers' certificates.",
    ),
    click.option("--kafka-open", envvar="CASEPATH_KAFKA_OPEN", is_flag=True, help="The broker asks nobody who they are."),
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
