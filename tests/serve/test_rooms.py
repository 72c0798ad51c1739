from starlette.applications import Starlette
from starlette.requests import Request

from inkread.serve.rooms import rooms_of


def test_a_request_leads_to_the_parts_of_its_own_server():
    one, two = Starlette(), Starlette()
    one.state.rooms, two.state.rooms = "first", "second"
    assert rooms_of(Request({"type": "http", "app": two})) == "second"
    assert rooms_of(Request({"type": "http", "app": one})) == "first"
