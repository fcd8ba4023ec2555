"""A server, and what a client of the protocol needs to call it."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from server import ROOT_KEY, Server  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("unkey") / "data")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def headers():
    return {"authorization": f"Bearer {ROOT_KEY}"}
