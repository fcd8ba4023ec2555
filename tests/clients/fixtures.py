"""The server of a session and the client of a test, for the official clients of both APIs.

The conftest beside a suite names its client by a fixture `connect`, which makes one for a
server and a root key, and imports these.
"""

import pytest

from server import ROOT_KEY, Caller
from server import Server as Process


class Server(Process):
    def __init__(self, data, connect):
        super().__init__(data)
        self.connect = connect

    def client(self, root_key=ROOT_KEY):
        return self.connect(self.url, root_key)


@pytest.fixture(scope="session")
def server(tmp_path_factory, connect):
    server = Server(tmp_path_factory.mktemp("unkey") / "data", connect)
    yield server
    server.stop()


@pytest.fixture(params=["sync", "async"])
def unkey(request, server):
    return Caller(server.client(), request.param)
