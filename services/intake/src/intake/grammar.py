"""What must hold of a message's lines before they are read: a parser takes more, and loses it (HL7 v2.5.1 section 2.5 to 2.7)."""

import re
from collections.abc import Sequence

SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
LONGEST_MSH_2 = 5


class NotAMessage(ValueError):
    """Lines that are no message; the text never holds what they held."""

    def __init__(self, segment: str, text: str) -> None:
        super().__init__(text)
        self.segment = segment


def check_lines(lines: Sequence[str]) -> None:
    """Raise NotAMessage where separators are not told apart, a line is no segment, or a second message follows.

    A line break inside a field makes the rest of its segment such a line, and leaves the fields behind it empty.
    """
    separator = lines[0][3]
    written = lines[0][4:].split(separator, 1)[0]
    if not 1 <= len(written) <= LONGEST_MSH_2 or len({separator, *written}) != 1 + len(written):
        raise NotAMessage("MSH", "MSH-1 and MSH-2 do not name distinct separators")
    if any(char.isalnum() or char.isspace() or not char.isascii() for char in (separator, *written)):
        raise NotAMessage("MSH", "a separator is a letter, a digit or a space")
    for number, line in enumerate(lines, 1):
        name, _, _ = line.partition(separator)
        if not SEGMENT.fullmatch(name):
            raise NotAMessage("", f"line {number} is not a segment")
        if name == "MSH" and number > 1:
            raise NotAMessage("MSH", "a frame holds one message")
