import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { verifyKey } from "@unkey/api";
import { Server, ok, redirect, refused } from "./harness.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

// row: libraries/ts/sdk/overview
test("a call answers a result or an error, never both, and tries again only where that helps", async () => {
  const calls = redirect(server);
  try {
    ok(await server.unkey.permissions.listRoles());
    assert.equal(calls.seen.length, 1);
    refused(await server.unkey.apis.get({ apiId: "api_none" }), "NOT_FOUND");
    assert.equal(calls.seen.length, 2, "a 4xx is final");
  } finally {
    calls.end();
  }
  refused(await server.client("unkey_nobody").permissions.listRoles(), "UNAUTHORIZED");
  refused(await server.client(server.rootKeyWith("api.*.read_api")).permissions.listRoles(), "INSUFFICIENT_PERMISSIONS");
  const gone = await Server.start();
  await gone.stop();
  let attempts = 0;
  const backoff = () => { attempts += 1; return 1; };
  const { error } = await gone.client(gone.rootKey, { retry: { attempts: 5, backoff } }).permissions.listRoles();
  assert.equal(error.code, "FETCH_ERROR");
  assert.equal(attempts, 6);
});

test("the bare helper works once its requests are sent here", async () => {
  const { key } = await server.key();
  const calls = redirect(server);
  try {
    assert.equal(ok(await verifyKey(key)).code, "VALID");
    assert.equal(calls.seen[0].authorization, "Bearer public");
  } finally {
    calls.end();
  }
});
