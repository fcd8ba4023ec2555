// Every block of the page "AI tools" carried out: those with a command by their
// command, the others by mcp-remote, which gets of a block what its client reads.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

import { Server } from "../server.mjs";
import { Person, blocks } from "./person.mjs";

const installed = join(import.meta.dirname, "node_modules/mcp-remote");
const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery";

let server;
let person;
let shown;

before(async () => {
  server = await Server.start({ UNKEY_ADMIN_EMAIL: EMAIL, UNKEY_ADMIN_PASSWORD: PASSWORD });
  person = new Person(server, EMAIL, PASSWORD);
  shown = blocks(await person.open(`${server.url}/settings/ai`));
});
after(() => server.stop());

/** The block of a group whose name begins so. */
function block(group, name) {
  const found = shown.filter((one) => one.title.includes(group) && one.name.startsWith(name));
  assert.equal(found.length, 1, `${group}: ${name}: ${JSON.stringify(shown.map((one) => [one.title, one.name]))}`);
  return found[0].code;
}

/** Runs what a block says as `npx`: the installed package, if it is the one that the block names. */
function npx(command, args) {
  assert.equal(command, "npx");
  const [yes, named, ...rest] = args;
  const { name, version, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.equal(yes, "-y");
  assert.ok(`${name}@${version}`.startsWith(`${named}.`), `${named} is not ${name}@${version}`);
  return [join(installed, bin["mcp-remote"]), ...rest];
}

/** Connects by mcp-remote, lets `meanwhile` look at what it says, and uses the connection. */
async function connected(argv, env, meanwhile, use) {
  const home = mkdtempSync(join(tmpdir(), "unkey-mcp-"));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: argv,
    // No browser opens: PATH has nothing that could.
    env: { HOME: home, PATH: home, MCP_REMOTE_CONFIG_DIR: home, ...env },
    stderr: "pipe",
  });
  let log = "";
  transport.stderr.on("data", (chunk) => {
    log += chunk;
    meanwhile(log);
  });
  const client = new Client({ name: "test", version: "1" });
  try {
    await client.connect(transport, { timeout: 60_000 });
    return await use(client);
  } catch (error) {
    throw new Error(`${error.message}\n${log}`, { cause: error });
  } finally {
    await client.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Connects with a root key that a block gives. */
function withRootKey(argv, env) {
  return connected(argv, env, () => {}, (client) => client.listTools());
}

/** Connects as somebody does who allows it on the page that the client asks for. */
async function signingIn(argv) {
  let allowed;
  const meanwhile = (log) => {
    const address = /Please authorize this client by visiting:\s+(\S+)\s/.exec(log);
    if (address) allowed ??= allow(address[1]);
  };
  const found = await connected(argv, {}, meanwhile, (client) => client.listTools());
  assert.ok(allowed, "the client asked nobody");
  await allowed;
  return found;
}

async function allow(address) {
  const page = await person.open(address);
  assert.equal(page.status, 200, page.html);
  const answered = await person.submit(page, "/oauth/authorize", { permissions: "api.*.read_api" }, { decision: "allow" });
  assert.equal(answered.status, 200, answered.html);
  assert.notEqual(new URL(answered.url).origin, server.url, "the answer went to the client");
}

/** How many root keys were given to programs. */
async function programs() {
  const { html } = await person.open(`${server.url}/settings/ai`);
  return [...html.matchAll(/<bdi>MCP CLI Proxy<\/bdi>/g)].length;
}

async function isSignedInBy(argv) {
  const earlier = await programs();
  const { tools } = await signingIn(argv);
  assert.ok(tools.length > 0);
  assert.equal(await programs(), earlier + 1);
}

const proxy = (...args) => [join(installed, "dist/proxy.js"), ...args];
const json = (group, name) => JSON.parse(block(group, name));
const rootKey = () => server.rootKeyWith("api.*.read_api");

/** What `claude` is told, by a shell that reads the command as people paste it. */
function claude(command, env) {
  const script = `claude() { printf '%s\\n' "$@"; }\n${command}`;
  const told = execFileSync("sh", ["-c", script], { encoding: "utf8", env }).trim().split("\n");
  const [verb, add, option, transport, name, url, ...rest] = told;
  assert.deepEqual([verb, add, option, transport, name], ["mcp", "add", "--transport", "http", "unkey"]);
  return [url, ...rest];
}

describe("clients that sign in", () => {
  // row: ai-code-gen/cursor
  test("Cursor", () => isSignedInBy(proxy(json("sign in", "Cursor").mcpServers.unkey.url)));

  // row: ai-code-gen/windsurf
  test("Windsurf", () => isSignedInBy(proxy(json("sign in", "Windsurf").mcpServers.unkey.serverUrl)));

  test("Claude Desktop", () => {
    const { command, args } = json("sign in", "Claude Desktop").mcpServers.unkey;
    return isSignedInBy(npx(command, args));
  });

  test("Claude Code", () => isSignedInBy(proxy(...claude(block("sign in", "Claude Code"), {}))));

  test("VS Code", () => {
    const { type, url } = json("sign in", "VS Code").servers.unkey;
    assert.equal(type, "http");
    return isSignedInBy(proxy(url));
  });
});

describe("clients with a root key", () => {
  // row: ai-code-gen/overview
  test("Cursor, Windsurf and Claude Desktop by mcp-remote", async () => {
    const { command, args } = json("with a root key", "Cursor, Windsurf").mcpServers.unkey;
    const { tools } = await withRootKey(npx(command, args), { UNKEY_ROOT_KEY: rootKey() });
    assert.ok(tools.length > 0);
  });

  test("Claude Code", async () => {
    const told = claude(block("with a root key", "Claude Code"), { UNKEY_ROOT_KEY: rootKey() });
    const { tools } = await withRootKey(proxy(...told), {});
    assert.ok(tools.length > 0);
  });

  test("VS Code", async () => {
    const { inputs, servers } = json("with a root key", "VS Code");
    assert.equal(inputs[0].id, "root-key");
    const { url, headers } = servers.unkey;
    const value = headers.Authorization.replace("${input:root-key}", rootKey());
    const { tools } = await withRootKey(proxy(url, "--header", `Authorization: ${value}`), {});
    assert.ok(tools.length > 0);
  });
});

test("documentation to index is served", async () => {
  for (const path of ["/llms.txt", "/docs/quickstart.md", "/docs/ai-tools.md"]) {
    const response = await fetch(`${server.url}${path}`);
    assert.equal(response.status, 200, path);
  }
  const guide = await (await fetch(`${server.url}/docs/ai-tools.md`)).text();
  for (const client of ["Cursor", "Windsurf", "Claude Desktop", "Claude Code", "VS Code"]) assert.match(guide, new RegExp(client));
});
