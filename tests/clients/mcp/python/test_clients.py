"""The SDK of the protocol for Python and fastmcp, in both eras."""

import asyncio
import contextlib
import json

import pytest
from fastmcp import Client as FastClient
from fastmcp.client.transports import StreamableHttpTransport
from mcp import Client, MCPError
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}


@contextlib.asynccontextmanager
async def sdk(url, headers, mode):
    async with create_mcp_http_client(headers=headers) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            yield client


@contextlib.asynccontextmanager
async def fast(url, headers, mode):
    async with FastClient(StreamableHttpTransport(url, headers=headers), mode=mode) as client:
        yield client


def data(result):
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content["data"]


@pytest.mark.parametrize("mode", ERAS)
def test_sdk_carries_out_operations(server, headers, mode):
    async def run():
        async with sdk(f"{server.url}/mcp", headers, mode) as client:
            assert client.protocol_version == ERAS[mode]
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert len(tools) > 40
            assert tools["keys_getKey"].annotations.read_only_hint
            api = data(await client.call_tool("apis_createApi", {"name": "orders"}))
            made = data(await client.call_tool("keys_createKey", {"apiId": api["apiId"], "secretLink": True}))
            assert set(made) == {"keyId", "secretLink"}
            read = data(await client.call_tool("keys_getKey", {"keyId": made["keyId"]}))
            assert read["keyId"] == made["keyId"]
            found = data(await client.call_tool("audit_search", {"event": "key.create"}))
            assert found[0]["door"] == "mcp"
            refused = await client.call_tool("keys_createKey", {"apiId": "api_1", "byteLength": 1})
            assert refused.is_error and refused.structured_content["error"]["status"] == 400
            with pytest.raises(MCPError):
                await client.call_tool("keys_no", {})

    asyncio.run(run())


@pytest.mark.parametrize("mode", ERAS)
def test_sdk_reads_pages_and_prompts(server, headers, mode):
    async def run():
        async with sdk(f"{server.url}/mcp", headers, mode) as client:
            pages = (await client.list_resources()).resources
            assert "docs://unkey/backup.md" in [str(page.uri) for page in pages]
            page = await client.read_resource("docs://unkey/backup.md")
            assert page.contents[0].text.startswith("# ")
            assert len((await client.list_prompts()).prompts) == 4
            prompt = await client.get_prompt("usage_of_this_month", {})
            assert "workspace_getUsage" in prompt.messages[0].content.text

    asyncio.run(run())


@pytest.mark.parametrize("mode", ERAS)
def test_fastmcp_carries_out_operations(server, headers, mode):
    async def run():
        async with fast(f"{server.url}/mcp", headers, mode) as client:
            names = [tool.name for tool in await client.list_tools()]
            assert "keys_createKey" in names and "rootKeys_createKey" not in names
            made = await client.call_tool("apis_createApi", {"name": "orders"})
            api_id = made.structured_content["data"]["apiId"]
            listed = await client.call_tool("apis_listKeys", {"apiId": api_id})
            assert listed.structured_content["data"] == []
            refused = await client.call_tool("apis_getApi", {"apiId": "api_missing"}, raise_on_error=False)
            assert refused.is_error and refused.structured_content["error"]["status"] == 404

    asyncio.run(run())


@pytest.mark.parametrize("connect", [sdk, fast])
@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("wrong", [{}, {"authorization": "Bearer unkey_wrong"}])
def test_nobody_gets_in_without_a_root_key(server, connect, mode, wrong):
    async def run():
        async with connect(f"{server.url}/mcp", wrong, mode) as client:
            await client.list_tools()

    with pytest.raises(Exception):  # noqa: B017: each client wraps it in its own way.
        asyncio.run(run())
