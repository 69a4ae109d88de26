"""Asking a Kafka cluster from the command line: which one, and as whom. The defaults are those of the embedded one."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from chassis.asking import ACCESS, CA, FILE
from chassis.encryption import Encryption
from chassis.kafka import Kafka
from chassis.kafka_rights import OPERATOR
from chassis.key_ring import KeyRing

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

KEYS_OPTIONS = (
    click.option(
        "--keys",
        envvar="CASEPATH_KEYS",
        default=f"file://{ACCESS.parent / 'keys'}",
        show_default=True,
        help="Keys of cases and patients, file:///folder or https://host:port/v1/transit.",
    ),
    click.option(
        "--keys-authorization",
        envvar="CASEPATH_KEYS_AUTHORIZATION",
        type=FILE,
        help="File with the value of the Authorization header, for a server of keys.",
    ),
    click.option("--keys-ca", envvar="CASEPATH_TLS_CA", type=FILE, help="Who signs its certificate."),
    click.option("--keys-off", envvar="CASEPATH_KEYS_OFF", is_flag=True, help="The platform encrypts nothing."),
)


def keys_option[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command what the platform encrypts with, or None, as `encryption`."""

    @wraps(command)
    def run(*args: Any, keys: str, keys_authorization: Path | None, keys_ca: Path | None, keys_off: bool, **kwargs: Any) -> R:
        found = None if keys_off else KeyRing.at(keys, keys_ca, keys_authorization).encryption()
        return command(*args, encryption=found, **kwargs)

    for option in reversed(KEYS_OPTIONS):
        run = option(run)
    return run


def encrypted_kafka_option[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command a cluster as `kafka`, with what is encrypted on it."""

    @wraps(command)
    def run(*args: Any, kafka: Kafka, encryption: Encryption | None, **kwargs: Any) -> R:
        return command(*args, kafka=replace(kafka, encryption=encryption), **kwargs)

    return kafka_option(keys_option(run))


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
