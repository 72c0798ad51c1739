"""The steps lead to the tables that the code uses, and back, on both kinds of database."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from inkread.serve.migrations import current_revision, migrate, newest_revision
from inkread.serve.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'a.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    made = create_engine(url)
    yield made
    migrate(made, to="base")
    made.dispose()


def test_an_empty_database_gets_the_tables_of_the_code(engine):
    assert current_revision(engine) is None
    migrate(engine)
    assert current_revision(engine) == newest_revision() == "0001"
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_migrating_twice_changes_nothing_and_back_removes_all(engine):
    migrate(engine)
    migrate(engine)
    migrate(engine, to="base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
