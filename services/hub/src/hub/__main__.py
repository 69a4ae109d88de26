"""hub: a region's data for research."""

from chassis.isolated import Isolated
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import main, run_parts
from hub.adapters.warehouse import Warehouse
from hub.gathering import Gathering, Snapshots
from hub.settings import HubSettings
from hub.studies.parts import studies


async def compose(settings: HubSettings) -> None:
    warehouse = Warehouse(settings.warehouse, settings.catalog)
    with Isolated() as isolated, scratch(settings.work_folder, "hub") as folder:
        async with KafkaPublisher(settings.cluster, "casepath-hub") as publisher:
            gathering = Gathering(warehouse, settings.topics, publisher, settings.cluster)
            snapshots = Snapshots(gathering, settings.vocabulary, settings.snapshot_seconds, settings.kept_snapshots)
            research = studies(settings, warehouse, publisher, isolated, folder, snapshots.taken)
            await run_parts(settings, [gathering.run, snapshots.run, *research], {"kafka": gathering.ready.is_set})


if __name__ == "__main__":
    main("hub", HubSettings, compose)
