"""What a CDS Hooks request asks about: a patient, and drugs that somebody chose or is about to sign. Pure.

CDS Hooks 2.0, section "Calling a CDS Service", and the hooks patient-view 1.0, order-select 1.0 and order-sign 1.0.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from casepath.sequencing.v1.pharmacogenomics_pb2 import Drug
from chassis.errors import Malformed
from chassis.identity import patient_id

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
# WHO's index under the names that FHIR servers know it by.
ATC = ("http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73")
OID, OWN_AUTHORITY = "urn:oid:", "urn:casepath:authority:"
# A code of a single substance; shorter ones are of groups.
WHOLE_ATC = 7
ORDERS = "MedicationRequest"
LONGEST_USER = 64


@dataclass(frozen=True, slots=True)
class Medication:
    """A drug as an order has it: codes by their systems, and every name that is written with them."""

    codes: frozenset[tuple[str, str]]
    names: tuple[str, ...]

    def is_of(self, drug: Drug) -> bool:
        """By code, or by the drug's name, in English or French, among the words of a name."""
        if drug.rxnorm and (RXNORM, drug.rxnorm) in self.codes:
            return True
        codes = [code for system, code in self.codes if system in ATC]
        if any(code == said or (len(said) < WHOLE_ATC and code.startswith(said)) for code in codes for said in drug.atc):
            return True
        wanted = {f" {words(name)} " for name in (drug.name, drug.name_fr) if name}
        return any(one in f" {words(name)} " for one in wanted for name in self.names)


@dataclass(frozen=True, slots=True)
class Asked:
    """`patients` are ids under which the patient may be known here, `hook_instance` is of this one asking, `user` prescribes."""

    hook: str
    hook_instance: str
    user: str
    patients: tuple[str, ...]
    medications: tuple[Medication, ...]


def words(text: str) -> str:
    """Lower case, without accents or punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one if one.isalnum() else " " for one in plain if not unicodedata.combining(one)).split())


def asked(request: object, hook: str, namespace: UUID) -> Asked:
    """Raise Malformed where the request is not one of this hook."""
    if not isinstance(request, dict):
        raise Malformed("the request is not a JSON object")
    if request.get("hook") != hook:
        raise Malformed(f"this service answers the hook {hook}")
    context = request.get("context")
    if not isinstance(context, dict) or not isinstance(context.get("patientId"), str):
        raise Malformed("the context has no patientId")
    prefetch = request.get("prefetch")
    patient = prefetch.get("patient") if isinstance(prefetch, dict) else None
    return Asked(
        hook,
        str(request.get("hookInstance") or ""),
        str(context.get("userId") or "")[:LONGEST_USER],
        tuple(patients(context["patientId"], patient, namespace)),
        tuple(medications(context)),
    )


def patients(fhir_id: str, patient: object, namespace: UUID) -> list[str]:
    """The id itself where it is one of ours; and what each identifier of the prefetched Patient is here."""
    found = []
    with suppress(ValueError):
        found.append(str(UUID(fhir_id)))
    if isinstance(patient, dict):
        for one in dicts(patient.get("identifier")):
            system, value = one.get("system"), one.get("value")
            if isinstance(system, str) and isinstance(value, str):
                found.append(patient_id(namespace, system.removeprefix(OID).removeprefix(OWN_AUTHORITY), value))
    return found


def medications(context: Mapping[str, Any]) -> list[Medication]:
    """Of draft orders; where some are selected, of these alone. Raise Malformed where drafts are no Bundle."""
    drafts = context.get("draftOrders", {"resourceType": "Bundle"})
    if not isinstance(drafts, dict) or drafts.get("resourceType") != "Bundle":
        raise Malformed("draftOrders is not a Bundle")
    resources = [one["resource"] for one in dicts(drafts.get("entry")) if isinstance(one.get("resource"), dict)]
    selections = context.get("selections")
    chosen = set(selections) if isinstance(selections, list) and all(isinstance(one, str) for one in selections) else None
    known = {f"{one.get('resourceType')}/{one.get('id')}": one for one in resources}
    return [
        medication(one, known)
        for one in resources
        if one.get("resourceType") == ORDERS and (chosen is None or f"{ORDERS}/{one.get('id')}" in chosen)
    ]


def medication(order: Mapping[str, Any], known: Mapping[str, Any]) -> Medication:
    """By the order's own code, or the Medication that it refers to, contained or in the bundle."""
    concepts = dicts([order.get("medicationCodeableConcept")])
    reference = next(iter(dicts([order.get("medicationReference")])), {})
    target = str(reference.get("reference") or "")
    contained = {f"#{one.get('id')}": one for one in dicts(order.get("contained"))}
    referred = contained.get(target) or known.get(target) or {}
    concepts += dicts([referred.get("code")])
    for ingredient in dicts(referred.get("ingredient")):
        concepts += dicts([ingredient.get("itemCodeableConcept")])
    codings = [coding for concept in concepts for coding in dicts(concept.get("coding"))]
    names = [concept.get("text") for concept in concepts]
    names += [coding.get("display") for coding in codings] + [reference.get("display")]
    return Medication(
        frozenset((str(one.get("system") or ""), str(one.get("code") or "")) for one in codings),
        tuple(name for name in names if isinstance(name, str)),
    )


def dicts(found: object) -> list[dict[str, Any]]:
    """The objects of a list; of anything else none."""
    items: Iterable[object] = found if isinstance(found, list) else ()
    return [one for one in items if isinstance(one, dict)]
