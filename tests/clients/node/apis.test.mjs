import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("an API is created, read and deleted", async () => {
  const created = await server.unkey.apis.createApi({ name: "orders" });
  assert.match(created.meta.requestId, /^req_/);
  assert.match(created.data.apiId, /^api_/);
  const { apiId } = created.data;
  assert.deepEqual((await server.unkey.apis.getApi({ apiId })).data, { id: apiId, name: "orders" });
  await server.unkey.apis.deleteApi({ apiId });
  await assert.rejects(server.unkey.apis.getApi({ apiId }), { statusCode: 404, name: "NotFoundErrorResponse" });
});

test("a protected API refuses deletion until an operator allows it", async () => {
  const apiId = await server.api();
  server.cli("api", "set", apiId, "--delete-protection", "on");
  await assert.rejects(server.unkey.apis.deleteApi({ apiId }), { statusCode: 412 });
  server.cli("api", "set", apiId, "--delete-protection", "off");
  await server.unkey.apis.deleteApi({ apiId });
});

test("keys are listed in pages without their secrets", async () => {
  const apiId = await server.api();
  const made = [];
  for (let number = 0; number < 5; number += 1) {
    made.push((await server.key({ apiId, name: `key ${number}`, externalId: number < 2 ? "ann" : undefined })).keyId);
  }
  const seen = [];
  for await (const page of await server.unkey.apis.listKeys({ apiId, limit: 2 })) {
    seen.push(...page.result.data.map((key) => key.keyId));
    assert.ok(page.result.data.every((key) => key.plaintext === undefined));
  }
  assert.deepEqual(seen, [...made].sort());
  const anns = await server.unkey.apis.listKeys({ apiId, externalId: "ann" });
  assert.equal(anns.result.data.length, 2);
  assert.equal(anns.result.data[0].identity.externalId, "ann");
});
