// A small company's data, made through the API: something for every page to
// show. With `hostile`, every text that a stranger may choose is an attack.
const ATTACK = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}' onmouseover='hacked=1`;

/** Ids and names of what was made. */
export async function seed(server, { hostile = false, verifications = 30 } = {}) {
  const call = (operation, body) => server.call(operation, body);
  const name = (text) => (hostile ? `${ATTACK} ${text}` : text);
  const meta = (value) => ({ note: name("from the seed"), ...value });
  await call("permissions.createPermission", { name: name("Read invoices"), slug: "invoices.read", description: name("May read") });
  await call("permissions.createPermission", { name: name("Write invoices"), slug: "invoices.write" });
  const { roleId } = await call("permissions.createRole", { name: hostile ? `"><img src=x onerror="window.hacked=1">` : "billing", description: name("Bills") });
  // The API takes letters, digits and few signs for external ids.
  const externalId = "user_ada";
  const { identityId } = await call("identities.createIdentity", {
    externalId,
    meta: meta({ plan: "pro" }),
    ratelimits: [{ name: "requests", limit: 100, duration: 60_000, autoApply: true }],
  });
  const { apiId } = await call("apis.createApi", { name: name("payments") });
  const { apiId: otherApi } = await call("apis.createApi", { name: name("maps") });
  const key = async (body) => call("keys.createKey", { apiId, ...body });
  const main = await key({
    name: name("web app"),
    prefix: "pay",
    externalId,
    meta: meta({ team: "web" }),
    permissions: ["invoices.read"],
    credits: { remaining: 1_000, refill: { interval: "monthly", amount: 1_000, refillDay: 1 } },
    ratelimits: [{ name: "burst", limit: 1_000, duration: 60_000, autoApply: true }],
  });
  const limited = await key({ name: name("nightly import"), ratelimits: [{ name: "burst", limit: 3, duration: 3_600_000, autoApply: true }] });
  const spent = await key({ name: name("trial"), credits: { remaining: 2 } });
  const disabled = await key({ name: name("retired"), enabled: false });
  await key({ name: name("expires soon"), expires: Date.now() + 6 * 3_600_000 });
  await call("identities.createIdentity", { externalId: "studio_grace", monthlyCredits: 100 });
  const capped = await key({ name: name("pays by use"), externalId: "studio_grace" });
  await call("keys.verifyKey", { key: capped.key, credits: { cost: 85 } });
  const doomed = await key({ name: name("deleted") });
  await call("keys.deleteKey", { keyId: doomed.keyId });
  const { key: mapsKey } = await call("keys.createKey", { apiId: otherApi, name: name("tiles") });
  const tag = hostile ? `<b>tag</b>` : "eu";
  const verify = (secret, more = {}) => call("keys.verifyKey", { key: secret, tags: [tag], ...more });
  const last = {};
  for (let turn = 0; turn < verifications; turn += 1) {
    last.valid = await verify(main.key);
    last.limited = await verify(limited.key);
    await verify(spent.key);
    if (turn % 5 === 0) {
      last.disabled = await verify(disabled.key);
      last.denied = await verify(main.key, { permissions: "invoices.write AND invoices.read" });
      await verify(mapsKey);
    }
  }
  const namespace = hostile ? `"><img src=x onerror="window.hacked=1">` : "login";
  const identifier = hostile ? `<img src=x onerror="window.hacked=1">` : "203.0.113.7";
  for (let turn = 0; turn < 12; turn += 1) {
    await call("ratelimit.limit", { namespace, identifier: turn % 3 ? identifier : "198.51.100.4", limit: 5, duration: 60_000 });
  }
  await call("ratelimit.setOverride", { namespace, identifier: "198.51.*", limit: 50, duration: 60_000 });
  await server.send("POST", "/v2/apis.getApi", { apiId: "api_none" });
  const asked = await question(server, "http://127.0.0.1/callback", hostile ? ATTACK.slice(0, 80) : "Cursor");
  return { asked, apiId, otherApi, roleId, identityId, externalId, namespace, main, limited, spent, disabled, doomed, last };
}

/** Where a program that registers sends a person. */
export async function question(server, redirectUri, name) {
  const registered = await server.send("POST", "/oauth/register", { client_name: name, redirect_uris: [redirectUri] });
  if (registered.status !== 201) throw new Error(JSON.stringify(registered.body));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: registered.body.client_id,
    redirect_uri: redirectUri,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    resource: `${server.url}/mcp`,
    state: "state",
  });
  return `/oauth/authorize?${query}`;
}

export const isHostile = (html) => /<img[^>]+onerror|<script>window\.hacked/.test(html);
