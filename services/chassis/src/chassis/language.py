"""The languages of what clinicians see."""

from typing import Literal

type Language = Literal["en", "fr"]

LANGUAGES: tuple[Language, ...] = ("en", "fr")
