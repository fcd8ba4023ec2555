// Requests as clients send them that cannot be installed here: their packages
// are on no registry we use, or want another toolchain. Paths, methods and
// bodies are theirs; each is sent to a server as it is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "./harness.mjs";

const MINUTE_MS = 60_000;
let server;
let apiId;
before(async () => {
  server = await Server.start();
  apiId = await server.api();
});
after(() => server.stop());

const send = async (method, path, body, headers) => {
  const answer = await server.send(method, path, body, headers);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const ratelimit = { type: "fast", limit: 10, refillRate: 1, refillInterval: 1000 };
const verified = async (key) => (await server.send("POST", "/v1/keys/verify", { key }, { authorization: "" })).body;

// row: libraries/ts/hono
test("Hono middleware 1.x: verifies the bearer of every request", async () => {
  const { key } = await server.key({ apiId, environment: "live" });
  const telemetry = { "unkey-telemetry-sdk": "@unkey/api@0.30.0,@unkey/hono@1.4.16", "unkey-telemetry-runtime": "node@v20", "unkey-telemetry-platform": "vercel" };
  const verify = (key) => send("POST", "/v1/keys.verifyKey", { key, apiId }, { authorization: "Bearer public", ...telemetry });
  const valid = await verify(key);
  assert.deepEqual([valid.valid, valid.environment], [true, "live"]);
  assert.deepEqual((await verify("nothing")).code, "NOT_FOUND");
});

// row: libraries/ex/overview
// row: libraries/ex/functions/create_key
// row: libraries/ex/functions/verify_key
test("Elixir: a key is made and verified under its base address", async () => {
  const meta = { hello: "world" };
  const opts = { apiId, prefix: "xyz", byteLength: 16, ownerId: "glamboyosa", meta, expires: Date.now() + MINUTE_MS, ratelimit, remaining: 10 };
  const { keyId, key } = await send("POST", "/v1/keys", opts);
  assert.match(keyId, /^key_/);
  const answer = await send("POST", "/v1/keys/verify", { key, apiId });
  assert.deepEqual([answer.valid, answer.ownerId, answer.meta], [true, "glamboyosa", meta]);
  assert.deepEqual([answer.remaining, answer.ratelimit.limit], [9, 10]);
});

// row: libraries/ex/functions/update_key
// row: libraries/ex/functions/update_remaining
// row: libraries/ex/functions/delete_key
test("Elixir: a key is changed and deleted by its id", async () => {
  const { keyId, key } = await send("POST", "/v1/keys", { apiId, name: "old", remaining: 99, ownerId: "ann" });
  const remaining = await send("POST", "/v1/keys.updateRemaining", { keyId, op: "increment", value: 1 });
  assert.deepEqual(remaining, { remaining: 100 });
  await send("PUT", `/v1/keys/${keyId}`, { name: "new_name", ratelimit, remaining: 3, meta: null, ownerId: null });
  const { body } = await server.send("GET", `/v1/keys.getKey?keyId=${keyId}`);
  assert.deepEqual([body.name, body.remaining, body.ownerId, body.ratelimit.refillRate], ["new_name", 3, undefined, 10]);
  // The sample passes a secret where an id is meant.
  assert.equal((await server.send("DELETE", `/v1/keys/${key}`)).status, 404);
  await send("DELETE", `/v1/keys/${keyId}`);
  assert.equal((await verified(key)).code, "NOT_FOUND");
});

// row: libraries/springboot-java/overview
// row: libraries/springboot-java/functions/create
// row: libraries/springboot-java/functions/verify
test("Spring Boot: a key is made and verified, its metadata nested", async () => {
  const meta = { meta: { key: "value" } };
  const body = { apiId, prefix: "test", name: "some_name", byteLength: 16, ownerId: "some_owner", meta, expires: Date.now() + MINUTE_MS, remaining: 5, ratelimit };
  const { key } = await send("POST", "/v1/keys", body);
  const answer = await server.send("POST", "/v1/keys/verify", { key, apiId }, { authorization: "" });
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.body.valid, answer.body.ownerId, answer.body.meta, answer.body.remaining], [true, "some_owner", meta, 4]);
  assert.deepEqual(Object.keys(answer.body.ratelimit).sort(), ["limit", "remaining", "reset"]);
});

// row: libraries/springboot-java/functions/update
// row: libraries/springboot-java/functions/revoke
// row: libraries/springboot-java/api/get
// row: libraries/springboot-java/api/list
test("Spring Boot: keys and APIs by their path", async () => {
  const own = await server.api("spring");
  const { keyId, key } = await send("POST", "/v1/keys", { apiId: own, name: "one", ownerId: "ann" });
  await send("POST", "/v1/keys", { apiId: own, ownerId: "bob" });
  assert.deepEqual(await send("PUT", `/v1/keys/${keyId}`, { keyId, name: "renamed", enabled: false }), {});
  const api = await send("GET", `/v1/apis/${own}`);
  assert.deepEqual([api.id, api.name, typeof api.workspaceId], [own, "spring", "string"]);
  const listed = await send("GET", `/v1/apis/${own}/keys?limit=1&offset=0&ownerId=ann`);
  assert.deepEqual([listed.keys.map(({ name }) => name), listed.total], [["renamed"], 2]);
  await send("DELETE", `/v1/keys/${keyId}`);
  assert.deepEqual(await verified(key), { valid: false, code: "NOT_FOUND" });
});

// row: libraries/nuxt/overview
test("Nuxt: the middleware verifies, the helper is the official client", async () => {
  const { key } = await server.key({ apiId });
  const answer = await send("POST", "/v1/keys/verify", { key }, { authorization: "", "unkey-telemetry-sdk": "@unkey/nuxt@1.1.12" });
  assert.equal(answer.valid, true);
});

// row: libraries/go/overview
test("Go: an API is made, a wrong token is told, the server is alive", async () => {
  const headers = { authorization: `Bearer ${server.rootKey}`, "user-agent": "speakeasy-sdk/go 0.11.1 github.com/unkeyed/unkey-go", accept: "application/json" };
  assert.match((await send("POST", "/v1/apis.createApi", { name: "my-api" }, headers)).apiId, /^api_/);
  const refused = await server.send("POST", "/v1/apis.createApi", { name: "my-api" }, { ...headers, authorization: "Bearer wrong" });
  assert.deepEqual([refused.status, refused.body.error.code], [401, "UNAUTHORIZED"]);
  const { services } = await send("GET", "/v1/liveness", undefined, { authorization: "" });
  assert.deepEqual(Object.keys(services).sort(), ["logger", "metrics", "ratelimit", "usagelimit"]);
});
