"""Time in which a laboratory works: whole days, without weekends and public holidays. Pure."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Of one place. The turnaround of a biopsy is counted in working days (CAP: two)."""

    zone: ZoneInfo
    holidays: Container[date] = ()

    def between(self, begun: datetime, ended: datetime) -> float:
        """Seconds from one moment to another, without those of days off; negative where it ended before it began."""
        begun, ended = begun.astimezone(UTC), ended.astimezone(UTC)
        if ended < begun:
            return (ended - begun).total_seconds()
        day, off = begun.astimezone(self.zone).date(), timedelta()
        while (midnight := self.begin(day)) < ended:
            if self.is_off(day):
                off += min(ended, self.begin(day + timedelta(days=1))) - max(begun, midnight)
            day += timedelta(days=1)
        return (ended - begun - off).total_seconds()

    def after(self, begun: datetime, length: timedelta) -> datetime:
        """The first moment, in UTC, until which so much of working time has passed."""
        at, day = begun.astimezone(UTC), begun.astimezone(self.zone).date()
        while True:
            tomorrow = day + timedelta(days=1)
            if not self.is_off(day):
                at = max(at, self.begin(day))
                worked = self.begin(tomorrow) - at
                if length <= worked:
                    return at + length
                length -= worked
            day = tomorrow

    def begin(self, day: date) -> datetime:
        """Days have 23 hours, or 25, where clocks are put forward or back: moments are compared in UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def is_off(self, day: date) -> bool:
        return day.weekday() >= SATURDAY or day in self.holidays
