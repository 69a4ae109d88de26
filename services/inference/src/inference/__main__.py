"""inference: slides read by models."""

from chassis.grpc_server import GrpcServer
from chassis.objects import Objects
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.worker import Worker
from inference.adapters.onnx_session import OnnxClassifier
from inference.bundle import load_bundle
from inference.scoring import Scoring
from inference.settings import InferenceSettings


async def compose(settings: InferenceSettings) -> None:
    bundle = load_bundle(settings.bundle)
    classifier = OnnxClassifier(bundle, settings.device, settings.threads)
    with scratch(settings.work_folder, "inference") as folder:
        scoring = Scoring(settings, bundle, classifier, Objects.at(settings.objects), folder)
        async with KafkaPublisher(settings.kafka, "casepath-inference") as publisher:
            worker = Worker(scoring.routes(), publisher, bootstrap=settings.kafka, service="inference")
            server = GrpcServer(settings.inference_address, [], [f"model/{bundle.name}"], worker.assigned.is_set)
            await run_parts(settings, [worker.run, server.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("inference", InferenceSettings, compose)
