// Who may what: a viewer, an ended session, nobody.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, close, shows, submit } from "./browser.mjs";
import { seed } from "./seed.mjs";

let server;
let data;

before(async () => {
  server = await Dashboard.start();
  data = await seed(server, { verifications: 3 });
});

after(async () => {
  await close();
  await server.stop();
});

test("a viewer is offered no change, and a forged one is refused", async () => {
  const page = await server.visit("viewer");
  const acts = [
    [`/apis/${data.apiId}`, "/apis/new", { name: "forged" }],
    [`/apis/${data.apiId}/keys`, `/apis/${data.apiId}/keys/new`, { name: "forged" }],
    [`/keys/${data.main.keyId}`, `/keys/${data.main.keyId}/disable`, {}],
    [`/keys/${data.main.keyId}`, `/keys/${data.main.keyId}/edit`, { name: "forged" }],
    [`/keys/${data.main.keyId}`, `/keys/${data.main.keyId}/delete`, {}],
    ["/identities", "/identities/new", { external_id: "forged" }],
    ["/permissions", "/permissions/new", { slugs: "forged" }],
    ["/root-keys", "/root-keys/new", { name: "forged", full: "on" }],
    ["/settings/team", "/settings/team/invite", { email: "eve@example.com", role: "owner" }],
  ];
  for (const [path, action, fields] of acts) {
    await page.goto(path);
    assert.equal(await page.locator(`main form[action="${action}"]`).count(), 0, `${path} offers ${action}`);
    const csrf = await page.locator('input[name="csrf"]').first().getAttribute("value");
    const answer = await page.request.post(action, { form: { csrf, ...fields }, headers: { origin: server.url }, maxRedirects: 0 });
    assert.equal(answer.status(), 403, action);
    assert.match(await answer.text(), /You may not do this/);
  }
  assert.equal((await server.call("keys.getKey", { keyId: data.main.keyId })).enabled, true);
  await page.context().close();
});

test("a session that ended leads to the login and back", async () => {
  const page = await server.visit("admin");
  await page.goto("/apis");
  server.cli("user", "sessions", "--email", "admin@example.com", "--end");
  await page.goto("/identities?q=x");
  await shows(page, "Your session ended");
  await submit(page, "/login", { email: "admin@example.com", password: server.passwords["admin@example.com"] });
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/identities?q=x");
  await page.context().close();
});

test("a form of another session is out of date", async () => {
  const page = await server.visit("operator");
  await page.goto("/apis");
  const answer = await page.request.post("/theme", { form: { csrf: "AAAA", theme: "dark" } });
  assert.equal(answer.status(), 403);
  assert.match(await answer.text(), /out of date/);
  await page.context().close();
});
