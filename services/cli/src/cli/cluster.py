"""Which cluster, for commands of its administrator."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from chassis.kafka import Kafka

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OPTIONS = (
    click.option(
        "--kafka", envvar="CASEPATH_KAFKA", required=True, help="Bootstrap servers, of a listener that asks for certificates."
    ),
    click.option("--kafka-ca", envvar="CASEPATH_KAFKA_CA", required=True, type=FILE, help="Who signs the brokers' certificates."),
    click.option("--identity", required=True, type=FILE, help="PEM file with the administrator's key and certificate."),
)


def administered[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command a cluster as `kafka`, as its administrator, who proves it by a certificate."""

    @wraps(command)
    def run(*args: Any, kafka: str, kafka_ca: Path, identity: Path, **kwargs: Any) -> R:
        return command(*args, kafka=Kafka(kafka, kafka_ca, identity=identity), **kwargs)

    for option in reversed(OPTIONS):
        run = option(run)
    return run
