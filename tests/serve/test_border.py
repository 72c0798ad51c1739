import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from inkread.serve.border import route_of


@pytest.mark.parametrize(
    ("scope", "route"),
    [
        ({"path": "/draw"}, "/draw"),
        ({"path": "/static/js/a.js"}, "/static/"),
        ({"path": "/secret-file-7304.png"}, "other"),
    ],
)
def test_a_route_tells_no_more_than_the_kind_of_address(scope, route):
    assert route_of(scope) == route


def test_the_log_of_a_server_holds_no_pixel_no_reading_and_no_name(tmp_path, seven, cheque, free_port):
    """The whole log of a real process, that reads, fails and refuses."""
    log = tmp_path / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKREAD_")}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "inkread", "serve", "--port", str(free_port)],
            stderr=stream, cwd=tmp_path, env={**environment, "INKREAD_LOG_LEVEL": "debug"},
        )  # fmt: skip
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=60, trust_env=False) as client:
                until = time.monotonic() + 120
                while time.monotonic() < until:
                    try:
                        client.get("/healthz")
                        break
                    except httpx.TransportError:
                        time.sleep(0.05)
                answer = client.post("/v1/read?region=0,0,999,999", files={"files": ("payslip-ada.jpg", cheque)})
                readings = [line["text"] for page in answer.json()["documents"][0]["pages"] for line in page["lines"]]
                client.post("/v1/read", files={"files": ("payslip-ada.png", seven[:300])})
                client.post("/v1/session", json={"name": "ada-lovelace", "password": "hunter2hunter2"})
                client.get("/secret-address?secret-query")
        finally:
            process.terminate()
            assert process.wait(60) == 0
    told = log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert {"/v1/read", "/v1/session", "other"} <= {line["route"] for line in requests}
    assert all(
        set(line) == {"time", "level", "logger", "event", "id", "method", "route", "status", "ms"} for line in requests
    )
    assert max(map(len, readings)) >= 4
    spoken = " ".join(str(value) for line in lines for key, value in line.items() if key not in ("time", "id", "ms"))
    for secret in [*(text for text in readings if len(text) >= 4), "payslip", "lovelace", "hunter2", "secret"]:
        assert secret not in spoken
