"""How much is left to be done, from offsets alone."""

from casepath.topics import BY_NAME
from chassis.kafka_rights import DEAD_LETTERS_GROUP, group_of
from operations.handlers import Partition, Places, groups, overview, partitions

ORDER = BY_NAME["intake.order.placed.v1"]


def places(**changed: dict[Partition, int]) -> Places:
    """Empty partitions, but for what is said."""
    empty = dict.fromkeys(partitions(), 0)
    return Places({**empty, **changed.get("begins", {})}, {**empty, **changed.get("ends", {})}, {})


def left(found: Places) -> dict[str, int]:
    """Of the topic of orders, by service."""
    return {one.service: one.records for one in overview(found).backlogs if one.topic == ORDER.name}


def test_every_consumer_of_every_topic_is_told_of_and_every_topics_letters() -> None:
    told = overview(places())
    assert {(one.service, one.topic) for one in told.backlogs} == {
        (service, topic.name) for topic in BY_NAME.values() for service in topic.consumers
    }
    assert {one.topic for one in told.waiting} == {topic.name for topic in BY_NAME.values() if topic.consumers}
    assert not any(one.records for one in told.backlogs)


def test_what_lies_behind_the_place_of_a_group_is_left_in_every_partition() -> None:
    found = places(ends={(ORDER.name, 0): 10, (ORDER.name, 5): 3})
    done = {group_of("records"): {(ORDER.name, 0): 7}, group_of("cases"): {(ORDER.name, 0): 10, (ORDER.name, 5): 3}}
    told = left(Places(found.begins, found.ends, done))
    assert (told["records"], told["cases"], told["slides"]) == (6, 0, 13)


def test_what_kafka_keeps_no_more_is_not_left_to_be_done() -> None:
    found = places(begins={(ORDER.name, 0): 8}, ends={(ORDER.name, 0): 10})
    told = left(Places(found.begins, found.ends, {group_of("records"): {(ORDER.name, 0): 3}}))
    assert (told["records"], told["slides"]) == (2, 2)


def test_a_group_that_is_ahead_of_what_was_read_has_nothing_left() -> None:
    found = places(ends={(ORDER.name, 0): 10})
    assert left(Places(found.begins, found.ends, {group_of("records"): {(ORDER.name, 0): 12}}))["records"] == 0


def test_letters_wait_until_they_are_sent_round_or_discarded() -> None:
    ends = {(ORDER.dead_letters, 0): 4}
    found = places(ends=ends)
    told = overview(Places(found.begins, found.ends, {DEAD_LETTERS_GROUP: {(ORDER.dead_letters, 0): 1}}))
    assert {one.topic: one.letters for one in told.waiting if one.letters} == {ORDER.name: 3}
    assert DEAD_LETTERS_GROUP in groups()
