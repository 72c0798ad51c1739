"""The container without Docker: linters for its files, and their very steps in an environment of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy
import yaml

DCLINT = Path("tests/browser/node_modules/.bin/dclint")
ADMIN, PASSWORD = "ada", "correct horse battery staple"


def instructions(path):
    """The instructions of a Dockerfile, stage by stage, each a word and what follows it."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    stages = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            stages.append([])
        if word:
            stages[-1].append((word, rest.strip()))
    return stages


def substituted(text, values):
    """A value of the compose file with its variables filled in, which must be known or have a default."""

    def value(match):
        name, sign, default = match.groups()
        if name in values:
            return values[name]
        assert sign == ":-", f"{name} has no default"
        return default

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)


def ran(command, **options):
    """A program that was run to its end, whichever that is."""
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def lint_image(path):
    return ran([Path(sys.executable).with_name("hadolint"), "--failure-threshold", "info", path])


def lint_compose(repository, path):
    if not (repository / DCLINT).exists():
        pytest.skip("dclint is not installed (npm install --prefix tests/browser)")
    return ran([repository / DCLINT, path])


@pytest.mark.parametrize("name", ["Dockerfile", "deploy/batch/Dockerfile"])
def test_the_linter_has_nothing_to_say_of_the_images(repository, name, tmp_path):
    done = lint_image(repository / name)
    assert done.returncode == 0, done.stdout + done.stderr
    worse = tmp_path / "Dockerfile"
    worse.write_text((repository / name).read_text(encoding="utf-8").replace("USER ", "USER root\n# "))
    assert lint_image(worse).returncode == 1


def test_the_linter_finds_no_error_in_the_compose_file(repository, tmp_path):
    done = lint_compose(repository, repository / "compose.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    worse = tmp_path / "compose.yaml"
    worse.write_text((repository / "compose.yaml").read_text(encoding="utf-8").replace("depends_on", "dependson"))
    assert lint_compose(repository, worse).returncode == 1


@pytest.fixture(scope="module")
def image(repository, tmp_path_factory):
    """What the steps of the Dockerfile make, in folders of their own, and the environment that it gives."""
    root = tmp_path_factory.mktemp("image")
    places = {
        "/opt/inkread": str(root / "opt"),
        "/var/lib/inkread": str(root / "home"),
        "/source": str(root / "source"),
    }

    def placed(text):
        for there, here in places.items():
            text = text.replace(there, here)
        return text

    home = root / "home"
    home.mkdir()
    build, run = instructions(repository / "Dockerfile")
    sent = (repository / ".dockerignore").read_text(encoding="utf-8").split()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("INKREAD_", "PYTHON", "VIRTUAL"))
    }
    clean["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    folder = root
    for word, rest in build:
        if word == "WORKDIR":
            folder = Path(placed(rest))
            folder.mkdir(parents=True)
        elif word == "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                assert f"!{source}" in sent, f"{source} is kept from the builder"
                if (repository / source).is_dir():
                    shutil.copytree(repository / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(repository / source, folder / target)
        elif word == "RUN":
            done = ran(["sh", "-c", placed(rest)], cwd=folder, env=clean)
            assert done.returncode == 0, done.stdout + done.stderr
        else:
            assert word == "FROM"
    given = dict(run)
    environment = dict(clean)
    for assignment in shlex.split(given["ENV"]):
        name, _, value = assignment.partition("=")
        environment[name] = placed(value).replace("$PATH", clean["PATH"])
    command = [*json.loads(given["ENTRYPOINT"]), *json.loads(given["CMD"])]
    health = json.loads(given["HEALTHCHECK"].partition(" CMD ")[2])
    return {"environment": environment, "command": command, "health": health, "home": home, "folder": root}


@pytest.fixture
def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def database(postgresql):
    """A database of PostgreSQL that nothing else uses."""
    engine = sqlalchemy.create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE DATABASE container"))
    engine.dispose()
    return postgresql.replace("/postgres?", "/container?")


@pytest.mark.slow
def test_the_steps_of_the_image_and_the_settings_of_compose_make_a_server(image, repository, database, free_port):
    compose = yaml.safe_load((repository / "compose.yaml").read_text(encoding="utf-8"))["services"]["inkread"]
    known = {"INKREAD_ADMIN_NAME": ADMIN, "INKREAD_ADMIN_PASSWORD": PASSWORD, "POSTGRES_PASSWORD": "unused"}
    settings = {name: substituted(value, known) for name, value in compose["environment"].items()}
    assert settings["INKREAD_DATABASE_URL"].startswith("postgresql+psycopg://inkread:unused@database/")
    settings |= {"INKREAD_DATABASE_URL": database, "INKREAD_PORT": str(free_port)}
    environment = image["environment"] | settings
    program = shutil.which(image["command"][0], path=environment["PATH"])
    assert Path(program).is_relative_to(image["folder"])

    seven = (repository / "examples" / "pictures" / "canvas.png").read_bytes()
    log = image["folder"] / "log"
    with log.open("wb") as out:
        command = [program, *image["command"][1:]]
        process = subprocess.Popen(command, cwd=image["home"], env=environment, stdout=out, stderr=out)
    health = [part.replace(":8000", f":{free_port}") for part in image["health"]]
    health[0] = str(Path(program).with_name(health[0]))
    try:
        until = time.monotonic() + 90
        while ran(health, env=environment).returncode:
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        with httpx.Client(base_url=f"http://127.0.0.1:{free_port}", trust_env=False, timeout=60) as client:
            host = {"Host": "localhost"}  # the one that compose allows
            assert client.post("/v1/read", content=seven, headers=host).status_code == 401
            made = ran([program, "accounts", "key", ADMIN, "--label", "test"], env=environment)
            assert made.returncode == 0, made.stderr
            key = {"Authorization": f"Bearer {made.stdout.split()[-1]}"}
            answer = client.post("/v1/read", content=seven, headers=host | key)
            assert answer.status_code == 200, answer.text
            assert answer.json()["documents"][0]["pages"][0]["lines"][0]["text"] == "7"
        # Its root is read-only: beside the log there is nothing that it wrote.
        assert not list(image["home"].iterdir())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.slow
def test_the_image_does_not_start_without_an_admin(image):
    environment = image["environment"] | {"INKREAD_PORT": "0"}
    program = shutil.which(image["command"][0], path=environment["PATH"])
    done = ran([program, *image["command"][1:]], cwd=image["home"], env=environment, timeout=60)
    assert done.returncode != 0
    assert "no admin yet" in done.stderr
    (image["home"] / "accounts.sqlite3").unlink()
