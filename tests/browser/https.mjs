// A browser at the dashboard by HTTPS, with no exception made for the certificate: run by
// tests/e2e/tests/acme.rs, which has an authority and a server for it.
//
//   node https.mjs URL EMAIL PASSWORD
//
// HOME has the certificates that the browser trusts, and RESOLVER says where the name leads.
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { executable, submit } from "./browser.mjs";

const [url, email, password] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-dev-shm-usage", `--host-resolver-rules=${process.env.RESOLVER}`];
const browser = await chromium.launch({ executablePath: executable(), args, env: process.env });
try {
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  const answer = await page.goto("/login");
  assert.equal(answer.status(), 200);
  const security = await answer.securityDetails();
  assert.match(security.issuer, /^Pebble/);
  assert.match(security.protocol, /^TLS 1\.3/);
  const protocol = () => performance.getEntriesByType("navigation")[0].nextHopProtocol;
  assert.equal(await page.evaluate(protocol), "h2");
  await submit(page, "/login", { email, password });
  assert.equal(new URL(page.url()).pathname, "/", "signed in");
  const cookies = await context.cookies();
  const session = cookies.find(({ name }) => name === "__Host-unkey_session");
  assert.ok(session?.secure && session.httpOnly, JSON.stringify(cookies));
  await page.goto("/apis/new");
  await submit(page, "/apis/new", { name: "over https" });
  await page.getByText("over https").first().waitFor();
} finally {
  await browser.close();
}
console.log("# pass 1");
