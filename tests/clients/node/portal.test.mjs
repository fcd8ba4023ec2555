import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";
import { DAY_MS } from "../server.mjs";

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

test("analytics answer SQL", async () => {
  const { analytics, apis, keys, ratelimit } = server.unkey;
  const { apiId } = (await apis.createApi({ name: "asked" })).data;
  const { key, keyId } = (await keys.createKey({ apiId })).data;
  await keys.verifyKey({ key, tags: ["path=/sql"] });
  await ratelimit.limit({ namespace: "asked", identifier: "sql", limit: 1, duration: DAY_MS });
  const eventually = async (ask, expected) => {
    // Events are searchable within a second or two.
    for (let tries = 0; tries < 100; tries++) {
      const { data } = await ask();
      if (data.length === expected.length) return assert.deepEqual(data, expected);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail("the events never became searchable");
  };
  const events = `SELECT outcome, tags, spent_credits FROM key_verifications_v1 WHERE key_id = '${keyId}'`;
  await eventually(() => analytics.getVerifications({ query: events }), [
    { outcome: "VALID", tags: ["path=/sql"], spent_credits: 0 },
  ]);
  const daily = "SELECT sum(passed) AS passed FROM ratelimits_per_day_v1 WHERE identifier = 'sql' HAVING passed > 0";
  await eventually(() => analytics.getRatelimits({ query: daily }), [{ passed: 1 }]);
  await assert.rejects(analytics.getVerifications({ query: "SELECT 1 FROM system.tables" }), { statusCode: 400 });
});
