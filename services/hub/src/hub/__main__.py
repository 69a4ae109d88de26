"""hub: a region's data for research."""

from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from hub.adapters.warehouse import Warehouse
from hub.gathering import Gathering, Snapshots
from hub.settings import HubSettings


async def compose(settings: HubSettings) -> None:
    warehouse = Warehouse(settings.warehouse, settings.catalog)
    async with KafkaPublisher(settings.cluster, "casepath-hub") as publisher:
        gathering = Gathering(warehouse, settings.topics, publisher, settings.cluster)
        snapshots = Snapshots(gathering, settings.vocabulary, settings.snapshot_seconds, settings.kept_snapshots)
        await run_parts(settings, [gathering.run, snapshots.run], {"kafka": gathering.ready.is_set})


if __name__ == "__main__":
    main("hub", HubSettings, compose)
