"""The shape of the accounts' database, step by step (Alembic): a database of any age is brought to the newest shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

__all__ = ["current_revision", "migrate", "newest_revision"]

_ROOM = Path(__file__).parent
# Any number, the same in every process: who holds this lock in PostgreSQL migrates, the others wait and find it done.
_LOCK = 0x696E6B72


def _scripts() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(_ROOM).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config, ScriptDirectory.from_config(config)


def newest_revision() -> str:
    """The newest shape's name."""
    head = _scripts()[1].get_current_head()
    return head or ""


def current_revision(engine: Engine) -> str | None:
    """The shape that the database has now, or None where it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine, *, to: str = "head") -> None:
    """Bring the database to the shape ``to``, the newest by default; nothing happens where it has it."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _run(connection, to)


def _run(connection: Connection, to: str) -> None:
    config, scripts = _scripts()

    def steps(revision: Any, context: Any) -> Any:
        return scripts._downgrade_revs(to, revision) if to == "base" else scripts._upgrade_revs(to, revision)

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        # SQLite changes a table by making it anew.
        environment.configure(connection=connection, render_as_batch=True)
        environment.run_migrations()
