"""deidentification: what leaves the hospital for research."""

from chassis.orders import ShelvedOrders
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.worker import Worker
from deidentification.french_words import french_words
from deidentification.releasing import Releasing
from deidentification.settings import DeidentificationSettings


async def compose(settings: DeidentificationSettings) -> None:
    objects = settings.store
    orders = ShelvedOrders(objects, "deidentification", settings.namespace_id)
    async with KafkaPublisher(settings.cluster, "casepath-deidentification") as publisher:
        with scratch(settings.work_folder, "deidentification") as folder:
            releasing = Releasing(
                settings.projects,
                settings.hospital,
                objects,
                settings.released_store,
                orders,
                french_words(),
                folder,
                settings.known_words,
            )
            worker = Worker(releasing.routes(), publisher, kafka=settings.cluster, service="deidentification")
            await run_parts(settings, [worker.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("deidentification", DeidentificationSettings, compose)
