import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Namespace, createCache } from "@unkey/cache";
import { MemoryStore } from "@unkey/cache/stores";
import { Server, redirect } from "./harness.mjs";

// Built for Next.js's own loader; in Node its CommonJS form finds next/server.
const { withUnkey } = createRequire(import.meta.url)("@unkey/nextjs");
let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/nextjs
// row: quickstart/apis/nextjs
test("a Next.js route is guarded by the wrapper", async () => {
  const apiId = await server.api();
  const { key } = await server.key({ apiId, environment: "test" });
  const { NextRequest } = createRequire(import.meta.url)("next/server");
  const route = withUnkey((request) => Response.json({ valid: request.unkey.valid }), {
    apiId,
    handleInvalidKey: (_, result) => Response.json({ code: result.code }, { status: 403 }),
  });
  const ask = (headers, guarded = route) => guarded(new NextRequest("http://localhost/protected", { headers }), { params: {} });
  const calls = redirect(server);
  try {
    assert.deepEqual(await (await ask({ authorization: `Bearer ${key}` })).json(), { valid: true });
    assert.deepEqual(JSON.parse(calls.seen[0].body), { key, apiId });
    assert.equal(calls.seen[0].authorization, "Bearer public");
    const refused = await ask({ authorization: "Bearer nothing" });
    assert.deepEqual([refused.status, await refused.json()], [403, { code: "NOT_FOUND" }]);
    assert.equal((await ask({})).status, 401);
    // A request the server refuses: the wrapper's own error path.
    const onError = (_, error) => Response.json({ code: error.code }, { status: 503 });
    const failed = await ask({}, withUnkey(() => assert.fail("not guarded"), { apiId, getKey: () => "", onError }));
    assert.deepEqual([failed.status, await failed.json()], [503, { code: "BAD_REQUEST" }]);
  } finally {
    calls.end();
  }
});

// row: libraries/ts/cache/overview
test("the cache library needs no server", async () => {
  const context = { waitUntil: (work) => work };
  const cache = createCache({
    user: new Namespace(context, { stores: [new MemoryStore({ persistentMap: new Map() })], fresh: 60_000, stale: 300_000 }),
  });
  await cache.user.set("ann", { plan: "pro" });
  assert.deepEqual((await cache.user.get("ann")).val, { plan: "pro" });
  const loaded = await cache.user.swr("bob", async () => ({ plan: "free" }));
  assert.deepEqual(loaded.val, { plan: "free" });
});
