// The form of a new key: what it shows beside it follows what is typed, and settings
// are kept under a name.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, accessibility, close } from "./browser.mjs";

let server;
let apiId;
before(async () => {
  server = await Dashboard.start();
  ({ apiId } = await server.call("apis.createApi", { name: "payments" }));
});
after(async () => {
  await close();
  await server.stop();
});

const keys = async () => (await server.call("apis.listKeys", { apiId })).length;

test("what would be made follows what is typed, with the call that makes it", async () => {
  const page = await server.visit("operator");
  await page.goto(`/apis/${apiId}/keys/new`);
  const shown = page.locator("[data-preview]");
  const go = shown.locator("details", { hasText: "package main" });
  await go.locator("summary").click();
  await page.locator("#f-limits-0-limit").fill("7");
  await shown.getByText("Name the limit").waitFor();
  await page.locator("#f-limits-0-name").fill("requests");
  await page.locator("#f-limits-0-duration").fill("1m");
  await page.locator("#f-prefix").fill("live");
  await shown.getByText("requests: 7 every 1m").waitFor();
  await shown.getByText("live_").first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "prefix", "the focus stays");
  await go.locator("summary").click();
  await page.locator("#f-credits").fill("1000");
  await shown.getByText("1,000", { exact: true }).waitFor();
  assert.equal(await go.evaluate((one) => one.open), true, "the language stays");
  assert.deepEqual(await accessibility(page), []);
  assert.deepEqual(page.problems, []);
  assert.equal(await keys(), 0, "nothing is made by looking");
  await page.context().close();
});

test("Enter in the name of a preset keeps the settings and makes no key", async () => {
  const page = await server.visit("operator");
  await page.goto(`/apis/${apiId}/keys/new?credits=50`);
  await page.locator("#f-name").fill("first");
  await page.locator("#f-preset-name").fill("Partner");
  await page.keyboard.press("Enter");
  await page.getByText("Saved the preset Partner. No key was made yet.").waitFor();
  assert.equal(await page.locator("#f-name").inputValue(), "first");
  assert.equal(await keys(), 0);
  await page.locator("#f-name").press("Enter");
  await page.locator("[data-secret-value]").waitFor();
  assert.equal(await keys(), 1);
  await page.context().close();

  const later = await server.visit("operator");
  await later.goto(`/apis/${apiId}/keys/new`);
  await later.locator("summary", { hasText: "Presets" }).click();
  await later.getByRole("link", { name: "Partner" }).click();
  await later.waitForURL("**/keys/new?credits=50");
  assert.equal(await later.locator("#f-credits").inputValue(), "50");
  assert.equal(await later.locator("#f-name").inputValue(), "");
  await later.locator("summary", { hasText: "Presets" }).click();
  await later.getByRole("button", { name: "Delete preset Partner" }).click();
  await later.getByText("Deleted the view").waitFor();
  assert.deepEqual(later.problems, []);
  await later.context().close();
});

test("a preset takes the place of the settings and of nothing else, and Back is followed", async () => {
  const page = await server.visit("operator");
  await page.goto(`/apis/${apiId}/keys/new?expires=30d`);
  const shown = page.locator("[data-preview]");
  await page.locator("#f-expires").selectOption("never");
  await shown.getByText("Never", { exact: true }).waitFor();
  await page.goto("/apis");
  await page.goBack();
  assert.equal(await page.locator("#f-expires").inputValue(), "never", "the browser fills in what was chosen");
  await shown.getByText("Never", { exact: true }).waitFor();
  await page.locator("#f-name").fill("mine");
  await page.locator("#f-external-id").fill("user_1");
  await page.locator("summary", { hasText: "Presets" }).click();
  await page.getByRole("link", { name: "Trial" }).click();
  await page.waitForURL("**external_id=user_1**");
  assert.equal(await page.locator("#f-name").inputValue(), "mine");
  assert.equal(await page.locator("#f-expires").inputValue(), "30d");
  // Where the server does not answer, nothing is shown that is not so any more.
  await page.route("**/keys/new", (route) => route.abort());
  await page.locator("#f-credits").fill("5");
  await shown.getByText("The server did not say what this would make.").waitFor();
  await page.context().close();
});
