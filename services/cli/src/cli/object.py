"""`casepath object`: a patient objects to research with their data."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import click

from casepath.deidentification.v1.release_pb2 import ObjectionRecorded
from casepath.topics import DEIDENTIFICATION_OBJECTION_RECORDED
from chassis.asking_kafka import kafka_option
from chassis.events import Event
from chassis.kafka import Kafka
from chassis.publisher import KafkaPublisher, announce
from cli.erase import asked_for, of_patient
from cli.platform import asynchronous


@click.command("object")
@of_patient
@click.option("--by", "recorded_by", required=True, help="Who records it.")
@click.option("--project", default="", help="The project that they object to; without it every project.")
@click.option("--lift", is_flag=True, help="They do not object any more.")
@kafka_option
@asynchronous
async def object_to(
    patient: UUID | None, namespace: UUID | None, recorded_by: str, project: str, lift: bool, kafka: Kafka
) -> None:
    """Record that a patient objects to research with their data, to a project or to all.

    What was released of them is withdrawn, and nothing more is. Once it is lifted, what projects may have is released again.
    """
    of = str(patient) if patient is not None else asked_for(namespace)
    said = ObjectionRecorded(patient_id=of, project=project, lifted=lift, recorded_by=recorded_by)
    said.recorded_at.FromDatetime(datetime.now(UTC))
    async with KafkaPublisher(kafka, "casepath-cli") as publisher:
        (record,) = await announce(publisher, [Event(DEIDENTIFICATION_OBJECTION_RECORDED, of, said)], cause=uuid4(), source="cli")
    click.echo(f"recorded: {dict(record.headers)['ce_id'].decode()}")
