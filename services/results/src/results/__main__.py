"""results: reports to the hospital's system."""

from contextlib import closing

from chassis.http_server import host_and_port
from chassis.orders import ShelvedOrders
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from chassis.worker import Worker
from results.adapters.mllp_sender import MllpSender
from results.sending import Sending
from results.settings import ResultsSettings


async def compose(settings: ResultsSettings) -> None:
    objects = settings.store
    orders = ShelvedOrders(objects, "results", settings.namespace_id)
    with closing(MllpSender(*host_and_port(settings.results_address), settings.results_seconds, settings.tls)) as sender:
        sending = Sending(objects, orders, sender, settings.parties)
        async with KafkaPublisher(settings.cluster, "casepath-results") as publisher:
            worker = Worker(sending.routes(), publisher, kafka=settings.cluster, service="results")
            await run_parts(settings, [worker.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("results", ResultsSettings, compose)
