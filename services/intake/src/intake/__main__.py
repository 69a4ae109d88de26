"""intake: hospital systems in."""

from zoneinfo import ZoneInfo

from chassis.objects import Objects
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from chassis.worker import Worker
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
        identities = Identities(Objects.at(settings.objects), precedence)
        worker = Worker(identities.routes(), publisher, kafka=settings.cluster, service="intake")
        ready = {"mllp": lambda: listener.listening, "kafka": worker.assigned.is_set}
        await run_parts(settings, [listener.run, worker.run], ready)


if __name__ == "__main__":
    main("intake", IntakeSettings, compose)
