import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, ok, refused } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

const MINUTE_MS = 60_000;
let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/keys/create
// row: libraries/ts/sdk/keys/get
test("a key is created with every option, and read", async () => {
  const apiId = await server.api();
  server.cli("api", "set", apiId, "--recoverable", "on");
  const expires = Date.now() + MINUTE_MS;
  const { keyId, key } = await server.key({
    apiId, prefix: "xyz", name: "my key", byteLength: 16, ownerId: "chronark", externalId: "ann", meta: { hello: "world" },
    expires, ratelimit: { async: true, duration: 1000, limit: 10 }, remaining: 1000,
    refill: { interval: "monthly", amount: 100, refillDay: 15 }, roles: ["vip"], permissions: ["docs.read"],
    enabled: true, recoverable: true, environment: "test",
  });
  assert.match(key, /^xyz_/);
  const read = ok(await server.unkey.keys.get({ keyId, decrypt: true }));
  assert.deepEqual([read.id, read.apiId, read.name, read.ownerId, read.plaintext], [keyId, apiId, "my key", "ann", key]);
  assert.deepEqual([read.meta, read.expires, read.remaining, read.enabled], [{ hello: "world" }, expires, 1000, true]);
  assert.deepEqual([read.roles, read.permissions, read.refill.refillDay], [["vip"], ["docs.read"], 15]);
  assert.equal(read.ratelimit.async, true);
  assert.deepEqual(read.identity.meta, {});
  assert.equal(ok(await server.unkey.keys.get({ keyId })).plaintext, undefined);
  refused(await server.unkey.keys.create({ apiId: "api_none" }), "NOT_FOUND");
});

// row: libraries/ts/sdk/keys/verify
test("a key is verified", async () => {
  const apiId = await server.api();
  const { keyId, key } = await server.key({ apiId, remaining: 3, permissions: ["a", "b"], ratelimit: { limit: 10, duration: DAY_MS } });
  const anybody = server.client("public");
  const first = ok(await anybody.keys.verify({ key, apiId, ratelimit: { cost: 4 }, tags: ["path=/"] }));
  assert.deepEqual([first.valid, first.code, first.keyId, first.remaining], [true, "VALID", keyId, 2]);
  assert.deepEqual([first.ratelimit.limit, first.ratelimit.remaining], [10, 6]);
  const { permissions } = ok(await anybody.keys.verify({ key, authorization: { permissions: { or: ["x", { and: ["a", "b"] }] } } }));
  assert.deepEqual(permissions, ["a", "b"]);
  assert.equal((await server.verify(key, { authorization: { permissions: "x" } })).code, "INSUFFICIENT_PERMISSIONS");
  assert.equal((await server.verify(key, { remaining: { cost: 2 } })).code, "USAGE_EXCEEDED");
  assert.equal((await server.verify("nothing")).code, "NOT_FOUND");
  assert.match(refused(await anybody.keys.verify({ key, ratelimits: [{ name: "tokens" }] }), "BAD_REQUEST"), /tokens/);
});

// row: libraries/ts/sdk/keys/update
test("a key is changed: null clears, strings name roles", async () => {
  const { keyId, key } = await server.key({ name: "old", remaining: 5, roles: ["one"] });
  await server.unkey.permissions.createRole({ name: "two" });
  const change = { keyId, name: null, remaining: null, roles: ["two"], permissions: [{ name: "made", create: true }] };
  assert.deepEqual(ok(await server.unkey.keys.update(change)), {});
  const read = ok(await server.unkey.keys.get({ keyId }));
  assert.deepEqual([read.name, read.remaining, read.roles, read.permissions], [undefined, undefined, ["two"], ["made"]]);
  ok(await server.unkey.keys.update({ keyId, enabled: false }));
  assert.equal((await server.verify(key)).code, "DISABLED");
});

// row: libraries/ts/sdk/keys/update-remaining
test("credits are set", async () => {
  const { keyId } = await server.key();
  const { remaining } = ok(await server.unkey.keys.updateRemaining({ keyId, op: "set", value: 300 }));
  assert.equal(remaining, 300);
});

// row: libraries/ts/sdk/keys/delete
test("a key is deleted", async () => {
  const { keyId, key } = await server.key();
  assert.deepEqual(ok(await server.unkey.keys.delete({ keyId })), {});
  assert.equal((await server.verify(key)).code, "NOT_FOUND");
  refused(await server.unkey.keys.delete({ keyId }), "NOT_FOUND");
});

test("verifications of a key are counted by day", async () => {
  const { keyId, key } = await server.key();
  await server.verify(key);
  const ask = () => server.unkey.keys.getVerifications({ keyId });
  const { verifications } = await server.counted(ask, (found) => found.verifications.length > 0);
  assert.equal(verifications.at(-1).success, 1);
});
