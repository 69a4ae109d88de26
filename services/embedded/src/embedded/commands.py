"""`casepath up`, `down`, `prepare` and `demo`: the embedded platform."""

import asyncio
import time
from pathlib import Path

import click
from rich.console import Console

from chassis.errors import Misconfigured
from chassis.kafka_rights import OPERATOR
from embedded.ports import DEFAULT_BASE, Ports

home_option = click.option(
    "--home",
    "folder",
    envvar="CASEPATH_HOME",
    default=Path(".casepath"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds everything of one platform.",
)
port_option = click.option(
    "--port-base",
    envvar="CASEPATH_PORT_BASE",
    default=DEFAULT_BASE,
    show_default=True,
    type=click.IntRange(1024, 65000),
    help="The platform listens on ports from here on.",
)


def told(console: Console, began: float, text: str) -> None:
    console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {text}", highlight=False)


@click.command()
@home_option
@port_option
@click.option(
    "--restore", "backup", default="", metavar="PLACE", help="In a new home: from the last backup there (casepath backup take)."
)
@click.option("--brokers", type=click.Choice(["1", "3"]), help="In a new home: how many of Kafka, 1 unless said.")
def up(folder: Path, port_base: int, backup: str, brokers: str | None) -> None:
    """Start Kafka, Orthanc, HAPI FHIR and every service, and leave them running."""
    from embedded.platform import Home, launch

    console, began, ports = Console(), time.monotonic(), Ports(port_base)
    home = Home(folder.absolute())
    if brokers is not None:
        home.have_brokers(int(brokers))
    launch(home, ports, lambda text: told(console, began, text), backup)
    for what, address in addresses(home.folder, ports).items():
        console.print(f"  {what:28} {address}", highlight=False, soft_wrap=True)
    if port_base != DEFAULT_BASE:
        found = " ".join(f"{name}={value}" for name, value in reached(home.folder, ports).items())
        console.print(f"  {'for case, dlq and publish':28} export {found}", highlight=False, soft_wrap=True)


def reached(home: Path, ports: Ports) -> dict[str, str]:
    """What the other commands read, where a platform is not the default one."""
    from embedded.programs import bootstrap

    access = home / "access"
    return {
        "CASEPATH_KAFKA": bootstrap(home, ports),
        "CASEPATH_KAFKA_PASSWORD_FILE": str(access / "kafka" / f"{OPERATOR}.password"),
        "CASEPATH_KAFKA_CA": str(access / "tls" / "ca.pem"),
        "CASEPATH_TLS_CA": str(access / "tls" / "ca.pem"),
        "CASEPATH_TLS_IDENTITY": str(access / "tls" / f"{OPERATOR}.pem"),
        "CASEPATH_CASES_ADDRESS": f"127.0.0.1:{ports['cases']}",
        "CASEPATH_DICOMWEB_AUTHORIZATION": str(access / "orthanc.authorization"),
        "CASEPATH_OBJECTS": f"file://{home / 'objects'}",
        "CASEPATH_KEYS": f"file://{home / 'keys'}",
        "CASEPATH_AUDIT_KEYS": str(access / "audit-keys.json"),
    }


def addresses(home: Path, ports: Ports) -> dict[str, str]:
    from embedded.programs import bootstrap

    return {
        "portal": f"http://127.0.0.1:{ports['portal']}",
        "names and passwords": f"{home / 'access' / 'passwords.txt'}",
        "HL7 v2 over MLLP": f"127.0.0.1:{ports['mllp']}",
        "scanner's folder": f"{home / 'scanner' / 'incoming'}",
        "sequencer's folder": f"{home / 'sequencer' / 'incoming'}",
        "Kafka": bootstrap(home, ports),
        "cases (gRPC)": f"127.0.0.1:{ports['cases']}",
        "runs (gRPC, WES)": f"127.0.0.1:{ports['runs']}, http://127.0.0.1:{ports['wes']}/ga4gh/wes/v1",
        "CDS Hooks": f"http://127.0.0.1:{ports['advice']}/cds-services",
        "results (HL7 v2) go to": f"{home / 'hospital'}",
        "FHIR": f"http://127.0.0.1:{ports['fhir']}/fhir/Patient",
        "DICOM": f"http://127.0.0.1:{ports['orthanc']}/app/explorer.html, as in {home / 'orthanc' / 'orthanc.json'}",
        "logs": f"{home / 'logs'}",
    }


@click.command()
@home_option
def down(folder: Path) -> None:
    """Stop the platform of this home, and nothing else. What it holds is kept."""
    from embedded.platform import Home, halt

    click.echo("stopped" if halt(Home(folder.absolute())) else "nothing runs in this home")


@click.command()
@click.option("--gatk", is_flag=True, help="Fetch GATK alone (450 MB), and print the folder that CASEPATH_GATK is to name.")
def prepare(gatk: bool) -> None:
    """Fetch and build what the platform needs, once, into the user's cache folder."""
    from embedded.java import fhir_classpath, gatk_jars, kafka_classpath

    console, began = Console(), time.monotonic()
    if gatk:
        click.echo(gatk_jars(lambda text: click.echo(text, err=True)))
        return
    kafka_classpath(lambda text: told(console, began, text))
    fhir_classpath(lambda text: told(console, began, text))


@click.command()
@home_option
@port_option
@click.option("--keep", is_flag=True, help="Leave the platform running afterwards.")
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(min=1), help="Seconds for the case.")
def demo(folder: Path, port_base: int, keep: bool, timeout: float) -> None:
    """A patient, an order, a real slide and real reads, from the first message to the record, which is read back."""
    from embedded.demo import run_demo, show
    from embedded.platform import Home, halt, launch

    console, began = Console(), time.monotonic()
    home, ports = Home(folder.absolute()), Ports(port_base)
    running = home.supervisor() is not None
    if running and home.state().get("port_base") != port_base:
        raise Misconfigured(f"the platform in {folder} runs with --port-base {home.state().get('port_base')}")
    if not running:
        launch(home, ports, lambda text: told(console, began, text))
    try:
        case, _ = asyncio.run(run_demo(home, ports, console, timeout))
        show(case, ports, console)
    finally:
        if not keep and not running:
            halt(home)
    console.print(
        "\nThe platform runs on: casepath down stops it."
        if keep or running
        else "\nThe platform is stopped; --keep leaves it running."
    )
