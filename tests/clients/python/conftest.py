"""The official client of v2, sync and async, on a server of its own."""

import pathlib
import sys

import pytest
from unkey.py import Unkey

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from server import ROOT_KEY, Caller  # noqa: E402
from server import Server as Process  # noqa: E402


class Server(Process):
    def client(self, root_key=ROOT_KEY):
        return Unkey(root_key=root_key, server_url=self.url)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("unkey") / "data")
    yield server
    server.stop()


@pytest.fixture(params=["sync", "async"])
def unkey(request, server):
    return Caller(server.client(), request.param)


@pytest.fixture
def api_id(unkey):
    return unkey.apis.create_api(name="payments").data.api_id
