import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Overrides, Ratelimit } from "@unkey/ratelimit";
import { Server, ok, refused } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/ratelimits/limit
test("a limit counts down", async () => {
  const call = { namespace: "email.outbound", identifier: "user_1", limit: 2, duration: DAY_MS, cost: 1, async: true, meta: { a: "b" }, resources: [{ type: "project", id: "p_1" }] };
  assert.deepEqual([ok(await server.unkey.ratelimits.limit(call)).remaining, ok(await server.unkey.ratelimits.limit(call)).remaining], [1, 0]);
  assert.equal(ok(await server.unkey.ratelimits.limit(call)).success, false);
  refused(await server.unkey.ratelimits.limit({ ...call, duration: 600 }), "BAD_REQUEST");
});

// row: libraries/ts/sdk/ratelimits/overrides/set-override
// row: libraries/ts/sdk/ratelimits/overrides/get-override
// row: libraries/ts/sdk/ratelimits/overrides/list-overrides
// row: libraries/ts/sdk/ratelimits/overrides/delete-override
test("overrides are set, read, listed and deleted", async () => {
  const { ratelimits } = server.unkey;
  const namespaceName = "overridden";
  ok(await ratelimits.limit({ namespace: namespaceName, identifier: "u", limit: 1, duration: 1000 }));
  const named = { namespaceName, identifier: "user_123" };
  const { overrideId } = ok(await ratelimits.setOverride({ ...named, limit: 500, duration: DAY_MS }));
  assert.match(overrideId, /^rlor_/);
  const expected = { id: overrideId, identifier: "user_123", limit: 500, duration: DAY_MS, async: false };
  assert.deepEqual(ok(await ratelimits.getOverride(named)), expected);
  assert.deepEqual(ok(await ratelimits.listOverrides({ namespaceName })), { overrides: [expected], total: 1 });
  assert.deepEqual(ok(await ratelimits.deleteOverride(named)), {});
  refused(await ratelimits.getOverride(named), "NOT_FOUND");
});

// row: libraries/ts/ratelimit/ratelimit
test("the ratelimit package limits, fails loudly, and falls back in time", async () => {
  const limiter = (options) => new Ratelimit({ rootKey: server.rootKey, baseUrl: server.url, namespace: "package", limit: 2, duration: "1d", async: true, ...options });
  const results = [];
  for (let call = 0; call < 3; call += 1) results.push(await limiter().limit("user"));
  assert.deepEqual(results.map(({ success }) => success), [true, true, false]);
  assert.ok(results[0].reset > Date.now() && results[0].reset <= Date.now() + DAY_MS);
  assert.equal((await limiter().limit("costly", { cost: 3 })).success, false);
  await assert.rejects(limiter({ rootKey: "unkey_nobody", timeout: false }).limit("user"), /UNAUTHORIZED/);
  // This release returns its call unawaited, so that an error passes `onError` by.
  const onError = () => assert.fail("never reached");
  await assert.rejects(limiter({ rootKey: "unkey_nobody", onError }).limit("user"), /UNAUTHORIZED/);
  // A stopped process still holds its port: the server is there and does not answer.
  await server.pause();
  try {
    const fallback = { success: true, limit: 0, remaining: 0, reset: 1 };
    assert.deepEqual(await limiter({ timeout: { ms: 200, fallback } }).limit("user"), fallback);
  } finally {
    server.resume();
  }
});

// row: libraries/ts/ratelimit/override/overview
// row: libraries/ts/ratelimit/override/set-override
// row: libraries/ts/ratelimit/override/get-override
// row: libraries/ts/ratelimit/override/list-overrides
// row: libraries/ts/ratelimit/override/delete-override
test("the ratelimit package manages overrides", async () => {
  const namespaceName = "managed";
  ok(await server.unkey.ratelimits.limit({ namespace: namespaceName, identifier: "u", limit: 1, duration: DAY_MS }));
  const overrides = new Overrides({ rootKey: server.rootKey, baseUrl: server.url });
  const named = { namespaceName, identifier: "*@customer.com" };
  const { overrideId } = ok(await overrides.setOverride({ ...named, limit: 10, duration: DAY_MS, async: true }));
  assert.match(overrideId, /^rlor_/);
  const found = ok(await overrides.getOverride(named));
  assert.deepEqual([found.id, found.limit, found.async], [overrideId, 10, true]);
  const limit = async () => ok(await server.unkey.ratelimits.limit({ namespace: namespaceName, identifier: "tim@customer.com", limit: 1, duration: DAY_MS })).limit;
  assert.equal(await limit(), 10);
  assert.equal(ok(await overrides.listOverrides({ namespaceName })).total, 1);
  refused(await overrides.setOverride({ identifier: "user", limit: 1, duration: 1000 }), "BAD_REQUEST");
  assert.deepEqual(ok(await overrides.deleteOverride(named)), {});
  assert.equal(await limit(), 1);
  const stranger = new Overrides({ rootKey: "unkey_nobody", baseUrl: server.url });
  assert.equal((await stranger.getOverride(named)).error.message, "key not found");
});
