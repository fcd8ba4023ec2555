// Every page, as it looks and as it is read aloud.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, accessibility, close, shift, submit } from "./browser.mjs";
import { discover, places } from "./places.mjs";
import { seed } from "./seed.mjs";

let server;
let data;

before(async () => {
  server = await Dashboard.start();
  data = await seed(server);
  const page = await server.visit("owner");
  await startJob(page, data);
  data = await discover(page, data);
  data.more.jobId = await job(page);
  await page.context().close();
});

after(async () => {
  await close();
  await server.stop();
});

/** A small job, so that there is one to look at. */
async function startJob(page, { apiId }) {
  await page.goto(`/apis/${apiId}/keys`);
  await page.locator('tbody input[name="id"]').first().check();
  await page.locator("#bulk-act").selectOption("enable");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.waitForLoadState();
  await submit(page, `/apis/${apiId}/keys/bulk`, {});
}

async function job(page) {
  await page.goto("/jobs");
  const link = await page.locator('main a[href^="/jobs/"]').first().getAttribute("href");
  return link.split("/").pop();
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on any page, ${colorScheme}`, async () => {
    const page = await server.visit("owner", { colorScheme, reducedMotion: "reduce" });
    const found = [];
    for (const path of places(data)) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200, path);
      const wrong = await accessibility(page);
      if (wrong.length > 0) found.push(`${path}\n    ${wrong.join("\n    ")}`);
    }
    assert.equal(found.length, 0, found.join("\n"));
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

// A phone, and a small laptop at 200 %.
for (const viewport of [{ width: 375, height: 700 }, { width: 640, height: 400 }]) {
  test(`no page moves while it loads, or is wider than the screen, ${viewport.width}`, async () => {
    const page = await server.visit("owner", { viewport });
    const wide = [];
    for (const path of places(data)) {
      await page.goto(path);
      assert.equal(await shift(page), 0, `${path} moves`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > viewport.width) wide.push(`${path}: ${width}`);
    }
    assert.deepEqual(wide, []);
    await page.context().close();
  });
}

test("what stands in a side column is as wide as it", async () => {
  const page = await server.visit("owner", { viewport: { width: 1200, height: 780 } });
  const wide = [];
  let seen = 0;
  for (const path of places(data)) {
    await page.goto(path);
    const columns = await page.locator(".split-side > *").evaluateAll((all) => all.map((one) => {
      const right = one.parentElement.getBoundingClientRect().right;
      const edges = [...one.querySelectorAll("table, td, th")].map((cell) => cell.getBoundingClientRect().right);
      return Math.max(0, ...edges) - right;
    }));
    seen += columns.length;
    columns.filter((over) => over > 0.5).forEach((over) => wide.push(`${path}: ${over}`));
  }
  assert.deepEqual(wide, []);
  assert.ok(seen > 0);
  await page.context().close();
});

/** What one visit to a page costs: bytes on the wire, heads of answers included, as the browser's own network counts them. */
async function transferred(page, network, path) {
  const [answers, bytes] = [new Map(), new Map()];
  const received = ({ requestId, type, response }) => answers.set(requestId, { type, ...response });
  const finished = ({ requestId, encodedDataLength }) => bytes.set(requestId, encodedDataLength);
  // What the page leaves while it loads.
  const failed = ({ requestId }) => answers.delete(requestId);
  const heard = { "Network.responseReceived": received, "Network.loadingFinished": finished, "Network.loadingFailed": failed };
  Object.entries(heard).forEach(([event, hear]) => network.on(event, hear));
  await page.goto(path, { waitUntil: "load" });
  const document = () => [...answers].find(([, answer]) => answer.type === "Document");
  const missing = () => [...answers].filter(([id]) => !bytes.has(id)).map(([, answer]) => answer.url);
  for (let waits = 0; !document() || missing().length > 0; waits += 1) {
    assert.ok(waits < 2000, `${path} waits for ${missing()}`);
    // The end of an icon, which the browser asks for by itself, is now and then not told: the visit is made again.
    if (waits === 600) {
      [answers, bytes].forEach((seen) => seen.clear());
      await page.reload({ waitUntil: "load" });
    }
    await page.waitForTimeout(5);
  }
  Object.entries(heard).forEach(([event, hear]) => network.off(event, hear));
  const [id, { headers }] = document();
  const coding = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-encoding")?.[1];
  return { page: bytes.get(id), all: [...bytes.values()].reduce((sum, one) => sum + one, 0), coding };
}

test("every page comes in less than 15 KB, and with all it needs on a first visit in less than 30", async () => {
  const page = await server.visit("owner");
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.setCacheDisabled", { cacheDisabled: true });
  await page.goto("/docs");
  const docs = await page.locator("nav.contents a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  const paths = [...places(data), ...new Set(docs.filter((href) => href.startsWith("/docs")))];
  assert.ok(docs.length > 40, "the documentation lists its pages");
  const visits = [];
  for (const path of paths) {
    // A page that follows a log goes on loading its rows.
    if (path.includes("live=1")) continue;
    visits.push({ path, ...(await transferred(page, network, path)), title: await page.title() });
  }
  const heaviest = (of) => visits.reduce((most, one) => (one[of] > most[of] ? one : most));
  console.log(`note: the heaviest page is ${heaviest("page").path} with ${heaviest("page").page} bytes, the heaviest first visit ` +
    `${heaviest("all").path} with ${heaviest("all").all}`);
  assert.deepEqual(visits.filter((one) => one.page >= 15_000 || one.all >= 30_000), []);
  const plain = visits.filter(({ coding }) => !["zstd", "br"].includes(coding));
  assert.deepEqual(plain, [], "the browser takes the best there is");
  assert.deepEqual(visits.filter(({ title }) => !title.endsWith("unkey")), []);
  await page.context().close();
});

test("every link of every page leads somewhere", async () => {
  const page = await server.visit("owner");
  const links = new Map();
  for (const path of places(data)) {
    await page.goto(path);
    const found = await page.locator("a[href^='/']").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    found.forEach((href) => links.set(href.split("#")[0], path));
  }
  const dead = [];
  for (const [link, path] of links) {
    if (/live=events|download=1|\.csv|format=csv/.test(link)) continue;
    const answer = await page.request.get(link, { maxRedirects: 5 });
    if (answer.status() !== 200) dead.push(`${path} -> ${link}: ${answer.status()}`);
  }
  assert.deepEqual(dead, []);
  assert.ok(links.size > 100);
  await page.context().close();
});

test("a hostile name is text on every page", async () => {
  const other = await Dashboard.start();
  try {
    let hostile = await seed(other, { hostile: true, verifications: 5 });
    const page = await other.visit("owner");
    await startJob(page, hostile);
    hostile = await discover(page, hostile);
    hostile.more.jobId = await job(page);
    let seen = 0;
    for (const path of places(hostile)) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200, path);
      assert.equal(await page.evaluate(() => globalThis.hacked), undefined, path);
      assert.equal(await page.locator("img[onerror], [onmouseover]").count(), 0, path);
      if ((await page.locator("body").innerText()).includes("onerror=")) seen += 1;
    }
    assert.ok(seen > 15, `the attack is on ${seen} pages only`);
    assert.deepEqual(page.problems, []);
  } finally {
    await other.stop();
  }
});

test("the reference of the APIs is found by search, and its samples are copied", async () => {
  const page = await server.visit("viewer", { viewport: { width: 1400, height: 900 } });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const elsewhere = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
  });
  for (const version of ["v1", "v2"]) {
    const answer = await page.goto(`/docs/api/${version}`);
    assert.match(answer.headers()["content-security-policy"], /script-src 'self';/);
    await page.keyboard.press("/");
    await page.keyboard.type("keys.createKey");
    await page.keyboard.press("Enter");
    await page.locator(`main a[href*="/docs/api/${version}/keys.createKey"]`).first().click();
    await page.waitForURL(`**/docs/api/${version}/keys.createKey*`);
    const block = page.locator(".code").filter({ has: page.locator("pre") }).first();
    await block.getByRole("button", { name: "Copy" }).click();
    await block.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.length > 10, copied);
  }
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
