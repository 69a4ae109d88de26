"""intake: hospital systems in."""

from zoneinfo import ZoneInfo

from chassis.access import Gate
from chassis.access_log import AccessLog
from chassis.errors import Misconfigured
from chassis.http_server import HttpServer, host_and_port
from chassis.publisher import KafkaPublisher, Publisher
from chassis.service import main, run_parts
from chassis.worker import Worker
from intake.adapters.fhir_endpoint import FhirEndpoint
from intake.adapters.mllp import MllpListener
from intake.identities import Identities
from intake.precedence import Precedence
from intake.receiving import Receiver
from intake.settings import IntakeSettings


async def compose(settings: IntakeSettings) -> None:
    async with KafkaPublisher(settings.cluster, "casepath-intake") as publisher:
        precedence = Precedence()
        receiver = Receiver(
            publisher,
            settings.namespace_id,
            ZoneInfo(settings.time_zone),
            settings.character_set,
            settings.processing_id,
            precedence=precedence,
            unit_field=settings.unit_field,
        )
        where = settings.mllp_host, settings.mllp_port
        listener = MllpListener(*where, settings.largest_message, receiver.answer, settings.mllp_tls)
        identities = Identities(settings.store, precedence)
        worker = Worker(identities.routes(), publisher, kafka=settings.cluster, service="intake")
        ready = {"mllp": lambda: listener.listening, "kafka": worker.assigned.is_set}
        servers = [fhir_server(settings, publisher, precedence).run] if settings.fhir_in_address else []
        await run_parts(settings, [listener.run, worker.run, *servers], ready)


def fhir_server(settings: IntakeSettings, publisher: Publisher, precedence: Precedence) -> HttpServer:
    """Raise Misconfigured."""
    if settings.access_keys is None:
        raise Misconfigured("CASEPATH_FHIR_IN_ADDRESS needs CASEPATH_ACCESS_KEYS: whoever sends orders bears a token")
    gate, accesses = Gate.at(settings.access_keys), AccessLog(publisher, "intake")
    endpoint = FhirEndpoint(publisher, gate, accesses, settings.namespace_id, settings.largest_message, precedence)
    return HttpServer(endpoint.app(), *host_and_port(settings.fhir_in_address), settings.http_identity)


if __name__ == "__main__":
    main("intake", IntakeSettings, compose)
