// The program that the form of a new key shows, run as it stands.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Server } from "./harness.mjs";

const example = (name) => readFileSync(join(import.meta.dirname, "../examples", name), "utf8");

let server;
let folder;
before(async () => {
  server = await Server.start();
  // Below the folder of the packages, which programs look for upwards.
  folder = mkdtempSync(join(import.meta.dirname, "form-"));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

test("the program in TypeScript makes the key that the form describes", async () => {
  const apiId = await server.api();
  const wanted = JSON.parse(example("create_key.json"));
  for (const name of wanted.roles) await server.unkey.permissions.createRole({ name });
  const file = join(folder, "create_key.mjs");
  writeFileSync(file, example("create_key.mjs").replace("http://unkey.test", server.url).replace("api_example", apiId));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, UNKEY_ROOT_KEY: server.rootKey } });
  const { data } = (await server.send("POST", "/v2/keys.getKey", { keyId: stdout.trim() })).body;
  assert.deepEqual(data.ratelimits.map(({ id, ...limit }) => limit), wanted.ratelimits);
  for (const fact of ["name", "meta", "enabled", "credits"]) assert.deepEqual(data[fact], wanted[fact], fact);
  for (const names of ["roles", "permissions"]) assert.deepEqual(data[names].toSorted(), wanted[names].toSorted(), names);
  assert.equal(data.identity.externalId, wanted.externalId);
  assert.ok(Math.abs(data.expires - Date.now() - 30 * 24 * 60 * 60 * 1000) < 60 * 60 * 1000, `${data.expires}`);
});
