// Programs that look at MCP servers: the inspector at the command line, and the conformance suite.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, proxy, run } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

function inspect(...args) {
  const header = `Authorization: Bearer ${server.rootKey}`;
  return run("mcp-inspector", "--cli", `${server.url}/mcp`, "--transport", "http", "--header", header, ...args);
}

test("inspector: finds no schema that some client would not take", async () => {
  const { code, stdout, stderr } = await inspect("--method", "tools/list", "--strict");
  assert.equal(code, 0, stderr);
  assert.ok(JSON.parse(stdout).tools.length > 40);
});

test("inspector: calls a tool", async () => {
  const call = ["--method", "tools/call", "--tool-name", "apis_createApi", "--tool-arg", "name=orders"];
  const { code, stdout, stderr } = await inspect(...call);
  assert.equal(code, 0, stderr);
  assert.match(JSON.parse(stdout).structuredContent.data.apiId, /^api_/);
});

// The others ask for tools of the suite's own reference server. The suite reaches up to 2025-11-25.
const SCENARIOS = [
  "server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection",
];

for (const scenario of SCENARIOS) {
  test(`conformance: ${scenario}`, async (t) => {
    const url = await proxy(t, server);
    const { code, stdout, stderr } = await run("conformance", "server", "--url", url, "--scenario", scenario);
    assert.equal(code, 0, stdout + stderr);
  });
}
