import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("VALID carries everything the key knows", async () => {
  const { keyId, key } = await server.key({
    name: "named",
    externalId: "carl",
    meta: { tier: 2 },
    permissions: ["a.b"],
    credits: { remaining: 3 },
    ratelimits: [{ name: "requests", limit: 5, duration: DAY_MS, autoApply: true }],
  });
  const verdict = await server.verify(key, { tags: ["path=/v1"] });
  assert.equal(verdict.valid, true);
  assert.equal(verdict.code, "VALID");
  assert.equal(verdict.keyId, keyId);
  assert.equal(verdict.name, "named");
  assert.equal(verdict.identity.externalId, "carl");
  assert.deepEqual(verdict.meta, { tier: 2 });
  assert.deepEqual(verdict.permissions, ["a.b"]);
  assert.equal(verdict.credits, 2);
  assert.equal(verdict.ratelimits[0].remaining, 4);
  assert.equal(verdict.ratelimits[0].exceeded, false);
});

test("NOT_FOUND for a key nobody made", async () => {
  assert.deepEqual(await server.verify("nobody_made_this"), { valid: false, code: "NOT_FOUND" });
});

test("FORBIDDEN outside the API's addresses", async () => {
  const apiId = await server.api();
  const { key } = await server.key({ apiId });
  server.cli("api", "set", apiId, "--ip-allow", "203.0.113.9");
  assert.equal((await server.verify(key)).code, "FORBIDDEN");
  server.cli("api", "set", apiId, "--ip-allow", "");
  assert.equal((await server.verify(key)).code, "VALID");
});

test("INSUFFICIENT_PERMISSIONS, also for queries and wildcards", async () => {
  const { key } = await server.key({ permissions: ["documents.*", "billing.read"] });
  const code = async (permissions) => (await server.verify(key, { permissions })).code;
  assert.equal(await code("documents.*"), "VALID");
  assert.equal(await code("documents.* AND billing.read"), "VALID");
  assert.equal(await code("billing.write OR billing.read"), "VALID");
  assert.equal(await code("billing.write"), "INSUFFICIENT_PERMISSIONS");
  assert.equal(await code("(billing.write OR nothing) AND billing.read"), "INSUFFICIENT_PERMISSIONS");
});

test("USAGE_EXCEEDED when the credits are gone, and a cost of 0 always passes", async () => {
  const { key } = await server.key({ credits: { remaining: 2 } });
  assert.equal((await server.verify(key, { credits: { cost: 2 } })).credits, 0);
  assert.equal((await server.verify(key)).code, "USAGE_EXCEEDED");
  assert.equal((await server.verify(key, { credits: { cost: 0 } })).code, "VALID");
});

test("RATE_LIMITED by a named limit, by an auto-applied one and by one given with the call", async () => {
  const { key } = await server.key({ ratelimits: [{ name: "named", limit: 1, duration: DAY_MS, autoApply: false }] });
  assert.equal((await server.verify(key)).code, "VALID");
  assert.equal((await server.verify(key, { ratelimits: [{ name: "named" }] })).code, "VALID");
  const denied = await server.verify(key, { ratelimits: [{ name: "named" }] });
  assert.equal(denied.code, "RATE_LIMITED");
  assert.equal(denied.ratelimits[0].exceeded, true);
  const own = [{ name: "own", limit: 1, duration: DAY_MS }];
  assert.equal((await server.verify(key, { ratelimits: own })).code, "VALID");
  assert.equal((await server.verify(key, { ratelimits: own })).code, "RATE_LIMITED");

  const auto = await server.key({ ratelimits: [{ name: "auto", limit: 1, duration: DAY_MS, autoApply: true }] });
  assert.equal((await server.verify(auto.key)).code, "VALID");
  assert.equal((await server.verify(auto.key)).code, "RATE_LIMITED");
});

test("DISABLED and EXPIRED", async () => {
  const off = await server.key({ enabled: false });
  assert.equal((await server.verify(off.key)).code, "DISABLED");
  const old = await server.key({ expires: Date.now() - 1000 });
  assert.equal((await server.verify(old.key)).code, "EXPIRED");
});

test("changes show in the very next verification", async () => {
  const { unkey } = server;
  const apiId = await server.api();
  const { keyId, key } = await server.key({ apiId });
  const code = async (options) => (await server.verify(key, options)).code;
  assert.equal(await code(), "VALID");
  await unkey.keys.updateKey({ keyId, enabled: false });
  assert.equal(await code(), "DISABLED");
  await unkey.keys.updateKey({ keyId, enabled: true });
  assert.equal(await code(), "VALID");
  await unkey.keys.updateKey({ keyId, expires: 1 });
  assert.equal(await code(), "EXPIRED");
  await unkey.keys.updateKey({ keyId, expires: null, ratelimits: [{ name: "requests", limit: 1, duration: DAY_MS, autoApply: true }] });
  assert.equal(await code(), "VALID");
  assert.equal(await code(), "RATE_LIMITED");
  await unkey.keys.updateKey({ keyId, ratelimits: [{ name: "requests", limit: 2, duration: DAY_MS, autoApply: true }] });
  assert.equal(await code(), "VALID");
  await unkey.keys.updateKey({ keyId, ratelimits: [], permissions: ["late"] });
  assert.equal(await code({ permissions: "late" }), "VALID");
  await unkey.keys.updateKey({ keyId, permissions: [] });
  assert.equal(await code({ permissions: "late" }), "INSUFFICIENT_PERMISSIONS");
  await unkey.keys.updateKey({ keyId, credits: { remaining: 0 } });
  assert.equal(await code(), "USAGE_EXCEEDED");
  await unkey.apis.deleteApi({ apiId });
  assert.equal(await code(), "NOT_FOUND");
});

test("a root key is refused from the call after its revocation", async () => {
  const narrow = server.rootKeyWith("api.*.verify_key");
  const client = server.client(narrow);
  const { key } = await server.key();
  assert.equal((await client.keys.verifyKey({ key })).data.code, "VALID");
  const row = server.cli("root-key", "list").split("\n").find((line) => line.includes(narrow.slice(-4)));
  server.cli("root-key", "revoke", row.match(/key_\w+/)[0]);
  await assert.rejects(client.keys.verifyKey({ key }), { statusCode: 401 });
});

test("200 verifications at once spend exactly 50 credits", async () => {
  const { key } = await server.key({ credits: { remaining: 50 } });
  const codes = await Promise.all(Array.from({ length: 200 }, async () => (await server.verify(key)).code));
  assert.equal(codes.filter((code) => code === "VALID").length, 50);
  assert.equal(codes.filter((code) => code === "USAGE_EXCEEDED").length, 150);
});
