"""``inkread serve``: the page and the HTTP interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli import border
from inkread.errors import MissingExtra

if TYPE_CHECKING:
    from inkread.serve.settings import ServerSettings

__all__ = ["serve"]


def serve(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The address to listen at; 127.0.0.1 is this machine alone.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="N", min=0, max=65535, help="The port to listen at; 8000 by default.")
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes behind the port.")] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page when the server is ready.")] = False,
    certfile: Annotated[Path | None, typer.Option(metavar="FILE", help="A certificate, for https.")] = None,
    keyfile: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's key.")] = None,
    accounts: Annotated[
        bool | None,
        typer.Option(
            "--accounts/--no-accounts",
            help="Ask for a login or a key; by default where others than this machine can call.",
        ),
    ] = None,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Show every setting with its variable, and exit.")
    ] = False,
) -> None:
    """Serve the page and the HTTP interface.

    Everything else is set by environment variables; --show-settings lists them.

    \b
    Examples:
      inkread serve --browser
      inkread serve --port 9000 --workers 2
      INKREAD_MAX_PAGES=10 inkread serve --show-settings
      inkread serve --host 0.0.0.0 --certfile cert.pem --keyfile key.pem
    """
    try:
        from inkread.serve.settings import load_settings
    except ImportError as error:
        raise MissingExtra.of("serve", "the server") from error

    settings = load_settings(
        host=host, port=port, workers=workers, certfile=certfile, keyfile=keyfile, accounts=accounts
    )
    if show_settings:
        _show(settings)
        return
    try:
        from inkread.serve.server import address_of
        from inkread.serve.server import serve as run
    except ImportError as error:
        raise MissingExtra.of("serve", "the server") from error

    border.say(f"the page is at {address_of(settings)} (Ctrl-C ends)")
    if browser:
        _open_when_ready(address_of(settings))
    run(settings)


def _show(settings: ServerSettings) -> None:
    rows = settings.shown()
    width = max(len(name) for name, _, _ in rows)
    for name, value, meaning in rows:
        typer.echo(f"# {meaning}\n{name:<{width}} = {value}".rstrip())


def _open_when_ready(address: str) -> None:
    """Open the page as soon as the server answers."""
    import threading
    import webbrowser

    def wait_and_open() -> None:
        if _answers(f"{address}healthz"):
            webbrowser.open(address)

    threading.Thread(target=wait_and_open, daemon=True).start()


def _answers(address: str, *, timeout_s: float = 30.0) -> bool:
    import ssl
    import time
    import urllib.error
    import urllib.request

    # One's own certificate need not be trusted for asking whether one's own server is there.
    context = ssl._create_unverified_context() if address.startswith("https") else None
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=1, context=context):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.1)
    return False
