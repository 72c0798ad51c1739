import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

PATHS = [
    "/v1/read", "/v1/strokes", "/v1/explain", "/v1/models", "/v1/report", "/v1/limits", "/v1/session", "/v1/keys",
    "/v1/keys/{identity}", "/v1/users", "/v1/users/{name}", "/healthz", "/readyz", "/metrics",
]  # fmt: skip


def test_every_route_is_described_and_nothing_of_the_framework_shows(client):
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) == set(PATHS)
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert "default" in operation["responses"], path


def test_the_reference_page_has_every_address(client, repository):
    page = (repository / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    for path in client.get("/openapi.json").json()["paths"]:
        assert path.replace("{identity}", "{id}") in page


def test_the_schema_of_a_document_is_what_reading_gives(client, cheque, seven):
    described = client.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Answer", "components": described["components"]}
    validator = Draft202012Validator(schema)
    Draft202012Validator.check_schema(schema)
    files = [("files", ("a.jpg", cheque)), ("files", ("b.png", seven)), ("files", ("c", b"text"))]
    answer = client.post("/v1/read", files=files).json()
    validator.validate(answer)
    assert answer["documents"][0]["pages"][0]["lines"]
    answer["documents"][0]["pages"][0]["lines"][0].pop("box")
    assert not validator.is_valid(answer)


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert "<script>" not in page.text
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert f"/docs/{asset}" in page.text
        assert client.get(f"/docs/{asset}").status_code == 200


@pytest.fixture(scope="module")
def schema(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_as_described(schema, path):
    """Requests made from the description, good and bad ones."""
    for method in schema[path]:
        operation = schema[path][method]

        @given(st.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
        @settings(
            max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
        )
        def answers(case):
            case.call_and_validate(
                checks=[
                    not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance
                ]
            )  # fmt: skip

        answers()
