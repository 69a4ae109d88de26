"""What of a slide somebody may see. Pure."""

from collections.abc import Iterable

from casepath.records.v1.filing_pb2 import Entry
from casepath.slides.v1.frames_pb2 import StoredInstance
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_OVERVIEW
from chassis.access import Permission, Principal
from chassis.access_log import case_entry

# Both show what is written on the glass.
IDENTIFYING = (IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_OVERVIEW)


def needed(stored: StoredInstance) -> Permission:
    return Permission.READ_LABELS if stored.instance.flavor in IDENTIFYING else Permission.READ_SLIDES


def shown(found: Iterable[StoredInstance]) -> list[Entry]:
    """Of which cases and studies these are."""
    studies = dict.fromkeys((one.case_id, one.study_instance_uid) for one in found)
    return [entry for case, study in studies for entry in (case_entry(case), Entry(kind="Study", identifier=study))]


def visible(who: Principal, found: list[StoredInstance]) -> list[StoredInstance]:
    """In a list, what one may not see is left out."""
    return [one for one in found if who.may(needed(one))]
