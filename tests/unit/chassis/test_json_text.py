"""What JSON that others wrote is taken for."""

import pytest

from chassis.errors import Malformed
from chassis.json_text import json_of


@pytest.mark.parametrize(
    "text", ["", "{", b"\xff", "[" * 100_000, '{"a": "\\ud800"}', "NaN", "[-Infinity]", "1" * 5000], ids=lambda text: text[:12]
)
def test_what_is_no_json_is_refused_in_the_words_of_who_asked(text: str | bytes) -> None:
    with pytest.raises(Malformed, match="annotations are JSON"):
        json_of(text, "annotations are JSON")


def test_what_is_json_is_what_it_says() -> None:
    assert json_of('{"name": "Mme Ferré 🙂", "codes": [1, 2.5, null]}', "no JSON") == {
        "name": "Mme Ferré 🙂",
        "codes": [1, 2.5, None],
    }
