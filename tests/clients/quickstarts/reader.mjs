// A reader of a quickstart: takes commands, files and answers out of the page,
// and carries them out as they are written against a server of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Server, binary } from "../server.mjs";

const docs = resolve(import.meta.dirname, "../../../docs");
const versions = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8")).dependencies;
const mark = "=== variables ===";
// How long a step may take on a machine that is busy with other things.
const patience_ms = 300_000;

/** The fenced blocks of a page, with the second-level heading they stand under. */
function blocks(markdown) {
  const parts = markdown.split(/^## (.+)$/m).slice(1);
  const sections = parts.flatMap((heading, at) => (at % 2 ? [] : [[heading, parts[at + 1]]]));
  return sections.flatMap(([heading, text]) =>
    [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, content]) => ({ heading, kind, content })));
}

/** The commands of a block of kind `console`, each with the lines shown after it. */
const commands = (content) => content.split(/^\$ /m).slice(1).map((part) => {
  const [command, ...shown] = part.trimEnd().split("\n");
  return { command, shown };
});

/** Whether an answer is the one shown, where `…` stands for any characters. */
export function isShown(answer, shown) {
  const escaped = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".+")}$`).test(answer);
}

/** A command of a shell, in a group of its own: it ends together with whatever it starts. */
class Command {
  constructor(command, options) {
    const given = ["-e", "-u", "-o", "pipefail", "-c", command];
    this.child = spawn("bash", given, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.printed = "";
    this.log = "";
    this.child.stdout.on("data", (chunk) => { this.printed += chunk; });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (chunk) => { this.log += chunk; });
    this.hasEnded = false;
    this.ended = new Promise((done) => this.child.once("close", done)).then(() => { this.hasEnded = true; });
  }

  /** Waits for what `look` finds in the log, or for the end; no longer than patience lasts. */
  async until(look = () => undefined) {
    let late;
    const patience = new Promise((_, failed) => {
      late = setTimeout(() => failed(new Error(`it takes too long:\n${this.log}`)), patience_ms);
    });
    const found = new Promise((done) => {
      const check = () => { const seen = look(this.log); if (seen) done(seen); };
      for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", check);
    });
    try {
      return await Promise.race([found, this.ended, patience]);
    } finally {
      clearTimeout(late);
    }
  }

  async stop() {
    if (this.hasEnded) return;
    const end = (signal) => { try { process.kill(-this.child.pid, signal); } catch { /* it has ended */ } };
    end("SIGTERM");
    const late = setTimeout(() => end("SIGKILL"), 5_000);
    await this.ended;
    clearTimeout(late);
  }
}

export class Reader {
  /** Prepares everything a page asks for, and starts its program. */
  static async start(name) {
    const reader = new this(name);
    try {
      reader.checkInstall();
      reader.server = await Server.start();
      await reader.prepare();
      await reader.startProgram();
    } catch (error) {
      await reader.stop();
      throw error;
    }
    return reader;
  }

  constructor(name) {
    this.blocks = blocks(readFileSync(join(docs, "quickstart", `${name}.md`), "utf8"));
    // Below the folder of the packages, which programs and bundlers look for upwards.
    const target = join(import.meta.dirname, "target");
    mkdirSync(target, { recursive: true });
    this.folder = mkdtempSync(join(target, `${name.replace("/", "-")}-`));
    this.project = join(this.folder, "project");
    mkdirSync(join(this.folder, "bin"));
    symlinkSync(binary, join(this.folder, "bin", "unkey"));
    const path = [join(this.folder, "bin"), join(import.meta.dirname, "node_modules/.bin"), process.env.PATH];
    this.env = { ...process.env, PATH: path.join(":"), PORT: "0", NEXT_TELEMETRY_DISABLED: "1" };
  }

  /** Everything the program has written. */
  get log() {
    return this.program.log;
  }

  under(heading, kind = "console") {
    const found = this.blocks.filter((block) => block.heading === heading && block.kind === kind);
    assert.equal(found.length, 1, `one ${kind} block under '${heading}'`);
    return found[0].content;
  }

  /** What the page installs is what is installed here: the same packages of the same major version. */
  checkInstall() {
    const installed = commands(this.under("Install")).at(-1).command;
    const [, list] = /^(?:npm install|bun add) (.+)$/.exec(installed);
    for (const wanted of list.split(" ")) {
      const [, name, major] = /^(@?[^@]+)@(\d+)$/.exec(wanted);
      assert.equal(versions[name]?.split(".")[0], major, `${wanted} is tested`);
    }
  }

  /** Runs the shell blocks of the quickstart and of the page in one shell, and writes the page's files. */
  async prepare() {
    const quickstart = blocks(readFileSync(join(docs, "quickstart.md"), "utf8"));
    const shell = [...quickstart, ...this.blocks].filter(({ kind }) => kind === "sh").map(({ content }) => content);
    const local = "URL=http://127.0.0.1:3000\n";
    const script = shell.join("\n").replace(local, `URL=${this.server.url}\n`);
    assert.ok(!script.includes(local) && script.includes(this.server.url), "the address is written once");
    const names = ["URL", "ROOT_KEY", "API_ID", "KEY", "KEY_ID", "GUARD_KEY", "LIMITER_KEY"];
    const lines = await this.shell(`${script}\necho '${mark}'\nfor name in ${names.join(" ")}; do echo "$name=\${!name-}"; done`, {
      cwd: this.folder,
      env: { ...this.env, UNKEY_DATA_DIR: this.server.data },
    });
    const variables = lines.slice(lines.indexOf(mark) + 1).map((line) => line.split("="));
    Object.assign(this.env, Object.fromEntries(variables));

    mkdirSync(this.project);
    writeFileSync(join(this.project, "package.json"), "{}\n");
    const files = this.blocks.filter(({ kind }) => kind === "js" || kind === "ts");
    assert.ok(files.length > 0, "the page has a program");
    for (const { content } of files) {
      const [, name] = /^\/\/ (\S+)\n/.exec(content);
      mkdirSync(dirname(join(this.project, name)), { recursive: true });
      writeFileSync(join(this.project, name), content);
    }
  }

  /** The lines that a script prints. */
  async shell(script, options = {}) {
    const command = new Command(script, { cwd: this.project, env: this.env, ...options });
    try {
      await command.until();
    } finally {
      await command.stop();
    }
    assert.equal(command.child.exitCode, 0, `${script}\n${command.log}`);
    return command.printed.trimEnd().split("\n");
  }

  /** Carries out the commands under "Run"; the last one is the program, which stays. */
  async startProgram() {
    const steps = commands(this.under("Run"));
    const { command, shown } = steps.pop();
    for (const step of steps) await this.shell(step.command);
    this.program = new Command(command.replace("-p 8080", "-p 0"), { cwd: this.project, env: this.env });
    this.address = await this.program.until((log) => /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0]);
    assert.ok(this.address, `the program did not start:\n${this.log}`);
    for (const line of shown) assert.ok(this.log.includes(line.replace("http://127.0.0.1:8080", this.address)), this.log);
  }

  /** Carries out "Try it": every answer is the one shown. Answers how many there were. */
  async tryIt() {
    let compared = 0;
    for (const { command, shown } of commands(this.under("Try it"))) {
      const lines = await this.shell(command.replace("http://127.0.0.1:8080", this.address));
      assert.equal(lines.length, shown.length, `${command}\n${lines.join("\n")}`);
      for (const [at, line] of lines.entries()) assert.ok(isShown(line, shown[at]), `${shown[at]}\nbut got ${line}\n${this.log}`);
      compared += lines.length;
    }
    return compared;
  }

  /** A request to the program. */
  ask(path, options = {}) {
    return fetch(`${this.address}${path}`, { ...options, signal: AbortSignal.timeout(30_000) });
  }

  /** Revokes the root key that the page had made. */
  revokeRootKey() {
    const [, name] = / --name (\S+)/.exec(this.under("What you need", "sh"));
    const lines = this.server.cli("root-key", "list").split("\n").map((line) => line.split(/ +/));
    this.server.cli("root-key", "revoke", lines.find((line) => line[1] === name)[0]);
  }

  async stopServer() {
    const { server } = this;
    this.server = undefined;
    await server?.stop();
  }

  async stop() {
    await this.program?.stop();
    await this.stopServer();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
