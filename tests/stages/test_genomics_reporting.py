"""What is filed of a real genome's medicines, by HL7's own profiles and HAPI's validator."""

from copy import deepcopy
from typing import Any

import pytest
import pytest_asyncio
from stages.genomics_guide import GUIDE, Issue, issues
from stages.npm_package import npm_package

import examples
from embedded import samples
from records.genomics import NOTHING_DONE, Acts, pharmacogenomics
from sequencing.pharmacogenomics.messages import report_message
from sequencing.pharmacogenomics.outside_calls import read_outside
from sequencing.pharmacogenomics.report import reported
from sequencing.pharmacogenomics.variant_file import read_genotypes

type Filed = list[tuple[dict[str, Any], list[Issue]]]


def filed(acts: Acts = NOTHING_DONE) -> list[dict[str, Any]]:
    found = report_message(reported(read_genotypes(samples.GENOTYPES), read_outside(samples.OUTSIDE_CALLS)))
    issued, printed = examples.pharmacogenomics_reported(), {"en": b"%PDF", "fr": b"%PDF"}
    return pharmacogenomics(examples.order(), issued, found, printed, acts=acts)


def in_error() -> list[dict[str, Any]]:
    """Of one that was withdrawn a genotype, an implication and the report."""
    found = filed(Acts(examples.genomics_signed(), examples.genomics_withdrawn()))
    return [found[0], *(one for one in found if "derivedFrom" in one)][:2] + [one for one in found if "conclusion" in one]


def without_value() -> dict[str, Any]:
    return {name: value for name, value in filed()[0].items() if name != "valueCodeableConcept"}


def of_nothing() -> dict[str, Any]:
    implication = deepcopy(next(one for one in filed() if "derivedFrom" in one))
    del implication["derivedFrom"]
    return implication


@pytest_asyncio.fixture(scope="module")
async def said() -> Filed:
    """Of everything that is filed, and in error; and then of a genotype without its value, and an implication of nothing."""
    resources = [*filed(), *in_error(), without_value(), of_nothing()]
    return list(zip(resources, await issues(npm_package(*GUIDE), resources), strict=True))


def errors(found: list[Issue]) -> list[Issue]:
    return [one for one in found if one[0] in ("ERROR", "FATAL")]


async def test_every_resource_is_of_its_profile(said: Filed) -> None:
    *kept, _, _ = said
    assert len(kept) == 16 + 26 + 1 + 3
    assert all(resource["meta"]["profile"][0].startswith("http://hl7.org/fhir/uv/genomics-reporting/") for resource, _ in kept)
    assert [(resource["resourceType"], errors(found)) for resource, found in kept if errors(found)] == []


@pytest.mark.parametrize(("place", "element"), [(-2, "Observation.value[x]"), (-1, "Observation.derivedFrom")])
async def test_the_profiles_are_really_looked_at(said: Filed, place: int, element: str) -> None:
    assert any(element in text for _, _, text in errors(said[place][1]))
