"""Where a group has come, as aiokafka 0.14.0 hears it.

From its version 2 on, an answer to OffsetFetch may say as a whole that nothing can be told, as a broker does while it loads the
group, or coordinates it no more. aiokafka looks at the partitions alone, of which there are none then, and takes that for a group
that never came anywhere: its consumers begin again at the beginning of every topic.
"""

from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetFetchRequest

send = AIOKafkaClient.send


async def heeding(self: AIOKafkaClient, node_id: int, request: Any, **more: Any) -> Any:
    """Raise what the answer says, as aiokafka does of other requests: who asks looks for the coordinator, and asks again."""
    answer = await send(self, node_id, request, **more)
    if isinstance(request, OffsetFetchRequest) and (code := getattr(answer, "error_code", 0)):
        raise for_code(code)()
    return answer


def heed() -> None:
    AIOKafkaClient.send = heeding
