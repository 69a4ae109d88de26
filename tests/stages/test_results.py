"""Results over MLLP to a receiver that answers as receivers do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hl7.mllp import start_hl7_server
from hl7.mllp.streams import HL7StreamReader, HL7StreamWriter

import examples
from casepath.results.v1.delivery_pb2 import ResultDelivered
from chassis.errors import Rejected, Unavailable
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.worker import Received
from results.adapters.mllp_sender import MemorySender, MllpSender
from results.handlers import Parties
from results.sending import Sending

MESSAGE = b"MSH|^~\\&|CASEPATH|LAB|HIS|HOSP|20260301||ORU^R01^ORU_R01|c1|P|2.5.1\rPID|1\r"


def ack(code: str, control: str = "c1") -> bytes:
    return f"MSH|^~\\&|HIS|HOSP|CASEPATH|LAB|20260301||ACK|x|P|2.5.1\rMSA|{code}|{control}\r".encode()


@asynccontextmanager
async def receiver(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[int]:
    """A hospital's system; of None it hangs up."""

    async def connected(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        try:
            while (said := answer(await reader.readblock())) is not None:
                writer.writeblock(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await start_hl7_server(connected, host="127.0.0.1", port=0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_message_that_is_acknowledged_is_sent_once_over_one_connection() -> None:
    got: list[bytes] = []

    def answer(message: bytes) -> bytes:
        got.append(message)
        return ack("AA")

    async with receiver(answer) as port:
        sender = MllpSender("127.0.0.1", port, 5)
        await sender.send(MESSAGE)
        await sender.send(MESSAGE)
        sender.close()
    assert got == [MESSAGE, MESSAGE]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ack("AE"), Rejected),
        (ack("AR"), Unavailable),
        (ack("AA", "another"), Unavailable),
        (b"nonsense\r", Unavailable),
        (None, Unavailable),
    ],
    ids=["AE", "AR", "of another", "nonsense", "hangs up"],
)
async def test_what_an_answer_means(answer: bytes | None, error: type[Exception]) -> None:
    async with receiver(lambda _: answer) as port:
        sender = MllpSender("127.0.0.1", port, 5)
        with pytest.raises(error):
            await sender.send(MESSAGE)
        sender.close()


async def test_a_receiver_that_is_away_or_silent_gets_the_message_when_it_is_back() -> None:
    silent = True

    def answer(_: bytes) -> bytes | None:
        return b"" if silent else ack("AA")

    async with receiver(answer) as port:
        sender = MllpSender("127.0.0.1", port, 1)
        with pytest.raises(Unavailable):
            await sender.send(MESSAGE)
        silent = False
        await sender.send(MESSAGE)
        sender.close()
    away = MllpSender("127.0.0.1", port, 1)
    with pytest.raises(Unavailable):
        await away.send(MESSAGE)


@pytest.fixture
def sending(tmp_path: Path) -> Sending:
    objects = Objects.at(f"file://{tmp_path}")
    orders = ShelvedOrders(objects, "results", examples.NAMESPACE)
    return Sending(objects, orders, MemorySender(), Parties(("CASEPATH", "LAB"), ("HIS", "HOSP")))


async def test_a_report_waits_for_its_order_and_an_addendum_for_its_report(sending: Sending) -> None:
    assert isinstance(sending.sender, MemorySender)
    report, addendum = examples.report_signed(), examples.report_signed()
    report.number, addendum.number = 1, 2
    first, second = (Received(one, examples.envelope("portal.report.signed.v1", str(one.number))) for one in (report, addendum))
    with pytest.raises(Unavailable, match="order"):
        await sending.report(first)
    await sending.orders.keep(Received(examples.order(), examples.envelope("order")))
    with pytest.raises(Unavailable, match="addendum"):
        await sending.report(second)
    for received in (first, second, first):
        (event,) = await sending.report(received)
        assert isinstance(event.data, ResultDelivered)
    assert [message.count(b"|TX|11526-1^") for message in sending.sender.sent] == [1, 2, 1]
    assert sending.sender.sent[0] == sending.sender.sent[2]


async def test_a_repeat_of_what_was_withdrawn_does_not_bring_it_back(sending: Sending) -> None:
    assert isinstance(sending.sender, MemorySender)
    await sending.orders.keep(Received(examples.order(), examples.envelope("order")))
    signed = [examples.report_signed(), examples.report_withdrawn(2), examples.report_signed(3, "Bénin.")]
    events = [Received(one, examples.envelope("portal.report.signed.v1", str(one.number))) for one in signed]
    told = [await sending.report(one) for one in events]
    assert [b"|D|" in message for message in sending.sender.sent] == [False, True, False]
    assert [await sending.report(one) for one in events] == told
    assert [message.count(b"|TX|11526-1^") for message in sending.sender.sent] == [1, 2, 1, 2, 1]
    assert b"Carcinome" not in b"".join(sending.sender.sent[1:])


async def test_a_genomic_report_that_was_withdrawn_is_deleted_and_no_repeat_brings_it_back(sending: Sending) -> None:
    assert isinstance(sending.sender, MemorySender)
    await sending.orders.keep(Received(examples.order(), examples.envelope("order")))
    issued = examples.pharmacogenomics_reported()
    for page in issued.pages:
        page.pdf.CopyFrom(await sending.objects.put(b"%PDF"))
    told = [await sending.genomic(Received(issued, examples.envelope("issued")))]
    signed = Received(examples.genomics_signed(), examples.envelope("signed"))
    told += [await sending.genomic_signed(signed)]
    await sending.genomic_withdrawn(Received(examples.genomics_withdrawn(), examples.envelope("withdrawn")))
    assert [message.count(b"|D|") for message in sending.sender.sent] == [0, 0, 4]
    again = [await sending.genomic(Received(issued, examples.envelope("issued")))]
    again += [await sending.genomic_signed(signed)]
    assert (again, len(sending.sender.sent)) == (told, 3)


async def test_a_result_names_the_patient_of_now(sending: Sending) -> None:
    assert isinstance(sending.sender, MemorySender)
    await sending.orders.keep(Received(examples.order(), examples.envelope("order")))
    await sending.orders.move(Received(examples.case_moved(), examples.envelope("moved")))
    report = examples.report_signed()
    report.number = 1
    await sending.report(Received(report, examples.envelope("portal.report.signed.v1")))
    assert b"\rPID|1||P9^^^" in sending.sender.sent[0]
