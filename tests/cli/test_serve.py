"""`inkread serve` as a process; what it answers is tried in tests/serve."""

import socket


def test_settings_are_shown_with_their_variables_and_meaning(inkread):
    done = inkread("serve", "--show-settings", "--port", "9000", env={"INKREAD_MAX_PAGES": "7"})
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert any(line.split() == ["INKREAD_PORT", "=", "9000"] for line in lines)
    assert any(line.split() == ["INKREAD_MAX_PAGES", "=", "7"] for line in lines)
    assert sum(line.startswith("# ") for line in lines) == sum(line.startswith("INKREAD_") for line in lines) > 30


def test_a_setting_that_cannot_be_used_is_a_usage_error(inkread):
    done = inkread("serve", env={"INKREAD_MAX_PAGES": "many"})
    assert done.returncode == 2
    assert "INKREAD_MAX_PAGES" in done.stderr


def test_others_are_not_let_in_without_accounts(inkread, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    env = {"INKREAD_DATABASE_URL": f"sqlite:///{tmp_path / 'a.sqlite3'}"}
    done = inkread("serve", "--host", "0.0.0.0", "--port", port, env=env)
    assert done.returncode == 2
    assert "inkread accounts add" in done.stderr


def test_a_port_that_is_taken_is_told(inkread):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = inkread("serve", "--port", listening.getsockname()[1])
    assert done.returncode == 2
    assert "--port" in done.stderr
