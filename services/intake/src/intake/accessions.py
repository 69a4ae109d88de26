"""All that is known of an accession, from what each message says of some of its services. Pure."""

from collections.abc import Iterable, Iterator

from casepath.intake.v1.order_pb2 import URGENCY_UNSPECIFIED, OrderPlaced, RequestedService


def whole(kept: OrderPlaced | None, said: OrderPlaced) -> OrderPlaced:
    """The latest that was said of the order, and of each of its services; whichever message comes first.

    Who changes or calls off one service of an accession leaves its others as they are (HL7 v2.5.1 section 4.4.6: each ORC is
    an order of its own).
    """
    before = kept if kept is not None else said
    newest, other = (said, before) if nanoseconds(before) <= nanoseconds(said) else (before, said)
    found = OrderPlaced()
    found.CopyFrom(newest)
    found.unit = newest.unit or other.unit
    if newest.urgency == URGENCY_UNSPECIFIED:
        found.urgency = other.urgency
    services: list[RequestedService] = []
    for service in (*dated(kept), *dated(said)):
        take(services, service)
    for service in services:
        if service.recorded_at == found.recorded_at:
            service.ClearField("recorded_at")
    del found.services[:]
    found.services.extend(services)
    return found


def take(services: list[RequestedService], said: RequestedService) -> None:
    """Put a service in its place, or beside the others where it has none."""
    same = [one for one in services if is_same(one, said)]
    if not same:
        services.append(said)
    for one in same:
        newer = nanoseconds(one) <= nanoseconds(said)
        specimens = list((said if (newer and said.specimens) or not one.specimens else one).specimens)
        if newer and said.called_off:
            one.called_off = True
            one.recorded_at.CopyFrom(said.recorded_at)
        elif newer:
            one.CopyFrom(said)
        del one.specimens[:]
        one.specimens.extend(specimens)


def is_same(one: RequestedService, said: RequestedService) -> bool:
    """Whoever calls an order off may name it by its number alone."""
    if one.placer_order_number != said.placer_order_number:
        return False
    by_number = bool(said.placer_order_number) and (one.called_off or said.called_off)
    return by_number or one.service.code == said.service.code


def dated(order: OrderPlaced | None) -> Iterator[RequestedService]:
    """Its services, each with when it was said."""
    services: Iterable[RequestedService] = order.services if order is not None else ()
    for service in services:
        found = RequestedService()
        found.CopyFrom(service)
        if not found.HasField("recorded_at") and order is not None:
            found.recorded_at.CopyFrom(order.recorded_at)
        yield found


def nanoseconds(said: OrderPlaced | RequestedService) -> int:
    return said.recorded_at.ToNanoseconds()
