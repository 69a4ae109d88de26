"""Counts and a regression over three hubs whose rows stay where they are, beside the same on all rows in one place."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import pytest_asyncio
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression
from stages.region import PROJECT, Region, case, genes, report
from stages.test_studies import EVERYTHING, Institute, institute_on

from casepath.hub.v1.studies_pb2 import FitStepRequest, Study
from chassis.errors import CasepathError, Malformed
from hub.studies.commands import study as command
from hub.studies.regression import Place, read_design, sums

DESIGN = {
    "outcome": {"table": "note", "word": "toxicité"},
    "predictors": [{"table": "measurement", "code": "DPYD", "value": "*1/*2A"}],
    "sex": True,
    "born": True,
}
PLACES, EACH = 3, 240


@dataclass(frozen=True, slots=True)
class Patient:
    """What a study would be told of somebody."""

    number: int
    carrier: bool
    toxic: bool

    @property
    def female(self) -> bool:
        return bool(self.number % 3)

    @property
    def born(self) -> int:
        return 1940 + self.number % 50


def patients(place: int) -> list[Patient]:
    """Of one hospital; carriers have the outcome more often, and more do in one hospital than in another."""
    dice = np.random.default_rng(place)
    found = []
    for number in range(place * EACH, (place + 1) * EACH):
        carrier = bool(dice.random() < 0.3)
        logit = -1.0 + 1.5 * carrier + 0.5 * bool(number % 3) - 0.2 * (1940 + number % 50 - 1950) / 10 + 0.4 * place
        found.append(Patient(number, carrier, bool(dice.random() < 1 / (1 + np.exp(-logit)))))
    return found


def region_of(place: int, folder: Path) -> Region:
    region, mine = Region(folder), patients(place)
    region.gather(case(one.number) for one in mine)
    region.gather(genes(one.number, "*1/*2A" if one.carrier else "*1/*1") for one in mine)
    region.gather(report(one.number, "Toxicité sévère." if one.toxic else "Bonne tolérance.") for one in mine)
    region.snapshot("20260101T000000.000000Z")
    return region


@dataclass(frozen=True, slots=True)
class Network:
    institutes: list[Institute]
    studies: list[Study]
    folder: Path

    async def run(self, *arguments: str) -> Result:
        """As a researcher asks all hubs, whose tokens each of them takes."""
        asks = ["--tls-off", "--token-file", str(self.folder / "token")]
        return await asyncio.to_thread(CliRunner().invoke, command, [*arguments, *asks])

    def hubs(self) -> list[str]:
        pairs = zip(self.institutes, self.studies, strict=True)
        return [part for one, study in pairs for part in ("--hub", f"{one.address}={study.study_id}")]

    def design(self, **other: Any) -> str:
        (self.folder / "design.json").write_text(json.dumps({**DESIGN, **other}))
        return str(self.folder / "design.json")


@pytest_asyncio.fixture(scope="module")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    folder = tmp_path_factory.mktemp("network")
    async with AsyncExitStack() as stack:
        institutes: list[Institute] = []
        for place in range(PLACES):
            own = folder / str(place)
            own.mkdir()
            region = region_of(place, own / "region")
            signer = institutes[0].signer if institutes else None
            institutes.append(await stack.enter_async_context(institute_on(region, own, signer)))
        studies = [await one.approved(tables=EVERYTHING) for one in institutes]
        for one, study in zip(institutes, studies, strict=True):
            assert not (await one.extract(study)).refused
        (folder / "token").write_text(institutes[0].signer.token("leroy", ["researcher"], 600))
        yield Network(institutes, studies, folder)


async def test_a_regression_over_hubs_is_that_of_all_rows_in_one_place(network: Network) -> None:
    run = await network.run("fit", network.design(), *network.hubs(), "--json")
    assert run.exit_code == 0, (run.output, run.exception)
    told = json.loads(run.output)
    everybody = [one for place in range(PLACES) for one in patients(place)]
    # Years of birth are told by bands where that was needed for classes.
    band = (await network.institutes[0].rows(network.studies[0], "select distinct birth_band from person"))[0][0]
    born = [one.born // int(band) * int(band) for one in everybody]
    rows = np.array([[one.female, (year - 1950) / 10, one.carrier] for one, year in zip(everybody, born, strict=True)], float)
    pooled = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(rows, [one.toxic for one in everybody])
    found = [one["coefficient"] for one in told["coefficients"].values()]
    assert told["persons"] == PLACES * EACH
    assert np.allclose(found, [*pooled.intercept_, *pooled.coef_[0]], atol=1e-4)
    assert found[3] > 3 * list(told["coefficients"].values())[3]["standard_error"]


async def test_each_hub_gives_sums_and_no_row(network: Network) -> None:
    asked = FitStepRequest(study_id=network.studies[0].study_id, design=json.dumps(DESIGN))
    told = await network.institutes[0].ask("leroy", "FitStep", asked)
    assert list(told.names) == ["intercept", "female", "born (decades from 1950)", "measurement DPYD *1/*2A"]
    assert (told.persons, len(told.gradient), len(told.information)) == (EACH, 4, 16)
    assert told.gradient[0] == sum(one.toxic for one in patients(0)) - EACH / 2


async def test_counts_are_those_that_each_hub_tells(network: Network) -> None:
    (network.folder / "cohort.json").write_text('{"sex": "female"}')
    hubs = [part for one in network.institutes for part in ("--hub", one.address)]
    run = await network.run("count", str(network.folder / "cohort.json"), "--project", PROJECT, *hubs)
    assert run.exit_code == 0, (run.output, run.exception)
    assert run.output.splitlines()[-1] == f"together, of what is told: {PLACES * EACH * 2 // 3}"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"outcome": {"table": "note", "word": "nowhere said"}}, "gives the outcome away"),
        ({"predictors": [{"table": "measurement", "code": "NONE"}]}, "the same for everybody"),
        ({"predictors": [DESIGN["outcome"]]}, "gives the outcome away"),
        ({"predictors": [{"table": "specimen", "code": "x", "least": 1}]}, "a value is asked for in measurements"),
        ({"predictors": [{"table": "note", "word": "ab"}]}, "no design"),
        ({"else": 1}, "no design"),
    ],
)
async def test_what_has_no_answer_is_said(network: Network, other: dict[str, Any], told: str) -> None:
    run = await network.run("fit", network.design(**other), *network.hubs())
    assert isinstance(run.exception, CasepathError), run.output
    assert told in str(run.exception)


async def test_a_group_of_a_few_is_not_told_of(network: Network) -> None:
    region = network.institutes[0].region
    region.gather(report(one, "Toxicité sévère, arrêt immédiat.") for one in range(3))
    region.snapshot("20260102T000000.000000Z")
    first = network.institutes[0]
    study = await first.approved(tables=EVERYTHING)
    await first.extract(study)
    design = json.dumps({**DESIGN, "predictors": [{"table": "note", "word": "immédiat"}]})
    refused = await first.refused("leroy", "FitStep", FitStepRequest(study_id=study.study_id, design=design))
    assert "fewer than 10 persons would be told of" in refused


async def test_coefficients_out_of_bounds_and_strangers_are_refused(network: Network) -> None:
    first, study = network.institutes[0], network.studies[0]
    beyond = FitStepRequest(study_id=study.study_id, design=json.dumps(DESIGN), coefficients=[1000, 0, 0, 0])
    assert "coefficients" in await first.refused("leroy", "FitStep", beyond)
    asked = FitStepRequest(study_id=study.study_id, design=json.dumps(DESIGN))
    assert (await first.refused("martin", "FitStep", asked)).startswith("PERMISSION_DENIED")


def test_coefficients_at_which_a_few_alone_would_count_are_refused(tmp_path: Path) -> None:
    """Of who was born in other years than around 1950 the weight is nothing."""
    with duckdb.connect(str(tmp_path / "study.duckdb")) as database:
        database.execute(
            "create table person as select range as person_id, 'female' as gender_source_value, "
            "1850 + range as year_of_birth from range(200)"
        )
        database.execute("create table note as select range as person_id, 'toxic' as note_text from range(0, 200, 2)")
    design = read_design('{"outcome": {"table": "note", "word": "toxic"}, "born": true}')
    assert sums(Place(tmp_path / "study.duckdb", design, (0.0, 0.1), 10)).persons == 200
    with pytest.raises(Malformed, match="fewer than 10 persons count"):
        sums(Place(tmp_path / "study.duckdb", design, (0.0, 20.0), 10))
