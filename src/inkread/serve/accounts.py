"""Accounts: users, their sessions and keys, kept in a database (SQLAlchemy; SQLite, PostgreSQL or another).

Passwords are kept as argon2 hashes; tokens of sessions and keys, which are random and long, as SHA-256: whoever reads
the database can sign in with nothing in it. Nothing of HTTP is known here. All calls block; call them in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine, create_engine, delete, event, func, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from inkread.errors import InkreadError, InvalidOption
from inkread.serve.migrations import current_revision, migrate, newest_revision
from inkread.serve.problems import Conflict, NotFound, TooManyRequests, WrongPassword
from inkread.serve.tables import ApiKeyRow, FailedLoginRow, SessionRow, UserRow

__all__ = ["KEY_PREFIX", "ROLES", "Accounts", "AccountsError", "ApiKey", "Role", "SignedIn", "User", "csrf_token"]

Role = Literal["user", "admin"]
ROLES: tuple[Role, ...] = ("user", "admin")

KEY_PREFIX = "inkread_"
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
# NIST SP 800-63B: at least 8 characters, no rules of composition, and long ones allowed.
LEAST_PASSWORD, MOST_PASSWORD = 8, 1024
MOST_KEYS = 100

# After so many failures in a row each further one doubles the wait, from one second to a quarter of an hour.
FREE_FAILURES_OF_NAME = 3
FREE_FAILURES_OF_ADDRESS = 20
MOST_WAIT_S = 900
# Failures are forgotten so long after the last wait ended.
FORGET_FAILURES_S = 3600
# The last use of a key is written at most this often, so that reading does not write.
LAST_USED_EVERY_S = 60


class AccountsError(InkreadError):
    """The database of accounts cannot be used."""

    http_status = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account as others may see it; ``created`` in seconds since 1970."""

    id: int
    name: str
    role: Role
    is_disabled: bool
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret."""

    id: str
    label: str
    created: int
    last_used: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: its token, which is kept nowhere else, and whose it is."""

    token: str
    user: User


def csrf_token(session_token: str) -> str:
    """The token that a page sends with what it writes; it is made from the session's and does not give it away."""
    return hmac.new(session_token.encode(), b"inkread csrf", hashlib.sha256).hexdigest()


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def address_group(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 network that one IPv6 customer has.

    Examples
    --------
    >>> address_group("192.0.2.7"), address_group("2001:db8::1:2"), address_group("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)


class Accounts:
    """The accounts of one database. Safe to share between threads.

    Parameters
    ----------
    url
        The database as SQLAlchemy writes it; the folder of an SQLite file is made.
    clock
        The time, in seconds since 1970.

    Raises
    ------
    InvalidOption
        If ``url`` is no address of a database, or its driver is not installed.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._engine = _engine(url)

    # -- the database ------------------------------------------------------------------------------------------------

    def migrate(self) -> None:
        """Bring the database to the newest shape."""
        with self._errors():
            migrate(self._engine)

    def is_ready(self) -> bool:
        """Whether the database answers and has the newest shape."""
        try:
            return current_revision(self._engine) == newest_revision()
        except SQLAlchemyError:
            return False

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            # Texts of drivers may repeat the address and the values.
            raise AccountsError(f"the database of accounts cannot be used: {type(error).__name__}") from error

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._errors(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def _now(self) -> int:
        return int(self._clock())

    # -- users -------------------------------------------------------------------------------------------------------

    def add_user(self, name: str, password: str, *, role: Role = "user") -> User:
        """Make an account.

        Raises
        ------
        InvalidOption
            If the name or the password cannot be used.
        Conflict
            If the name is taken.
        """
        row = UserRow(
            name=_checked_name(name),
            password_hash=self._hasher.hash(_checked_password(password)),
            role=_checked_role(role),
            is_disabled=False,
            created=self._now(),
        )
        try:
            with self._session() as session:
                session.add(row)
        except AccountsError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise Conflict(f"there is a user {row.name!r} already") from error
            raise
        return _user(row)

    def change_user(
        self, name: str, *, password: str | None = None, role: Role | None = None, disabled: bool | None = None
    ) -> User:
        """Change an account; a new password, or being disabled, ends its sessions.

        Raises
        ------
        NotFound
            If there is no such user.
        InvalidOption
            If it would leave no enabled admin.
        """
        password_hash = None if password is None else self._hasher.hash(_checked_password(password))
        with self._session() as session:
            row = self._row(session, name)
            if password_hash is not None:
                row.password_hash = password_hash
            if role is not None:
                row.role = _checked_role(role)
            if disabled is not None:
                row.is_disabled = disabled
            session.flush()
            if (role is not None or disabled) and not self._admins(session):
                raise InvalidOption(f"{row.name!r} is the only admin; make another one first")
            if password is not None or row.is_disabled:
                session.execute(delete(SessionRow).where(SessionRow.user_id == row.id))
            return _user(row)

    def users(self) -> list[User]:
        """Every account, by name."""
        with self._session() as session:
            return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]

    def has_admin(self) -> bool:
        """Whether there is an enabled admin."""
        with self._session() as session:
            return self._admins(session) > 0

    def _admins(self, session: Session) -> int:
        counted = select(func.count()).select_from(UserRow).where(UserRow.role == "admin", ~UserRow.is_disabled)
        return session.scalar(counted) or 0

    def _row(self, session: Session, name: str) -> UserRow:
        row = session.scalar(select(UserRow).where(UserRow.name == name.strip().lower()))
        if row is None:
            raise NotFound(f"there is no user {name.strip().lower()[:64]!r}")
        return row

    # -- sessions ----------------------------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str, *, address: str, hours: float) -> SignedIn:
        """A new session for who knows the password.

        Raises
        ------
        WrongPassword
            If no enabled account has this name and password; which of both was wrong is not told.
        TooManyRequests
            If there were too many failures: the next try has to wait.
        """
        name = name.strip().lower()[:64]
        group = address_group(address)
        subjects = {_hashed(f"{name} {group}"): FREE_FAILURES_OF_NAME, _hashed(group): FREE_FAILURES_OF_ADDRESS}
        self._refuse_if_waiting(subjects)
        with self._session() as session:
            row = session.scalar(select(UserRow).where(UserRow.name == name))
        # Where there is no such user, a password is checked all the same: the time must not tell.
        matches = self._matches(row.password_hash if row else self._nobody, password[: MOST_PASSWORD + 1])
        if row is None or row.is_disabled or not matches:
            self._count_failure(subjects)
            raise WrongPassword("no account has this name and password")
        token = secrets.token_urlsafe(32)
        now = self._now()
        with self._session() as session:
            session.execute(delete(FailedLoginRow).where(FailedLoginRow.subject.in_(subjects)))
            session.execute(delete(SessionRow).where(SessionRow.expires <= now))
            session.execute(delete(FailedLoginRow).where(FailedLoginRow.until < now - FORGET_FAILURES_S))
            session.add(
                SessionRow(token_hash=_hashed(token), user_id=row.id, created=now, expires=now + int(hours * 3600))
            )
            if self._hasher.check_needs_rehash(row.password_hash):
                session.execute(
                    update(UserRow).where(UserRow.id == row.id).values(password_hash=self._hasher.hash(password))
                )
        return SignedIn(token=token, user=_user(row))

    def user_of_session(self, token: str) -> User | None:
        """Whose session ``token`` is, or None where it is nobody's any more."""
        with self._session() as session:
            row = session.scalar(
                select(UserRow)
                .join(SessionRow, SessionRow.user_id == UserRow.id)
                .where(SessionRow.token_hash == _hashed(token), SessionRow.expires > self._now(), ~UserRow.is_disabled)
            )
        return _user(row) if row else None

    def sign_out(self, token: str) -> None:
        """End the session of ``token``, if there is one."""
        with self._session() as session:
            session.execute(delete(SessionRow).where(SessionRow.token_hash == _hashed(token)))

    def _matches(self, password_hash: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return bool(self._hasher.verify(password_hash, password))
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _hasher(self) -> Any:
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """The hash of a password that nobody has."""
        return str(self._hasher.hash(secrets.token_urlsafe(16)))

    def _refuse_if_waiting(self, subjects: dict[str, int]) -> None:
        with self._session() as session:
            waits = select(func.max(FailedLoginRow.until)).where(FailedLoginRow.subject.in_(subjects))
            until = session.scalar(waits) or 0
        wait = until - self._now()
        if wait > 0:
            raise TooManyRequests(
                f"too many failed logins; wait {wait} s before the next one", headers={"Retry-After": str(wait)}
            )

    def _count_failure(self, subjects: dict[str, int]) -> None:
        now = self._now()
        for subject, free in subjects.items():
            # Two first failures at the same moment: the second finds the row of the first.
            for _ in range(2):
                try:
                    with self._session() as session:
                        row = session.get(FailedLoginRow, subject, with_for_update=True)
                        if row is None:
                            row = FailedLoginRow(subject=subject, count=0, until=0)
                            session.add(row)
                        if row.until and row.until < now - FORGET_FAILURES_S:
                            row.count = 0
                        row.count += 1
                        over = row.count - free
                        row.until = now + (min(MOST_WAIT_S, 2 ** min(over, 12)) if over >= 0 else 0)
                    break
                except AccountsError as error:
                    if not isinstance(error.__cause__, IntegrityError):
                        raise

    # -- keys --------------------------------------------------------------------------------------------------------

    def add_key(self, name: str, label: str) -> tuple[ApiKey, str]:
        """A new key for the user ``name``, and its text, which is kept nowhere else.

        Raises
        ------
        NotFound
            If there is no such user.
        InvalidOption
            If the label cannot be used, or there are too many keys.
        """
        label = "".join(c for c in label if c.isprintable()).strip()
        if not 1 <= len(label) <= 100:
            raise InvalidOption(f"a key's label has 1 to 100 characters; got {len(label)}")
        identity, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with self._session() as session:
            user = self._row(session, name)
            held = session.scalar(select(func.count()).select_from(ApiKeyRow).where(ApiKeyRow.user_id == user.id))
            if (held or 0) >= MOST_KEYS:
                raise InvalidOption(f"{user.name!r} has {held} keys; remove one first")
            row = ApiKeyRow(
                id=identity, user_id=user.id, label=label, secret_hash=_hashed(secret), created=self._now(),
                last_used=None,
            )  # fmt: skip
            session.add(row)
        return _key(row), f"{KEY_PREFIX}{identity}_{secret}"

    def keys(self, name: str) -> list[ApiKey]:
        """The keys of the user ``name``, newest last."""
        with self._session() as session:
            user = self._row(session, name)
            found = select(ApiKeyRow).where(ApiKeyRow.user_id == user.id).order_by(ApiKeyRow.created, ApiKeyRow.id)
            return [_key(row) for row in session.scalars(found)]

    def remove_key(self, name: str, identity: str) -> None:
        """Remove one key of the user ``name``; it opens nothing from now on.

        Raises
        ------
        NotFound
            If the user has no such key.
        """
        with self._session() as session:
            user = self._row(session, name)
            row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.user_id == user.id, ApiKeyRow.id == identity))
            if row is None:
                raise NotFound("there is no such key")
            session.delete(row)

    def user_of_key(self, text: str) -> tuple[User, str] | None:
        """Whose key ``text`` is, and its id; None where it opens nothing."""
        identity, _, secret = text.removeprefix(KEY_PREFIX).partition("_")
        if not text.startswith(KEY_PREFIX) or not secret or not identity.isascii():
            return None
        now = self._now()
        with self._session() as session:
            found = session.execute(
                select(UserRow, ApiKeyRow)
                .join(ApiKeyRow, ApiKeyRow.user_id == UserRow.id)
                .where(ApiKeyRow.id == identity[:16], ~UserRow.is_disabled)
            ).one_or_none()
            if found is None:
                return None
            user, key = found
            if not hmac.compare_digest(key.secret_hash, _hashed(secret)):
                return None
            if key.last_used is None or key.last_used < now - LAST_USED_EVERY_S:
                session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(last_used=now))
            return _user(user), key.id


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidOption("INKREAD_DATABASE_URL is no database address such as sqlite:///accounts.sqlite3") from error
    is_sqlite = parsed.get_backend_name() == "sqlite"
    if is_sqlite and parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise InvalidOption(
                f"the accounts' database {file} cannot be written: {error.strerror}; set INKREAD_DATABASE_URL"
            ) from error
    try:
        engine = create_engine(parsed, pool_pre_ping=not is_sqlite)
    except NoSuchModuleError as error:
        raise InvalidOption(f"databases of the kind {parsed.drivername!r} are not known") from error
    except ImportError as error:
        raise InvalidOption(
            f"the driver for {parsed.drivername!r} is not installed; for PostgreSQL: pip install 'inkread[postgresql]'"
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    # Readers do not wait for writers; writers wait for each other; removing a user removes what is theirs.
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _user(row: UserRow) -> User:
    return User(
        id=row.id, name=row.name, role=_checked_role(row.role), is_disabled=row.is_disabled, created=row.created
    )


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(id=row.id, label=row.label, created=row.created, last_used=row.last_used)


def _checked_name(name: str) -> str:
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise InvalidOption(
            "a user's name has 1 to 64 of the characters a-z 0-9 . _ @ + - and begins with a letter or digit; "
            f"got {name!r:.80}"
        )
    return name


def _checked_password(password: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise InvalidOption(f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters; got {len(password)}")
    return password


def _checked_role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise InvalidOption(f"unknown role {role!r:.40}; known are {', '.join(ROLES)}")
