"""What became of the inputs that were tried at a door."""

from dataclasses import dataclass
from itertools import islice
from random import Random

from chassis.isolated import Crashed, Isolated
from malformed.doors import Door, Input

HEAD = ("door", "inputs", "tried", "refused", "by the end of their process", "taken", "crashed", "hung", "wrongly taken")


@dataclass(slots=True)
class Counts:
    """`ended`, of the refused: those that ended the process that read them, where the service has it isolated."""

    door: Door
    tried: int = 0
    refused: int = 0
    ended: int = 0
    taken: int = 0
    crashed: int = 0
    hung: int = 0
    wrongly: int = 0
    # A few of those that are in one of the last three columns.
    examples: tuple[tuple[str, Input], ...] = ()

    def row(self) -> tuple[str, ...]:
        numbers = (self.tried, self.refused, self.ended, self.taken, self.crashed, self.hung, self.wrongly)
        return self.door.name, self.door.tried, *map(str, numbers)

    def remember(self, why: str, one: Input) -> None:
        self.examples = (*self.examples, (why, one))[:5]


async def counted(door: Door, rounds: int, seed: int) -> Counts:
    """Try as many inputs as `rounds` says, or all where there are fewer."""
    counts = Counts(door)
    with Isolated() as isolated:
        for one in islice(door.inputs(Random(seed)), rounds):
            counts.tried += 1
            try:
                await isolated.run(door.take, one, door.seconds)
            except Crashed as error:
                if "not done" in str(error):
                    counts.hung += 1
                    counts.remember(str(error), one)
                elif door.isolated:
                    counts.refused += 1
                    counts.ended += 1
                else:
                    counts.crashed += 1
                    counts.remember(str(error), one)
            except door.refusals:
                counts.refused += 1
            except Exception as error:  # noqa: BLE001 - it is what is looked for
                counts.crashed += 1
                counts.remember(f"{type(error).__name__}: {error}", one)
            else:
                counts.taken += 1
                if one.wrong:
                    counts.wrongly += 1
                    counts.remember("taken", one)
    return counts
