"""Accounts on SQLite and on PostgreSQL alike."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, text

from inkread.errors import InvalidOption
from inkread.serve.accounts import KEY_PREFIX, Accounts, AccountsError, csrf_token
from inkread.serve.problems import Conflict, NotFound, TooManyRequests, WrongPassword
from inkread.serve.tables import METADATA

PASSWORD = "correct horse battery"
HOME = "192.0.2.7"


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'accounts.sqlite3'}"
        return
    address = request.getfixturevalue("postgresql")
    yield address
    engine = create_engine(address)
    with engine.begin() as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()


@pytest.fixture
def accounts(url, clock):
    made = Accounts(url, clock=clock)
    made.migrate()
    made.add_user("Ada", PASSWORD, role="admin")
    yield made
    made.close()


def sign_in(accounts, name="ada", password=PASSWORD, address=HOME, hours=1):
    return accounts.sign_in(name, password, address=address, hours=hours)


def test_a_session_opens_until_it_ends(accounts, clock):
    signed_in = sign_in(accounts)
    assert accounts.user_of_session(signed_in.token).name == "ada"
    assert accounts.user_of_session(signed_in.token + "x") is None
    clock.now += 3599
    assert accounts.user_of_session(signed_in.token)
    clock.now += 1
    assert accounts.user_of_session(signed_in.token) is None


def test_signing_out_ends_one_session(accounts):
    first, second = sign_in(accounts), sign_in(accounts)
    accounts.sign_out(first.token)
    assert accounts.user_of_session(first.token) is None
    assert accounts.user_of_session(second.token)


def test_a_disabled_user_has_neither_sessions_nor_keys(accounts):
    accounts.add_user("grace", PASSWORD)
    session, (_, key) = sign_in(accounts, "grace"), accounts.add_key("grace", "program")
    accounts.change_user("grace", disabled=True)
    assert accounts.user_of_session(session.token) is None
    assert accounts.user_of_key(key) is None
    with pytest.raises(WrongPassword):
        sign_in(accounts, "grace")
    accounts.change_user("grace", disabled=False)
    assert accounts.user_of_session(session.token) is None
    assert accounts.user_of_key(key)[0].name == "grace"


def test_a_new_password_ends_the_sessions(accounts):
    session = sign_in(accounts)
    accounts.change_user("ada", password="another good one")
    assert accounts.user_of_session(session.token) is None
    with pytest.raises(WrongPassword):
        sign_in(accounts)
    assert sign_in(accounts, password="another good one").user.name == "ada"


def test_failures_slow_down_one_name_at_one_address_only(accounts, clock):
    for _ in range(3):
        with pytest.raises(WrongPassword):
            sign_in(accounts, password="wrong")
    with pytest.raises(TooManyRequests) as caught:
        sign_in(accounts)
    assert caught.value.headers == {"Retry-After": "1"}
    assert sign_in(accounts, address="198.51.100.1")
    clock.now += 1
    with pytest.raises(WrongPassword):
        sign_in(accounts, password="wrong")
    with pytest.raises(TooManyRequests, match="wait 2 s"):
        sign_in(accounts)
    clock.now += 2
    assert sign_in(accounts)
    with pytest.raises(WrongPassword):  # counted from the beginning again
        sign_in(accounts, password="wrong")


def test_trying_many_names_from_one_address_is_slowed_down_too(accounts):
    for index in range(20):
        with pytest.raises(WrongPassword):
            sign_in(accounts, f"user{index}", "wrong", address="2001:db8::1")
    with pytest.raises(TooManyRequests):
        sign_in(accounts, "another", "wrong", address="2001:db8::ffff")


def test_a_key_opens_and_its_use_is_noted(accounts, clock):
    key, secret = accounts.add_key("ada", "scans")
    assert accounts.keys("ada")[0].last_used is None
    user, identity = accounts.user_of_key(secret)
    assert (user.name, identity) == ("ada", key.id)
    assert accounts.keys("ada")[0].last_used == int(clock.now)
    for wrong in (secret[:-1], secret + "x", "inkread_", "inkread__", "", "inkread_ß_x", f"inkread_{key.id}_"):
        assert accounts.user_of_key(wrong) is None
    accounts.remove_key("ada", key.id)
    assert accounts.user_of_key(secret) is None


def test_a_key_is_removed_by_its_owner_only(accounts):
    accounts.add_user("grace", PASSWORD)
    key, secret = accounts.add_key("ada", "scans")
    with pytest.raises(NotFound):
        accounts.remove_key("grace", key.id)
    assert accounts.user_of_key(secret)


def test_the_database_holds_nothing_to_sign_in_with(accounts, url):
    session, (_, key) = sign_in(accounts), accounts.add_key("ada", "scans")
    engine = create_engine(url)
    with engine.connect() as connection:
        held = repr([connection.execute(table.select()).all() for table in METADATA.sorted_tables])
    engine.dispose()
    assert "ada" in held
    for secret in (
        PASSWORD,
        session.token,
        key,
        key.removeprefix(KEY_PREFIX).partition("_")[2],
        csrf_token(session.token),
    ):
        assert secret not in held


def test_names_are_one_whatever_their_case_and_taken_once(accounts):
    with pytest.raises(Conflict):
        accounts.add_user("ADA", PASSWORD)
    assert sign_in(accounts, " Ada ").user.name == "ada"


@pytest.mark.parametrize("name", ["", "a b", "-a", "a" * 65, "ä", "a\n", "'; drop table users; --"])
def test_names_that_cannot_be_used(accounts, name):
    with pytest.raises(InvalidOption):
        accounts.add_user(name, PASSWORD) if name != "a\n" else accounts.add_user("a\nb", PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_passwords_that_cannot_be_used(accounts, password):
    with pytest.raises(InvalidOption, match="8 to 1024"):
        accounts.add_user("grace", password)


def test_the_last_admin_stays(accounts):
    for change in ({"disabled": True}, {"role": "user"}):
        with pytest.raises(InvalidOption, match="only admin"):
            accounts.change_user("ada", **change)
    accounts.add_user("grace", PASSWORD, role="admin")
    assert accounts.change_user("ada", role="user").role == "user"
    assert accounts.has_admin()


def test_unknown_users_are_told(accounts):
    for call in (lambda: accounts.change_user("nobody"), lambda: accounts.add_key("nobody", "x")):
        with pytest.raises(NotFound, match="nobody"):
            call()
    with pytest.raises(WrongPassword):
        sign_in(accounts, "nobody")


def test_many_threads_share_one_database(accounts):
    _, key = accounts.add_key("ada", "threads")

    def work(index):
        accounts.add_key("ada", f"key {index}")
        return accounts.user_of_key(key)[0].name

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(24))) == {"ada"}
    assert len(accounts.keys("ada")) == 25


def test_an_address_that_is_none_and_a_database_that_is_gone(tmp_path):
    for url in ("nonsense", "unknowndb://host/x"):
        with pytest.raises(InvalidOption):
            Accounts(url)
    gone = Accounts(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert not gone.is_ready()
    with pytest.raises(AccountsError):
        gone.users()
    gone.close()


def test_a_file_of_accounts_is_its_owners_alone(tmp_path):
    file = tmp_path / "folder" / "accounts.sqlite3"
    Accounts(f"sqlite:///{file}").close()
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
