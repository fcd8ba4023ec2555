import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("an identity is created and read by either id", async () => {
  const { unkey } = server;
  const ratelimits = [{ name: "requests", limit: 3, duration: DAY_MS, autoApply: true }];
  const { identityId } = (await unkey.identities.createIdentity({ externalId: "dora", meta: { a: [1] }, ratelimits })).data;
  for (const identity of [identityId, "dora"]) {
    const found = (await unkey.identities.getIdentity({ identity })).data;
    assert.equal(found.id, identityId);
    assert.equal(found.externalId, "dora");
    assert.deepEqual(found.meta, { a: [1] });
    assert.equal(found.ratelimits[0].limit, 3);
  }
  await assert.rejects(unkey.identities.createIdentity({ externalId: "dora" }), { statusCode: 409 });
});

test("the keys of an identity share its limits", async () => {
  const ratelimits = [{ name: "shared", limit: 2, duration: DAY_MS, autoApply: true }];
  await server.unkey.identities.createIdentity({ externalId: "team", ratelimits });
  const [one, two] = [await server.key({ externalId: "team" }), await server.key({ externalId: "team" })];
  assert.equal((await server.verify(one.key)).code, "VALID");
  assert.equal((await server.verify(two.key)).code, "VALID");
  assert.equal((await server.verify(one.key)).code, "RATE_LIMITED");
});

test("permissions and roles have unique names", async () => {
  const { unkey } = server;
  const permission = { name: "Write", slug: "write", description: "may write" };
  assert.match((await unkey.permissions.createPermission(permission)).data.permissionId, /^perm_/);
  await assert.rejects(unkey.permissions.createPermission(permission), { statusCode: 409 });
  assert.match((await unkey.permissions.createRole({ name: "writer" })).data.roleId, /^role_/);
  await assert.rejects(unkey.permissions.createRole({ name: "writer" }), { statusCode: 409 });
});

test("permissions and roles are read, listed, changed and deleted", async () => {
  const { permissions } = server.unkey;
  const { permissionId } = (await permissions.createPermission({ name: "Docs", slug: "docs.read" })).data;
  assert.equal((await permissions.getPermission({ permission: "docs.read" })).data.id, permissionId);
  const listed = await permissions.listPermissions({ search: "docs" });
  assert.deepEqual(listed.result.data.map((row) => row.slug), ["docs.read"]);
  const { roleId } = (await permissions.createRole({ name: "docs", permissions: ["docs.read"] })).data;
  assert.equal((await permissions.getRole({ role: "docs" })).data.permissions[0].slug, "docs.read");
  const set = (await permissions.setRolePermissions({ roleId, permissions: ["docs.write"] })).data;
  assert.deepEqual(set.map((row) => row.slug), ["docs.write"]);
  assert.equal((await permissions.listRoles({ search: "docs" })).result.data[0].id, roleId);
  await permissions.deleteRole({ role: roleId });
  await assert.rejects(permissions.getRole({ role: roleId }), { statusCode: 404 });
  await permissions.deletePermission({ permission: permissionId });
  await assert.rejects(permissions.getPermission({ permission: permissionId }), { statusCode: 404 });
});

test("identities are listed, changed and deleted", async () => {
  const { identities } = server.unkey;
  const ratelimits = [{ name: "requests", limit: 100, duration: DAY_MS, autoApply: true }];
  await identities.createIdentity({ externalId: "erin", meta: { a: 1 }, ratelimits });
  const { key } = await server.key({ externalId: "erin" });
  const tight = [{ name: "requests", limit: 1, duration: DAY_MS, autoApply: true }];
  const changed = (await identities.updateIdentity({ identity: "erin", ratelimits: tight })).data;
  assert.equal(changed.ratelimits[0].limit, 1);
  assert.equal((await server.verify(key)).code, "VALID");
  assert.equal((await server.verify(key)).code, "RATE_LIMITED");
  const found = [];
  for await (const page of await identities.listIdentities({ limit: 1 })) found.push(...page.result.data);
  assert.ok(found.some((identity) => identity.externalId === "erin"));
  assert.match((await identities.deleteIdentity({ identity: "erin" })).meta.requestId, /^req_/);
  const verdict = await server.verify(key);
  assert.deepEqual([verdict.code, verdict.identity], ["VALID", undefined]);
});
