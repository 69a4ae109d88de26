"""`casepath study`: asking several hubs, in a researcher's name."""

import json
from collections.abc import Callable
from pathlib import Path

import click

from casepath.hub.v1.studies_pb2 import CountCohortRequest, FitStepRequest
from casepath.hub.v1.studies_pb2_grpc import StudyServiceStub
from chassis.asking import Calls, Where, trusts
from chassis.calls import Identity
from chassis.errors import Malformed
from hub.studies.regression import Sums, fit, read_design

SECONDS = 120.0
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
token_option = click.option("--token-file", type=FILE, envvar="CASEPATH_TOKEN_FILE", help="File with a token.")


@click.group()
def study() -> None:
    """Studies on the data of one hub or of several, where it lies."""


@study.command("count")
@click.argument("cohort", type=FILE)
@click.option("--hub", "hubs", multiple=True, required=True, metavar="HOST:PORT", help="As often as there are hubs.")
@click.option("--project", required=True, help="Of the hospitals' releases.")
@token_option
@trusts
def count_in_each(cohort: Path, hubs: tuple[str, ...], project: str, token_file: Path | None, identity: Identity | None) -> None:
    """Count the persons of a COHORT, a JSON file, in each hub, as far as each tells it."""
    request = CountCohortRequest(project=project, cohort=cohort.read_text("utf-8"))
    whole = 0
    for address in hubs:
        with Calls(StudyServiceStub, "hub", Where(address, token_file, identity), SECONDS) as ask:
            told = ask("CountCohort", request)
        whole += told.persons
        click.echo(f"{address}  {told.persons or f'fewer than {told.smallest}'}  (snapshot {told.snapshot})")
    click.echo(f"together, of what is told: {whole}")


@study.command("fit")
@click.argument("design", type=FILE)
@click.option("--hub", "hubs", multiple=True, required=True, metavar="HOST:PORT=STUDY", help="A hub, and the study's id there.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@token_option
@trusts
def fit_over_all(design: Path, hubs: tuple[str, ...], as_json: bool, token_file: Path | None, identity: Identity | None) -> None:
    """Fit a logistic regression over the rows of several hubs, none of which leave: each gives sums.

    {"outcome": {"table": "note", "word": "toxic"}, "predictors": [{"table": "measurement", "code": "DPYD"}], "sex": true}
    """
    text = design.read_text("utf-8")
    read_design(text)
    places = [place(address, text, token_file, identity) for address in hubs]
    found = fit(places)
    rows = list(zip(found.names, found.coefficients.tolist(), found.errors.tolist(), strict=True))
    if as_json:
        told = {name: {"coefficient": at, "standard_error": error} for name, at, error in rows}
        click.echo(json.dumps({"persons": found.persons, "steps": found.steps, "coefficients": told}))
        return
    click.echo(f"{found.persons} persons of {len(places)} hubs, {found.steps} steps")
    for name, at, error in rows:
        click.echo(f"{at:>9.4f}  ({error:.4f})  {name}")


def place(address: str, design: str, token_file: Path | None, identity: Identity | None) -> Callable[[tuple[float, ...]], Sums]:
    """Raise Malformed where it is no HOST:PORT=STUDY."""
    where, _, study_id = address.partition("=")
    if not study_id:
        raise Malformed(f"--hub {address}: HOST:PORT=STUDY is expected")

    def asked(coefficients: tuple[float, ...]) -> Sums:
        with Calls(StudyServiceStub, "hub", Where(where, token_file, identity), SECONDS) as ask:
            told = ask("FitStep", FitStepRequest(study_id=study_id, design=design, coefficients=coefficients))
        return Sums(tuple(told.names), told.persons, tuple(told.gradient), tuple(told.information), told.log_likelihood)

    return asked
