"""Where a cluster's partitions begin and end, and where groups have come."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.at_once import at_once
from chassis.errors import Unavailable
from chassis.kafka import Kafka
from chassis.publisher import started
from operations.handlers import Partition, Places, groups, partitions

ASKED_AT_ONCE = 4


class KafkaPlaces:
    """Two clients that stay connected."""

    def __init__(self, kafka: Kafka) -> None:
        self.bootstrap = kafka.bootstrap
        self.admin = AIOKafkaAdminClient(**kafka.client())
        self.consumer = AIOKafkaConsumer(**kafka.client(), enable_auto_commit=False)

    async def __aenter__(self) -> "KafkaPlaces":
        """Raise Unavailable where no broker answers."""
        await started(self.consumer, self.bootstrap)
        await self.admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.admin.close()
        await self.consumer.stop()

    async def now(self) -> Places:
        """Ends are asked last, so that nothing counts as done that is not there. Raise Unavailable."""
        try:
            names = groups()
            done = dict(zip(names, await at_once(map(self.come_to, names), ASKED_AT_ONCE), strict=True))
            all_ = [TopicPartition(*one) for one in partitions()]
            begins = await self.consumer.beginning_offsets(all_)
            return Places(begins, await self.consumer.end_offsets(all_), done)
        except KafkaError as error:
            raise Unavailable(f"the broker did not say how far services have come: {type(error).__name__}") from error

    async def come_to(self, group: str) -> dict[Partition, int]:
        found = await self.admin.list_consumer_group_offsets(group)
        return {partition: said.offset for partition, said in found.items() if said.offset >= 0}
