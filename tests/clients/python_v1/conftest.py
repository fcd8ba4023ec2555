"""The official client of v1, sync and async, on a server of its own."""

import pathlib
import sys

import pytest
from unkey_py import Unkey

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from fixtures import server, unkey  # noqa: E402, F401


@pytest.fixture(scope="session")
def connect():
    return lambda url, root_key: Unkey(bearer_auth=root_key, server_url=url)


@pytest.fixture
def api_id(unkey):
    return unkey.apis.create(request={"name": "payments"}).object.api_id


@pytest.fixture
def make(unkey, api_id):
    """Makes a key with these options; answers its id and secret."""

    def make(**options):
        made = unkey.keys.create(request={"api_id": api_id, **options}).object
        return made.key_id, made.key

    return make


@pytest.fixture
def verify(unkey):
    return lambda key, **options: unkey.keys.verify(request={"key": key, **options}).v1_keys_verify_key_response
