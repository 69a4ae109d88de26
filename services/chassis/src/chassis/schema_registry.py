"""A schema registry: messages are sent in Confluent's wire format, their schemas registered under `<topic>-value`."""

from collections.abc import Callable
from typing import Any

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.message import Message

from casepath.topics import BY_NAME
from chassis.errors import Unavailable


class Framing:
    """Frames the messages of declared topics; a schema is registered when a message of it is first sent."""

    def __init__(self, registry: SchemaRegistryClient) -> None:
        self.registry = registry
        self.heads: dict[str, bytes] = {}

    @classmethod
    def at(cls, url: str) -> "Framing":
        return cls(SchemaRegistryClient.new_client({"url": url}))

    def head(self, topic: str) -> bytes:
        """What comes before each message of a topic; nothing on topics of dead letters, which keep what they hold as it came.

        Blocks where the schema is not known yet. Raise Unavailable where the registry does not answer.
        """
        declared = BY_NAME.get(topic)
        if declared is None:
            return b""
        if topic not in self.heads:
            self.heads[topic] = self.framed_nothing(topic, declared.message)
        return self.heads[topic]

    def framed_nothing(self, topic: str, message: type[Message]) -> bytes:
        serializer: Callable[[Message, Any], bytes | None]
        try:
            serializer = ProtobufSerializer(message, self.registry, {"use.deprecated.format": False})
            return serializer(message(), SerializationContext(topic, MessageField.VALUE)) or b""
        except (SchemaRegistryError, OSError) as error:
            raise Unavailable(f"the schema registry did not take the schema of {topic}: {type(error).__name__}") from error
