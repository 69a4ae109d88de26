"""records: every result into the archives of record."""

from chassis.http_client import http_client
from chassis.orders import ShelvedOrders
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.worker import Worker
from records.adapters.dicom_archive import DicomwebArchive
from records.adapters.fhir_server import HttpFhirServer
from records.erasing import Erasing
from records.filing import Filing
from records.settings import RecordsSettings


async def compose(settings: RecordsSettings) -> None:
    objects = settings.store
    orders = ShelvedOrders(objects, "records", settings.namespace_id)
    async with (
        http_client(settings.archive_timeout_seconds, settings.tls_ca, settings.fhir_authorization) as to_fhir,
        http_client(settings.archive_timeout_seconds, settings.tls_ca, settings.dicomweb_authorization) as to_dicom,
        KafkaPublisher(settings.cluster, "casepath-records") as publisher,
    ):
        with scratch(settings.work_folder, "records") as folder:
            fhir = HttpFhirServer(settings.fhir, to_fhir, settings.fhir_creation)
            dicom = DicomwebArchive(settings.dicomweb, to_dicom)
            filing = Filing(fhir, dicom, objects, orders, folder)
            erasing = Erasing(objects, filing.merges, filing.cases)
            worker = Worker([*filing.routes(), *erasing.routes()], publisher, kafka=settings.cluster, service="records")
            await run_parts(settings, [worker.run], {"kafka": worker.assigned.is_set})


if __name__ == "__main__":
    main("records", RecordsSettings, compose)
