"""What agrees with what is known goes on; what does not waits for a person."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import examples
from casepath.intake.v1.identity_pb2 import (
    TRAIT_ACCESSION,
    TRAIT_BIRTH_DATE,
    TRAIT_BIRTH_PLACE,
    TRAIT_FAMILY_NAME,
    TRAIT_GIVEN_NAME,
    TRAIT_INS,
    TRAIT_SEX,
    IdentityDisputed,
    Trait,
)
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import SEX_MALE, SEX_UNSPECIFIED, Patient, PatientRegistered
from casepath.portal.v1.reading_pb2 import IDENTITY_VERDICT_REFUSED, IDENTITY_VERDICT_TAKEN, IdentityDecided, IdentityVerdict
from chassis.errors import Rejected
from chassis.events import Event
from chassis.objects import Objects
from chassis.worker import Received
from intake.identities import Identities
from intake.traits import differences, of_order, of_registration

REGISTERED, PLACED = "intake.patient.registered.v1", "intake.order.placed.v1"
DISPUTED = "intake.identity.disputed.v1"
LATER = examples.NOON + timedelta(hours=1)


def person(**other: Any) -> Patient:
    made = examples.patient()
    given = other.pop("given_names", None)
    for name, value in other.items():
        setattr(made, name, value)
    if given is not None:
        del made.given_names[:]
        made.given_names.extend(given)
    return made


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        (person(), []),
        (person(family_name="EXEMPLÉ", given_names=["zoe", "Marie"]), []),
        (person(family_name="", given_names=[], birth_date="", sex=SEX_UNSPECIFIED), []),
        (person(birth_date="1970-01"), []),
        (person(family_name="Martin"), [TRAIT_FAMILY_NAME]),
        (person(given_names=["Chloé"]), [TRAIT_GIVEN_NAME]),
        (person(birth_date="1970-01-30"), [TRAIT_BIRTH_DATE]),
        (person(birth_date="1971"), [TRAIT_BIRTH_DATE]),
        (person(sex=SEX_MALE), [TRAIT_SEX]),
        (person(birth_place="63220", ins="270019999999999"), []),
        (
            person(family_name="Martin", given_names=["Paul"], birth_date="1950-12-01", sex=SEX_MALE),
            [TRAIT_FAMILY_NAME, TRAIT_GIVEN_NAME, TRAIT_BIRTH_DATE, TRAIT_SEX],
        ),
    ],
)
def test_traits_differ_where_both_say_them_otherwise(stated: Patient, found: list[Trait]) -> None:
    assert differences(examples.patient(), stated) == found
    assert differences(stated, examples.patient()) == found


def test_a_registration_may_correct_one_trait_and_an_order_none_but_a_family_name() -> None:
    known = examples.patient()
    assert of_registration(known, person(birth_date="1970-01-30")) == []
    assert of_registration(known, person(birth_date="1970-01-30", sex=SEX_MALE)) == [TRAIT_BIRTH_DATE, TRAIT_SEX]
    assert of_order(known, person(family_name="Martin")) == []
    assert of_order(known, person(given_names=["Chloé"])) == [TRAIT_GIVEN_NAME]


def test_another_ins_is_another_person_even_for_a_registration() -> None:
    one, other = person(ins="270019999999963", birth_place="63220"), person(ins="270019999999866", birth_place="2A004")
    assert differences(one, other) == [TRAIT_BIRTH_PLACE, TRAIT_INS]
    other.birth_place = one.birth_place
    assert of_registration(one, other) == [TRAIT_INS]


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return Identities(Objects.at(f"file://{tmp_path}"))


def said(topic: str, data: Any, cause: str = "one") -> Received[Any]:
    return Received(data, examples.envelope(topic, cause))


async def registered(identities: Identities, patient: Patient, cause: str = "one") -> Sequence[Event]:
    data = PatientRegistered(patient=patient, trigger="A08", recorded_at=examples.registered().recorded_at)
    return list(await identities.registration(said("intake.registration.received.v1", data, cause)))


async def ordered(identities: Identities, patient: Patient, cause: str = "one") -> Sequence[Event]:
    order = examples.order()
    order.patient.CopyFrom(patient)
    return list(await identities.order(said("intake.order.received.v1", order, cause)))


async def decided(
    identities: Identities, dispute: Event, verdict: IdentityVerdict = IDENTITY_VERDICT_TAKEN, user: str = "garnier"
) -> Sequence[Event]:
    assert isinstance(dispute.data, IdentityDisputed)
    decision = IdentityDecided(
        dispute_id=dispute.data.dispute_id,
        patient_id=dispute.data.stated.patient_id,
        verdict=verdict,
        reason="Asked the ward.",
        by=examples.reader(user),
    )
    return list(await identities.decided(said("portal.identity.decided.v1", decision)))


def topics(events: Sequence[Event]) -> list[str]:
    return [event.topic.name for event in events]


async def test_what_agrees_goes_on_as_it_came(identities: Identities) -> None:
    (registration,) = await registered(identities, examples.patient())
    (order,) = await ordered(identities, examples.patient())
    assert topics([registration, order]) == [REGISTERED, PLACED]
    assert order.data == examples.order()
    assert topics(await ordered(identities, examples.patient())) == [PLACED]


async def test_an_order_may_come_before_the_registration(identities: Identities) -> None:
    assert topics(await ordered(identities, examples.patient())) == [PLACED]
    assert topics(await registered(identities, person(birth_date="1970-01-30"))) == [REGISTERED]
    assert topics(await ordered(identities, person(birth_date="1970-01-30"), "two")) == [PLACED]


async def test_an_order_of_another_person_under_a_known_number_waits(identities: Identities) -> None:
    await registered(identities, examples.patient())
    (dispute,) = await ordered(identities, person(given_names=["Paul"], sex=SEX_MALE))
    assert dispute.topic.name == DISPUTED
    assert isinstance(dispute.data, IdentityDisputed)
    assert list(dispute.data.traits) == [TRAIT_GIVEN_NAME, TRAIT_SEX]
    assert (dispute.data.known, dispute.key) == (examples.patient(), examples.PATIENT)


async def test_an_accession_of_another_patient_waits(identities: Identities) -> None:
    await ordered(identities, examples.patient())
    (dispute,) = await ordered(identities, examples.survivor(), "two")
    assert isinstance(dispute.data, IdentityDisputed)
    assert list(dispute.data.traits) == [TRAIT_ACCESSION]
    assert (dispute.data.known, dispute.data.stated) == (examples.patient(), examples.survivor())


async def test_an_accession_of_a_patient_who_was_merged_goes_on(identities: Identities) -> None:
    await ordered(identities, examples.patient())
    await identities.merges.hear(said("intake.patient.merged.v1", examples.merged()))
    assert topics(await ordered(identities, examples.survivor(), "two")) == [PLACED]
    await identities.merges.hear(said("intake.patients.unlinked.v1", examples.unlinked(LATER)))
    assert topics(await ordered(identities, examples.survivor(), "three")) == [DISPUTED]


async def test_a_repeat_is_the_same_dispute(identities: Identities) -> None:
    await registered(identities, examples.patient())
    first, again = [await ordered(identities, person(sex=SEX_MALE)) for _ in range(2)]
    assert first == again


async def test_what_is_taken_is_known_from_then_on(identities: Identities) -> None:
    await registered(identities, examples.patient())
    other = person(given_names=["Paul"], sex=SEX_MALE)
    (dispute,) = await ordered(identities, other)
    (order,) = await decided(identities, dispute)
    assert order.topic.name == PLACED
    assert isinstance(order.data, OrderPlaced)
    assert order.data.patient == other
    assert topics(await ordered(identities, other, "two")) == [PLACED]


async def test_an_accession_that_is_taken_is_the_others(identities: Identities) -> None:
    await ordered(identities, examples.patient())
    (dispute,) = await ordered(identities, examples.survivor(), "two")
    assert topics(await decided(identities, dispute)) == [PLACED]
    assert topics(await ordered(identities, examples.survivor(), "three")) == [PLACED]
    assert topics(await ordered(identities, examples.patient(), "four")) == [DISPUTED]


async def called_off(identities: Identities, patient: Patient, cause: str) -> Sequence[Event]:
    order = examples.order(LATER)
    order.patient.CopyFrom(patient)
    del order.services[1:]
    order.services[0].called_off = True
    del order.services[0].specimens[:]
    return list(await identities.order(said("intake.order.received.v1", order, cause)))


def services(event: Event) -> list[tuple[str, bool, int]]:
    assert isinstance(event.data, OrderPlaced)
    return [(one.placer_order_number, one.called_off, len(one.specimens)) for one in event.data.services]


async def test_a_service_that_is_called_off_leaves_the_rest_of_its_accession(identities: Identities) -> None:
    await ordered(identities, examples.patient())
    (event,) = await called_off(identities, examples.patient(), "two")
    assert services(event) == [("PL1", True, 1), ("PL2", False, 1)]
    (again,) = await ordered(identities, examples.patient())
    assert again.data == event.data


async def test_an_order_is_called_off_by_nobody_elses_number(identities: Identities) -> None:
    await ordered(identities, examples.patient())
    (dispute,) = await called_off(identities, examples.survivor(), "two")
    assert dispute.topic.name == DISPUTED
    (event,) = await decided(identities, dispute)
    # The accession is the other patient's now: nothing is ordered for them but what was called off.
    assert services(event) == [("PL1", True, 0)]


async def test_a_registration_that_is_taken_goes_on(identities: Identities) -> None:
    await registered(identities, examples.patient())
    other = person(given_names=["Paul"], sex=SEX_MALE)
    (dispute,) = await registered(identities, other, "two")
    assert dispute.topic.name == DISPUTED
    assert topics(await decided(identities, dispute)) == [REGISTERED]
    assert topics(await ordered(identities, other)) == [PLACED]


async def test_what_is_refused_goes_nowhere_and_nothing_of_it_is_known(identities: Identities) -> None:
    await registered(identities, examples.patient())
    (dispute,) = await ordered(identities, person(sex=SEX_MALE))
    assert await decided(identities, dispute, IDENTITY_VERDICT_REFUSED) == []
    assert topics(await ordered(identities, examples.patient(), "two")) == [PLACED]


async def test_the_first_decision_counts_and_again_leads_to_the_same(identities: Identities) -> None:
    await registered(identities, examples.patient())
    (dispute,) = await ordered(identities, person(sex=SEX_MALE))
    first = await decided(identities, dispute)
    assert await decided(identities, dispute) == first
    assert await decided(identities, dispute, IDENTITY_VERDICT_REFUSED, "other") == []
    assert await decided(identities, dispute, IDENTITY_VERDICT_TAKEN, "other") == []


async def test_a_decision_of_no_dispute_is_rejected(identities: Identities) -> None:
    with pytest.raises(Rejected, match="no such dispute"):
        await identities.decided(said("portal.identity.decided.v1", examples.identity_decided()))


async def test_an_older_registration_does_not_replace_what_is_known(identities: Identities) -> None:
    newer = PatientRegistered(patient=person(family_name="Martin"), trigger="A08")
    newer.recorded_at.FromDatetime(LATER)
    await identities.registration(said("intake.registration.received.v1", newer))
    await registered(identities, examples.patient(), "late")
    known = await identities.patients.get(examples.PATIENT)
    assert known is not None
    assert known.patient.family_name == "Martin"
