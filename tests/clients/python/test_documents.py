"""The OpenAPI documents that the server serves are valid ones, whoever reads them."""

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator


def faults(document):
    return [f"{list(fault.absolute_path)}: {fault.message}" for fault in OpenAPIV30SpecValidator(document).iter_errors()]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_document_is_valid(server, version):
    document = httpx.get(f"{server.url}/openapi/{version}.json").raise_for_status().json()
    assert document["openapi"].startswith("3.0.")
    assert faults(document) == []
    # What this test is for: a list of nothing, which the standard forbids.
    schemas = document["components"]["schemas"]
    schemas["ErrorResponse"]["required"] = []
    assert faults(document) != []
