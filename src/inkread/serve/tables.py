"""The tables of the accounts' database, as :mod:`inkread.serve.migrations` makes them; times in seconds since 1970."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["METADATA", "ApiKeyRow", "FailedLoginRow", "SessionRow", "UserRow"]


class _Base(DeclarativeBase):
    pass


class UserRow(_Base):
    """One account."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    is_disabled: Mapped[bool]
    created: Mapped[int] = mapped_column(BigInteger)


class SessionRow(_Base):
    """One session of a browser."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int] = mapped_column(BigInteger, index=True)


class ApiKeyRow(_Base):
    """One key of a program."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64))
    created: Mapped[int] = mapped_column(BigInteger)
    last_used: Mapped[int | None] = mapped_column(BigInteger)


class FailedLoginRow(_Base):
    """How often somebody failed, and until when the next try has to wait."""

    __tablename__ = "failed_logins"
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    until: Mapped[int] = mapped_column(BigInteger)


METADATA: MetaData = _Base.metadata
