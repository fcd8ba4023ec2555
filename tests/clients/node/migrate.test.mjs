// The programs of docs/migrate-from-unkey.md, as a reader would copy them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Hono } from "hono";
import { Server } from "./harness.mjs";

const page = readFileSync(new URL("../../../docs/migrate-from-unkey.md", import.meta.url), "utf8");
// Inside node_modules, so that the programs find the packages they import.
const folder = mkdtempSync(join(import.meta.dirname, "node_modules", ".docs-"));

/** Writes the block whose first line names it; answers its path. */
function program(name) {
  const blocks = [...page.matchAll(/^```js\n(\/\/ (\S+?\.mjs)[\s\S]*?)^```$/gm)];
  const block = blocks.find(([, , found]) => found === name);
  assert.ok(block, `${name} is on the page`);
  const path = join(folder, name);
  writeFileSync(path, block[1]);
  return path;
}

let server;
before(async () => {
  server = await Server.start();
  Object.assign(process.env, { UNKEY_URL: server.url, UNKEY_ROOT_KEY: server.rootKey });
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
  return server.stop();
});

test("the preload sends a client without an address here, and leaves others alone", async () => {
  const app = join(folder, "app.mjs");
  writeFileSync(app, `
    import { unkey } from "@unkey/hono";
    import { Hono } from "hono";
    const app = new Hono();
    app.use("*", unkey({ rootKey: process.env.UNKEY_ROOT_KEY }));
    app.get("/", (c) => c.json(c.get("unkey").data.code));
    const answer = await app.request("/", { headers: { Authorization: "Bearer " + process.argv[2] } });
    const direct = await fetch(process.env.UNKEY_URL + "/livez");
    console.log(await answer.text(), direct.status);
  `);
  const { key } = await server.key();
  const run = (key) => execFileSync("node", ["--import", program("unkey-here.mjs"), app, key], { encoding: "utf8" });
  assert.equal(run(key).trim(), '"VALID" 200');
  assert.equal(run("made-up").trim(), '"NOT_FOUND" 200');
});

test("the middleware for Hono guards an app", async () => {
  const { unkey } = await import(pathToFileURL(program("hono-unkey.mjs")));
  const app = new Hono().use("*", unkey).get("/", (c) => c.json(c.get("unkey").keyId));
  const ask = (key) => app.request("/", key ? { headers: { Authorization: `Bearer ${key}` } } : {});
  const { keyId, key } = await server.key();
  assert.equal(await (await ask(key)).json(), keyId);
  const refused = await ask("made-up");
  assert.deepEqual([refused.status, await refused.json()], [401, { error: "NOT_FOUND" }]);
  assert.equal((await ask()).status, 401);
});

test("the wrapper for Next.js guards a route", async () => {
  const { withUnkey } = await import(pathToFileURL(program("next-unkey.mjs")));
  const route = withUnkey((request) => Response.json(request.unkey.keyId));
  const ask = (key) => route(new Request("http://app/", key ? { headers: { authorization: `Bearer ${key}` } } : {}));
  const { keyId, key } = await server.key();
  assert.equal(await (await ask(key)).json(), keyId);
  assert.equal((await ask("made-up")).status, 401);
  assert.equal((await ask()).status, 401);
});

// row: migrations/introduction
test("keys come over by their hashes, and a second run does no harm", async () => {
  const apiId = await server.api();
  const migrationId = server.cli("migration", "create", "--algorithm", "sha256");
  const hash = createHash("sha256").update("kept-as-a-hash").digest("base64");
  const lines = [
    { hash, name: "first", externalId: "user_1", permissions: ["documents.read"] },
    { key: "my-secret-key", externalId: "user_2", meta: { plan: "pro" }, credits: { remaining: 500 } },
  ];
  const input = lines.map((line) => JSON.stringify(line)).join("\n");
  const run = () =>
    execFileSync("node", [program("migrate.mjs"), apiId, migrationId], { encoding: "utf8", input, stdio: ["pipe", "pipe", "ignore"] });
  assert.match(run(), /^key_\S+ \S+=\nkey_\S+ \S+=\n$/);
  assert.equal(run(), "");
  const first = await server.verify("kept-as-a-hash", { permissions: "documents.read" });
  assert.deepEqual([first.code, first.name, first.identity.externalId], ["VALID", "first", "user_1"]);
  const second = await server.verify("my-secret-key");
  assert.deepEqual([second.code, second.identity.externalId, second.meta, second.credits], ["VALID", "user_2", { plan: "pro" }, 499]);
});

test("keys come over as they are used", async () => {
  const there = await Server.start();
  try {
    const { verify } = await import(pathToFileURL(program("move.mjs")));
    const options = { name: "old", externalId: "user_9", meta: { plan: "pro" }, permissions: ["a.b"], credits: { remaining: 10 } };
    const { key } = await there.key(options);
    const apiId = await server.api();
    const migrationId = server.cli("migration", "create", "--algorithm", "sha256");
    const both = {
      here: { url: server.url, rootKey: server.rootKey },
      there: { url: there.url, rootKey: there.rootKey },
      apiId,
      migrationId,
    };
    assert.equal((await server.verify(key)).code, "NOT_FOUND");
    assert.equal((await verify(both, key)).code, "VALID");
    const moved = await server.verify(key);
    const { code, name, identity, meta, permissions, credits } = moved;
    assert.deepEqual(
      { code, name, externalId: identity.externalId, meta, permissions, credits },
      { code: "VALID", name: "old", externalId: "user_9", meta: { plan: "pro" }, permissions: ["a.b"], credits: 8 },
    );
    const spent = (await there.verify(key)).credits;
    await verify(both, key);
    assert.equal((await there.verify(key)).credits, spent - 1, "the moved key is not asked for there again");
    assert.equal((await verify(both, "made-up")).code, "NOT_FOUND");
  } finally {
    await there.stop();
  }
});
