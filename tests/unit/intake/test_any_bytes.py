"""Whatever a sender writes, it is answered, and nothing of it is logged."""

import logging
import random
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import examples
from chassis.publisher import MemoryPublisher
from chassis.telemetry import hush_libraries
from intake.receiving import Receiver

MESSAGES = [path.read_bytes().replace(b"\n", b"\r") for path in sorted(Path(__file__).parent.glob("*.hl7"))]
PIECES = [b"|", b"^", b"~", b"&", b"\\", b"\r", b"\\E\\", b"\\Xzz\\", b"\\X41\\", b'""', b"9" * 70, b"\xff", b"\0"]
ROUNDS = 3000


def mutated(rng: random.Random) -> bytes:
    message = bytearray(rng.choice(MESSAGES))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(message)) if message else 0
        match rng.randrange(4):
            case 0:
                message[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del message[at : at + rng.randint(1, 30)]
            case 2:
                message[at:at] = rng.choice(PIECES)
            case _:
                del message[at:]
    return bytes(message)


@pytest.fixture
def hushed() -> Iterator[None]:
    """Logging as a service has it."""
    root = logging.getLogger()
    level = root.level
    hush_libraries()
    yield
    logging.captureWarnings(False)
    root.setLevel(level)


@pytest.mark.usefixtures("hushed")
async def test_every_frame_is_answered_and_published_only_where_it_is_accepted(caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(20261124)
    answers = set()
    for _ in range(ROUNDS):
        publisher = MemoryPublisher()
        frame = mutated(rng)
        answer = await Receiver(publisher, examples.NAMESPACE, ZoneInfo("Europe/Paris"), "utf-8").answer(frame)
        code = answer.split(b"\rMSA|")[1][:2].decode()
        answers.add(code)
        assert (code == "AA") == bool(publisher.records), frame
    assert answers == {"AA", "AE", "AR"}
    assert "Exemple" not in caplog.text
