"""Of which variants a knowledge base says something that asks for a look. Pure."""

from collections.abc import Iterable

from casepath.sequencing.v1.known_variants_pb2 import Statement

# Of these nothing asks for a look; anything else does, however it is worded.
UNREMARKABLE = frozenset(
    {
        "Benign",
        "Likely benign",
        "Benign/Likely benign",
        "not provided",
        "no classification for the single variant",
        "no classifications from unflagged records",
    }
)
# ClinVar's words for it; those who disagree are named behind them.
UNCERTAIN = ("Uncertain significance", "Conflicting classifications", "Conflicting interpretations")


def notable(statements: Iterable[Statement]) -> bool:
    """Whether any says something else than that the variant is benign, or nothing."""
    return any(not set(one.significance.split("; ")) <= UNREMARKABLE for one in statements)


def uncertain(statements: Iterable[Statement]) -> bool:
    """Whether none says more than that it is not known, or not agreed upon, what the variant does."""
    return all(one.significance.startswith(UNCERTAIN) for one in statements)
