"""Answering OperationsService (casepath.operations.v1). Who calls is in the token; what they did or were refused is told to
audit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import Message

from casepath.audit.v1.audit_pb2 import ACTION_EXECUTED, OUTCOME_DONE
from casepath.operations.v1.operations_pb2 import DESCRIPTOR as FILE
from casepath.operations.v1.operations_pb2 import (
    DiscardDeadLettersRequest,
    DiscardDeadLettersResponse,
    GetOverviewRequest,
    GetOverviewResponse,
    ListDeadLettersRequest,
    ListDeadLettersResponse,
    ReconcileRequest,
    ReconcileResponse,
    ReplayDeadLettersRequest,
    ReplayDeadLettersResponse,
)
from casepath.operations.v1.operations_pb2_grpc import OperationsServiceServicer
from casepath.topics import Topic
from chassis import dead_letters
from chassis.access import Gate, Permission, Principal
from chassis.access_log import AccessLog, Asker
from chassis.balance import BY_CASE
from chassis.dead_letters import CONSUMED, Acting
from chassis.errors import NotFound
from chassis.grpc_server import answered, operation_of
from chassis.kafka import Kafka
from chassis.publisher import Publisher
from chassis.reckoning import publish_again, reckoned
from operations.adapters.letters import listed
from operations.adapters.places import KafkaPlaces
from operations.handlers import balance, overview

DESCRIPTOR: str = FILE.services_by_name["OperationsService"].full_name
PAGE = 100

type Context = grpc.aio.ServicerContext[Any, Any]


class OperationsService(OperationsServiceServicer):
    """One act at a time: two that replay the same letters would send them round twice, which changes nothing and tells twice."""

    def __init__(self, kafka: Kafka, places: KafkaPlaces, publisher: Publisher, gate: Gate, accesses: AccessLog) -> None:
        self.kafka = kafka
        self.places = places
        self.publisher = publisher
        self.gate = gate
        self.accesses = accesses
        self.turn = asyncio.Lock()

    async def GetOverview(self, request: GetOverviewRequest, context: Context) -> GetOverviewResponse:
        async def found(_: Asker) -> GetOverviewResponse:
            return overview(await self.places.now())

        return await self.answered(request, context, found)

    async def ListDeadLetters(self, request: ListDeadLettersRequest, context: Context) -> ListDeadLettersResponse:
        async def found(_: Asker) -> ListDeadLettersResponse:
            return await listed(consumed(request.topic), self.kafka, request.page_size or PAGE)

        return await self.answered(request, context, found)

    async def ReplayDeadLetters(self, request: ReplayDeadLettersRequest, context: Context) -> ReplayDeadLettersResponse:
        async def done(who: Asker) -> ReplayDeadLettersResponse:
            async with self.turn:
                replayed = await dead_letters.replay(consumed(request.topic), self.kafka, self.acting(who))
            return ReplayDeadLettersResponse(replayed=replayed)

        return await self.answered(request, context, done)

    async def DiscardDeadLetters(self, request: DiscardDeadLettersRequest, context: Context) -> DiscardDeadLettersResponse:
        async def done(who: Asker) -> DiscardDeadLettersResponse:
            topic, events = consumed(request.topic), list(request.event_ids)
            async with self.turn:
                gone, kept = await dead_letters.discard(topic, events, request.reason, self.kafka, self.acting(who))
            return DiscardDeadLettersResponse(discarded=gone, waiting=kept)

        return await self.answered(request, context, done)

    async def Reconcile(self, request: ReconcileRequest, context: Context) -> ReconcileResponse:
        async def done(who: Asker) -> ReconcileResponse:
            async with self.turn:
                found, again = await reckoned(self.kafka), 0
                if request.repair and found.missing:
                    await self.accesses.tell(who, ACTION_EXECUTED, OUTCOME_DONE, "reconcile repair", (), "")
                    again = await publish_again(self.kafka, self.publisher, BY_CASE, found.missing)
            return ReconcileResponse(balances=map(balance, found.balances), published_again=again)

        return await self.answered(request, context, done)

    def acting(self, who: Asker) -> Acting:
        return Acting(who, self.accesses, self.publisher)

    async def answered[R](self, request: Message, context: Context, act: Callable[[Asker], Awaitable[R]]) -> R:
        """What an act of an operator gives, or its refusal."""

        async def permitted(who: Principal, asker: Asker) -> R:
            who.must(Permission.OPERATE)
            return await act(asker)

        return await answered(request, context, self.gate, self.accesses, operation_of(DESCRIPTOR, request), permitted)


def consumed(topic: str) -> Topic[Any]:
    """Raise NotFound."""
    if topic not in CONSUMED:
        raise NotFound("there is no such topic that somebody consumes")
    return CONSUMED[topic]
