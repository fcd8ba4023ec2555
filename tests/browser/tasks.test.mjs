// What people come for, from the home page on, by what they see: each test clicks
// names that stand on the page and no address is typed. It says how many clicks a
// task takes and fails when there are more; how many seconds it takes is only told.
// Each is done twice, the second time in a browser that runs no script.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { Dashboard, close, form, shows } from "./browser.mjs";
import { seed } from "./seed.mjs";

let server;
let data;

const tasks = [];

/** Somebody at a page, whose clicks and filled fields are counted. */
class Visitor {
  clicks = 0;
  fields = 0;

  constructor(page) {
    this.page = page;
  }

  async click(place) {
    this.clicks += 1;
    await place.first().click();
    await this.page.waitForLoadState("load");
  }

  link(name, within = "main") {
    return this.click(this.page.locator(within).getByRole("link", { name, exact: true }));
  }

  button(name, within = "main") {
    return this.click(this.page.locator(within).getByRole("button", { name, exact: true }));
  }

  /** A place of the sidebar. */
  go(name) {
    return this.link(name, ".sidebar");
  }

  async fill(place, text) {
    this.fields += 1;
    const kind = await place.first().evaluate((element) => element.tagName);
    await (kind === "SELECT" ? place.first().selectOption(text) : place.first().fill(text));
  }

  /** The search of every page, sent by Enter. */
  async search(text) {
    const field = this.page.getByLabel("Search, or paste a key");
    await this.fill(field, text);
    await Promise.all([this.page.waitForURL((url) => url.pathname !== "/"), field.press("Enter")]);
    await this.page.waitForLoadState("load");
  }
}

/** A task that takes so many clicks and filled fields. */
function task(name, { clicks, fields }, walk) {
  tasks.push([name, async (context, javaScriptEnabled) => {
    const page = await server.visit("owner", { javaScriptEnabled });
    const visitor = new Visitor(page);
    await page.goto("/");
    const started = performance.now();
    await walk(visitor, page);
    const seconds = (performance.now() - started) / 1000;
    context.diagnostic(`${visitor.clicks} clicks, ${visitor.fields} fields, ${seconds.toFixed(1)} s by a machine`);
    assert.deepEqual(page.problems, []);
    assert.deepEqual({ clicks: visitor.clicks, fields: visitor.fields }, { clicks, fields });
    await page.context().close();
  }]);
}

const verdict = async (key) => (await server.call("keys.verifyKey", { key })).code;

task("make a key whose limit limits and whose expiry is set", { clicks: 4, fields: 5 }, async (visitor, page) => {
  await visitor.go("APIs");
  await visitor.link("payments");
  await visitor.link("New key");
  const field = (name) => form(page, `/apis/${data.apiId}/keys/new`).locator(`[name="${name}"]`);
  await visitor.fill(field("name"), "trial of a customer");
  await visitor.fill(field("limits.0.name"), "requests");
  await visitor.fill(field("limits.0.limit"), "2");
  await visitor.fill(field("limits.0.duration"), "1d");
  await visitor.fill(field("expires"), "30d");
  await visitor.button("Create key");
  const secret = await page.locator("[data-secret-value]").inputValue();
  assert.deepEqual([await verdict(secret), await verdict(secret), await verdict(secret)], ["VALID", "VALID", "RATE_LIMITED"]);
  const { keyId } = await server.call("keys.verifyKey", { key: secret });
  const { expires } = await server.call("keys.getKey", { keyId });
  assert.ok(expires > Date.now() + 29 * 86_400_000, `${expires}`);
});

task("learn why a key is refused, and mend it", { clicks: 3, fields: 1 }, async (visitor, page) => {
  await visitor.go("Explain");
  await visitor.fill(page.locator("main").getByLabel("Key", { exact: false }), data.disabled.key);
  await visitor.button("Explain");
  await shows(page, "Would be refused: The key is disabled.");
  await visitor.button("Enable this key");
  await shows(page, "Enabled the key.");
  assert.equal(await verdict(data.disabled.key), "VALID");
});

task("replace a key that leaked: the old one ends at once", { clicks: 3, fields: 1 }, async (visitor, page) => {
  await visitor.search(data.main.key);
  await visitor.click(page.locator("main summary[aria-label^='More about']"));
  await visitor.link("Replace, it leaked");
  assert.equal(await page.getByLabel("The old secret goes on working for").inputValue(), "0", "offered first");
  await visitor.button("Rotate");
  const secret = await page.locator("[data-secret-value]").inputValue();
  assert.notEqual(await verdict(data.main.key), "VALID");
  assert.equal(await verdict(secret), "VALID");
});

task("raise a limit for 24 hours", { clicks: 5, fields: 2 }, async (visitor, page) => {
  const request = { namespace: "uploads", identifier: "acme", limit: 10, duration: 60_000 };
  await server.call("ratelimit.limit", request);
  await server.call("ratelimit.setOverride", { ...request, limit: 50 });
  await visitor.go("Rate limits");
  await visitor.link("uploads");
  await visitor.link("Overrides");
  await visitor.link("acme");
  const [{ overrideId }] = await server.call("ratelimit.listOverrides", { namespace: "uploads" });
  const field = (name) => page.locator(`main form[action$="/${overrideId}"] [name="${name}"]`);
  await visitor.fill(field("limit"), "500");
  await visitor.fill(field("expires"), "1d");
  await visitor.button("Save changes");
  await shows(page, "500 / 1m", "in 24 hours", "then 50 / 1m");
  const { namespace, identifier } = request;
  const now = await server.call("ratelimit.getOverride", { namespace, identifier });
  assert.deepEqual([now.limit, now.afterwards.limit], [500, 50]);
  assert.ok(Math.abs(now.expires - Date.now() - 86_400_000) < 60_000, `${now.expires}`);
});

task("bill a customer's month", { clicks: 3, fields: 0 }, async (visitor, page) => {
  await visitor.link(data.externalId);
  await visitor.link("Usage");
  const [download] = await Promise.all([page.waitForEvent("download"), visitor.link("Bill as CSV")]);
  const [head, ...lines] = readFileSync(await download.path(), "utf8").trim().split("\n");
  assert.equal(head.trim(), "external_id,key_id,outcome,verifications,credits");
  assert.ok(lines.some((line) => line.startsWith(`${data.externalId},${data.main.keyId},VALID,`)), lines.join("\n"));
});

task("remove somebody from the team", { clicks: 4, fields: 1 }, async (visitor, page) => {
  const email = server.person("viewer");
  const other = await server.visit("viewer");
  await page.goto("/");
  await visitor.go("Settings");
  await visitor.link("Team");
  await visitor.click(page.getByLabel(`Remove a member: ${email}`));
  const place = page.locator('form[action$="/remove"]').filter({ visible: true });
  await visitor.fill(place.locator('[name="confirm"]'), email);
  await visitor.click(place.locator("button[type=submit]"));
  await other.goto("/apis");
  await shows(other, "Sign in");
  await other.context().close();
});

task("find a key by the words of a customer", { clicks: 1, fields: 1 }, async (visitor, page) => {
  await visitor.search("nightly");
  await visitor.link("nightly import");
  await page.waitForURL(`**/keys/${data.limited.keyId}`);
  await shows(page, "nightly import", "burst");
});

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "tasks" : "tasks without script", () => {
    before(async () => {
      server = await Dashboard.start();
      data = await seed(server, { verifications: 6 });
    });
    for (const [name, run] of tasks) test(name, (context) => run(context, javaScriptEnabled));
    after(() => server.stop());
  });
}

after(close);
