// A server, and official clients of v1 that know nothing but its address.
import assert from "node:assert/strict";
import { Unkey } from "@unkey/api";
import { Server as Process } from "../server.mjs";

export class Server extends Process {
  constructor(...started) {
    super(...started);
    this.unkey = this.client(this.rootKey);
  }

  client(key, options = {}) {
    return new Unkey({ rootKey: key, baseUrl: this.url, ...options });
  }

  async api(name = "payments") {
    return ok(await this.unkey.apis.create({ name })).apiId;
  }

  async key(options = {}) {
    const apiId = options.apiId ?? (await this.api());
    return ok(await this.unkey.keys.create({ ...options, apiId }));
  }

  async verify(key, options = {}) {
    return ok(await this.unkey.keys.verify({ key, ...options }));
  }

  /** Verifications are counted within a second of being recorded. */
  async counted(ask, enough) {
    for (let tries = 0; tries < 100; tries += 1) {
      const result = ok(await ask());
      if (enough(result)) return result;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("what was verified was never counted");
  }
}

/** The result of a call, which is there exactly when there is no error. */
export function ok({ result, error }) {
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

/** Asserts an error with this code and answers its message. */
export function refused({ result, error }, code) {
  assert.equal(result, undefined, JSON.stringify(result));
  assert.equal(error.code, code, error.message);
  assert.match(error.requestId, /^req_[a-zA-Z0-9]+$/);
  assert.ok(error.docs.endsWith(`/docs/api-reference/errors/code/${code}`), error.docs);
  return error.message;
}

/** Sends requests to the hosted product to this server instead, as a proxy or a
 *  preload would; answers how to end it. */
export function redirect(server) {
  const fetchAnywhere = globalThis.fetch;
  const seen = [];
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = request.url.replace("https://api.unkey.dev", server.url);
    seen.push({ url, authorization: request.headers.get("authorization"), body: await request.clone().text() });
    return fetchAnywhere(new Request(url, request));
  };
  return { seen, end: () => { globalThis.fetch = fetchAnywhere; } };
}
