import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("a key is created with every option and reads back the same", async () => {
  const { unkey } = server;
  const apiId = await server.api();
  server.cli("api", "set", apiId, "--recoverable", "on");
  await unkey.permissions.createPermission({ name: "Read documents", slug: "documents.read" });
  await unkey.permissions.createRole({ name: "editor", description: "Edits" });
  const expires = Date.now() + 3_600_000;
  const { keyId, key } = await server.key({
    apiId,
    prefix: "prod",
    name: "the key",
    byteLength: 24,
    externalId: "user_1",
    meta: { plan: "pro", nested: { deep: [1, 2] } },
    roles: ["editor"],
    permissions: ["documents.read", "documents.write"],
    expires,
    credits: { remaining: 100, refill: { interval: "monthly", amount: 100, refillDay: 31 } },
    ratelimits: [{ name: "requests", limit: 10, duration: DAY_MS, autoApply: true }],
    enabled: true,
    recoverable: true,
  });
  assert.match(keyId, /^key_/);
  assert.match(key, /^prod_/);

  const found = (await unkey.keys.getKey({ keyId, decrypt: true })).data;
  assert.equal(found.keyId, keyId);
  assert.equal(found.plaintext, key);
  assert.equal(found.start, key.slice(0, found.start.length));
  assert.equal(found.name, "the key");
  assert.equal(found.expires, expires);
  assert.equal(found.enabled, true);
  assert.deepEqual(found.meta, { plan: "pro", nested: { deep: [1, 2] } });
  assert.equal(found.identity.externalId, "user_1");
  assert.deepEqual(found.roles, ["editor"]);
  assert.deepEqual([...found.permissions].sort(), ["documents.read", "documents.write"]);
  assert.deepEqual(found.credits, { remaining: 100, refill: { interval: "monthly", amount: 100, refillDay: 31 } });
  const [limit] = found.ratelimits;
  assert.deepEqual(
    { name: limit.name, limit: limit.limit, duration: limit.duration, autoApply: limit.autoApply },
    { name: "requests", limit: 10, duration: DAY_MS, autoApply: true },
  );
  assert.equal((await unkey.keys.whoami({ key })).data.keyId, keyId);
});

test("a change is tri-state: left out keeps, null removes, a value sets", async () => {
  const { unkey } = server;
  const { keyId } = await server.key({ name: "old", meta: { a: 1 }, externalId: "bob", expires: 4_000_000_000_000 });
  await unkey.keys.updateKey({ keyId, name: "new" });
  let found = (await unkey.keys.getKey({ keyId })).data;
  assert.equal(found.name, "new");
  assert.deepEqual(found.meta, { a: 1 });
  assert.equal(found.identity.externalId, "bob");
  await unkey.keys.updateKey({ keyId, name: null, meta: null, externalId: null, expires: null });
  found = (await unkey.keys.getKey({ keyId })).data;
  assert.equal(found.name, undefined);
  assert.equal(found.meta, undefined);
  assert.equal(found.identity, undefined);
  assert.equal(found.expires, undefined);
});

test("credits are set, added, taken and made unlimited", async () => {
  const { unkey } = server;
  const { keyId } = await server.key({ credits: { remaining: 10 } });
  const change = async (operation, value) => (await unkey.keys.updateCredits({ keyId, operation, value })).data.remaining;
  assert.equal(await change("increment", 5), 15);
  assert.equal(await change("decrement", 100), 0);
  assert.equal(await change("set", 7), 7);
  assert.equal(await change("set", null), null);
});

test("a deleted key is gone for everyone", async () => {
  const { unkey } = server;
  const { keyId, key } = await server.key();
  assert.equal((await server.verify(key)).code, "VALID");
  await unkey.keys.deleteKey({ keyId });
  assert.equal((await server.verify(key)).code, "NOT_FOUND");
  await assert.rejects(unkey.keys.getKey({ keyId }), { statusCode: 404 });
  const other = await server.key();
  await unkey.keys.deleteKey({ keyId: other.keyId, permanent: true });
  assert.equal((await server.verify(other.key)).code, "NOT_FOUND");
});
