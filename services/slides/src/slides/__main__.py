"""slides: from the scanner's folder to DICOM."""

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
from slides.ingestion import Ingestion, is_scan
from slides.settings import SlideSettings


async def compose(settings: SlideSettings) -> None:
    objects = Objects.at(settings.objects)
    orders = ShelvedOrders(objects, "slides", settings.namespace_id)
    name = re.compile(settings.slide_name)
    with Isolated() as isolated, scratch(settings.work_folder, "slides") as folder:
        async with KafkaPublisher(settings.kafka, "casepath-slides") as publisher:
            worker = Worker([Route(INTAKE_ORDER_PLACED, orders.keep)], publisher, bootstrap=settings.kafka, service="slides")
            area = DropArea.at(settings.slide_folder)
            ingestion = Ingestion(area, name, settings.namespace_id, orders, objects, publisher, isolated, folder)
            drop = DropFolder(area.incoming, is_scan, settings.slide_quiet_seconds)
            watcher = Watcher(drop, list, ingestion.take, ingestion.resume)
            ready = {"kafka": worker.assigned.is_set, "folder": lambda: watcher.watching}
            await run_parts(settings, [worker.run, watcher.run], ready)


if __name__ == "__main__":
    main("slides", SlideSettings, compose)
