"""The last 1.x of the SDK of the protocol for Python, as most programs have it."""

import asyncio
import contextlib

import pytest
from mcp import ClientSession, McpError
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client


@contextlib.asynccontextmanager
async def connect(url, headers):
    async with create_mcp_http_client(headers=headers) as http:
        async with streamable_http_client(url, http_client=http) as (read, write, _):
            async with ClientSession(read, write) as session:
                yield session, await session.initialize()


def data(result):
    assert not result.isError, result.content
    return result.structuredContent["data"]


def test_operations_are_carried_out(server, headers):
    async def run():
        async with connect(f"{server.url}/mcp", headers) as (client, started):
            assert started.protocolVersion == "2025-11-25"
            assert started.serverInfo.name == "unkey"
            assert len((await client.list_tools()).tools) > 40
            api = data(await client.call_tool("apis_createApi", {"name": "orders"}))
            made = data(await client.call_tool("keys_createKey", {"apiId": api["apiId"]}))
            verified = data(await client.call_tool("keys_verifyKey", {"key": made["key"]}))
            assert verified["code"] == "VALID"
            refused = await client.call_tool("keys_createKey", {})
            assert refused.isError and refused.structuredContent["error"]["status"] == 400
            with pytest.raises(McpError, match="Unknown tool"):
                await client.call_tool("keys_no", {})
            await client.send_ping()

    asyncio.run(run())


def test_only_rate_limits_where_only_they_are(server, headers):
    async def run():
        async with connect(f"{server.url}/mcp/ratelimits/", headers) as (client, _):
            names = [tool.name for tool in (await client.list_tools()).tools]
            assert len(names) == 6 and all(name.startswith("ratelimit_") for name in names)

    asyncio.run(run())


@pytest.mark.parametrize("wrong", [{}, {"authorization": "Bearer unkey_wrong"}])
def test_nobody_gets_in_without_a_root_key(server, wrong):
    async def run():
        async with connect(f"{server.url}/mcp", wrong):
            pass

    with pytest.raises(Exception):  # noqa: B017: groups of exceptions, by version of Python.
        asyncio.run(run())
