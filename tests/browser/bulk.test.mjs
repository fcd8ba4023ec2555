// Many keys at once, explanations, the search.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, close, shows, submit, text } from "./browser.mjs";
import { seed } from "./seed.mjs";

const KEYS = 1_000;
let server;
let data;

before(async () => {
  server = await Dashboard.start();
  data = await seed(server, { verifications: 6 });
});

after(async () => {
  await close();
  await server.stop();
});

/** Looks until a job is over. */
async function finished(page) {
  for (let turn = 0; turn < 240; turn += 1) {
    const now = await text(page);
    if (!now.includes("not yet")) return now;
    await page.waitForTimeout(500);
    await page.reload();
  }
  throw new Error("the job does not end");
}

test("a thousand keys are disabled and one is told of", async () => {
  const { apiId } = await server.call("apis.createApi", { name: "bulk" });
  for (let start = 0; start < KEYS; start += 50) {
    const calls = Array.from({ length: 50 }, (_, index) => server.call("keys.createKey", { apiId, name: `key ${start + index}` }));
    await Promise.all(calls);
  }
  const page = await server.visit("operator");
  await page.goto(`/apis/${apiId}/keys`);
  const bulk = `/apis/${apiId}/keys/bulk`;
  await page.locator('tbody input[name="id"]').first().check();
  await page.locator('[name="all_matching"]').check();
  await page.locator("#bulk-act").selectOption("disable");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.waitForLoadState();
  await shows(page, "1,000");
  await submit(page, bulk, {});
  const told = await finished(page);
  assert.match(told, /1,?000/);
  const { data: keys } = (await server.send("POST", "/v2/apis.listKeys", { apiId, limit: 100 })).body;
  assert.ok(keys.every((key) => key.enabled === false));
  await page.context().close();
});

test("a denial is explained, and the fix is one click away", async () => {
  const page = await server.visit("operator");
  await page.goto(`/keys/${data.disabled.keyId}/log`);
  const verification = await page.locator('main a[href^="/verifications/"]').first().getAttribute("href");
  await page.goto(`${verification}/explain`);
  await shows(page, "Disabled");
  await submit(page, "/explain/fix");
  assert.equal((await server.call("keys.verifyKey", { key: data.disabled.key })).code, "VALID");
  const before = (await server.call("keys.getKey", { keyId: data.main.keyId })).credits.remaining;
  await page.goto("/explain");
  await submit(page, "/explain", { key: data.main.key, permissions: "invoices.write AND invoices.read" });
  await shows(page, "invoices.write");
  assert.ok(!(await page.content()).includes(data.main.key), "the secret is not shown back");
  assert.equal((await server.call("keys.getKey", { keyId: data.main.keyId })).credits.remaining, before, "nothing is spent");
  await page.context().close();
});

test("the search finds by everything, and a secret leads to its key", async () => {
  const page = await server.visit("viewer");
  const search = async (words) => {
    await page.goto("/apis");
    await page.keyboard.press("/");
    await page.keyboard.type(words);
    await Promise.all([page.waitForEvent("framenavigated"), page.keyboard.press("Enter")]);
    await page.waitForLoadState();
    return new URL(page.url());
  };
  const found = await search(data.main.key);
  assert.equal(found.pathname, `/keys/${data.main.keyId}`);
  assert.ok(!found.href.includes(data.main.key));
  for (const words of [data.externalId, "nightly", "billing", "invoices.read", data.namespace]) {
    const at = await search(words);
    const all = (await page.content()) + at.href;
    assert.ok(all.includes(words) || at.pathname !== "/search", `${words} is not found`);
    assert.ok(!(await text(page)).includes("Nothing"), `${words}: ${await text(page)}`);
  }
  assert.equal((await search(data.apiId)).pathname, `/apis/${data.apiId}`);
  await page.context().close();
});

test("the live tail shows a request as it happens", async () => {
  const page = await server.visit("viewer");
  await page.goto("/requests?live=1");
  await server.send("POST", "/v2/apis.getApi", { apiId: "api_live_tail" });
  await page.locator("tbody tr", { hasText: "apis.getApi" }).first().waitFor({ timeout: 15_000 });
  await page.context().close();
});

test("questions in SQL are answered with a table and a chart", async () => {
  const page = await server.visit("viewer");
  await page.goto("/sql");
  const query = "SELECT outcome, count() AS n FROM key_verifications_v1 GROUP BY outcome ORDER BY n DESC";
  await submit(page, "/sql", { query }, "Run");
  await shows(page, "VALID", "RATE_LIMITED");
  await submit(page, "/sql", { query: "SELECT nonsense FROM key_verifications_v1" }, "Run");
  assert.equal(await page.locator('[name="query"]').inputValue(), "SELECT nonsense FROM key_verifications_v1");
  await page.context().close();
});
