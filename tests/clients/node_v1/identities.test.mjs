import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, ok, refused } from "./harness.mjs";

const requests = { name: "requests", limit: 10, duration: 1000 };
let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/identities/create-identity
// row: libraries/ts/sdk/identities/get-identity
test("an identity is created once and read by either id", async () => {
  const { identities } = server.unkey;
  const body = { externalId: "user_123", meta: { a: 1 }, ratelimits: [requests] };
  const { identityId } = ok(await identities.create(body));
  refused(await identities.create(body), "CONFLICT");
  refused(await identities.create({ externalId: "ab" }), "BAD_REQUEST");
  const expected = { id: identityId, externalId: "user_123", meta: { a: 1 }, ratelimits: [requests] };
  assert.deepEqual(ok(await identities.get({ identityId })), expected);
  assert.deepEqual(ok(await identities.get({ externalId: "user_123" })), expected);
});

// row: libraries/ts/sdk/identities/list-identity
test("identities are listed", async () => {
  const { identities } = server.unkey;
  for (const externalId of ["list_1", "list_2", "list_3"]) ok(await identities.create({ externalId }));
  const first = ok(await identities.list({ limit: 1, environment: "default" }));
  assert.equal(first.identities.length, 1);
  assert.ok(first.total >= 3 && first.cursor);
  assert.equal(ok(await identities.list({ limit: 100, cursor: first.cursor })).cursor, undefined);
});

// row: libraries/ts/sdk/identities/update-identity
// row: libraries/ts/sdk/identities/delete-identity
test("an identity is changed and deleted, its keys survive", async () => {
  const { identities } = server.unkey;
  const { identityId } = ok(await identities.create({ externalId: "leaver" }));
  const { key } = await server.key({ externalId: "leaver" });
  const changed = ok(await identities.update({ identityId, meta: { plan: "pro" }, ratelimits: [requests] }));
  assert.deepEqual(changed, { id: identityId, externalId: "leaver", meta: { plan: "pro" }, ratelimits: [requests] });
  assert.deepEqual((await server.verify(key)).identity.meta, { plan: "pro" });
  assert.deepEqual(ok(await identities.delete({ identityId })), {});
  const verified = await server.verify(key);
  assert.deepEqual([verified.code, verified.identity], ["VALID", undefined]);
});
