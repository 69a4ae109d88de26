"""sequencing: from the sequencer's folder to variants."""

import re

from casepath.topics import INTAKE_ORDER_PLACED
from chassis.drop_folder import DropArea, DropFolder, Watcher
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.worker import Route, Worker
from sequencing.calling import CallingJobs
from sequencing.ingestion import Ingestion
from sequencing.references import References
from sequencing.settings import SequencingSettings


async def compose(settings: SequencingSettings) -> None:
    objects = Objects.at(settings.objects)
    orders = ShelvedOrders(objects, "sequencing", settings.namespace_id)
    references = References.declared_in(settings.references)
    references.named(settings.reference)
    name = re.compile(settings.reads_name)
    with Isolated() as isolated, Isolated() as checking, scratch(settings.work_folder, "sequencing") as folder:
        jobs = CallingJobs(objects, references, isolated, settings.threads, folder)
        async with KafkaPublisher(settings.kafka, "casepath-sequencing") as publisher:
            routes = [Route(INTAKE_ORDER_PLACED, orders.keep), *jobs.routes()]
            worker = Worker(routes, publisher, bootstrap=settings.kafka, service="sequencing")
            area = DropArea.at(settings.reads_folder)
            ingestion = Ingestion(
                area,
                name,
                settings.reference,
                settings.namespace_id,
                orders,
                objects,
                publisher,
                checking,
            )
            drop = DropFolder(area.incoming, lambda path: path.is_file(), settings.reads_quiet_seconds)
            watcher = Watcher(drop, ingestion.grouped, ingestion.take, ingestion.resume)
            ready = {"kafka": worker.assigned.is_set, "folder": lambda: watcher.watching}
            await run_parts(settings, [worker.run, watcher.run], ready)


if __name__ == "__main__":
    main("sequencing", SequencingSettings, compose)
