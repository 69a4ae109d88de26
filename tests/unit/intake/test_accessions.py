"""What is known of an accession after several messages, whichever comes first."""

from datetime import timedelta
from itertools import permutations

import pytest

import examples
from casepath.intake.v1.order_pb2 import URGENCY_STAT, Code, OrderPlaced, RequestedService, Specimen
from chassis.events import check
from intake.accessions import whole


def said(
    number: str, minute: int, *containers: str, called_off: bool = False, code: str = "11529-5", **more: object
) -> OrderPlaced:
    """What one message says of one service."""
    specimens = [Specimen(identifier=f"T{number}", containers=containers)] if containers else []
    service = RequestedService(
        service=Code(code=code, system="LN"), placer_order_number=number, specimens=specimens, called_off=called_off
    )
    stamped = examples.stamp(examples.NOON + timedelta(minutes=minute))
    order = OrderPlaced(
        case_id=examples.CASE,
        patient=examples.patient(),
        accession=examples.ACCESSION,
        services=[service],
        recorded_at=stamped,
        **more,  # type: ignore[arg-type]
    )
    check(order)
    return order


def known(*messages: OrderPlaced) -> OrderPlaced:
    kept = None
    for message in messages:
        kept = whole(kept, message)
    assert kept is not None
    check(kept)
    return kept


def brief(order: OrderPlaced) -> set[tuple[str, bool, tuple[str, ...]]]:
    return {
        (one.placer_order_number, one.called_off, tuple(name for each in one.specimens for name in each.containers))
        for one in order.services
    }


def test_what_one_message_says_is_all_there_is() -> None:
    assert whole(None, examples.order()) == examples.order()
    assert whole(examples.order(), examples.order()) == examples.order()


def test_a_service_is_called_off_and_the_others_are_left_whichever_message_comes_first() -> None:
    messages = [said("1", 0, "A1"), said("2", 1, "B1"), said("1", 2, called_off=True)]
    for order in permutations(messages):
        found = known(*order)
        assert brief(found) == {("1", True, ("A1",)), ("2", False, ("B1",))}
        assert found.recorded_at == messages[2].recorded_at


def test_what_is_ordered_again_is_wanted_again_whichever_message_comes_first() -> None:
    messages = [said("1", 0, "A1"), said("1", 1, called_off=True), said("1", 2, "A1", "A2")]
    for order in permutations(messages):
        assert brief(known(*order)) == {("1", False, ("A1", "A2"))}


def test_a_number_calls_an_order_off_whatever_the_examination_is_called() -> None:
    assert brief(known(said("1", 0, "A1"), said("1", 1, called_off=True, code="X"))) == {("1", True, ("A1",))}


def test_two_services_of_one_number_are_two_and_are_called_off_together() -> None:
    both = known(said("1", 0, "A1"), said("1", 0, "B1", code="51969-4"))
    assert brief(both) == {("1", False, ("A1",)), ("1", False, ("B1",))}
    assert brief(whole(both, said("1", 1, called_off=True))) == {("1", True, ("A1",)), ("1", True, ("B1",))}


def test_a_change_that_names_no_specimen_leaves_those_that_there_are() -> None:
    assert brief(known(said("1", 0, "A1"), said("1", 1))) == {("1", False, ("A1",))}


@pytest.mark.parametrize("late", [0, 1])
def test_the_latest_message_counts_for_what_it_says_of_the_whole(late: int) -> None:
    messages = [said("1", 0, "A1", unit="LAB", urgency=URGENCY_STAT), said("2", 1, "B1", unit="LAB-SUD")]
    found = known(*(reversed(messages) if late else messages))
    assert (found.unit, found.urgency) == ("LAB-SUD", URGENCY_STAT)
    assert known(messages[0], said("1", 2, called_off=True)).unit == "LAB"
