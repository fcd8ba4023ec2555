// Makes the pictures of docs/images: a small company's server with a month of
// events, its main pages in both themes. Not a test; run by hand after the pages
// changed:
//
//     cargo build && cargo build -p load-events && node tests/browser/screenshots.mjs
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { Dashboard, close } from "./browser.mjs";
import { discover } from "./places.mjs";

const target = resolve(import.meta.dirname, "../../target/debug");
const images = resolve(import.meta.dirname, "../../docs/images");
const EVENTS = 250_000;

const APIS = { payments: ["checkout", "invoices", "ledger sync", "refund worker"], maps: ["tiles", "geocoder", "mobile app"], search: ["site search", "crawler"] };
const PEOPLE = ["acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "cyberdyne"];

async function company(server) {
  const call = (operation, body) => server.call(operation, body);
  for (const slug of ["invoices.read", "invoices.write", "maps.tiles", "maps.geocode", "search.query"]) {
    await call("permissions.createPermission", { name: slug, slug });
  }
  const { roleId } = await call("permissions.createRole", { name: "billing", description: "Reads and writes invoices" });
  await call("permissions.createRole", { name: "cartographer", description: "Everything about maps" });
  for (const externalId of PEOPLE) {
    const ratelimits = [{ name: "requests", limit: 600, duration: 60_000, autoApply: true }];
    await call("identities.createIdentity", { externalId, meta: { plan: "pro" }, ratelimits });
  }
  const { identityId } = await call("identities.getIdentity", { identity: PEOPLE[0] }).then(({ id }) => ({ identityId: id }));
  const made = [];
  let apiId;
  for (const [api, names] of Object.entries(APIS)) {
    const { apiId: own } = await call("apis.createApi", { name: api });
    apiId ??= own;
    for (const [index, name] of names.entries()) {
      made.push(await call("keys.createKey", {
        apiId: own,
        name,
        prefix: api.slice(0, 3),
        externalId: PEOPLE[(made.length * 3) % PEOPLE.length],
        meta: { team: api, region: index % 2 ? "eu" : "us" },
        permissions: index === 0 && api === "payments" ? ["invoices.read", "invoices.write"] : [],
        ...(index === 1 ? { credits: { remaining: 84_000, refill: { interval: "monthly", amount: 100_000, refillDay: 1 } } } : {}),
        ...(index === 2 ? { expires: Date.now() + 20 * 3_600_000 } : {}),
        ratelimits: [{ name: "burst", limit: 120, duration: 60_000, autoApply: true }],
      }));
    }
  }
  for (let turn = 0; turn < 160; turn += 1) {
    await call("ratelimit.limit", { namespace: ["login", "signup", "export"][turn % 3], identifier: `user_${turn % 9}`, limit: 12, duration: 60_000 });
  }
  for (const namespace of ["login", "signup", "export"]) {
    await call("ratelimit.setOverride", { namespace, identifier: "office-*", limit: 500, duration: 60_000 });
  }
  return { apiId, roleId, identityId, main: made[0], limited: made[1], made };
}

/** A month of events of these keys, as the generator of tests/load makes them. */
function month(data) {
  const query = "SELECT k.workspace_id, k.api_id, a.keyspace_id, k.id, coalesce(k.identity_id, ''), coalesce(i.external_id, '') FROM keys k JOIN apis a ON a.id = k.api_id LEFT JOIN identities i ON i.id = k.identity_id";
  const rows = execFileSync("sqlite3", ["-tabs", join(data, "app.db"), query], { encoding: "utf8" });
  writeFileSync(join(data, "keys.tsv"), rows);
  execFileSync(join(target, "load-events"), [String(EVENTS), "--into", join(data, "events.db"), join(data, "keys.tsv")]);
}

const first = await Dashboard.start();
const data = await company(first);
await first.stop({ keep: true });
month(first.data);
const server = await Dashboard.start({}, first.data);
try {
  for (const { key } of data.made) await server.call("keys.verifyKey", { key, tags: ["path=/v1/charge"] });
  for (let turn = 0; turn < 3; turn += 1) await server.call("keys.verifyKey", { key: data.main.key, permissions: "invoices.write AND maps.tiles" });
  while (!JSON.parse(server.cli("index", "status", "--format", "json")).every(({ behind }) => behind === 0)) {
    await new Promise((done) => setTimeout(done, 500));
  }
  mkdirSync(images, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    const page = await server.visit("owner", { colorScheme, viewport: { width: 1200, height: 780 } });
    const { namespaceId, more } = await discover(page, data);
    const shots = {
      home: "/",
      apis: "/apis",
      api: `/apis/${data.apiId}?since=7d`,
      keys: `/apis/${data.apiId}/keys`,
      key: `/keys/${data.main.keyId}?since=7d`,
      "key-form": `/apis/${data.apiId}/keys/new`,
      explain: `/verifications/${more.verificationId}/explain`,
      ratelimit: `/ratelimits/${namespaceId}?since=1h`,
      identity: `/identities/${data.identityId}?since=7d`,
      requests: "/requests",
      audit: "/audit",
      "root-key": "/root-keys/new",
    };
    for (const [name, path] of Object.entries(shots)) {
      await page.goto(path);
      await page.screenshot({ path: join(images, `${name}-${colorScheme}.png`) });
    }
    await page.context().close();
  }
} finally {
  await close();
  await server.stop();
}
