"""sequencing: from the sequencer's folder to variants."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from casepath.topics import INTAKE_ORDER_PLACED
from chassis.drop_folder import DropArea, DropFolder, Watcher
from chassis.isolated import Isolated
from chassis.orders import ShelvedOrders
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from chassis.worker import Route, Worker
from sequencing.adapters.reference_catalogue import declared_in
from sequencing.adapters.reference_index import indexed
from sequencing.calling import Calling
from sequencing.computations import engine_named
from sequencing.dropped import Names
from sequencing.ingestion import Ingestion
from sequencing.interpreting import Interpreting
from sequencing.known_variants.annotating import Annotating
from sequencing.known_variants.snapshots import snapshots_in
from sequencing.pharmacogenomics.issuing import Issuing
from sequencing.pharmacogenomics.reissue import reissued
from sequencing.renewal import Renewal
from sequencing.runs.parts import research
from sequencing.runs.projects import Projects
from sequencing.settings import SequencingSettings
from sequencing.workers import Bench, workers


async def compose(settings: SequencingSettings) -> None:
    objects = settings.store
    orders = ShelvedOrders(objects, "sequencing", settings.namespace_id)
    references = await asyncio.to_thread(declared_in, settings.references)
    reference = references.named(settings.reference)
    indexes = {name: await asyncio.to_thread(indexed, one, settings.indexes) for name, one in references.references.items()}
    patterns = (settings.reads_name, settings.alignments_name, settings.variants_name, settings.outside_calls_name)
    names = Names.of(*patterns)
    snapshots = await asyncio.to_thread(snapshots_in, settings.snapshots, references)
    engine, projects = engine_named(settings.engine), Projects.at(settings.projects)
    with Isolated() as checking, Isolated() as reporting, scratch(settings.work_folder, "sequencing") as folder:
        bench = Bench(settings.objects, settings.indexes, folder, settings.threads, settings.gatk, settings.key_ring)
        with workers(bench, settings.workers, projects.quotas()) as pool:
            calling = Calling(objects, references, indexes, pool, engine, settings.grain, orders, settings.thresholds)
            issuing = Issuing(objects, orders, reporting, folder)
            annotating = Annotating(objects, orders, reporting, snapshots, settings.indexes, folder)
            interpreting = Interpreting(issuing, annotating)
            async with KafkaPublisher(settings.cluster, "casepath-sequencing") as publisher:
                routes: list[Route[Any]] = [
                    Route(INTAKE_ORDER_PLACED, orders.keep),
                    *calling.routes(),
                    *interpreting.routes(),
                ]
                worker = Worker(routes, publisher, kafka=settings.cluster, service="sequencing")
                area = DropArea.at(settings.reads_folder)
                # Its own folder may be read-only, and what reads CRAM wants an index beside it.
                beside_index = replace(reference, fasta=indexes[reference.name].fasta)
                ingestion = Ingestion(area, names, beside_index, settings.namespace_id, orders, objects, publisher, checking)
                drop = DropFolder(area.incoming, ingestion.accepts, settings.reads_quiet_seconds, ingestion.unit)
                watcher = Watcher(drop, ingestion.grouped, ingestion.take, ingestion.resume)
                renewal = Renewal([partial(reissued, issuing), annotating.renewed], publisher)
                on_demand = research(settings, objects, projects, references, indexes, pool, checking, folder)
                ready = {"kafka": worker.assigned.is_set, "folder": lambda: watcher.watching}
                await run_parts(settings, [worker.run, watcher.run, renewal.run, *on_demand], ready)


if __name__ == "__main__":
    main("sequencing", SequencingSettings, compose)
