"""operations: looking after the platform."""

from casepath.operations.v1.operations_pb2_grpc import add_OperationsServiceServicer_to_server
from chassis.access import Gate
from chassis.access_log import AccessLog
from chassis.grpc_server import GrpcServer
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from operations.adapters.places import KafkaPlaces
from operations.operations_service import DESCRIPTOR, OperationsService
from operations.settings import OperationsSettings


async def compose(settings: OperationsSettings) -> None:
    kafka, gate = settings.cluster, Gate.at(settings.access_keys)
    async with KafkaPublisher(kafka, "casepath-operations") as publisher, KafkaPlaces(kafka) as places:
        service = OperationsService(kafka, places, publisher, gate, AccessLog(publisher, "operations"))
        add = [lambda server: add_OperationsServiceServicer_to_server(service, server)]
        server = GrpcServer(settings.operations_address, add, [DESCRIPTOR], lambda: True, identity=settings.identity)
        await run_parts(settings, [server.run], {})


if __name__ == "__main__":
    main("operations", OperationsSettings, compose)
