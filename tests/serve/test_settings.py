import pytest

from inkread.errors import InvalidOption
from inkread.serve.settings import ServerSettings, is_loopback, load_settings


def test_environment_sets_and_arguments_win(monkeypatch):
    monkeypatch.setenv("INKREAD_PORT", "9000")
    monkeypatch.setenv("INKREAD_ALLOWED_HOSTS", "a.example, b.example")
    assert load_settings().port == 9000
    assert load_settings(port=9001).port == 9001
    assert load_settings().allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"port": 70000}, "INKREAD_PORT"),
        ({"max_pages": 0}, "INKREAD_MAX_PAGES"),
        ({"rate": "often"}, "INKREAD_RATE"),
        ({"certfile": "a.pem"}, "certificate"),
        ({"admin_name": "ada"}, "admin"),
        ({"log_level": "loud"}, "INKREAD_LOG_LEVEL"),
    ],
)
def test_what_cannot_be_used_is_named(given, named):
    with pytest.raises(InvalidOption, match=named):
        load_settings(**given)


def test_a_secret_is_never_in_a_message_or_in_what_is_shown(monkeypatch):
    with pytest.raises(InvalidOption) as caught:
        load_settings(admin_password="hunter2hunter2")
    assert "hunter2" not in caught.value.message
    settings = load_settings(
        admin_name="ada", admin_password="hunter2hunter2", database_url="postgresql://me:hunter2hunter2@host/db"
    )
    assert "hunter2" not in repr(settings.shown())
    assert settings.to_environment()["INKREAD_ADMIN_PASSWORD"] == "hunter2hunter2"


def test_workers_get_the_same_settings_through_their_environment(monkeypatch):
    settings = load_settings(port=1234, url_hosts="a.example,b.example", rate="5/second", accounts=False)
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_accounts_and_rates_are_on_where_others_can_call():
    assert not load_settings().accounts_on
    assert load_settings().rate_limit is None
    assert load_settings(host="192.0.2.1").accounts_on
    assert load_settings(host="192.0.2.1").rate_limit == "600/minute"
    assert load_settings(host="192.0.2.1", rate="off").rate_limit is None
    assert load_settings(accounts=True).accounts_on
    assert not load_settings(host="0.0.0.0", accounts=False).accounts_on


def test_the_server_knows_its_own_names():
    assert load_settings().hosts == {"localhost", "127.0.0.1", "[::1]"}
    assert "192.0.2.1" in load_settings(host="192.0.2.1").hosts
    assert "[2001:db8::1]" in load_settings(host="2001:db8::1").hosts
    assert "0.0.0.0" not in load_settings(host="0.0.0.0").hosts
    assert "n.example" in load_settings(allowed_hosts="N.example").hosts


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", ""])
def test_what_others_reach_is_no_loopback(host):
    assert not is_loopback(host)


def test_every_setting_says_what_it_is_for():
    assert [name for name, field in ServerSettings.model_fields.items() if len(field.description or "") < 10] == []


def test_the_lab_is_open_where_only_this_machine_or_admins_come_in():
    assert ServerSettings().lab_open
    assert ServerSettings(host="0.0.0.0").lab_open  # accounts are on
    assert not ServerSettings(host="0.0.0.0", accounts=False).lab_open
    assert not ServerSettings(workers=2).lab_open
    assert not ServerSettings(lab=False).lab_open
    assert ServerSettings(host="0.0.0.0", accounts=False, lab=True).lab_open
    with pytest.raises(ValueError, match="one worker"):
        ServerSettings(lab=True, workers=2)
