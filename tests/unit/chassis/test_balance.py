"""Every accepted event is filed, dead, in flight, erased or missing, and is counted once."""

from itertools import product

from chassis.balance import Accepted, Balance, balance

ORDER = "intake.order.placed.v1"


def test_an_event_that_records_has_passed_and_neither_filed_nor_set_aside_is_missing() -> None:
    events = {"filed": (0, 0), "dead": (0, 1), "mended": (0, 2), "lost": (0, 3), "waits": (0, 4), "other": (1, 0)}
    found = balance(Accepted(ORDER, events, {0: 4, 1: 0}), {"filed", "mended"}, {"dead", "mended"}, set())
    assert found == Balance(ORDER, accepted=6, filed=2, dead=1, in_flight=2, erased=0, missing=("lost",))


def test_a_partition_that_nothing_was_committed_of_is_in_flight() -> None:
    assert balance(Accepted(ORDER, {"waits": (7, 0)}, {}), set(), set(), set()).in_flight == 1


def test_what_was_told_or_set_aside_of_other_topics_counts_nowhere() -> None:
    assert balance(Accepted(ORDER, {}, {}), {"elsewhere"}, {"elsewhere"}, {"elsewhere"}) == Balance(ORDER, 0, 0, 0, 0, 0, ())


def test_the_five_outcomes_add_up_to_what_was_accepted() -> None:
    states = list(product((False, True), repeat=4))
    events = {str(state): (int(state[2]), 0) for state in states}
    filed, dead, erased = ({str(state) for state in states if state[at]} for at in (0, 1, 3))
    found = balance(Accepted(ORDER, events, {0: 1}), filed, dead, erased)
    assert found.accepted == found.filed + found.dead + found.in_flight + found.erased + len(found.missing) == 16
    assert (found.filed, found.dead, found.in_flight, found.erased) == (8, 4, 2, 1)
    assert found.missing == (str((False, False, False, False)),)
