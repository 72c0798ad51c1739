"""``inkread accounts``: who may use a server, and the keys of programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli import border
from inkread.cli.choices import one_of
from inkread.errors import InvalidOption, MissingExtra

if TYPE_CHECKING:
    from inkread.serve.accounts import Accounts

__all__ = ["app"]

app = typer.Typer(help="Make and change the accounts of a server.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
_Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Where accounts are kept; by default INKREAD_DATABASE_URL, or a file of yours.",
    ),
]


@contextmanager
def _accounts(database: str | None) -> Iterator[Accounts]:
    try:
        from inkread.serve.accounts import Accounts
        from inkread.serve.settings import load_settings
    except ImportError as error:
        raise MissingExtra.of("serve", "a server's accounts") from error

    accounts = Accounts(load_settings(database_url=database).database_url)
    try:
        accounts.migrate()
        yield accounts
    finally:
        accounts.close()


def _password() -> str:
    """The password: asked for twice at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline()
    if not line:
        raise InvalidOption("the password is read from standard input, and there was none")
    return line.rstrip("\r\n")


@app.command("add")
def add(
    name: _Name,
    admin: Annotated[bool, typer.Option("--admin", help="May manage users and see the metrics.")] = False,
    database: _Database = None,
) -> None:
    """Make an account; its password is asked for, or read from standard input.

    \b
    Examples:
      inkread accounts add ada --admin
      inkread accounts add grace < password.txt
    """
    with _accounts(database) as accounts:
        user = accounts.add_user(name, _password(), role="admin" if admin else "user")
    border.say(f"made the {user.role} {user.name}")


@app.command("password")
def password(name: _Name, database: _Database = None) -> None:
    """Give an account a new password; it is signed out everywhere.

    \b
    Examples:
      inkread accounts password ada
    """
    with _accounts(database) as accounts:
        user = accounts.change_user(name, password=_password())
    border.say(f"{user.name} has a new password")


@app.command("key")
def key(
    name: _Name,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the key is for.")] = "made at the command line",
    database: _Database = None,
) -> None:
    """Make a key for a program; it is written to stdout, this once.

    \b
    Examples:
      inkread accounts key ada --label "nightly scans" > key.txt
    """
    with _accounts(database) as accounts:
        made, text = accounts.add_key(name, label)
    typer.echo(text)
    border.say(f"made the key {made.id}; keep it safe, it is not shown again")


@app.command("list")
def list_accounts(
    format: Annotated[
        str,
        typer.Option(
            "--format", parser=one_of(("text", "json")), metavar="[text|json]", help="How the answer is written."
        ),
    ] = "text",
    database: _Database = None,
) -> None:
    """List the accounts.

    \b
    Examples:
      inkread accounts list
      inkread accounts list --format json
    """
    with _accounts(database) as accounts:
        users = accounts.users()
        held = {user.name: accounts.keys(user.name) for user in users}
    if format == "json":
        rows = [
            {
                "name": user.name,
                "role": user.role,
                "disabled": user.is_disabled,
                "created": user.created,
                "keys": [{"id": one.id, "label": one.label, "last_used": one.last_used} for one in held[user.name]],
            }
            for user in users
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for user in users:
        made = datetime.fromtimestamp(user.created, UTC).date().isoformat()
        state = "disabled" if user.is_disabled else "enabled"
        typer.echo(f"{user.name}  {user.role}  {state}  {len(held[user.name])} keys  since {made}")


@app.command("disable")
def disable(name: _Name, database: _Database = None) -> None:
    """Disable an account: its sessions end, and its keys open nothing.

    \b
    Examples:
      inkread accounts disable grace
    """
    with _accounts(database) as accounts:
        user = accounts.change_user(name, disabled=True)
    border.say(f"{user.name} is disabled")


@app.command("enable")
def enable(name: _Name, database: _Database = None) -> None:
    """Enable an account again.

    \b
    Examples:
      inkread accounts enable grace
    """
    with _accounts(database) as accounts:
        user = accounts.change_user(name, disabled=False)
    border.say(f"{user.name} is enabled")
