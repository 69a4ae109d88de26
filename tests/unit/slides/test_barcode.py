import re
from collections.abc import Callable
from pathlib import Path

import pytest

from casepath.slides.v1.slide_pb2 import QuarantineReason
from slides.barcode import Label, label_of
from slides.quarantine import REMEDIES, Quarantined
from slides.scans import Scan
from slides.settings import SlideSettings

NAME = re.compile(SlideSettings.model_fields["slide_name"].default)


@pytest.fixture
def label(tmp_path: Path) -> Callable[..., Label]:
    def read(name: str, sidecar: str | bytes | None = None) -> Label:
        path = tmp_path / name
        path.write_bytes(b"")
        if sidecar is not None:
            path.with_name(f"{name}.json").write_bytes(sidecar.encode() if isinstance(sidecar, str) else sidecar)
        return label_of(Scan((path,)), NAME)

    return read


def test_the_file_name_carries_accession_and_slide(label: Callable[..., Label]) -> None:
    assert label("S26-0001_A1.svs") == Label("S26-0001", "A1")


@pytest.mark.parametrize("name", ["A1.svs", "S26-0001.svs", "S26_0001_A1.svs", "S26-0001_A1.x.svs"])
def test_a_name_that_does_not_say_which_slide_it_is_says_nothing(label: Callable[..., Label], name: str) -> None:
    assert label(name) == Label()


def test_a_sidecar_says_it_over_the_name(label: Callable[..., Label]) -> None:
    assert label("S26-0001_A1.svs", '{"slide": "A2", "microns_per_pixel": 0.25}') == Label("S26-0001", "A2", 0.25)


@pytest.mark.parametrize(
    "sidecar",
    [
        "",
        "[]",
        "not json",
        b"\xff",
        '{"microns_per_pixel": -1}',
        '{"microns_per_pixel": 0}',
        '{"microns_per_pixel": "nan"}',
        f'{{"microns_per_pixel": 1{"0" * 400}}}',
        '{"slide": "\\ud800"}',
        "[" * 100_000,
    ],
    ids=lambda sidecar: sidecar[:32],
)
def test_a_sidecar_that_is_wrong_is_quarantined_never_guessed(label: Callable[..., Label], sidecar: str | bytes) -> None:
    with pytest.raises(Quarantined):
        label("S26-0001_A1.svs", sidecar)


def test_every_reason_has_a_remedy_in_both_languages() -> None:
    named = {value for name, value in QuarantineReason.items() if value}
    assert REMEDIES.keys() == named
    assert all(remedy.en and remedy.fr and remedy.en != remedy.fr for remedy in REMEDIES.values())
