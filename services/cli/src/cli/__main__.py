"""`casepath`: the commands that the installed services offer, under one name."""

import sys
from importlib.metadata import EntryPoint, entry_points

import click

from chassis.errors import CasepathError, Misconfigured, Retriable

GROUP = "casepath.commands"
EX_DATAERR = 65
EX_UNAVAILABLE = 69
EX_CONFIG = 78


class Installed(click.Group):
    """Commands come from the entry points of what is installed; a command is imported when it is asked for."""

    def entries(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries().get(cmd_name)
        if entry is None:
            return None
        command = entry.load()
        if not isinstance(command, click.Command):
            raise Misconfigured(f"the entry point {cmd_name} is not a command")
        return command


@click.group(cls=Installed, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="casepath-cli", prog_name="casepath")
def casepath() -> None:
    """Slides, AI, sequencing and records of one patient as one case."""


def main() -> None:
    """Run a command; an error of ours is one line that says what to do, and an exit status of sysexits.h."""
    try:
        casepath()
    except CasepathError as error:
        click.echo(f"casepath: {error}", err=True)
        retriable = EX_UNAVAILABLE if isinstance(error, Retriable) else EX_DATAERR
        sys.exit(EX_CONFIG if isinstance(error, Misconfigured) else retriable)


if __name__ == "__main__":
    main()
