"""`casepath account`: who may log in to the portal, and tokens for machines."""

import time
from dataclasses import replace
from pathlib import Path

import click

from chassis.access import GRANTS, Signer
from chassis.accounts import account as made
from chassis.accounts import load_accounts, save_accounts
from chassis.errors import NotFound

roles_option = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(sorted(GRANTS)), help="What they may do; can be repeated."
)
accounts_option = click.option(
    "--accounts", envvar="CASEPATH_ACCOUNTS", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file."
)


@click.group()
def account() -> None:
    """Accounts of the portal, and tokens."""


@account.command()
@click.argument("name")
@click.option("--full-name", required=True, help="As it is printed under a report.")
@roles_option
@click.option(
    "--unit",
    "units",
    multiple=True,
    help="Whose cases they see, as orders name it; * is every unit's, and those of none. Can be repeated. "
    "Without it they see the cases that are given to them.",
)
@accounts_option
@click.password_option(help="Asked for where it is not given.")
def add(name: str, full_name: str, roles: tuple[str, ...], units: tuple[str, ...], accounts: Path, password: str) -> None:
    """Add NAME, or replace it: their sessions end. The portal notices at once."""
    others = [one for one in (load_accounts(accounts) if accounts.exists() else []) if one.name != name]
    save_accounts(accounts, [*others, made(name, full_name, roles, password, units)])


@account.command()
@click.argument("name")
@accounts_option
@click.option("--remove", is_flag=True, help="Take the account away, too.")
def end(name: str, accounts: Path, remove: bool) -> None:
    """End every session of NAME, at once: they have to log in again."""
    kept = load_accounts(accounts)
    if all(one.name != name for one in kept):
        raise NotFound(f"there is no account {name}")
    ended = [replace(one, not_before=int(time.time()) + 1) if one.name == name else one for one in kept]
    save_accounts(accounts, [one for one in ended if not remove or one.name != name])


@account.command()
@click.argument("subject")
@roles_option
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 8760), help="How long it is good.")
@click.option(
    "--signing-key",
    envvar="CASEPATH_SIGNING_KEY",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private key.",
)
def token(subject: str, roles: tuple[str, ...], hours: int, signing_key: Path) -> None:
    """Print a token for SUBJECT, a machine or a tool: for slide upload, STOW-RS and DICOMweb."""
    click.echo(Signer.at(signing_key).token(subject, roles, hours * 3600))
