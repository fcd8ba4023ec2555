import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { unkey } from "@unkey/hono";
import { Hono } from "hono";
import { Server } from "./harness.mjs";

// This middleware has no option for the address: requests to the hosted one are
// sent to this server, as a proxy or a preload would.
const fetchAnywhere = globalThis.fetch;
let server;
before(async () => {
  server = await Server.start();
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const url = request.url.replace("https://api.unkey.com", server.url);
    return fetchAnywhere(new Request(url, request));
  };
});
after(() => {
  globalThis.fetch = fetchAnywhere;
  return server.stop();
});

// row: quickstart/apis/hono
test("a Hono app is guarded by the middleware", async () => {
  const app = new Hono();
  app.use("*", unkey({
    rootKey: server.rootKey,
    permissions: "read",
    tags: ["hono"],
    handleInvalidKey: (c, result) => c.json({ code: result.data.code }, 403),
  }));
  app.get("/", (c) => c.json({ keyId: c.get("unkey").data.keyId }));
  const ask = (key) => app.request("/", key ? { headers: { Authorization: `Bearer ${key}` } } : {});

  const { keyId, key } = await server.key({ permissions: ["read"] });
  assert.deepEqual(await (await ask(key)).json(), { keyId });
  const other = await server.key();
  const refused = await ask(other.key);
  assert.deepEqual([refused.status, await refused.json()], [403, { code: "INSUFFICIENT_PERMISSIONS" }]);
  assert.equal((await ask()).status, 401);
});
