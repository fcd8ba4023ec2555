// Starts the built binary on a temporary folder and a free port, and knows
// nothing of any client.
//
// The binary is UNKEY_BIN, or the debug build of this checkout.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const binary = process.env.UNKEY_BIN ?? resolve(import.meta.dirname, "../../target/debug/unkey");
const rootKey = "unkey_node000000000000000000000";

/** The window of limits that a test exhausts: hardly any run meets the moment when the next one begins. */
export const DAY_MS = 24 * 60 * 60 * 1000;

// Where a run on Postgres has its server, and the database of each folder there.
const postgres = process.env.UNKEY_TEST_POSTGRES;
const databases = new Map();

function databaseOf(data) {
  if (!databases.has(data)) {
    const name = `node_${process.pid}_${databases.size}`;
    execFileSync("psql", ["-qX", "-c", `CREATE DATABASE ${name}`, postgres]);
    databases.set(data, postgres.replace(/[^/]*$/, name));
  }
  return databases.get(data);
}

export class Server {
  /** On a new folder, unless one is named. */
  static async start(environment = {}, data = mkdtempSync(join(tmpdir(), "unkey-node-"))) {
    const env = { PATH: process.env.PATH, UNKEY_ROOT_KEY: rootKey, ...environment };
    if (postgres) env.UNKEY_DATABASE_URL = databaseOf(data);
    const child = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--data-dir", data], { env });
    let log = "";
    child.stderr.on("data", (chunk) => { log += chunk; });
    const lines = createInterface({ input: child.stdout });
    const url = await new Promise((done, failed) => {
      lines.on("line", (line) => {
        const found = /^unkey is listening on (http:\S+)/.exec(line);
        if (found) done(found[1]);
      });
      child.on("exit", () => failed(new Error(`the server did not start:\n${log}`)));
    });
    return new this(child, data, url);
  }

  constructor(child, data, url) {
    Object.assign(this, { child, data, url, rootKey });
  }

  /** Runs a command of the same binary against this server's folder. */
  cli(...args) {
    return execFileSync(binary, [...args, "--data-dir", this.data], { encoding: "utf8", env: { PATH: process.env.PATH } }).trim();
  }

  /** A root key with just these permissions. */
  rootKeyWith(...permissions) {
    return this.cli("root-key", "create", "--name", "narrow", ...permissions.flatMap((text) => ["--permission", text]));
  }

  /** A request without an SDK. */
  async send(method, path, body, headers = {}) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${rootKey}`, "content-type": "application/json", ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Stops the process where it is. A signal takes its time to reach every thread. */
  async pause() {
    this.child.kill("SIGSTOP");
    const tasks = `/proc/${this.child.pid}/task`;
    const isStopped = (task) => / T /.test(readFileSync(`${tasks}/${task}/stat`, "utf8").replace(/^.*\)/s, ""));
    while (!readdirSync(tasks).every(isStopped)) await new Promise((done) => setImmediate(done));
  }

  resume() {
    this.child.kill("SIGCONT");
  }

  async stop({ keep = false } = {}) {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await gone;
    if (!keep) rmSync(this.data, { recursive: true, force: true });
  }
}
