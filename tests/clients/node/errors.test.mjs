import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test("the SDK decodes each class of error", async () => {
  const { unkey } = server;
  const apiId = await server.api();
  const stranger = server.client("unkey_nobody");
  const narrow = server.client(server.rootKeyWith("api.*.read_api"));
  await assert.rejects(unkey.apis.createApi({ name: "x" }), { statusCode: 400, name: "BadRequestErrorResponse" });
  await assert.rejects(stranger.apis.getApi({ apiId }), { statusCode: 401, name: "UnauthorizedErrorResponse" });
  await assert.rejects(narrow.apis.createApi({ name: "orders" }), { statusCode: 403, name: "ForbiddenErrorResponse" });
  await assert.rejects(unkey.keys.getKey({ keyId: "key_nothing" }), { statusCode: 404, name: "NotFoundErrorResponse" });
});

test("an error says what to do and where it was logged", async () => {
  const { status, body } = await server.raw("/v2/apis.createApi", { name: "ab", extra: 1 });
  assert.equal(status, 400);
  assert.match(body.meta.requestId, /^req_/);
  assert.equal(body.error.status, 400);
  assert.match(body.error.type, /^http/);
  const locations = body.error.errors.map((fault) => fault.location).sort();
  assert.deepEqual(locations, ["/additionalProperties", "/properties/name/minLength"]);
});

test("malformed requests answer in the envelope", async () => {
  for (const [body, headers] of [
    ["{", {}],
    ["", {}],
    ["[1]", {}],
    ['{"name":"a\0bc"}', {}],
    [`{"name":${"[".repeat(5000)}`, {}],
    ['{"name":"abc"}', { "content-type": "text/plain" }],
    ['{"name":"abc"}', { authorization: "Basic x" }],
  ]) {
    const answer = await server.raw("/v2/apis.createApi", body, headers);
    assert.ok([400, 401].includes(answer.status), `${body.slice(0, 30)}: ${answer.status}`);
    assert.ok(answer.body.meta.requestId && answer.body.error.title);
  }
});
