from collections.abc import Callable
from contextlib import suppress

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

import examples
from casepath.topics import BY_NAME, INTAKE_ORDER_PLACED
from chassis.errors import Malformed
from chassis.events import opened
from chassis.framing import unframed
from chassis.schema_registry import Framing

EXAMPLES: dict[str, Callable[[], Message]] = {
    "intake.order.placed.v1": examples.order,
    "slides.slide.ingested.v1": examples.ingested,
    "inference.slide.scored.v1": examples.scored,
    "sequencing.task.requested.v1": examples.task,
    "portal.report.signed.v1": examples.report_signed,
}


@pytest.fixture(scope="module")
def registry() -> SchemaRegistryClient:
    """Confluent's own, in memory: no registry runs here."""
    return SchemaRegistryClient.new_client({"url": "mock://casepath"})


@pytest.mark.parametrize("topic", EXAMPLES)
def test_confluents_own_deserializer_reads_what_is_framed_and_so_do_we(topic: str, registry: SchemaRegistryClient) -> None:
    message = EXAMPLES[topic]()
    value = Framing(registry).head(topic) + message.SerializeToString()
    deserializer = ProtobufDeserializer(type(message), {"use.deprecated.format": False}, registry)
    assert deserializer(value, SerializationContext(topic, MessageField.VALUE)) == message
    assert opened(type(message), value) == message


def test_a_bare_message_is_read_as_it_is() -> None:
    for make in EXAMPLES.values():
        assert unframed(make().SerializeToString()) == make().SerializeToString()
    assert unframed(b"") == b""


def test_dead_letters_keep_what_they_hold(registry: SchemaRegistryClient) -> None:
    assert Framing(registry).head(INTAKE_ORDER_PLACED.dead_letters) == b""


def test_a_schema_is_registered_once(registry: SchemaRegistryClient) -> None:
    framing = Framing(registry)
    first = framing.head("portal.case.assigned.v1")
    assert framing.head("portal.case.assigned.v1") is first
    assert len(registry.get_versions("portal.case.assigned.v1-value")) == 1


@given(st.binary(max_size=12))
def test_a_frame_that_ends_within_itself_is_malformed_and_nothing_else_happens(rest: bytes) -> None:
    with suppress(Malformed):
        assert (b"\0" + rest).endswith(unframed(b"\0" + rest))


def test_every_declared_topic_can_be_framed(registry: SchemaRegistryClient) -> None:
    framing = Framing(registry)
    assert all(framing.head(topic)[:1] == b"\0" for topic in BY_NAME)
