"""audit: who had to do with which patient's data."""

from contextlib import closing

from audit.adapters.audit_events import FhirAuditEvents
from audit.adapters.ledger import Ledger
from audit.adapters.lines import SqliteLines
from audit.indexing import Indexing
from audit.queries import LedgerQueries
from audit.recording import Recording
from audit.settings import AuditSettings
from casepath.audit.v1.ledger_pb2 import DESCRIPTOR
from casepath.audit.v1.ledger_pb2_grpc import add_LedgerServiceServicer_to_server
from casepath.callers import CALLERS
from chassis.access import Signer
from chassis.access_log import AccessLog
from chassis.grpc_server import GrpcServer
from chassis.http_client import http_client
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from chassis.worker import Worker


async def compose(settings: AuditSettings) -> None:
    ledger = Ledger(settings.store, Signer.at(settings.audit_key))
    with closing(SqliteLines.at(settings.ledger_database)) as lines:
        async with (
            http_client(settings.archive_timeout_seconds, settings.tls_ca, settings.fhir_authorization) as client,
            KafkaPublisher(settings.cluster, "casepath-audit") as publisher,
        ):
            recording = Recording(ledger, FhirAuditEvents(settings.fhir, client))
            worker = Worker(recording.routes(), publisher, kafka=settings.cluster, service="audit")
            indexing = Indexing(ledger, lines)
            queries = LedgerQueries(lines, indexing.caught_up)
            server = GrpcServer(
                settings.ledger_address,
                [lambda server: add_LedgerServiceServicer_to_server(queries, server)],
                [DESCRIPTOR.services_by_name["LedgerService"].full_name],
                indexing.caught_up,
                identity=settings.identity,
                callers=CALLERS,
                accesses=AccessLog(publisher, "audit"),
            )
            await run_parts(settings, [worker.run, indexing.run, server.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("audit", AuditSettings, compose)
