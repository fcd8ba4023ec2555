"""The official client of v2, sync and async, on a server of its own."""

import pathlib
import sys

import pytest
from unkey.py import Unkey

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from fixtures import server, unkey  # noqa: E402, F401


@pytest.fixture(scope="session")
def connect():
    return lambda url, root_key: Unkey(root_key=root_key, server_url=url)


@pytest.fixture
def api_id(unkey):
    return unkey.apis.create_api(name="payments").data.api_id
