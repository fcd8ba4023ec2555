// A program that asks for a root key, in a browser that holds forms to the policy
// of their page.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Dashboard, close, shows } from "./browser.mjs";
import { question } from "./seed.mjs";

let server;

before(async () => {
  server = await Dashboard.start();
});

after(async () => {
  await close();
  await server.stop();
});

/** A program on this machine: where it is answered, and the answer. */
async function program() {
  const asked = [];
  const listener = createServer((request, response) => {
    asked.push(new URL(request.url, "http://127.0.0.1"));
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>back</title><main>You can go back to your editor.</main>");
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return { asked, listener, redirectUri: `http://127.0.0.1:${listener.address().port}/callback` };
}

for (const [button, told] of [["Allow", "code"], ["Refuse", "error"]]) {
  test(`${button} leads back to the program`, async () => {
    const { asked, listener, redirectUri } = await program();
    const page = await server.visit("owner");
    try {
      await page.goto(await question(server, redirectUri, "Editor"));
      await shows(page, "“Editor”", "127.0.0.1, a program on your computer");
      await page.locator("main summary", { hasText: "Whole workspace" }).click();
      await page.locator('main input[value="api.*.read_api"]').check();
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.waitForURL(`${redirectUri}?**`);
      await shows(page, "You can go back to your editor.");
      const answer = asked.find(({ pathname }) => pathname === "/callback").searchParams;
      assert.ok(answer.get(told), `${answer}`);
      assert.deepEqual([answer.get("state"), answer.get("iss")], ["state", server.url]);
      assert.deepEqual(page.problems, []);
    } finally {
      await page.context().close();
      listener.close();
    }
  });
}
