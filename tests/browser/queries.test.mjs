// The page Query: names that are completed while somebody types, and what is kept.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, accessibility, close, shows } from "./browser.mjs";
import { seed } from "./seed.mjs";

let server;

before(async () => {
  server = await Dashboard.start();
  await seed(server, { verifications: 3 });
});

after(async () => {
  await close();
  await server.stop();
});

const editor = (page) => page.locator("form.sql textarea");
const options = (page) => page.locator("#completions [role=option]");
const chosen = (page) => page.locator("#completions [aria-selected=true]");

async function open(page, path = "/sql") {
  await page.goto(path);
  await editor(page).focus();
}

test("names are completed by keyboard, and Ctrl+Enter runs the query", async () => {
  const page = await server.visit("operator");
  await open(page);
  await page.keyboard.type("SELECT outc");
  await chosen(page).waitFor();
  assert.match(await chosen(page).innerText(), /^outcome/);
  assert.match(await page.locator("form.sql [role=status]").textContent(), /^\d+ names?$/);
  const active = await editor(page).getAttribute("aria-activedescendant");
  assert.equal(await chosen(page).getAttribute("id"), active);
  assert.equal(await editor(page).getAttribute("aria-controls"), "completions");
  assert.deepEqual(await accessibility(page), []);
  await page.keyboard.press("Enter");
  assert.equal(await editor(page).inputValue(), "SELECT outcome");
  assert.equal(await options(page).first().isVisible(), false);
  // A function brings its parenthesis, Tab takes as well, and arrows choose.
  await page.keyboard.type(", su");
  await chosen(page).waitFor();
  const names = await options(page).allInnerTexts();
  const place = names.findIndex((name) => /^sum\b/.test(name));
  for (let step = 0; step < place; step += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await editor(page).inputValue(), "SELECT outcome, sum(");
  await page.keyboard.type("count) AS n FROM ");
  await chosen(page).waitFor();
  assert.ok((await options(page).allInnerTexts()).every((name) => /table$/.test(name)), "tables alone");
  await page.keyboard.type("key_verifications_per_d");
  await page.keyboard.press("Enter");
  // A word of SQL is none to complete, and Enter after it a new line.
  await page.keyboard.type(" GROUP BY");
  await page.keyboard.press("Enter");
  await page.keyboard.type("outcome");
  const text = "SELECT outcome, sum(count) AS n FROM key_verifications_per_day_v1 GROUP BY\noutcome";
  assert.equal(await editor(page).inputValue(), text);
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: /rows? in/ }).waitFor();
  await shows(page, "n by outcome", "Your history");
  assert.deepEqual(await accessibility(page), []);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("columns are those of the tables that the query names, and Escape leaves the editor alone", async () => {
  const page = await server.visit("viewer");
  await open(page);
  await page.keyboard.type("SELECT * FROM ratelimits_v1 r WHERE r.");
  await chosen(page).waitFor();
  const columns = await options(page).allInnerTexts();
  assert.ok(columns.some((name) => name.startsWith("identifier")) && !columns.some((name) => name.startsWith("key_id")), `${columns}`);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("form.sql [role=status]").textContent(), "");
  assert.equal(await editor(page).getAttribute("aria-activedescendant"), null);
  assert.ok(await editor(page).evaluate((element) => element === document.activeElement), "the caret stays");
  // By pointer, from a list that was asked for.
  await page.keyboard.type("pas");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Space");
  await options(page).filter({ hasText: /^passed/ }).first().click();
  assert.match(await editor(page).inputValue(), /r\.passed$/);
  assert.ok(await editor(page).evaluate((element) => element === document.activeElement), "the caret stays");
  // Taken back as if it was typed.
  await page.keyboard.press("Control+z");
  assert.match(await editor(page).inputValue(), /r\.pas$/);
  // Nothing is completed in a text, and Tab goes on.
  await page.keyboard.type("sed = 'outco");
  assert.equal(await options(page).first().isVisible(), false);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Run");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the list stands below the word, within the editor's width", async () => {
  const page = await server.visit("viewer", { viewport: { width: 390, height: 800 } });
  await open(page);
  await page.keyboard.type("SELECT time\nFROM key_verifications_v1\nWHERE out");
  await chosen(page).waitFor();
  const [list, area] = [await page.locator("#completions").boundingBox(), await editor(page).boundingBox()];
  assert.ok(list.x >= area.x - 1 && list.x + list.width <= 391, `${list.x} ${list.width}`);
  assert.ok(list.y > area.y + 40 && list.y < area.y + area.height, `${list.y} ${area.y}`);
  await page.context().close();
});

test("a query is saved under a name, found again and deleted", async () => {
  const page = await server.visit("operator");
  await open(page);
  const text = "SELECT outcome, sum(count) AS n FROM key_verifications_per_hour_v1 GROUP BY outcome";
  await editor(page).fill(text);
  await page.locator("form.sql summary").click();
  assert.deepEqual(await accessibility(page), []);
  await page.getByLabel("Save this query as").fill("Outcomes by hour");
  await page.getByLabel("Share with the workspace").check();
  await Promise.all([page.waitForURL("**/sql?query=*"), page.keyboard.press("Tab").then(() => page.getByLabel("Save this query as").press("Enter"))]);
  await shows(page, "Saved the query Outcomes by hour.", "Saved queries", "shared");
  assert.equal(await editor(page).inputValue(), text);
  assert.deepEqual(await accessibility(page), []);
  await page.getByRole("link", { name: "Outcomes by hour" }).click();
  await shows(page, "n by outcome");
  // What is too long stays where it was typed.
  const long = `SELECT '${"a,".repeat(900)}' AS x FROM ratelimits_v1`;
  await editor(page).fill(long);
  await page.locator("form.sql summary").click();
  await page.getByLabel("Save this query as").fill("Long");
  await page.getByRole("button", { name: "Save query" }).click();
  await page.locator(".field-error").waitFor();
  await shows(page, "too long to be saved");
  assert.equal(await editor(page).inputValue(), long);
  assert.equal(await page.getByLabel("Save this query as").inputValue(), "Long");
  assert.deepEqual(await accessibility(page), []);
  await page.goto("/sql");
  await page.getByRole("button", { name: "Delete view Outcomes by hour" }).click();
  await shows(page, "Deleted the view.");
  assert.equal(await page.getByRole("link", { name: "Outcomes by hour" }).count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what was asked comes back into the editor, and is forgotten when that is asked", async () => {
  const page = await server.visit("admin");
  await open(page, `/sql?query=${encodeURIComponent("SELECT 1 AS n FROM ratelimits_v1")}`);
  await page.goto("/sql");
  assert.equal(await page.getByRole("heading", { name: "Your history" }).count(), 0, "an address is no run of one's own");
  await editor(page).fill("SELECT count() AS n FROM ratelimits_v1");
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("heading", { name: "Your history" }).waitFor();
  await page.getByRole("link", { name: "SELECT count() AS n FROM ratelimits_v1" }).click();
  await shows(page, "No answer yet");
  assert.equal(await editor(page).inputValue(), "SELECT count() AS n FROM ratelimits_v1");
  await page.getByRole("button", { name: "Clear history" }).click();
  await shows(page, "Cleared your history.");
  assert.equal(await page.getByRole("heading", { name: "Your history" }).count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
