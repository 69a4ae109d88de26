"""audit: who had to do with which patient's data."""

from audit.adapters.audit_events import FhirAuditEvents
from audit.adapters.ledger import Ledger
from audit.recording import Recording
from audit.settings import AuditSettings
from chassis.access import Signer
from chassis.http_client import http_client
from chassis.objects import Objects
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from chassis.worker import Worker


async def compose(settings: AuditSettings) -> None:
    ledger = Ledger(Objects.at(settings.objects), Signer.at(settings.audit_key))
    async with (
        http_client(settings.archive_timeout_seconds, settings.tls_ca, settings.fhir_authorization) as client,
        KafkaPublisher(settings.cluster, "casepath-audit") as publisher,
    ):
        recording = Recording(ledger, FhirAuditEvents(settings.fhir, client))
        worker = Worker(recording.routes(), publisher, kafka=settings.cluster, service="audit")
        await run_parts(settings, [worker.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("audit", AuditSettings, compose)
