"""What topics.yaml lets each principal do, and how a client says who it is."""

from itertools import product
from pathlib import Path

import pytest

from casepath.topics import TOPICS
from chassis.errors import Misconfigured
from chassis.kafka import Kafka
from chassis.kafka_rights import OPERATIONS, OPERATOR, Operation, Resource, Right, principals, rights


def test_a_topic_is_written_by_its_publishers_and_who_sends_letters_round_again_alone() -> None:
    for topic in TOPICS:
        writers = {one.principal for one in rights() if (one.name, one.operation) == (topic.name, Operation.WRITE)}
        assert writers == {*topic.publishers, OPERATOR, *([OPERATIONS] if topic.consumers else [])}


def test_dead_letters_are_written_by_consumers_and_read_and_put_behind_others_by_who_looks_after_them() -> None:
    for topic in TOPICS:
        found = {(one.principal, one.operation) for one in rights() if one.name == topic.dead_letters}
        caretakers = set(product((OPERATOR, OPERATIONS), (Operation.READ, Operation.WRITE))) if topic.consumers else set()
        assert found == {(one, Operation.WRITE) for one in topic.consumers} | caretakers


def test_operations_reads_what_has_to_be_filed_and_dead_letters_and_nothing_else() -> None:
    of_operations = (OPERATIONS, Resource.TOPIC, Operation.READ)
    found = {one.name for one in rights() if (one.principal, one.resource, one.operation) == of_operations}
    letters = {topic.dead_letters for topic in TOPICS if topic.consumers}
    filed = {topic.name for topic in TOPICS if "records" in topic.consumers and topic.key == "case id"}
    assert found == letters | filed | {"records.entries.filed.v1"}


def test_only_the_table_of_cases_may_have_topics_of_its_own() -> None:
    made = {one for one in rights() if one.prefixed}
    assert {(one.principal, one.name) for one in made} == {("cases", "casepath-cases-")}
    assert [one for one in rights() if one.operation == Operation.CREATE] == [
        Right("cases", Resource.TOPIC, "casepath-cases-", Operation.CREATE, prefixed=True)
    ]


def test_every_service_of_the_platform_that_uses_kafka_is_a_principal() -> None:
    assert {"intake", "slides", "inference", "sequencing", "records", "cases", "portal", "advice", "results"} < set(principals())


def test_who_does_not_say_who_they_are_is_told_what_to_say(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="CASEPATH_KAFKA_OPEN=true"):
        Kafka.of_user("127.0.0.1:1", None, "", None)
    with pytest.raises(Misconfigured, match="cannot be read"):
        Kafka.of_user("127.0.0.1:1", tmp_path / "ca.pem", "intake", tmp_path / "none")


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(Kafka("127.0.0.1:1", user="intake", password="hunter2"))
