from pathlib import Path

import pytest

from chassis.errors import Misconfigured
from chassis.scratch import scratch
from chassis.settings import StoringSettings, load

COMPLETE = {
    "CASEPATH_KAFKA": "127.0.0.1:9092",
    "CASEPATH_OBJECTS": "file:///tmp/objects",
    "CASEPATH_NAMESPACE": "7c9b1d3a-0f43-4f0e-9f57-7a1f6a4a9b11",
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        monkeypatch.delenv(name, raising=False)


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(Misconfigured) as caught:
        load(StoringSettings)
    assert all(name in str(caught.value) for name in COMPLETE)


def test_scratch_space_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CASEPATH_WORK_FOLDER", raising=False)
    settings = load(StoringSettings)
    assert settings.work_folder == tmp_path / "casepath/work"
    with scratch(settings.work_folder, "records") as folder:
        assert folder.stat().st_mode & 0o077 == 0


def test_the_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    settings = load(StoringSettings)
    assert COMPLETE["CASEPATH_NAMESPACE"] not in repr(settings)
    assert str(settings.namespace_id) == COMPLETE["CASEPATH_NAMESPACE"]


def test_a_wrong_secret_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**COMPLETE, "CASEPATH_NAMESPACE": "hunter2"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match="CASEPATH_NAMESPACE") as caught:
        load(StoringSettings)
    assert "hunter2" not in str(caught.value)
