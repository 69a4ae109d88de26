import pytest

from chassis.errors import Misconfigured
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
