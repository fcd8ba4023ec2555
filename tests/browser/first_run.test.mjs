// From an empty server to the first verified request.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { Dashboard, browser, close, shows, submit } from "./browser.mjs";

let server;

before(async () => {
  server = await Dashboard.start();
});

after(async () => {
  await close();
  await server.stop();
});

/** Runs a command as somebody who pasted it into a terminal would. */
const run = (command) => JSON.parse(execFileSync("bash", ["-c", command], { encoding: "utf8" }));

const commands = (page) => page.locator("main pre").allInnerTexts();

// row: quickstart/onboarding/onboarding-api
// row: quickstart/onboarding/onboarding-ratelimiting
test("the setup link leads to an owner, an API, and the first verified request", async () => {
  const link = server.cli("setup", "link");
  const page = await (await browser()).newPage({ baseURL: server.url });
  await page.goto("/");
  await shows(page, "waits for its first user");
  await page.goto(new URL(link).pathname);
  const path = new URL(page.url()).pathname;
  await submit(page, path, { workspace: "Acme", name: "Ada", email: "ada@example.com", password: "short" });
  await shows(page, "8 characters");
  await submit(page, path, { password: "correct horse battery" });
  assert.equal(new URL(page.url()).pathname, "/start");
  await page.getByRole("link", { name: /Protect an API/ }).click();
  await submit(page, "/start/protect", { name: "payments" });
  await shows(page, "Waiting for the first request");
  const [first] = (await commands(page)).filter((text) => text.includes("verifyKey"));
  assert.equal(run(first).data.valid, true, "the command works as it is");
  await page.getByRole("link", { name: "Look again" }).click().catch(() => {});
  await page.getByText("It works", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Continue" }).click();
  await page.waitForLoadState();
  await shows(page, "payments");
  await page.goto("/start/limit");
  await submit(page, "/start/limit", { name: "login" });
  const [second] = (await commands(page)).filter((text) => text.includes("ratelimit.limit"));
  assert.equal(run(second).data.success, true);
  await page.getByRole("link", { name: "Look again" }).click().catch(() => {});
  await page.getByText("It works", { exact: true }).waitFor();
  await page.goto("/");
  await shows(page, "Acme");
  await page.close();
});
