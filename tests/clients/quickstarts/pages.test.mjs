// Every quickstart for a framework, carried out with that framework.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Reader, isShown } from "./reader.mjs";

test("the comparison notices differences", () => {
  assert.ok(isShown('{"keyId":"key_1"} 200', '{"keyId":"key_…"} 200'));
  for (const other of ['{"keyId":"key_"} 200', '{"keyId":"key_1"} 401', 'x{"keyId":"key_1"} 200']) {
    assert.ok(!isShown(other, '{"keyId":"key_…"} 200'), other);
  }
});

/** Asks while the server hangs, when it is `back`, when it refuses the program's root key, and when it is gone. */
async function isHonestAboutFailure(reader, ask, back = async () => {}) {
  const isRefused = async (when) => {
    const answer = await ask();
    assert.deepEqual([answer.status, await answer.json()], [503, { error: "try again" }], when);
  };
  assert.doesNotMatch(reader.log, /error/i, "a refused request is not carried out all the same");
  await reader.server.pause();
  try {
    await isRefused("no answer is not a yes");
  } finally {
    reader.server.resume();
  }
  await back();
  reader.revokeRootKey();
  await isRefused("nor is a refusal of the root key");
  await reader.stopServer();
  await isRefused("nor is no connection");
  const { log, env } = reader;
  assert.match(log, /no verdict on a (key|request): /, "the reason is in the log");
  for (const secret of [env.KEY, env.GUARD_KEY, env.LIMITER_KEY, env.ROOT_KEY].filter(Boolean)) {
    assert.ok(!log.includes(secret), "keys are not logged");
  }
}

/** A page of `apis/`: who is let in, and who is not. */
async function keys(name) {
  const reader = await Reader.start(`apis/${name}`);
  try {
    assert.equal(await reader.tryIt(), 3);
    const { KEY, KEY_ID, API_ID } = reader.env;
    const call = async (operation, body) => (await reader.server.send("POST", `/v2/${operation}`, body)).body.data;
    const ask = (key) => reader.ask("/secret", { headers: { authorization: `Bearer ${key}` } });

    const { apiId } = await call("apis.createApi", { name: "another" });
    const foreign = await call("keys.createKey", { apiId });
    assert.equal((await ask(foreign.key)).status, 401, "a key of another API");
    assert.equal((await ask("a".repeat(600))).status, 401, "no key is that long, and the server would refuse to look");

    const ratelimits = [{ name: "requests", limit: 1, duration: 3_600_000, autoApply: true }];
    const limited = await call("keys.createKey", { apiId: API_ID, ratelimits });
    assert.equal((await ask(limited.key)).status, 200);
    const over = await ask(limited.key);
    assert.deepEqual([over.status, await over.json()], [429, { error: "too many requests" }]);

    await call("keys.updateKey", { keyId: KEY_ID, enabled: false });
    assert.equal((await ask(KEY)).status, 401, "nothing is remembered of an earlier yes");
    await call("keys.updateKey", { keyId: KEY_ID, enabled: true });
    await isHonestAboutFailure(reader, () => ask(KEY), async () => assert.equal((await ask(KEY)).status, 200));
  } finally {
    await reader.stop();
  }
}

/** A page of `ratelimiting/`: two requests, a refusal, and let in again. */
async function limits(name) {
  const reader = await Reader.start(`ratelimiting/${name}`);
  try {
    assert.equal(await reader.tryIt(), 3);
    const ask = () => reader.ask("/messages", { method: "POST" });
    let answer = await ask();
    assert.equal(answer.status, 429);
    // The window slides: the first wait may not be enough, a second one is.
    for (let waits = 0; answer.status === 429 && waits < 3; waits += 1) {
      const seconds = Number(answer.headers.get("retry-after"));
      assert.ok(seconds >= 1 && seconds <= 10, `${seconds} s`);
      await new Promise((done) => setTimeout(done, seconds * 1000));
      answer = await ask();
    }
    assert.deepEqual([answer.status, await answer.json()], [200, { sent: true }]);
    // Not asked in between: what hung is counted, and a refusal would be remembered by the client.
    await isHonestAboutFailure(reader, ask);
  } finally {
    await reader.stop();
  }
}

describe("quickstarts", { concurrency: 4 }, () => {
  // row: quickstart/apis/nextjs
  test("a Next.js route lets in only valid keys", () => keys("nextjs"));

  // row: quickstart/ratelimiting/nextjs
  test("a Next.js route is limited", () => limits("nextjs"));

  // row: quickstart/ratelimiting/bun
  test("a Bun server is limited", () => limits("bun"));

  // row: quickstart/ratelimiting/express
  test("an Express app is limited", () => limits("express"));

  // row: quickstart/ratelimiting/hono
  test("a Hono app is limited", () => limits("hono"));

  // row: quickstart/apis/bun
  test("a Bun server lets in only valid keys", () => keys("bun"));

  // row: quickstart/apis/express
  test("an Express app lets in only valid keys", () => keys("express"));

  // row: quickstart/apis/hono
  test("a Hono app lets in only valid keys", () => keys("hono"));
});
