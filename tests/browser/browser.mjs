// The built server and a real Chromium: signing in, filling in forms, and what
// must hold on every page.
//
// The browser is the system's: UNKEY_CHROMIUM, or what is found in the path.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

import { Server } from "../clients/server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function executable() {
  if (process.env.UNKEY_CHROMIUM) return process.env.UNKEY_CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next one, then.
    }
  }
  throw new Error("there is no Chromium: install it, or name it with UNKEY_CHROMIUM");
}

let started;
/** One browser for all tests of a process; each test has contexts of its own. */
export async function browser() {
  started ??= chromium.launch({ executablePath: executable(), args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  return started;
}

export async function close() {
  await (await started)?.close();
  started = undefined;
}

/** A server with people of every role. */
export class Dashboard extends Server {
  static async start(environment, data) {
    const server = await super.start(environment, data);
    server.passwords = {};
    return server;
  }

  /** Makes somebody of this role, once; answers their address. */
  person(role) {
    const email = `${role}@example.com`;
    this.passwords[email] ??= this.cli("user", "create", "--email", email, "--name", role, "--role", role);
    return email;
  }

  /** A page of somebody of this role who signed in. Problems of any page fail the test that asks. */
  async visit(role, options = {}) {
    const context = await (await browser()).newContext({ baseURL: this.url, ...options });
    const page = await context.newPage();
    page.problems = watch(page);
    const email = this.person(role);
    await page.goto("/login");
    await submit(page, "/login", { email, password: this.passwords[email] });
    assert.equal(new URL(page.url()).pathname, "/", "signed in");
    return page;
  }

  /** Calls v2; fails unless it succeeds. */
  async call(operation, body) {
    const { status, body: answer } = await this.send("POST", `/v2/${operation}`, body);
    assert.equal(status, 200, `${operation}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}

/** Collects what must never happen on a page. */
function watch(page) {
  const problems = [];
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A refused form answers 422, which the browser notes as an error.
    const expected = /status of 4(03|04|22)/.test(message.text());
    if (message.type() === "error" && !expected) problems.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    if (dialog.type() !== "beforeunload") problems.push(`dialog: ${dialog.message()}`);
    dialog.accept();
  });
  return problems;
}

export function form(page, action) {
  return page.locator(`form[action="${action}"]`).first();
}

/** Fills in the form that posts to a path, by the names of its fields, and sends it. */
export async function submit(page, action, values = {}, button) {
  const place = form(page, action);
  await fill(place, values);
  // What a form is for is its primary button, where it has one.
  const primary = place.locator("button.primary[type=submit]:visible");
  const shown = (await primary.count()) > 0 ? primary : place.locator("button[type=submit]:visible");
  const submitter = button ? place.getByRole("button", { name: button }) : shown;
  // A menu holds some forms; a button that is not shown is sent all the same.
  if ((await submitter.count()) > 0) {
    await Promise.all([page.waitForLoadState("load"), navigation(page), submitter.last().click()]);
  } else {
    const hidden = place.locator("button[type=submit]").first();
    await Promise.all([navigation(page), hidden.evaluate((element) => element.form.requestSubmit(element))]);
  }
}

const navigation = (page) => page.waitForEvent("framenavigated");

async function fill(place, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = place.locator(`[name="${name}"]`);
    const kind = await field.first().evaluate((element) => element.type || element.tagName);
    if (kind === "checkbox" || kind === "radio") {
      const wanted = [value].flat();
      for (const one of wanted) {
        const box = one === true || one === false ? field.first() : place.locator(`[name="${name}"][value="${one}"]`);
        await box.setChecked(one !== false, { force: true });
      }
    } else if (kind.startsWith("select")) {
      await field.first().selectOption(value);
    } else {
      await field.first().fill(value);
    }
  }
}

/** The text of the page's main part. */
export async function text(page) {
  return (await page.locator("main").innerText()).replace(/\s+/g, " ");
}

export async function shows(page, ...parts) {
  const all = await text(page);
  for (const part of parts) assert.ok(all.includes(part), `${page.url()} does not show "${part}": ${all.slice(0, 1500)}`);
}

/** What axe finds wrong. */
export async function accessibility(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

/** How much of the page moved while it was loading. */
export async function shift(page) {
  return page.evaluate(
    () =>
      new Promise((done) => {
        let sum = 0;
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += entry.value;
        });
        observer.observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
      }),
  );
}
