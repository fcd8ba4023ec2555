import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Overrides, Ratelimit } from "@unkey/ratelimit";
import { Server } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

const limiter = (namespace, options) =>
  new Ratelimit({ rootKey: server.rootKey, baseUrl: server.url, namespace, ...options });

test("limit counts down, then refuses", async () => {
  const call = { namespace: "email", identifier: "user_1", limit: 2, duration: DAY_MS };
  const first = (await server.unkey.ratelimit.limit(call)).data;
  assert.deepEqual({ success: first.success, limit: first.limit, remaining: first.remaining }, { success: true, limit: 2, remaining: 1 });
  assert.ok(first.reset > Date.now());
  assert.equal((await server.unkey.ratelimit.limit(call)).data.success, true);
  assert.equal((await server.unkey.ratelimit.limit(call)).data.success, false);
  assert.equal((await server.unkey.ratelimit.limit({ ...call, identifier: "user_2" })).data.success, true);
});

test("a cost takes more than one", async () => {
  const call = { namespace: "cost", identifier: "u", limit: 10, duration: DAY_MS };
  assert.equal((await server.unkey.ratelimit.limit({ ...call, cost: 7 })).data.remaining, 3);
  assert.equal((await server.unkey.ratelimit.limit({ ...call, cost: 4 })).data.success, false);
  assert.equal((await server.unkey.ratelimit.limit({ ...call, cost: 3 })).data.success, true);
});

test("multiLimit passes only if every limit does, and spends nothing otherwise", async () => {
  const narrow = { namespace: "narrow", identifier: "u", limit: 1, duration: DAY_MS };
  const wide = { namespace: "wide", identifier: "u", limit: 100, duration: DAY_MS };
  const both = async () => (await server.unkey.ratelimit.multiLimit([narrow, wide])).data;
  assert.equal((await both()).passed, true);
  const refused = await both();
  assert.equal(refused.passed, false);
  assert.deepEqual(refused.limits.map((limit) => limit.passed), [false, true]);
  assert.equal((await server.unkey.ratelimit.limit(wide)).data.remaining, 98);
});

test("the Ratelimit class works with a duration in words", async () => {
  const ratelimit = limiter("class", { limit: 2, duration: "1d" });
  assert.equal((await ratelimit.limit("ann")).success, true);
  assert.equal((await ratelimit.limit("ann")).remaining, 0);
  const refused = await ratelimit.limit("ann");
  assert.equal(refused.success, false);
  assert.equal(refused.limit, 2);
  assert.ok(refused.reset > Date.now() && refused.reset <= Date.now() + DAY_MS);
  assert.equal((await ratelimit.limit("ben", { cost: 3 })).success, false);
  assert.equal((await ratelimit.limit("cid", { limit: { limit: 5, duration: "1d" } })).remaining, 4);
});

test("200 calls at once pass exactly 50 times", async () => {
  const call = { namespace: "burst", identifier: "u", limit: 50, duration: DAY_MS };
  const passed = await Promise.all(Array.from({ length: 200 }, async () => (await server.unkey.ratelimit.limit(call)).data.success));
  assert.equal(passed.filter(Boolean).length, 50);
});

test("overrides are set, read, listed and deleted", async () => {
  const overrides = new Overrides({ rootKey: server.rootKey, baseUrl: server.url });
  const call = { namespace: "overridden", identifier: "vip@example.com", limit: 1, duration: DAY_MS };
  await server.unkey.ratelimit.limit(call);
  const namespace = "overridden";
  const set = await overrides.setOverride({ namespace, identifier: "*@example.com", limit: 7, duration: DAY_MS });
  assert.match(set.data.overrideId, /^rlor_/);
  assert.equal((await server.unkey.ratelimit.limit(call)).data.limit, 7);
  const found = await overrides.getOverride({ namespace, identifier: "vip@example.com" });
  assert.equal(found.data.identifier, "*@example.com");
  const listed = await server.unkey.ratelimit.listOverrides({ namespace });
  assert.equal(listed.result.data.length, 1);
  await overrides.deleteOverride({ namespace, identifier: "*@example.com" });
  assert.equal((await server.unkey.ratelimit.limit(call)).data.limit, 1);
});
