"""What of a slide somebody may see. Pure."""

from casepath.slides.v1.frames_pb2 import StoredInstance
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_OVERVIEW
from chassis.access import Permission, Principal

# Both show what is written on the glass.
IDENTIFYING = (IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_OVERVIEW)


def needed(stored: StoredInstance) -> Permission:
    return Permission.READ_LABELS if stored.instance.flavor in IDENTIFYING else Permission.READ_SLIDES


def visible(who: Principal, found: list[StoredInstance]) -> list[StoredInstance]:
    """In a list, what one may not see is left out."""
    return [one for one in found if who.may(needed(one))]
