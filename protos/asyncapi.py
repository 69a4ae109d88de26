"""The topics as an AsyncAPI 3.0.0 document: channels, who sends and receives, and each message's schema in protobuf's JSON.

Comments in the .proto files become descriptions, protovalidate's rules JSON Schema's. https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet

Kind = FieldDescriptorProto.Type
# Protobuf's JSON: 64-bit integers are strings, bytes are base64 (https://protobuf.dev/programming-guides/json).
SCALARS: dict[int, dict[str, Any]] = {
    Kind.TYPE_DOUBLE: {"type": "number"},
    Kind.TYPE_FLOAT: {"type": "number"},
    Kind.TYPE_INT32: {"type": "integer"},
    Kind.TYPE_UINT32: {"type": "integer", "minimum": 0},
    Kind.TYPE_SINT32: {"type": "integer"},
    Kind.TYPE_INT64: {"type": "string", "pattern": "^-?[0-9]+$"},
    Kind.TYPE_UINT64: {"type": "string", "pattern": "^[0-9]+$"},
    Kind.TYPE_SINT64: {"type": "string", "pattern": "^-?[0-9]+$"},
    Kind.TYPE_BOOL: {"type": "boolean"},
    Kind.TYPE_STRING: {"type": "string"},
    Kind.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
WELL_KNOWN = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Duration": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$"},
}
# Fields of a descriptor, by which the paths of comments go (descriptor.proto, SourceCodeInfo).
MESSAGES, ENUMS, FIELDS, NESTED, VALUES = 4, 5, 2, 3, 2
ABOUT = """\
Every topic, as protos/topics.yaml and the .proto files declare them. A record's value is the message in protobuf's binary
form; the schemas here are of its JSON form, which `casepath publish` and `casepath contract check` read."""
HEADERS = {
    "type": "object",
    "description": "CloudEvents 1.0 in Kafka's binary mode, as text.",
    "required": ["ce_id", "ce_type", "ce_source", "ce_time", "ce_correlationid"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "The same where an event is sent again.",
        },
        "ce_type": {"type": "string", "description": "The topic."},
        "ce_source": {"type": "string", "description": "The service that sends."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_correlationid": {"type": "string", "format": "uuid", "description": "The first input of a chain of events."},
        "ce_causationid": {"type": "string", "format": "uuid", "description": "The event just before this one."},
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
        "ce_attempt": {"type": "string", "format": "uuid", "description": "Set where what failed is to be tried anew."},
    },
}


class Schemas:
    """JSON Schemas of every message and enumeration of a set of files, by their full names."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        for file in [file for file in files.file if file.package.startswith("casepath.")]:
            comments = {tuple(at.path): at.leading_comments.strip() for at in file.source_code_info.location}
            for number, message in enumerate(file.message_type):
                self.message(message, f"{file.package}.{message.name}", comments, (MESSAGES, number))
            for number, enum in enumerate(file.enum_type):
                self.enumeration(enum, f"{file.package}.{enum.name}", comments, (ENUMS, number))

    def message(self, message: DescriptorProto, name: str, comments: dict[tuple[int, ...], str], path: tuple[int, ...]) -> None:
        maps = {f".{name}.{entry.name}": entry for entry in message.nested_type if entry.options.map_entry}
        properties, required = {}, []
        for number, field in enumerate(message.field):
            rules: validate_pb2.FieldRules = field.options.Extensions[validate_pb2.field]  # type: ignore[index]
            properties[field.json_name] = described(self.field(field, rules, maps), comments.get((*path, FIELDS, number), ""))
            if is_needed(field, rules):
                required.append(field.json_name)
        schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        if required:
            schema["required"] = required
        self.found[name] = described(schema, comments.get(path, ""))
        for number, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                self.message(nested, f"{name}.{nested.name}", comments, (*path, NESTED, number))
        for number, enum in enumerate(message.enum_type):
            self.enumeration(enum, f"{name}.{enum.name}", comments, (*path, MESSAGES, number))

    def enumeration(
        self, enum: EnumDescriptorProto, name: str, comments: dict[tuple[int, ...], str], path: tuple[int, ...]
    ) -> None:
        said = [comments.get(path, "")]
        for number, value in enumerate(enum.value):
            if about := comments.get((*path, VALUES, number)):
                said.append(f"{value.name}: {about}")
        text = "\n".join(part for part in said if part)
        self.found[name] = described({"type": "string", "enum": [value.name for value in enum.value]}, text)

    def field(
        self, field: FieldDescriptorProto, rules: validate_pb2.FieldRules, maps: dict[str, DescriptorProto]
    ) -> dict[str, Any]:
        if field.type_name in maps:
            value = next(one for one in maps[field.type_name].field if one.name == "value")
            return {"type": "object", "additionalProperties": self.one(value, rules.map.values)}
        if field.label != FieldDescriptorProto.LABEL_REPEATED:
            return self.one(field, rules)
        schema: dict[str, Any] = {"type": "array", "items": self.one(field, rules.repeated.items)}
        if rules.repeated.min_items:
            schema["minItems"] = rules.repeated.min_items
        if rules.repeated.max_items:
            schema["maxItems"] = rules.repeated.max_items
        return schema

    def one(self, field: FieldDescriptorProto, rules: validate_pb2.FieldRules) -> dict[str, Any]:
        if field.type_name in WELL_KNOWN:
            return dict(WELL_KNOWN[field.type_name])
        if field.type_name:
            return {"$ref": f"#/components/schemas/{field.type_name.removeprefix('.')}"}
        schema, text = dict(SCALARS[field.type]), rules.string
        limits: dict[str, Any] = {"minLength": text.min_len, "maxLength": text.max_len, "pattern": text.pattern}
        limits["enum"] = list(getattr(text, "in"))
        schema |= {name: limit for name, limit in limits.items() if limit}
        return schema | ({"format": "uuid"} if text.uuid else {})


def is_needed(field: FieldDescriptorProto, rules: validate_pb2.FieldRules) -> bool:
    """Whether a message without the field breaks a rule. One that is told apart from its default may be left out."""
    if field.HasField("oneof_index") or rules.ignore != validate_pb2.IGNORE_UNSPECIFIED:
        return bool(rules.required)
    return bool(rules.required or rules.string.min_len or rules.string.uuid or rules.repeated.min_items)


def described(schema: dict[str, Any], text: str) -> dict[str, Any]:
    # What stands beside a reference counts for nothing in draft 7.
    if not text:
        return schema
    return {"allOf": [schema], "description": text} if "$ref" in schema else {**schema, "description": text}


def identifier(topic: str) -> str:
    return topic.replace(".", "-")


def needed(name: str, schemas: dict[str, dict[str, Any]], found: set[str]) -> set[str]:
    """A message, and all that it is made of."""
    if name not in found:
        found.add(name)
        for part in str(schemas[name]).split("#/components/schemas/")[1:]:
            needed(part.split("'")[0], schemas, found)
    return found


def document(declared: dict[str, Any], files: FileDescriptorSet, version: str) -> dict[str, Any]:
    schemas = Schemas(files).found
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    used: set[str] = set()
    for topic in declared["topics"]:
        name, message = topic["name"], topic["message"]
        short, channel = message.rsplit(".", 1)[1], identifier(topic["name"])
        needed(message, schemas, used)
        messages[message] = {
            "name": message,
            "title": short,
            "contentType": "application/protobuf",
            "headers": {"$ref": "#/components/schemas/CloudEvent"},
            "payload": {"$ref": f"#/components/schemas/{message}"},
        }
        channels[channel] = {
            "address": name,
            "description": f"Keyed by {topic['key']}.",
            "messages": {short: {"$ref": f"#/components/messages/{message}"}},
            "bindings": {"kafka": {"partitions": topic.get("partitions", declared["partitions"]), "bindingVersion": "0.5.0"}},
        }
        for action, services in (("send", topic["publishers"]), ("receive", topic["consumers"])):
            for service in services:
                operations[f"{service}-{action}s-{channel}"] = {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{channel}"},
                    "tags": [{"name": service}],
                }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "casepath",
            "version": version,
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/protobuf",
        "servers": {
            "cluster": {
                "host": "{bootstrap}",
                "protocol": "kafka-secure",
                "variables": {"bootstrap": {"description": "host:port of a broker"}},
                "security": [{"type": "scramSha512"}],
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": dict(sorted(messages.items())),
            "schemas": {"CloudEvent": HEADERS, **{name: schemas[name] for name in sorted(used)}},
        },
    }
