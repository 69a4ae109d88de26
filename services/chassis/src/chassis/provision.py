"""Creating the declared topics. Running it again changes nothing."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from casepath.topics import DEAD_LETTER_PARTITIONS, TOPICS
from chassis.errors import Unavailable
from chassis.publisher import started

WEEK_MS = 7 * 24 * 3600 * 1000


def wanted_topics(replication: int) -> list[NewTopic]:
    """Every declared topic, and `<name>.dlq` for each that somebody consumes."""
    wanted = []
    for topic in TOPICS:
        retention = str(WEEK_MS) if topic.name.endswith(".requested.v1") else "-1"
        wanted.append(NewTopic(topic.name, topic.partitions, replication, topic_configs={"retention.ms": retention}))
        if topic.consumers:
            config = {"retention.ms": "-1"}
            wanted.append(NewTopic(topic.dead_letters, DEAD_LETTER_PARTITIONS, replication, topic_configs=config))
    return wanted


async def provision(bootstrap: str, replication: int = 1) -> list[str]:
    """Create what is missing among the declared topics and their dead-letter topics; return the names created.

    Facts are kept for ever, since cases are rebuilt from them; work items (`.requested.v1`) for a week.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await started(admin, bootstrap)
    try:
        wanted = wanted_topics(replication)
        existing = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in existing]
        if not missing:
            return []
        answer = await admin.create_topics(missing)
        created = []
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if error is TopicAlreadyExistsError:
                continue
            if code:
                raise Unavailable(f"the broker did not create {name}: {error.__name__}")
            created.append(name)
        return created
    except KafkaError as error:
        raise Unavailable(f"the broker did not create the topics: {type(error).__name__}") from error
    finally:
        await admin.close()
