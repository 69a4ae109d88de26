"""Who may do what with a study, and when. Pure."""

from collections.abc import Mapping
from datetime import date

from casepath.hub.v1.studies_pb2 import (
    OFFICE_DATA_PROTECTION_OFFICER,
    OFFICE_SCIENTIFIC_COMMITTEE,
    STUDY_STATE_APPROVED,
    STUDY_STATE_ENDED,
    STUDY_STATE_REFUSED,
    STUDY_STATE_REQUESTED,
    Office,
    Study,
    StudyRequest,
    StudyState,
)
from chassis.access import Forbidden, Permission, Principal
from chassis.errors import Malformed
from hub.cohorts import meets, read_cohort

PERMISSIONS: Mapping[Office, Permission] = {
    OFFICE_DATA_PROTECTION_OFFICER: Permission.PROTECT_DATA,
    OFFICE_SCIENTIFIC_COMMITTEE: Permission.WEIGH_STUDIES,
}
LONGEST_YEARS = 10


def state_of(study: Study, today: date) -> StudyState:
    if study.HasField("ended_at") or today > date.fromisoformat(study.request.until):
        return STUDY_STATE_ENDED
    if any(not one.granted for one in study.decisions):
        return STUDY_STATE_REFUSED
    return STUDY_STATE_APPROVED if {one.office for one in study.decisions} == set(PERMISSIONS) else STUDY_STATE_REQUESTED


def check_request(request: StudyRequest, today: date) -> None:
    """Raise Rejected where something is asked for that cannot be."""
    cohort = read_cohort(request.cohort)
    for criterion in cohort.criteria:
        meets(criterion)
    try:
        until = date.fromisoformat(request.until)
    except ValueError:
        raise Malformed("until: there is no such day") from None
    if not today < until <= today.replace(year=today.year + LONGEST_YEARS, day=min(today.day, 28)):
        raise Malformed(f"until: a study ends after today, and within {LONGEST_YEARS} years")
    wanted = [one.table for one in request.tables]
    if len(wanted) != len(set(wanted)):
        raise Malformed("tables: each is asked for once")


def is_member(study: Study, who: Principal) -> bool:
    return who.may(Permission.REQUEST_STUDIES) and who.subject in (study.requested_by, *study.request.members)


def decides(who: Principal) -> bool:
    return any(who.may(permission) for permission in PERMISSIONS.values())


def must_see(study: Study, who: Principal) -> None:
    """Raise Forbidden; of a study that is not theirs nobody learns that there is one."""
    if not (is_member(study, who) or decides(who)):
        raise Forbidden("you are not a member of this study")


def must_work(study: Study, who: Principal, today: date) -> None:
    """Raise Forbidden where they are no member, Malformed where it is not approved, or over."""
    if not is_member(study, who):
        raise Forbidden("you are not a member of this study")
    if state_of(study, today) != STUDY_STATE_APPROVED:
        raise Malformed("the study is not approved: both offices grant it first, and its time is not over")


def must_decide(study: Study, who: Principal, office: Office, today: date) -> None:
    """Raise Forbidden where they may not, Malformed where it is decided."""
    who.must(PERMISSIONS[office])
    if who.subject in (study.requested_by, *study.request.members):
        raise Forbidden("nobody decides on a study of their own")
    if state_of(study, today) != STUDY_STATE_REQUESTED:
        raise Malformed("the study is decided, or over")
    if any(one.decided_by == who.subject for one in study.decisions):
        raise Forbidden("one person does not speak for both offices")
    if any(one.office == office for one in study.decisions):
        raise Malformed("this office has decided")


def must_review(study: Study, who: Principal) -> None:
    """Raise Forbidden where they may not say what leaves."""
    who.must(Permission.PROTECT_DATA)
    if who.subject in (study.requested_by, *study.request.members):
        raise Forbidden("nobody reviews what they take out themselves")


def must_end(study: Study, who: Principal) -> None:
    if not (who.subject == study.requested_by or who.may(Permission.PROTECT_DATA)):
        raise Forbidden("who asked for a study ends it, or the data protection officer")
