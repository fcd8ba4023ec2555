// What pages gain with script, and where things stand on them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, accessibility, close, shows, submit } from "./browser.mjs";
import { seed } from "./seed.mjs";

let server;
let data;

before(async () => {
  server = await Dashboard.start();
  data = await seed(server);
});

after(async () => {
  await close();
  await server.stop();
});

test("the palette finds, goes and does, by keyboard alone", async () => {
  const page = await server.visit("owner");
  await page.goto("/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("nightly");
  await page.getByRole("option", { name: /nightly import/ }).first().waitFor();
  assert.deepEqual(await accessibility(page), []);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/keys/key_*");
  await shows(page, "nightly import");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("audit");
  await page.getByRole("option", { name: "Audit log Go to" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/audit");
  await page.goto(`/apis/${data.apiId}/keys`);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("new key");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/keys/new");
  // What changes something is shown, and done by another key.
  await page.goto(`/keys/${data.main.keyId}`);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("disable");
  await page.keyboard.press("Enter");
  assert.equal((await server.call("keys.verifyKey", { key: data.main.key })).code, "VALID");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Disable");
  // A secret goes by POST and is in no address.
  await page.keyboard.press("Control+k");
  await page.keyboard.type(data.main.key);
  await page.getByRole("option", { name: "web app Exactly this" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the words under a chart stand under the bars that they name", async () => {
  const page = await server.visit("viewer");
  for (const span of ["1h", "24h", "7d", "28d", "90d"]) {
    await page.goto(`/?since=${span}`);
    const off = await page.evaluate(() => {
      const middle = (one) => one.getBoundingClientRect().x + one.getBoundingClientRect().width / 2;
      const columns = [...document.querySelectorAll(".bars .hit")].map(middle);
      const figures = [...document.querySelectorAll(".figures tbody th")].map((one) => one.textContent);
      return [...document.querySelectorAll(".plot .x-axis g")].map((tick) => {
        const named = columns[figures.indexOf(tick.querySelector("text").textContent)];
        return Math.abs(middle(tick.querySelector("line")) - named);
      });
    });
    assert.ok(off.length > 0 && off.every((pixels) => pixels < 2), `${span}: ${off}`);
  }
  await page.context().close();
});

test("what a column stands for is told by keyboard", async () => {
  const page = await server.visit("viewer");
  await page.goto("/");
  await page.locator(".bars a").last().focus();
  await page.locator(".tip").waitFor();
  assert.match(await page.locator(".tip").innerText(), /Rate limited/);
  await page.context().close();
});

test("the bar of chosen rows stays in sight", async () => {
  const page = await server.visit("owner", { viewport: { width: 1024, height: 420 } });
  await page.goto(`/apis/${data.apiId}/keys`);
  await page.locator('tbody input[name="id"]').first().check();
  const { y, height } = await page.locator(".bulk-bar").boundingBox();
  assert.ok(y + height <= 420, `${y} and ${height}`);
  await page.context().close();
});

test("on a phone the strip of places shows where one is", async () => {
  const page = await server.visit("owner", { viewport: { width: 390, height: 700 } });
  await page.goto("/settings/team");
  const { x, width } = await page.locator(".sidebar [aria-current]").boundingBox();
  assert.ok(x >= 0 && x + width <= 390, `${x} and ${width}`);
  await page.context().close();
});

test("what was typed when a session ended is there again, and nothing was sent", async () => {
  const page = await server.visit("operator");
  await page.goto(`/apis/${data.apiId}/keys/new`);
  await page.locator("#f-name").fill("typed before");
  const elsewhere = await server.visit("operator");
  await elsewhere.goto("/settings/sessions");
  await submit(elsewhere, "/settings/sessions/end-others");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.waitForURL("**/login**");
  await shows(page, "Your session ended");
  const email = server.person("operator");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(server.passwords[email]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/keys/new");
  assert.equal(await page.locator("#f-name").inputValue(), "typed before");
  await page.goto(`/apis/${data.apiId}/keys`);
  assert.ok(!(await page.content()).includes("typed before"), "nothing was made");
  await elsewhere.context().close();
  await page.context().close();
});

test("/nope sends who is signed in home, and nobody else", async () => {
  const page = await server.visit("viewer");
  await page.goto("/nope");
  assert.equal(await page.getByRole("link", { name: "Sign in" }).count(), 0);
  await page.getByRole("link", { name: "Home" }).click();
  await page.waitForURL("**/");
  await page.context().close();
});

test("a row shows its page beside the list, by key and by pointer", async () => {
  const page = await server.visit("viewer");
  await page.goto(`/apis/${data.apiId}/keys`);
  await page.keyboard.press("j");
  const name = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("p");
  const panel = page.locator("dialog.peek");
  await panel.getByRole("link", { name, exact: true }).waitFor();
  await panel.getByRole("heading", { name: "Facts" }).waitFor();
  assert.deepEqual(await accessibility(page), []);
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), name, "the focus is where it was");
  await page.goto("/requests");
  await page.locator("main [data-row] td").nth(2).dblclick();
  await panel.getByRole("heading", { name: "Facts" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/requests");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
