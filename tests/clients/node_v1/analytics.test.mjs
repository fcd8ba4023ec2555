import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { Server, ok, refused } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/analytics/get
test("verifications are counted, lists joined by commas", async () => {
  const apiId = await server.api();
  const { keyId, key } = await server.key({ apiId, externalId: "ann" });
  for (let call = 0; call < 3; call += 1) await server.verify(key, { tags: ["a", "b"] });
  const { analytics } = server.unkey;
  const [total] = await server.counted(() => analytics.getVerifications({ apiId }), ([row]) => row.total === 3);
  assert.deepEqual([total.valid, total.rateLimited], [3, 0]);
  const rows = ok(await analytics.getVerifications({ apiId, groupBy: ["key", "hour"], orderBy: "total", order: "desc", limit: 5 }));
  assert.deepEqual([rows.length, rows[0].keyId, rows[0].total], [1, keyId, 3]);
  assert.ok(rows[0].time <= Date.now());
  const tagged = ok(await analytics.getVerifications({ apiId, tag: ["a", "none"], groupBy: "tags" }));
  assert.deepEqual(tagged[0].tags, ["a", "b"]);
  const [identity] = ok(await analytics.getVerifications({ apiId, groupBy: "identity", externalId: "ann" }));
  assert.equal(identity.identity.externalId, "ann");
  refused(await analytics.getVerifications({ apiId, start: 2, end: 1 }), "BAD_REQUEST");
});

// row: libraries/ts/sdk/migrations/migrate-to-unkey
test("keys are imported by their hashes", async () => {
  const apiId = await server.api();
  const hash = (key) => ({ value: createHash("sha256").update(key).digest("base64"), variant: "sha256_base64" });
  const made = ok(await server.unkey.migrations.createKeys([
    { apiId, externalId: "user_1", hash: hash("my-secret-key"), byteLength: 16 },
    { apiId, hash: { value: createHash("sha256").update("hex").digest("hex"), variant: "sha256_base64" } },
  ]));
  assert.equal(made.keyIds.length, 2);
  assert.equal((await server.verify("my-secret-key")).identity.externalId, "user_1");
  // As other systems write it; what cannot be a SHA-256 would never verify.
  assert.equal((await server.verify("hex")).code, "VALID");
  const md5 = createHash("md5").update("hex").digest("hex");
  refused(await server.unkey.migrations.createKeys([{ apiId, hash: { value: md5, variant: "sha256_base64" } }]), "BAD_REQUEST");
  refused(await server.unkey.migrations.createKeys([{ apiId, hash: hash("my-secret-key") }]), "CONFLICT");
});

test("keys are queued under an announced migration", async () => {
  const apiId = await server.api();
  const migrationId = server.cli("migration", "create", "--algorithm", "sha256");
  const value = createHash("sha256").update("queued").digest("base64");
  const keys = [{ hash: { value, variant: "sha256_base64" }, name: "queued" }];
  assert.deepEqual(ok(await server.unkey.migrations.enqueueKeys({ migrationId, apiId, keys })), {});
  assert.equal((await server.verify("queued")).name, "queued");
});
