"""A model in a process of its own: what it does to itself, it does to nobody else."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from stages.constructed_models import brightness, bundle, darkness, picks

from chassis.errors import Malformed, Misconfigured
from inference.adapters.model_process import ProcessSession
from inference.adapters.onnx_session import CPU_PROVIDER, ModelFailed
from inference.bundle import load_model
from inference.serving import ModelRepository

DARK = np.zeros((1, 8, 8, 3), np.uint8)
LIGHT = np.full((1, 8, 8, 3), 250, np.uint8)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ProcessSession]:
    one = ProcessSession(load_model(bundle(tmp_path, "brightness", brightness())), "cpu", 1)
    yield one
    one.close()


def test_it_answers_as_a_session_in_this_process_does(session: ProcessSession) -> None:
    assert session.provider == CPU_PROVIDER
    assert [(one.name, one.datatype, one.shape) for one in session.inputs] == [("pixels", "UINT8", (-1, 8, 8, 3))]
    for rows in (1, 7, 3):
        pixels = np.random.default_rng(rows).integers(0, 255, (rows, 8, 8, 3), np.uint8)
        assert session.run({"pixels": pixels})["brightness"] == pytest.approx(pixels.mean(axis=(1, 2, 3)), rel=1e-5)


def test_what_it_is_asked_wrongly_is_refused_and_the_process_lives(session: ProcessSession) -> None:
    process = session.process.pid
    with pytest.raises(Malformed):
        session.run({"pixels": np.zeros((1, 4, 4, 3), np.uint8)})
    assert session.run({"pixels": LIGHT})["brightness"] == pytest.approx([250])
    assert session.process.pid == process


def test_a_process_that_dies_is_made_anew_for_the_next_run(session: ProcessSession) -> None:
    before = session.process.pid
    os.kill(before, signal.SIGKILL)
    with pytest.raises(ModelFailed, match="died"):
        session.run({"pixels": LIGHT})
    assert session.run({"pixels": LIGHT})["brightness"] == pytest.approx([250])
    assert session.process.pid != before


def test_a_model_that_hangs_is_ended_in_the_time_that_it_has(tmp_path: Path) -> None:
    session = ProcessSession(load_model(bundle(tmp_path, "endless", darkness(8, "endless"), seconds=0.5)), "cpu", 1)
    with pytest.raises(ModelFailed, match=r"did not answer in 0\.5 s"):
        session.run({"tiles": DARK})
    assert session.run({"tiles": LIGHT})["answer"].shape == (1,)
    session.close()


def test_a_process_that_keeps_more_memory_than_it_may_is_made_anew_and_its_answer_counts(tmp_path: Path) -> None:
    # Any process with ONNX Runtime in it has more than 64 MB.
    session = ProcessSession(load_model(bundle(tmp_path, "picks", picks(), memory_megabytes=64)), "cpu", 1)
    before = session.process.pid
    assert session.run({"index": np.array([2])})["picked"].tolist() == [30]
    assert session.process is None
    assert not psutil.pid_exists(before)
    assert session.run({"index": np.array([1])})["picked"].tolist() == [20]
    session.close()


def test_what_cannot_be_loaded_is_told_when_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot load"):
        ProcessSession(load_model(bundle(tmp_path, "bad", b"not onnx")), "cpu", 1)


def test_nothing_is_left_when_it_is_closed(session: ProcessSession) -> None:
    session.run({"pixels": LIGHT})
    assert session.memory is not None
    process, memory = session.process.pid, Path("/dev/shm") / session.memory.name
    assert memory.exists()
    session.close()
    assert not psutil.pid_exists(process)
    assert not memory.exists()


async def test_a_model_that_hangs_harms_no_other_that_is_served(tmp_path: Path) -> None:
    bundle(tmp_path, "endless", darkness(8, "endless"), seconds=1)
    bundle(tmp_path, "brightness", brightness())
    models = ModelRepository(tmp_path, lambda model: ProcessSession(model, "cpu", 1))
    await models.load_all()
    with pytest.raises(ModelFailed):
        await models.get("endless").infer({"tiles": DARK})
    assert (await models.get("brightness").infer({"pixels": LIGHT}))["brightness"] == pytest.approx([250])
    assert (await models.get("endless").infer({"tiles": LIGHT}))["answer"].shape == (1,)
    await models.close()
