"""inference: slides read by models."""

from functools import partial

from chassis.grpc_server import GrpcServer
from chassis.objects import Objects
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.worker import Worker
from inference.adapters.onnx_session import Classifier, OnnxSession
from inference.bundle import load_bundle
from inference.open_inference import OpenInference
from inference.scoring import Scoring
from inference.serving import ModelRepository, Served
from inference.settings import InferenceSettings
from openinference.v2.grpc_service_pb2 import DESCRIPTOR
from openinference.v2.grpc_service_pb2_grpc import add_GRPCInferenceServiceServicer_to_server


async def compose(settings: InferenceSettings) -> None:
    bundle = load_bundle(settings.bundle)
    make = partial(OnnxSession, device=settings.device, threads=settings.threads)
    models = ModelRepository(settings.models or settings.bundle.parent, make)
    served = Served(bundle, make)
    models.add(served)
    serve = OpenInference(models, settings.model_control)
    with scratch(settings.work_folder, "inference") as folder:
        scoring = Scoring(settings, bundle, Classifier(served.session), Objects.at(settings.objects), folder)
        async with KafkaPublisher(settings.kafka, "casepath-inference") as publisher:
            await models.load_all()
            worker = Worker(scoring.routes(), publisher, bootstrap=settings.kafka, service="inference")
            server = GrpcServer(
                settings.inference_address,
                [lambda server: add_GRPCInferenceServiceServicer_to_server(serve, server)],
                [DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name, f"model/{bundle.name}"],
                worker.assigned.is_set,
                settings.message_megabytes << 20,
                traced=False,
            )
            await run_parts(settings, [worker.run, server.run], {"kafka": worker.assigned.is_set})
    await models.close()


if __name__ == "__main__":
    main("inference", InferenceSettings, compose)
