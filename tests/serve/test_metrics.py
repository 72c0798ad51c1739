import re

from prometheus_client.parser import text_string_to_metric_families

from inkread.results import Document
from inkread.serve.metrics import Metrics


def values(text):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_are_counted():
    metrics = Metrics()
    metrics.count_request(method="GET", route="/", status=200, seconds=0.003)
    metrics.count_request(method="BREW", route="other", status=405, seconds=0.003)
    metrics.count_document(Document(source="a", pages=()))
    metrics.count_refusal("TooManyRequests")
    metrics.count_frame("dropped")
    metrics.in_flight.inc()
    found = values(metrics.render().decode())
    assert found["inkread_requests_total", "/", "200", "GET"] == 1
    assert found["inkread_requests_total", "405", "other", "other"] == 1
    assert found["inkread_pictures_total",] == 1
    assert found["inkread_refusals_total", "TooManyRequests"] == 1
    assert found["inkread_live_frames_total", "dropped"] == 1
    assert found["inkread_in_flight",] == 1


def test_two_applications_in_one_process_count_apart():
    one, two = Metrics(), Metrics()
    one.count_refusal("X")
    assert b'code="X"' not in two.render()


def test_a_server_counts_what_it_reads_and_refuses(client, seven):
    def count(name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    names = ["inkread_pictures_total", "inkread_digits_total", 'inkread_refusals_total{code="UnsupportedSource"}']
    before = [count(name) for name in names]
    digits = len(list(Document.from_dict(client.post("/v1/read", content=seven).json()["documents"][0]).digits()))
    client.post("/v1/read", content=b"text")
    assert digits >= 1
    assert [count(name) - was for name, was in zip(names, before, strict=True)] == [1, digits, 1]
