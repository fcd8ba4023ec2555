// Every create, edit and delete, with script and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Dashboard, close, shows, submit, text } from "./browser.mjs";

let server;

before(async () => {
  server = await Dashboard.start();
});

after(async () => {
  await close();
  await server.stop();
});

const last = (page) => new URL(page.url()).pathname.split("/").pop();

/** Walks the life of everything there is; `javaScriptEnabled` is all that differs. */
async function walk(javaScriptEnabled, tag) {
  const page = await server.visit("owner", { javaScriptEnabled });
  const secret = () => page.locator("[data-secret-value]").inputValue();

  await page.goto("/apis/new");
  await submit(page, "/apis/new", { name: `api ${tag}` });
  const apiId = last(page);
  await shows(page, `api ${tag}`);
  await page.goto(`/apis/${apiId}/settings`);
  await submit(page, `/apis/${apiId}/settings/defaults`, { name: `renamed ${tag}`, default_prefix: "live" });
  await shows(page, `renamed ${tag}`);
  await submit(page, `/apis/${apiId}/settings/recovery`, { recoverable: true });

  await page.goto("/permissions/new");
  await submit(page, "/permissions/new", { slugs: `docs.read.${tag}\ndocs.write.${tag}` });
  await page.goto("/permissions");
  await shows(page, `docs.read.${tag}`, `docs.write.${tag}`);
  await page.goto("/roles/new");
  await submit(page, "/roles/new", { name: `reader-${tag}`, description: "Reads" });
  const roleId = last(page);
  await page.goto(`/roles/${roleId}/edit`);
  await submit(page, `/roles/${roleId}/edit`, { description: "Reads documents" });
  await shows(page, "Reads documents");

  await page.goto("/identities/new");
  await submit(page, "/identities/new", { external_id: `user-${tag}`, "limits.0.name": "requests", "limits.0.limit": "5", "limits.0.duration": "60s" });
  const identityId = last(page);
  await shows(page, `user-${tag}`, "requests");
  await page.goto(`/identities/${identityId}/edit`);
  await submit(page, `/identities/${identityId}/edit`, { meta: '{"plan":"pro"}' });
  await shows(page, "plan");

  await page.goto(`/apis/${apiId}/keys/new`);
  await submit(page, `/apis/${apiId}/keys/new`, { name: `key ${tag}`, meta: "{" });
  assert.equal(await page.locator('[name="name"]').first().inputValue(), `key ${tag}`, "input is kept");
  await submit(page, `/apis/${apiId}/keys/new`, {
    name: `key ${tag}`,
    external_id: `user-${tag}`,
    recoverable: true,
    credits: "100",
    "limits.0.name": "burst",
    "limits.0.limit": "10",
    "limits.0.duration": "1m",
    expires: "30d",
    meta: '{"team":"web"}',
  });
  const plaintext = await secret();
  assert.ok(plaintext.startsWith("live_"), plaintext);
  const verified = await server.call("keys.verifyKey", { key: plaintext });
  assert.equal(verified.code, "VALID");
  assert.equal(verified.credits, 99);
  const { keyId } = verified;

  await page.goto(`/keys/${keyId}`);
  await shows(page, `key ${tag}`, "burst", "team");
  await submit(page, `/keys/${keyId}/disable`);
  assert.equal((await server.call("keys.verifyKey", { key: plaintext })).code, "DISABLED", "at once");
  await page.goto(`/keys/${keyId}`);
  await submit(page, `/keys/${keyId}/enable`);
  await page.goto(`/keys/${keyId}/edit`);
  await submit(page, `/keys/${keyId}/edit`, { name: `changed ${tag}`, credits: "5" });
  await shows(page, `changed ${tag}`);
  assert.equal((await server.call("keys.getKey", { keyId })).credits.remaining, 5);
  await page.goto(`/keys/${keyId}`);
  await submit(page, `/keys/${keyId}/reveal`);
  assert.equal(await secret(), plaintext, "a recoverable key is shown again");
  await page.goto(`/keys/${keyId}/rotate`);
  await submit(page, `/keys/${keyId}/rotate`);
  const rotated = await secret();
  assert.notEqual(rotated, plaintext);
  const next = await server.call("keys.verifyKey", { key: rotated });
  assert.equal(next.code, "VALID");
  await page.goto(`/keys/${next.keyId}/edit`);
  await submit(page, `/keys/${next.keyId}/delete`);
  assert.equal((await server.call("keys.verifyKey", { key: rotated })).code, "NOT_FOUND");
  await submit(page, `/keys/${next.keyId}/restore`);
  assert.equal((await server.call("keys.verifyKey", { key: rotated })).code, "VALID", "undone");
  await page.goto(`/keys/${next.keyId}/changes`);
  await shows(page, "key.restore", "key.delete");

  await page.goto("/ratelimits/new");
  await submit(page, "/ratelimits/new", { name: `login-${tag}` });
  const namespaceId = new URL(page.url()).pathname.split("/")[2];
  await page.goto(`/ratelimits/${namespaceId}/overrides/new`);
  await submit(page, `/ratelimits/${namespaceId}/overrides/new`, { identifier: "vip-*", limit: "0", duration: "1m" });
  await page.goto(`/ratelimits/${namespaceId}/overrides`);
  await shows(page, "vip-*");
  const limit = { namespace: `login-${tag}`, identifier: "vip-1", limit: 100, duration: 60_000 };
  assert.equal((await server.call("ratelimit.limit", limit)).success, false, "the override holds");
  const override = await page.locator('main a[href*="/overrides/"]:not([href$="/new"])').first().getAttribute("href");
  await page.goto(override);
  await submit(page, override, { limit: "7" });
  await page.goto(override);
  await submit(page, `${override}/delete`, await typed(page, `${override}/delete`));
  await page.goto(`/ratelimits/${namespaceId}/settings`);
  await submit(page, `/ratelimits/${namespaceId}/settings`, { name: `signin-${tag}` });
  await page.goto(`/ratelimits/${namespaceId}/settings`);
  await submit(page, `/ratelimits/${namespaceId}/delete`, { confirm: `signin-${tag}` });

  await page.goto("/root-keys/new");
  await submit(page, "/root-keys/new", { name: `root ${tag}`, full: true });
  const rootKey = await secret();
  const answer = await fetch(`${server.url}/v2/apis.getApi`, {
    method: "POST",
    headers: { authorization: `Bearer ${rootKey}`, "content-type": "application/json" },
    body: JSON.stringify({ apiId }),
  });
  assert.equal(answer.status, 200);
  await page.goto("/root-keys");
  const root = await page.getByRole("link", { name: `root ${tag}` }).first().getAttribute("href");
  await page.goto(`${root}/edit`);
  await submit(page, `${root}/edit`, { name: `renamed ${tag}` });
  await page.goto(`${root}/edit`);
  await submit(page, `${root}/delete`, { confirm: `renamed ${tag}` });

  await page.goto(`/apis/${apiId}/portal`);
  await submit(page, `/apis/${apiId}/portal`, { slug: `portal-${tag}`, display_name: "Acme keys", primary_color: "#336699" });
  await shows(page, `portal-${tag}`);
  await page.goto(`/apis/${apiId}/portal`);
  await submit(page, `/apis/${apiId}/portal/delete`, { confirm: `portal-${tag}` });

  await page.goto(`/identities/${identityId}/edit`);
  await submit(page, `/identities/${identityId}/delete`, { confirm: `user-${tag}` });
  await page.goto(`/roles/${roleId}/edit`);
  await submit(page, `/roles/${roleId}/delete`, { confirm: `reader-${tag}` });
  await page.goto("/permissions");
  const edit = await page.locator('main a[href^="/permissions/"][href$="/edit"]').first().getAttribute("href");
  await page.goto(edit);
  const remove = edit.replace("/edit", "/delete");
  await submit(page, remove, await typed(page, remove));
  await page.goto(`/apis/${apiId}/settings`);
  await submit(page, `/apis/${apiId}/delete`, { confirm: `renamed ${tag}` });
  assert.equal((await server.call("keys.verifyKey", { key: rotated })).code, "NOT_FOUND");

  await page.goto("/audit");
  await shows(page, "api.delete");
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

/** What a danger zone asks to be typed. */
async function typed(page, action) {
  const label = await page.locator(`form[action="${action}"] label`).first().innerText();
  return { confirm: /Type (.*) to confirm/.exec(label)[1] };
}

test("everything is made, changed and deleted with script", () => walk(true, "js"));
test("everything is made, changed and deleted without script", () => walk(false, "plain"));

test("team: invited by a link, given a role, removed", async () => {
  const page = await server.visit("owner");
  await page.goto("/settings/team");
  await submit(page, "/settings/team/invite", { email: "grace@example.com", role: "viewer" });
  const link = /http\S+\/invites\/\S+/.exec(await page.content())[0].replace(/[<"].*/, "");
  const guest = await page.context().browser().newPage({ baseURL: server.url });
  await guest.goto(new URL(link).pathname);
  const path = new URL(guest.url()).pathname;
  await submit(guest, path, { name: "Grace", password: "correct horse battery" });
  assert.equal(new URL(guest.url()).pathname, "/");
  await page.goto("/settings/team");
  await shows(page, "grace@example.com");
  const role = await page.locator('form[action^="/settings/team/"][action$="/role"]').last().getAttribute("action");
  await submit(page, role, { role: "operator" });
  await page.goto("/settings/team");
  const remove = role.replace("/role", "/remove");
  await page.getByLabel("Remove a member: grace@example.com").click();
  await submit(page, remove, { confirm: "grace@example.org" });
  await shows(page, "This is not the address of the member.");
  await submit(page, remove, { confirm: "grace@example.com" });
  await guest.goto("/apis");
  assert.ok(!(await text(guest)).includes("New API"), "out at once");
  await guest.close();
  await page.context().close();
});

test("by keyboard alone: sign in and make an API", async () => {
  const email = server.person("admin");
  const page = await (await server.visit("viewer")).context().browser().newPage({ baseURL: server.url });
  // A browser moves the focus there once it has drawn the page, perhaps after "load".
  const focus = (name) => page.locator(`[name="${name}"]:focus`).waitFor();
  await page.goto("/login");
  await focus("email");
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(server.passwords[email]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL("**/apis");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement.getAttribute("href"))) === "/apis/new") break;
  }
  await page.keyboard.press("Enter");
  await page.waitForURL("**/apis/new");
  await focus("name");
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/apis\/api_/);
  await shows(page, "by keyboard");
  await page.close();
});
