"""intake: hospital systems in."""

from zoneinfo import ZoneInfo

from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from intake.adapters.mllp import MllpListener
from intake.receiving import Receiver
from intake.settings import IntakeSettings


async def compose(settings: IntakeSettings) -> None:
    async with KafkaPublisher(settings.cluster, "casepath-intake") as publisher:
        receiver = Receiver(
            publisher, settings.namespace_id, ZoneInfo(settings.time_zone), settings.character_set, settings.processing_id
        )
        where = settings.mllp_host, settings.mllp_port
        listener = MllpListener(*where, settings.largest_message, receiver.answer, settings.mllp_tls)
        await run_parts(settings, [listener.run], {"mllp": lambda: listener.listening})


if __name__ == "__main__":
    main("intake", IntakeSettings, compose)
