import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("an identity is created and read by either id", async () => {
  const { unkey } = server;
  const ratelimits = [{ name: "requests", limit: 3, duration: 60_000, autoApply: true }];
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
  const ratelimits = [{ name: "shared", limit: 2, duration: 60_000, autoApply: true }];
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
