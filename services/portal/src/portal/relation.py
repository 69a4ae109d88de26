"""Whose case it is: people open the cases of their units and those given to them; for any other they say why. Pure."""

from datetime import UTC, datetime

from casepath.cases.v1.cases_pb2 import Case, Relation
from casepath.portal.v1.reading_pb2 import GlassBroken
from chassis.access import Forbidden
from chassis.accounts import EVERY_UNIT, Account


class NotRelated(Forbidden):
    """The case is of another unit, and nobody gave it to who asks."""


def relation(account: Account) -> Relation:
    units = [unit for unit in account.units if unit != EVERY_UNIT]
    return Relation(user_id=account.name, units=units, every_unit=EVERY_UNIT in account.units)


def opened_for(case: Case, account: Account, now: datetime) -> str:
    """The reason for which the case is open to somebody who is not of its unit; empty where they are, or it is theirs.

    Raise NotRelated where it is not open to them.
    """
    if EVERY_UNIT in account.units or (case.order.unit and case.order.unit in account.units):
        return ""
    if account.name in (case.assignee.user_id, case.reader.user_id):
        return ""
    broken = opening(case, account)
    if broken is None or broken.until.ToDatetime(UTC) <= now:
        raise NotRelated("the case is of another unit: say why you have to see it")
    return broken.reason


def opening(case: Case, account: Account) -> GlassBroken | None:
    return next((one for one in case.openings if one.by.user_id == account.name), None)
