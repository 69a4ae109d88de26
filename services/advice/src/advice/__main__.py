"""advice: what a patient's genome says of a drug, to whoever prescribes it."""

from advice.adapters.clients import Clients
from advice.cds_hooks import CdsHooks
from advice.patients import Patients
from advice.settings import AdviceSettings
from chassis.access_log import AccessLog
from chassis.http_server import HttpServer, host_and_port
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from chassis.worker import Worker


async def compose(settings: AdviceSettings) -> None:
    patients, clients = Patients(settings.store), Clients.at(settings.advice_clients)
    async with KafkaPublisher(settings.cluster, "casepath-advice") as publisher:
        hooks = CdsHooks(
            patients,
            clients,
            AccessLog(publisher, "advice"),
            settings.namespace_id,
            settings.advice_url,
            settings.advice_language,
            settings.portal_url,
        )
        server = HttpServer(hooks.app(), *host_and_port(settings.advice_address), settings.http_identity)
        worker = Worker(patients.routes(), publisher, kafka=settings.cluster, service="advice")
        await run_parts(settings, [worker.run, server.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("advice", AdviceSettings, compose)
