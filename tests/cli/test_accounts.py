import json

import pytest


@pytest.fixture
def accounts(inkread, tmp_path):
    env = {"INKREAD_DATABASE_URL": f"sqlite:///{tmp_path / 'accounts.sqlite3'}"}

    def run(*arguments, password=None):
        return inkread("accounts", *arguments, env=env, stdin=b"" if password is None else f"{password}\n".encode())

    return run


def test_accounts_are_made_listed_disabled_and_enabled(accounts):
    assert accounts("add", "Ada", "--admin", password="correct horse").returncode == 0
    assert accounts("add", "grace", password="correct horse").returncode == 0
    assert accounts("disable", "grace").returncode == 0
    listed = accounts("list").stdout.splitlines()
    assert listed[0].startswith("ada  admin  enabled  0 keys")
    assert listed[1].startswith("grace  user  disabled")
    assert accounts("enable", "grace").returncode == 0
    assert accounts("password", "grace", password="another good one").returncode == 0


def test_a_key_goes_to_stdout_alone_and_is_listed_without_its_text(accounts):
    accounts("add", "ada", "--admin", password="correct horse")
    made = accounts("key", "ada", "--label", "scans")
    key = made.stdout.strip()
    assert key.startswith("inkread_")
    assert key not in made.stderr
    listed = accounts("list", "--format", "json").stdout
    assert key not in listed
    assert json.loads(listed)[0]["keys"][0]["label"] == "scans"


@pytest.mark.parametrize(
    ("arguments", "password", "message"),
    [
        (("add", "ada"), "short", "8 to 1024"),
        (("add", "ada"), None, "standard input"),
        (("add", "a b"), "correct horse", "a user's name"),
        (("disable", "nobody"), None, "no user"),
        (("key", "nobody"), None, "no user"),
    ],
)
def test_what_cannot_be_done_is_told(accounts, arguments, password, message):
    done = accounts(*arguments, password=password)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert done.stdout == ""


def test_a_database_that_is_none_is_told(inkread):
    done = inkread("accounts", "list", "--database", "nonsense")
    assert done.returncode == 2
    assert "INKREAD_DATABASE_URL" in done.stderr
