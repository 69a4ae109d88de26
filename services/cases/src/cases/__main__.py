"""cases: one case from every event."""

import asyncio
from contextlib import closing

from casepath.callers import CALLERS
from casepath.cases.v1.cases_pb2 import DESCRIPTOR
from casepath.cases.v1.cases_pb2_grpc import add_CaseServiceServicer_to_server
from cases.adapters.assembly import Assembly
from cases.adapters.case_view import SqliteCaseView
from cases.queries import CaseQueries
from cases.settings import CasesSettings
from chassis.access_log import AccessLog
from chassis.grpc_server import GrpcServer
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts


async def compose(settings: CasesSettings) -> None:
    stopping = asyncio.Event()
    with closing(SqliteCaseView.at(settings.cases_database, settings.working_time)) as view:
        async with KafkaPublisher(settings.cluster, "casepath-cases") as publisher:
            assembly = Assembly(
                settings.cluster, settings.replication, settings.work_folder, view, publisher, settings.working_time
            )
            accesses = AccessLog(publisher, "cases")
            queries = CaseQueries(view, stopping, accesses)
            service = DESCRIPTOR.services_by_name["CaseService"].full_name
            server = GrpcServer(
                settings.cases_address,
                [lambda server: add_CaseServiceServicer_to_server(queries, server)],
                [service],
                assembly.ready,
                identity=settings.identity,
                callers=CALLERS,
                accesses=accesses,
            )

            async def end_watches(stop: asyncio.Event) -> None:
                await stop.wait()
                stopping.set()

            await run_parts(settings, [assembly.run, server.run, end_watches], {"table": assembly.ready})


if __name__ == "__main__":
    main("cases", CasesSettings, compose)
