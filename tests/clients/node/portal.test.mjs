import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("an end user lists, rerolls and counts their own keys", async () => {
  const { portal } = server.unkey;
  const { keyId, key } = await server.key({ externalId: "ann" });
  const { keyspaceId } = (await server.raw("/v2/keys.verifyKey", { key })).body.data;
  await server.raw("/v2/portal.createPortal", { slug: "self-service", displayName: "Keys", keyspaceId });

  const scopes = ["keys:read", "keys:reroll", "analytics:read"];
  const session = (await portal.createSession({ portal: "self-service", externalId: "ann", scopes })).result.data;
  const code = new URL(session.url).searchParams.get("code");
  const { accessToken } = (await portal.exchangeCode({ code })).result.data;
  await assert.rejects(portal.exchangeCode({ code }), { statusCode: 401 });

  const user = { portalSession: accessToken };
  const pages = await portal.listKeys(user, {});
  assert.deepEqual(pages.result.data.map((row) => row.keyId), [keyId]);
  const now = Date.now();
  const { data } = await portal.getVerifications(user, { startTime: now - 60_000, endTime: now + 60_000 });
  assert.ok(data.length >= 2 && data.every((point) => Number.isInteger(point.total)));
  const rerolled = (await portal.rerollKey(user, { keyId, expiration: 0 })).data;
  assert.equal((await server.verify(rerolled.key)).code, "VALID");
  await assert.rejects(portal.listKeys({ portalSession: "pat_wrong" }, {}), { statusCode: 401 });
});

test("analytics by SQL are refused like in a workspace without them", async () => {
  const { analytics } = server.unkey;
  const query = "SELECT count() FROM key_verifications_v1";
  await assert.rejects(analytics.getVerifications({ query }), { statusCode: 412 });
  await assert.rejects(analytics.getRatelimits({ query }), { statusCode: 412 });
});
