// A server, and official MCP clients that know nothing but its address and a root key.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer, request } from "node:http";
import { resolve } from "node:path";
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Server as Process } from "../../server.mjs";

const identity = { name: "test", version: "1.0.0" };
export const MODERN = "2026-07-28";
export const LEGACY = "2025-11-25";

/** The clients that are spoken with, by what they are and what they speak. */
export const CLIENTS = {
  "sdk 1.32": { era: LEGACY, make: () => new OldClient(identity), Transport: OldTransport },
  "client 2.4, as it is": { era: LEGACY, make: () => new NewClient(identity), Transport: NewTransport },
  "client 2.4, negotiating": {
    era: MODERN,
    make: () => new NewClient(identity, { versionNegotiation: { mode: "auto" } }),
    Transport: NewTransport,
  },
};

export class Server extends Process {
  /** A connected client; ends with the test. */
  async connect(test, kind, { path = "/mcp", headers = { authorization: `Bearer ${this.rootKey}` } } = {}) {
    const { make, Transport } = CLIENTS[kind];
    const client = make();
    test.after(() => client.close());
    await client.connect(new Transport(new URL(`${this.url}${path}`), { requestInit: { headers } }));
    return client;
  }

  /** A client behind `mcp-remote`, as assistants that only know local servers are set up. */
  async remote(test, path, header) {
    const client = new OldClient(identity);
    test.after(() => client.close());
    const args = [bin("mcp-remote"), `${this.url}${path}`, "--allow-http", "--transport", "http-only", "--header", header];
    const env = { PATH: process.env.PATH, HOME: this.data, MCP_REMOTE_CONFIG_DIR: this.data };
    await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: "ignore" }));
    return client;
  }

  async api() {
    const made = await this.send("POST", "/v2/apis.createApi", { name: "payments" });
    return made.body.data.apiId;
  }

  async verify(key) {
    return (await this.send("POST", "/v2/keys.verifyKey", { key })).body.data;
  }
}

/** What a tool answered with; its text says the same. */
export function envelope(result) {
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

export function data(result) {
  assert.ok(!result.isError, result.content[0]?.text);
  return envelope(result).data;
}

function bin(name) {
  return resolve(import.meta.dirname, "node_modules/.bin", name);
}

/** Runs a program that needs a newer Node than this one may be. */
export function run(name, ...args) {
  const newer = resolve(import.meta.dirname, `node_modules/node-linux-${process.arch}/bin/node`);
  return new Promise((done) => {
    const options = { env: { ...process.env, NO_COLOR: "1" }, maxBuffer: 64 << 20 };
    execFile(newer, [bin(name), ...args], options, (error, stdout, stderr) => {
      done({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

/** Passes everything on with a root key added, for clients that cannot send one. */
export async function proxy(test, server) {
  const authorization = `Bearer ${server.rootKey}`;
  const listener = createServer((incoming, outgoing) => {
    const options = { method: incoming.method, headers: { ...incoming.headers, authorization } };
    const passed = request(`${server.url}${incoming.url}`, options, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise((done) => listener.listen(0, "127.0.0.1", done));
  test.after(() => listener.close());
  return `http://127.0.0.1:${listener.address().port}/mcp`;
}
