// Both SDKs of the protocol, in both of its eras.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLIENTS, MODERN, Server, data, envelope } from "./harness.mjs";
import { DAY_MS } from "../../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

for (const [kind, { era }] of Object.entries(CLIENTS)) {
  test(`${kind}: speaks ${era}`, async (t) => {
    const client = await server.connect(t, kind);
    assert.equal(client.getServerVersion().name, "unkey");
    assert.match(client.getInstructions(), /keys_explainKey/);
    if (client.getNegotiatedProtocolVersion) assert.equal(client.getNegotiatedProtocolVersion(), era);
    if (era === MODERN) assert.equal(client.getProtocolEra(), "modern");
  });

  test(`${kind}: lists tools with their schemas and annotations`, async (t) => {
    const client = await server.connect(t, kind);
    const { tools } = await client.listTools();
    const named = Object.fromEntries(tools.map((tool) => [tool.name, tool]));
    assert.ok(tools.length > 40, `${tools.length} tools`);
    assert.deepEqual(named.keys_createKey.inputSchema.required, ["apiId"]);
    assert.equal(named.keys_getKey.annotations.readOnlyHint, true);
    assert.equal(named.keys_deleteKey.annotations.destructiveHint, true);
    assert.ok(named.audit_search && named.docs_search && !named.rootKeys_createKey);
  });

  test(`${kind}: a tool makes a key that works`, async (t) => {
    const client = await server.connect(t, kind);
    // Clients hold answers against the schema they were listed with.
    await client.listTools();
    const api = data(await client.callTool({ name: "apis_createApi", arguments: { name: "orders" } }));
    const made = data(await client.callTool({ name: "keys_createKey", arguments: { apiId: api.apiId, name: "first" } }));
    assert.equal((await server.verify(made.key)).code, "VALID");
    const read = data(await client.callTool({ name: "keys_getKey", arguments: { keyId: made.keyId } }));
    assert.equal(read.name, "first");
    const listed = data(await client.callTool({ name: "apis_listKeys", arguments: { apiId: api.apiId } }));
    assert.deepEqual(listed.map((key) => key.keyId), [made.keyId]);
    const limits = [{ namespace: "email", identifier: kind, limit: 2, duration: DAY_MS }];
    const decided = data(await client.callTool({ name: "ratelimit_multiLimit", arguments: { body: limits } }));
    assert.equal(decided.passed, true);
  });

  test(`${kind}: a secret goes behind a link that shows it once`, async (t) => {
    const client = await server.connect(t, kind);
    await client.listTools();
    const arguments_ = { apiId: await server.api(), secretLink: true };
    const made = data(await client.callTool({ name: "keys_createKey", arguments: arguments_ }));
    assert.deepEqual(Object.keys(made).sort(), ["keyId", "secretLink"]);
    const shown = await fetch(made.secretLink.url);
    assert.equal(shown.status, 200);
    assert.ok(made.secretLink.expiresAt > Date.now());
  });

  test(`${kind}: failures are results that an assistant can read`, async (t) => {
    const client = await server.connect(t, kind);
    await client.listTools();
    const refused = await client.callTool({ name: "keys_createKey", arguments: { apiId: "api_1", byteLength: 1 } });
    assert.equal(refused.isError, true);
    assert.match(envelope(refused).error.errors[0].message, /minimum: got 1, want 16/);
    const absent = await client.callTool({ name: "keys_getKey", arguments: { keyId: "key_missing" } });
    assert.equal(absent.isError, true);
    assert.equal(envelope(absent).error.status, 404);
    await assert.rejects(client.callTool({ name: "keys_no", arguments: {} }), /Unknown tool: keys_no|not found/i);
  });

  test(`${kind}: reads resources and prompts`, async (t) => {
    const client = await server.connect(t, kind);
    const { resources } = await client.listResources();
    const backup = resources.find((page) => page.uri === "docs://unkey/backup.md");
    assert.equal(backup.mimeType, "text/markdown");
    const { contents } = await client.readResource({ uri: backup.uri });
    assert.match(contents[0].text, /^# /);
    await assert.rejects(client.readResource({ uri: "docs://unkey/nothing.md" }));
    const { prompts } = await client.listPrompts();
    assert.equal(prompts.length, 4);
    const prompt = await client.getPrompt({ name: "why_is_this_key_refused", arguments: { keyId: "key_1" } });
    assert.match(prompt.messages[0].content.text, /The key `key_1` is refused/);
    await assert.rejects(client.getPrompt({ name: "why_is_this_key_refused", arguments: {} }));
  });

  test(`${kind}: a root key binds what is listed and what is called`, async (t) => {
    const key = server.rootKeyWith("api.*.read_api", "api.*.read_key");
    const client = await server.connect(t, kind, { headers: { authorization: `Bearer ${key}` } });
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    assert.ok(names.includes("keys_getKey") && !names.includes("keys_createKey"), names.join());
    await assert.rejects(client.callTool({ name: "keys_createKey", arguments: { apiId: "api_1" } }));
  });

  test(`${kind}: only reads where only that is asked for`, async (t) => {
    const client = await server.connect(t, kind, { path: "/mcp?readonly=true&toolsets=keys,apis" });
    const { tools } = await client.listTools();
    assert.ok(tools.length > 3 && tools.every((tool) => tool.annotations.readOnlyHint));
    assert.ok(tools.every((tool) => /^(keys|apis)_/.test(tool.name)));
  });

  test(`${kind}: nobody gets in with a wrong root key or none`, async (t) => {
    for (const headers of [{}, { authorization: "Bearer unkey_wrong" }]) {
      await assert.rejects(server.connect(t, kind, { headers }));
    }
  });
}
