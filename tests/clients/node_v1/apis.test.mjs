import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, ok, refused } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/apis/create
// row: libraries/ts/sdk/apis/get
test("an API is created and read", async () => {
  const { apiId } = ok(await server.unkey.apis.create({ name: "orders" }));
  assert.match(apiId, /^api_/);
  const read = ok(await server.unkey.apis.get({ apiId }));
  assert.deepEqual([read.id, read.name], [apiId, "orders"]);
  assert.match(read.workspaceId, /^ws_/);
  refused(await server.unkey.apis.create({ name: "x" }), "BAD_REQUEST");
});

// row: libraries/ts/sdk/apis/delete
test("an API is deleted unless it is protected", async () => {
  const apiId = await server.api();
  const { key } = await server.key({ apiId });
  server.cli("api", "set", apiId, "--delete-protection", "on");
  assert.equal(refused(await server.unkey.apis.delete({ apiId }), "DELETE_PROTECTED"), `api ${apiId} is protected from deletions`);
  server.cli("api", "set", apiId, "--delete-protection", "off");
  assert.deepEqual(ok(await server.unkey.apis.delete({ apiId })), {});
  assert.equal((await server.verify(key)).code, "NOT_FOUND");
});

// row: libraries/ts/sdk/apis/list-keys
test("keys are listed in pages", async () => {
  const apiId = await server.api();
  const ratelimit = { type: "fast", limit: 5, refillRate: 1, refillInterval: 1000 };
  for (let number = 0; number < 3; number += 1) {
    await server.key({ apiId, ratelimit, ownerId: number < 2 ? "ann" : undefined });
  }
  const first = ok(await server.unkey.apis.listKeys({ apiId, limit: 2, offset: 0 }));
  assert.deepEqual([first.keys.length, first.total], [2, 3]);
  const second = ok(await server.unkey.apis.listKeys({ apiId, limit: 2, cursor: first.cursor }));
  assert.deepEqual([second.keys.length, second.cursor], [1, undefined]);
  assert.equal(ok(await server.unkey.apis.listKeys({ apiId, ownerId: "ann" })).keys.length, 2);
  const old = { async: true, type: "fast", limit: 5, duration: 1000, refillRate: 5, refillInterval: 1000 };
  assert.deepEqual(first.keys[0].ratelimit, old);
});
