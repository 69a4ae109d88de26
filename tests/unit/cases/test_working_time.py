"""Working time goes by on working days alone, as the place has days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.settings import CasesSettings
from cases.working_time import WorkingTime
from chassis.errors import Misconfigured
from chassis.settings import load

PARIS = ZoneInfo("Europe/Paris")
HOURS = 3600
# A Friday.
FRIDAY = datetime(2026, 10, 30, 17, tzinfo=PARIS)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("begun", "ended", "hours"),
    [
        (FRIDAY, FRIDAY + timedelta(hours=2), 2),
        (FRIDAY, datetime(2026, 11, 2, 9, tzinfo=PARIS), 7 + 9),
        (datetime(2026, 10, 31, 9, tzinfo=PARIS), datetime(2026, 11, 1, 9, tzinfo=PARIS), 0),
        (datetime(2026, 10, 31, 9, tzinfo=PARIS), datetime(2026, 11, 2, 9, tzinfo=PARIS), 9),
        (datetime(2026, 10, 26, 12, tzinfo=PARIS), datetime(2026, 10, 28, 12, tzinfo=PARIS), 48),
    ],
)
def test_weekends_do_not_count(begun: datetime, ended: datetime, hours: float) -> None:
    assert WorkingTime(PARIS).between(begun, ended) == hours * HOURS


def test_public_holidays_do_not_count() -> None:
    monday = date(2026, 11, 2)
    assert WorkingTime(PARIS, {monday}).between(FRIDAY, datetime(2026, 11, 3, 9, tzinfo=PARIS)) == (7 + 9) * HOURS


def test_a_day_is_the_places_own() -> None:
    """Sunday, 23:30 UTC, is Monday in Paris, and Sunday in New York."""
    begun = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
    ended = begun + timedelta(hours=1)
    assert WorkingTime(PARIS).between(begun, ended) == HOURS
    assert WorkingTime(ZoneInfo("America/New_York")).between(begun, ended) == 0


def test_the_night_in_which_clocks_are_put_back_is_all_of_a_sunday() -> None:
    saturday, monday = datetime(2026, 10, 24, tzinfo=PARIS), datetime(2026, 10, 26, 1, tzinfo=PARIS)
    assert WorkingTime(PARIS).between(saturday, monday) == HOURS


def test_what_ended_before_it_began_took_less_than_nothing() -> None:
    assert WorkingTime(PARIS).between(FRIDAY, FRIDAY - timedelta(seconds=5)) == -5


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=20)), st.timedeltas(timedelta(), timedelta(days=20)))
def test_two_spans_are_as_long_as_both_together(begun: datetime, first: timedelta, second: timedelta) -> None:
    here = WorkingTime(PARIS, {date(2026, 7, 14), date(2026, 5, 1)})
    middle = begun + first
    parts = here.between(begun, middle) + here.between(middle, middle + second)
    assert here.between(begun, middle + second) == pytest.approx(parts)
    assert 0 <= parts <= (first + second).total_seconds()


def test_holidays_are_those_of_a_country_or_of_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("KAFKA", "x:1"), ("NAMESPACE", "5ff4bd27-06bc-4d4d-9a44-6fbcb2c7c0a4"), ("CASES_DATABASE", "x")):
        monkeypatch.setenv(f"CASEPATH_{name}", value)
    good_friday, national = date(2026, 4, 3), date(2026, 7, 14)
    assert [load(CasesSettings).working_time.is_off(day) for day in (good_friday, national)] == [False, True]
    monkeypatch.setenv("CASEPATH_HOLIDAYS", "FR-57")
    assert [load(CasesSettings).working_time.is_off(day) for day in (good_friday, national)] == [True, True]
    monkeypatch.setenv("CASEPATH_HOLIDAYS", "")
    assert not load(CasesSettings).working_time.is_off(national)
    monkeypatch.setenv("CASEPATH_HOLIDAYS", "XX")
    with pytest.raises(Misconfigured, match="HOLIDAYS"):
        load(CasesSettings)
    monkeypatch.setenv("CASEPATH_HOLIDAYS", "")
    monkeypatch.setenv("CASEPATH_TIME_ZONE", "Europe/Nowhere")
    with pytest.raises(Misconfigured, match="TIME_ZONE"):
        load(CasesSettings)


@given(begun=MOMENTS, length=st.timedeltas(timedelta(minutes=1), timedelta(days=30)))
def test_what_is_due_after_some_working_time_is_so_much_later_by_it(begun: datetime, length: timedelta) -> None:
    working = WorkingTime(PARIS, {date(2026, 11, 11), date(2026, 12, 25)})
    due = working.after(begun, length)
    assert working.between(begun, due) == pytest.approx(length.total_seconds())
    assert working.between(begun, due - timedelta(seconds=1)) < length.total_seconds()
