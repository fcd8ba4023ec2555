import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

const slugs = (permissions) => permissions.map((permission) => permission.slug);
const names = (roles) => roles.map((role) => role.name);

test("permissions of a key are added, removed and set", async () => {
  const { keys } = server.unkey;
  const { keyId, key } = await server.key({ permissions: ["b"] });
  assert.deepEqual(slugs((await keys.addPermissions({ keyId, permissions: ["a"] })).data), ["b", "a"]);
  assert.equal((await server.verify(key, { permissions: "a AND b" })).code, "VALID");
  assert.deepEqual(slugs((await keys.removePermissions({ keyId, permissions: ["b"] })).data), ["a"]);
  assert.deepEqual(slugs((await keys.setPermissions({ keyId, permissions: ["c"] })).data), ["c"]);
});

test("roles of a key are added, removed and set", async () => {
  const { keys, permissions } = server.unkey;
  await permissions.createRole({ name: "reader", permissions: ["read"] });
  await permissions.createRole({ name: "author", permissions: ["write"] });
  const { keyId, key } = await server.key();
  assert.deepEqual(names((await keys.addRoles({ keyId, roles: ["reader", "author"] })).data), ["reader", "author"]);
  assert.equal((await server.verify(key, { permissions: "read AND write" })).code, "VALID");
  const left = (await keys.removeRoles({ keyId, roles: ["author"] })).data;
  assert.deepEqual(slugs(left[0].permissions), ["read"]);
  assert.deepEqual(names((await keys.setRoles({ keyId, roles: ["author"] })).data), ["author"]);
});

test("a key is rerolled with an overlap that shares its credits", async () => {
  const { keys } = server.unkey;
  const { keyId, key } = await server.key({ prefix: "prod", credits: { remaining: 3 } });
  const rerolled = (await keys.rerollKey({ keyId, expiration: 3_600_000 })).data;
  assert.match(rerolled.key, /^prod_/);
  assert.equal((await server.verify(key)).credits, 2);
  assert.equal((await server.verify(rerolled.key)).credits, 1);
  await keys.rerollKey({ keyId: rerolled.keyId, expiration: 0 });
  assert.equal((await server.verify(rerolled.key)).code, "EXPIRED");
});

test("keys of another system are imported by their hashes", async () => {
  const { keys } = server.unkey;
  const apiId = await server.api();
  const native = server.cli("migration", "create", "--algorithm", "sha256");
  const hash = (key) => createHash("sha256").update(key).digest("base64");
  const imported = await keys.migrateKeys({
    migrationId: native,
    apiId,
    keys: [{ hash: hash("theirs"), name: "old", credits: { remaining: 5 }, enabled: true }],
  });
  assert.equal(imported.data.migrated.length, 1);
  assert.deepEqual(imported.data.failed, []);
  assert.equal((await server.verify("theirs")).name, "old");

  const foreign = server.cli("migration", "create", "--algorithm", "github.com/seamapi/prefixed-api-key");
  const long = "51FwqftsmMDHHbJAMEXXHCgG";
  await keys.migrateKeys({
    migrationId: foreign,
    apiId,
    keys: [{ hash: createHash("sha256").update(long).digest("hex") }],
  });
  const key = `company_BRTRKFsL_${long}`;
  assert.equal((await server.verify(key)).code, "NOT_FOUND");
  assert.equal((await server.verify(key, { migrationId: foreign })).code, "VALID");
  assert.equal((await server.verify(key)).code, "VALID");
});
