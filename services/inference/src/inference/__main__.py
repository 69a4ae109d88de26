"""inference: slides read by models."""

import asyncio
from functools import partial

from casepath.inference.v1.registry_pb2_grpc import add_ModelRegistryServiceServicer_to_server
from chassis.access import Gate
from chassis.errors import Unavailable
from chassis.grpc_server import GrpcServer
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.stopping import either
from chassis.worker import Worker
from inference.adapters.model_process import ProcessSession
from inference.adapters.onnx_session import OnnxSession
from inference.adapters.registry_store import RegistryStore
from inference.bundle import ModelFile, load_bundle
from inference.governance import Governance
from inference.models import Models
from inference.monitoring import Monitoring
from inference.open_inference import OpenInference
from inference.readers import Session
from inference.registry_service import DESCRIPTOR as REGISTRY
from inference.registry_service import RegistryService
from inference.scoring import Scoring
from inference.serving import ModelRepository, RenewedSession, Served
from inference.settings import InferenceSettings
from openinference.v2.grpc_service_pb2 import DESCRIPTOR
from openinference.v2.grpc_service_pb2_grpc import add_GRPCInferenceServiceServicer_to_server

SESSIONS: dict[str, type[ProcessSession] | type[OnnxSession]] = {"process": ProcessSession, "thread": OnnxSession}


async def compose(settings: InferenceSettings) -> None:
    bundle = load_bundle(settings.bundle)
    make = partial(SESSIONS[settings.model_isolation], device=settings.device, threads=settings.threads)
    serving = ModelRepository(settings.models or settings.bundle.parent, make)
    served = Served(bundle, make)
    serving.add(served)
    objects, lost = settings.store, asyncio.Event()
    store = RegistryStore(objects)

    def renewed(model: ModelFile) -> Session:
        return RenewedSession(model, make)

    models = Models(store, bundle, served.session, renewed)
    with scratch(settings.work_folder, "inference") as folder:
        async with KafkaPublisher(settings.cluster, "casepath-inference") as publisher:
            await models.begin(settings.bundle)
            await serving.load_all()
            scoring = Scoring(settings, models, objects, folder, lost)
            monitoring = Monitoring(settings, store, scoring.jobs, scoring.conclusions)
            governance = Governance(settings, store, models, scoring.conclusions, scoring.jobs, monitoring)
            registry = RegistryService(governance, publisher, Gate.at(settings.access_keys), folder)
            worker = Worker([*scoring.routes(), *monitoring.routes()], publisher, kafka=settings.cluster, service="inference")
            server = GrpcServer(
                settings.inference_address,
                [
                    lambda server: add_GRPCInferenceServiceServicer_to_server(
                        OpenInference(serving, settings.model_control), server
                    ),
                    lambda server: add_ModelRegistryServiceServicer_to_server(registry, server),
                ],
                [DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name, REGISTRY, f"model/{bundle.name}"],
                worker.assigned.is_set,
                settings.message_megabytes << 20,
                traced=False,
                identity=settings.identity,
            )

            async def watch(stop: asyncio.Event) -> None:
                """End with the device: the group gives this process's shards to others, and whoever runs it starts it anew."""
                await either(stop, lost)
                if lost.is_set():
                    raise Unavailable("the device failed, and a new session did not help")

            def provider() -> dict[str, str]:
                return {"model": f"{bundle.name} {bundle.version}", "provider": served.session.provider}

            await run_parts(settings, [worker.run, server.run, watch], {"kafka": worker.assigned.is_set}, provider)
    await models.close()
    await serving.close()


if __name__ == "__main__":
    main("inference", InferenceSettings, compose)
