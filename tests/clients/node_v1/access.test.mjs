import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, ok, refused } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/keys/add-permission
// row: libraries/ts/sdk/keys/remove-permission
// row: libraries/ts/sdk/keys/set-permission
test("permissions of a key", async () => {
  const { keyId, key } = await server.key();
  const { keys } = server.unkey;
  const [added] = ok(await keys.addPermissions({ keyId, permissions: [{ name: "email.read", create: true }] }));
  assert.match(added.id, /^perm_/);
  assert.equal(added.name, "email.read");
  const set = ok(await keys.setPermissions({ keyId, permissions: [{ id: added.id }, { name: "email.write", create: true }] }));
  assert.deepEqual(set.map(({ name }) => name), ["email.read", "email.write"]);
  assert.deepEqual(ok(await keys.removePermissions({ keyId, permissions: [{ name: "email.read" }] })), {});
  assert.deepEqual((await server.verify(key)).permissions, ["email.write"]);
  refused(await keys.addPermissions({ keyId, permissions: [{ name: "nothing" }] }), "NOT_FOUND");
});

// row: libraries/ts/sdk/keys/add-roles
// row: libraries/ts/sdk/keys/remove-roles
// row: libraries/ts/sdk/keys/set-roles
test("roles of a key", async () => {
  const { keyId, key } = await server.key();
  const { keys } = server.unkey;
  const [added] = ok(await keys.addRoles({ keyId, roles: [{ name: "dns.manager", create: true }] }));
  assert.match(added.id, /^role_/);
  const set = ok(await keys.setRoles({ keyId, roles: [{ id: added.id }, { name: "admin", create: true }] }));
  assert.deepEqual(set.map(({ name }) => name), ["dns.manager", "admin"]);
  assert.deepEqual(ok(await keys.removeRoles({ keyId, roles: [{ id: added.id }] })), {});
  assert.deepEqual((await server.verify(key)).roles, ["admin"]);
  const remover = server.client(server.rootKeyWith("rbac.*.remove_role_from_key"));
  ok(await remover.keys.removeRoles({ keyId, roles: [{ name: "admin" }] }));
});

// row: libraries/ts/sdk/permissions/create-permission
// row: libraries/ts/sdk/permissions/get-permission
// row: libraries/ts/sdk/permissions/delete-permission
test("permissions", async () => {
  const { permissions } = server.unkey;
  const { permissionId } = ok(await permissions.createPermission({ name: "domain.create", description: "Creates domains" }));
  const read = ok(await permissions.getPermission({ permissionId }));
  assert.deepEqual(read, { id: permissionId, name: "domain.create", slug: "domain.create", description: "Creates domains" });
  assert.ok(ok(await permissions.listPermissions()).some(({ id }) => id === permissionId));
  refused(await permissions.createPermission({ name: "domain.create" }), "CONFLICT");
  refused(await permissions.createPermission({ name: "ab" }), "BAD_REQUEST");
  assert.deepEqual(ok(await permissions.deletePermission({ permissionId })), {});
  refused(await permissions.getPermission({ permissionId }), "NOT_FOUND");
});

// row: libraries/ts/sdk/permissions/create-role
// row: libraries/ts/sdk/permissions/get-role
// row: libraries/ts/sdk/permissions/delete-role
test("roles", async () => {
  const { permissions } = server.unkey;
  const { roleId } = ok(await permissions.createRole({ name: "editor", description: "Edits" }));
  assert.deepEqual(ok(await permissions.getRole({ roleId })), { id: roleId, name: "editor", description: "Edits" });
  assert.ok(ok(await permissions.listRoles()).some(({ id }) => id === roleId));
  assert.deepEqual(ok(await permissions.deleteRole({ roleId })), {});
  refused(await permissions.getRole({ roleId }), "NOT_FOUND");
});
