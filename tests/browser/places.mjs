// Every page somebody who signed in can open, with the data of seed.mjs.
export function places({ apiId, roleId, identityId, namespaceId, main, limited, doomed, last, more, asked }) {
  const { requestId, verificationId, auditId, rootKeyId, permissionId, overrideId, jobId } = more;
  const enc = encodeURIComponent;
  return [
    "/",
    "/start",
    "/start/protect",
    "/start/limit",
    "/apis",
    "/apis/new",
    `/apis/${apiId}`,
    `/apis/${apiId}?since=1h`,
    `/apis/${apiId}/keys`,
    `/apis/${apiId}/keys?q=${enc("status:disabled")}`,
    `/apis/${apiId}/keys/new`,
    `/apis/${apiId}/settings`,
    `/apis/${apiId}/portal`,
    `/keys/${main.keyId}`,
    `/keys/${limited.keyId}`,
    `/keys/${doomed.keyId}`,
    `/keys/${main.keyId}/log`,
    `/keys/${main.keyId}/changes`,
    `/keys/${main.keyId}/edit`,
    `/keys/${main.keyId}/rotate`,
    "/identities",
    "/identities/new",
    `/identities/${identityId}`,
    `/identities/${identityId}/usage`,
    `/identities/${identityId}/edit`,
    "/ratelimits",
    "/ratelimits/new",
    `/ratelimits/${namespaceId}`,
    `/ratelimits/${namespaceId}/logs`,
    `/ratelimits/${namespaceId}/overrides`,
    `/ratelimits/${namespaceId}/overrides/new`,
    `/ratelimits/${namespaceId}/overrides/${enc(overrideId)}`,
    `/ratelimits/${namespaceId}/settings`,
    "/roles",
    "/roles/new",
    `/roles/${roleId}`,
    `/roles/${roleId}/edit`,
    "/permissions",
    "/permissions/new",
    `/permissions/${permissionId}/edit`,
    "/requests",
    "/requests?live=1",
    `/requests/${requestId}`,
    `/verifications/${verificationId}`,
    `/verifications/${verificationId}/explain`,
    "/audit",
    `/audit/${auditId}`,
    "/explain",
    `/explain?key=${main.keyId}`,
    "/sql",
    `/sql?query=${enc("SELECT outcome, SUM(count) AS n FROM key_verifications_per_day_v1 GROUP BY outcome")}`,
    "/root-keys",
    "/root-keys/new",
    `/root-keys/${rootKeyId}`,
    `/root-keys/${rootKeyId}/edit`,
    `/root-keys/${rootKeyId}/rotate`,
    asked,
    "/jobs",
    `/jobs/${jobId}`,
    "/import",
    "/export",
    "/search?q=web",
    "/settings",
    "/settings/team",
    "/settings/sessions",
    "/settings/security",
    "/settings/retention",
    "/settings/addresses",
    "/settings/v1",
    "/settings/migrations",
    "/settings/ai",
    "/settings/configuration",
    "/settings/danger",
    "/shortcuts",
    "/style",
  ];
}

/** Ids that only pages tell: read from the links of the lists. */
export async function discover(page, data) {
  // Lists of what happened are answered from an index, which may be seconds behind.
  const first = async (path, pattern, tries = 40) => {
    await page.goto(path);
    const links = await page.locator("main a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    const found = links.map((link) => pattern.exec(link ?? "")).find(Boolean);
    if (found) return decodeURIComponent(found[1]);
    if (tries === 0) throw new Error(`${path} links to nothing like ${pattern}: ${links.join(" ")}`);
    await page.waitForTimeout(250);
    return first(path, pattern, tries - 1);
  };
  data.namespaceId = await first("/ratelimits", /^\/ratelimits\/(?!new)([^/?]+)$/);
  data.more = {
    requestId: await first("/requests", /^\/requests\/([^/?]+)$/),
    verificationId: await first(`/keys/${data.main.keyId}/log`, /^\/verifications\/([^/?]+)$/),
    auditId: await first("/audit", /^\/audit\/([^/?]+)$/),
    rootKeyId: await first("/root-keys", /^\/root-keys\/(?!new)([^/?]+)$/),
    permissionId: await first("/permissions", /^\/permissions\/(?!new)([^/?]+)\/edit$/),
    overrideId: await first(`/ratelimits/${data.namespaceId}/overrides`, /\/overrides\/(?!new)([^/?]+)$/),
  };
  return data;
}
