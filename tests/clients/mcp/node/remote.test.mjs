// `mcp-remote`, with the addresses and headers of the product's page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, data } from "./harness.mjs";
import { DAY_MS } from "../../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: ai-code-gen/unkey-mcp
test("mcp-remote: the API by its documented address and header", async (t) => {
  for (const path of ["/mcp/v1", "/mcp/v2"]) {
    const client = await server.remote(t, path, `MCP-UNKEY-BEARER-AUTH:${server.rootKey}`);
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    assert.ok(names.includes("keys_createKey") && names.includes("analytics_getVerifications"), names.join());
    const made = data(await client.callTool({ name: "keys_createKey", arguments: { apiId: await server.api() } }));
    assert.equal((await server.verify(made.key)).code, "VALID");
    await client.callTool({ name: "keys_updateKey", arguments: { keyId: made.keyId, enabled: false } });
    assert.equal((await server.verify(made.key)).code, "DISABLED");
  }
});

// row: ai-code-gen/unkey-mcp
test("mcp-remote: rate limits by their documented address and header", async (t) => {
  const client = await server.remote(t, "/mcp/ratelimits/", `MCP-UNKEY-V2-ROOT-KEY:${server.rootKey}`);
  const names = (await client.listTools()).tools.map((tool) => tool.name).sort();
  assert.deepEqual(names, [
    "ratelimit_deleteOverride", "ratelimit_getOverride", "ratelimit_limit", "ratelimit_listOverrides",
    "ratelimit_multiLimit", "ratelimit_setOverride",
  ]);
  const limit = { namespace: "sms", identifier: "ann", limit: 1, duration: DAY_MS };
  const outcomes = [];
  for (let call = 0; call < 2; call += 1) {
    outcomes.push(data(await client.callTool({ name: "ratelimit_limit", arguments: limit })).success);
  }
  assert.deepEqual(outcomes, [true, false]);
});

// row: ai-code-gen/unkey-mcp
test("mcp-remote: a root key without a right does not get the tool", async (t) => {
  const key = server.rootKeyWith("api.*.read_api");
  const client = await server.remote(t, "/mcp/v1", `MCP-UNKEY-BEARER-AUTH:${key}`);
  const names = (await client.listTools()).tools.map((tool) => tool.name);
  assert.deepEqual(names, ["apis_getApi", "docs_search"]);
  await assert.rejects(client.callTool({ name: "apis_createApi", arguments: { name: "no" } }));
});
