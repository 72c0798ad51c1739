"""The settings of the server: every one an environment variable ``INKREAD_…``, every one checked when it is made.

Nothing is opened or read here.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from inkread.errors import InvalidOption
from inkread.inputs import InputLimits

__all__ = ["ServerSettings", "is_loopback", "load_settings"]

PREFIX = "INKREAD_"
_Names = Annotated[tuple[str, ...], NoDecode]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server bound to ``host``.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _default_database() -> str:
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return f"sqlite:///{home / 'inkread' / 'accounts.sqlite3'}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ServerSettings(BaseSettings):
    """Everything that an operator chooses; lists are written with commas.

    Examples
    --------
    >>> ServerSettings(host="0.0.0.0").accounts_on, ServerSettings(host="127.0.0.1").accounts_on
    (True, False)
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, validate_default=True
    )

    host: str = Field("127.0.0.1", description="The address to listen at.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen at; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=256, description="Processes behind the port.")
    certfile: Path | None = Field(None, description="A certificate, for https.")
    keyfile: Path | None = Field(None, description="The certificate's key.")
    shutdown_s: int = Field(30, ge=1, description="Seconds that running requests have at the end.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="The least that is logged.")

    # Who may call
    allowed_hosts: _Names = Field(
        (), description="Names by which the server is known, beside those of this machine (Host header)."
    )
    cors_origins: _Names = Field((), description="Origins whose pages may call with a key; none by default.")
    trusted_proxies: _Names = Field((), description="Addresses of proxies whose X-Forwarded-For is believed.")
    accounts: bool | None = Field(
        None, description="Whether accounts are needed; by default where others than this machine can call."
    )
    database_url: str = Field(
        default_factory=_default_database, description="Where accounts are kept, as SQLAlchemy writes it."
    )
    admin_name: str | None = Field(None, description="Name of a first admin, made at start where there is none.")
    admin_password: SecretStr | None = Field(None, description="The first admin's password.")
    session_hours: float = Field(168.0, gt=0, le=8760, description="Hours after which a session ends.")
    secure_cookies: bool | None = Field(
        None, description="Whether cookies travel only over https; by default where the request did."
    )

    # How much is taken
    max_body_bytes: int = Field(20 * 10**6, ge=1, description="Of one request.")
    max_held_bytes: int = Field(256 * 2**20, ge=1, description="Of all bodies held at once, in one process.")
    max_pixels: int = Field(50_000_000, ge=1, description="Of one page.")
    max_pages: int = Field(50, ge=1, description="Of one document.")
    max_files: int = Field(50, ge=1, description="Of one request.")
    body_timeout_s: float = Field(30.0, gt=0, description="Seconds in which a body must have come.")
    read_timeout_s: float = Field(60.0, gt=0, description="Seconds that reading one request may take.")
    read_threads: int = Field(
        default_factory=_cores, ge=1, le=256, description="Pictures read at once, in one process."
    )
    max_in_flight: int = Field(64, ge=1, description="Requests being read or waiting for it, in one process.")
    rate: str | None = Field(
        None, description="Requests allowed to each key, account or address, such as 600/minute; or off."
    )
    rate_storage: str = Field("memory://", description="Where rates are counted: memory:// or redis://host.")

    # Video
    max_live: int = Field(32, ge=0, description="Sockets open at once, in one process.")
    max_frame_bytes: int = Field(2 * 2**20, ge=1024, description="Of one message on a socket.")
    max_frame_pixels: int = Field(4_000_000, ge=1, description="Of one frame.")
    max_frames_per_second: float = Field(90.0, gt=0, description="More close the socket.")
    live_idle_s: float = Field(60.0, gt=0, description="Seconds without a message after which a socket is closed.")

    # The lab
    lab: bool | None = Field(
        None,
        description="Whether data sets may be browsed and networks trained on the page; by default where only this "
        "machine or only admins can, in one process.",
    )

    # Pictures from elsewhere
    url_hosts: _Names = Field((), description='Hosts from which {"url": …} is fetched; none by default.')
    url_timeout_s: float = Field(10.0, gt=0, description="Seconds that fetching may take.")

    @field_validator("allowed_hosts", "cors_origins", "trusted_proxies", "url_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("rate")
    @classmethod
    def _rate_is_known(cls, value: str | None) -> str | None:
        if value is None or value == "off":
            return value
        from limits import parse_many

        parse_many(value)
        return value

    @model_validator(mode="after")
    def _whole(self) -> ServerSettings:
        if (self.certfile is None) != (self.keyfile is None):
            raise ValueError("https needs both a certificate and its key")
        if (self.admin_name is None) != (self.admin_password is None):
            raise ValueError("a first admin needs both a name and a password")
        if self.lab and self.workers > 1:
            raise ValueError("the lab needs one worker: what is trained in one process is not in the others")
        return self

    @property
    def accounts_on(self) -> bool:
        """Whether a session or a key is asked for."""
        return not is_loopback(self.host) if self.accounts is None else self.accounts

    @property
    def lab_open(self) -> bool:
        """Whether the lab is open; it never is by itself where strangers could train networks."""
        if self.lab is not None:
            return self.lab
        return self.workers == 1 and (self.accounts_on or is_loopback(self.host))

    @property
    def rate_limit(self) -> str | None:
        """The rate that holds, or None: by default 600 a minute where others than this machine can call."""
        if self.rate is None:
            return None if is_loopback(self.host) else "600/minute"
        return None if self.rate == "off" else self.rate

    @property
    def hosts(self) -> frozenset[str]:
        """Every name by which the server is known, lower case, without ports."""
        own = {"localhost", "127.0.0.1", "[::1]"}
        if self.host not in ("0.0.0.0", "::", ""):
            own.add(f"[{self.host}]" if ":" in self.host else self.host)
        return frozenset(name.lower() for name in (*own, *self.allowed_hosts))

    def input_limits(self) -> InputLimits:
        """The limits within which a picture is opened."""
        return InputLimits(
            max_bytes=self.max_body_bytes, max_pixels=self.max_pixels, max_pages=self.max_pages,
            timeout_s=self.url_timeout_s,
        )  # fmt: skip

    def to_environment(self) -> dict[str, str]:
        """The settings as environment variables, for worker processes; it holds the secrets too."""
        found = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            found[f"{PREFIX}{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
        return found

    def shown(self) -> list[tuple[str, str, str]]:
        """Variable, value and meaning of every setting; secrets are starred."""
        rows = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            text = "" if value is None else ",".join(value) if isinstance(value, tuple) else str(value)
            if name == "database_url":
                text = _without_password(text)
            rows.append((f"{PREFIX}{name.upper()}", text, field.description or ""))
        return rows


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a database address)"


def load_settings(**given: Any) -> ServerSettings:
    """The settings of the environment, with ``given`` before them; what is None counts as not given.

    Raises
    ------
    InvalidOption
        If a value cannot be used.
    """
    try:
        return ServerSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        told = "; ".join(_told(entry) for entry in error.errors(include_url=False, include_input=False))
        raise InvalidOption(f"the settings cannot be used: {told}") from error


def _told(entry: Any) -> str:
    name = ".".join(str(part) for part in entry["loc"][:1]).upper()
    message = entry["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name}: {message}" if name else message
