"""The newer operations; each test runs in both styles."""

import hashlib
import base64
import time

import httpx
import pytest
from unkey.py import errors, models

MINUTE_MS = 60_000
# The window of limits that a test exhausts: hardly any run meets the moment when the next one begins.
DAY_MS = 24 * 60 * MINUTE_MS


def slugs(rows):
    return [row.slug for row in rows]


def test_access_of_a_key_is_changed(unkey, api_id):
    role = f"author-{unkey.style}"
    unkey.permissions.create_role(name=role, permissions=["write"])
    key_id = unkey.keys.create_key(api_id=api_id).data.key_id
    assert slugs(unkey.keys.add_permissions(key_id=key_id, permissions=["b", "a"]).data) == ["b", "a"]
    assert slugs(unkey.keys.remove_permissions(key_id=key_id, permissions=["b"]).data) == ["a"]
    assert slugs(unkey.keys.set_permissions(key_id=key_id, permissions=["c"]).data) == ["c"]
    assert unkey.keys.add_roles(key_id=key_id, roles=[role]).data[0].permissions[0].slug == "write"
    assert unkey.keys.remove_roles(key_id=key_id, roles=[role]).data == []
    assert unkey.keys.set_roles(key_id=key_id, roles=[role]).data[0].name == role


def test_a_key_is_rerolled_and_its_old_expiry_can_stay(unkey, api_id):
    made = unkey.keys.create_key(api_id=api_id, credits={"remaining": 2}).data
    rerolled = unkey.keys.reroll_key(key_id=made.key_id, expiration=None).data
    assert unkey.keys.verify_key(key=made.key).data.credits == 1
    verdict = unkey.keys.verify_key(key=rerolled.key).data
    assert verdict.credits == 0
    elsewhere = unkey.keys.verify_key(key=rerolled.key, keyspaces=["ks_other"]).data
    assert elsewhere.code == "NOT_FOUND"
    here = unkey.keys.verify_key(key=rerolled.key, keyspaces=[verdict.keyspace_id]).data
    assert here.code == "USAGE_EXCEEDED"
    unkey.keys.update_key(key_id=rerolled.key_id, ratelimits=None)


def test_hashes_are_migrated(unkey, server, api_id):
    migration = server.cli("migration", "create", "--algorithm", "sha256")
    key = f"theirs-{unkey.style}"
    digest = base64.b64encode(hashlib.sha256(key.encode()).digest()).decode()
    outcome = unkey.keys.migrate_keys(migration_id=migration, api_id=api_id, keys=[{"hash": digest}]).data
    assert len(outcome.migrated) == 1 and outcome.failed == []
    assert unkey.keys.verify_key(key=key).data.code == "VALID"


def test_permissions_and_roles_are_managed(unkey):
    slug = f"docs.{unkey.style}"
    permission_id = unkey.permissions.create_permission(name=slug, slug=slug).data.permission_id
    assert unkey.permissions.get_permission(permission=slug).data.id == permission_id
    assert slugs(unkey.permissions.list_permissions(search=slug).result.data) == [slug]
    updated = unkey.permissions.update_permission(permission=slug, description="what it is").data
    assert updated.description == "what it is"
    role_id = unkey.permissions.create_role(name=slug, permissions=[slug]).data.role_id
    assert unkey.permissions.get_role(role=slug).data.permissions[0].slug == slug
    set_to = unkey.permissions.set_role_permissions(request={"role": slug, "permissions": []}).data
    assert set_to == []
    assert unkey.permissions.update_role(role=slug, name=f"{slug}-2").data.id == role_id
    assert unkey.permissions.list_roles(search=slug).result.data[0].name == f"{slug}-2"
    unkey.permissions.delete_role(role=role_id)
    unkey.permissions.delete_permission(permission=slug)
    with pytest.raises(errors.NotFoundErrorResponse):
        unkey.permissions.get_permission(permission=slug)


def test_identities_are_managed(unkey):
    external_id = f"erin-{unkey.style}"
    unkey.identities.create_identity(external_id=external_id)
    limits = [{"name": "requests", "limit": 3, "duration": DAY_MS, "auto_apply": True}]
    changed = unkey.identities.update_identity(identity=external_id, meta={"a": 1}, ratelimits=limits).data
    assert changed.meta == {"a": 1} and changed.ratelimits[0].limit == 3
    listed = unkey.identities.list_identities(search=external_id).result.data
    assert [identity.external_id for identity in listed] == [external_id]
    assert unkey.identities.delete_identity(identity=external_id).meta.request_id


def test_overrides_are_managed(unkey):
    namespace = f"overridden-{unkey.style}"
    call = {"namespace": namespace, "identifier": "vip", "limit": 1, "duration": DAY_MS}
    unkey.ratelimit.limit(**call)
    unkey.ratelimit.set_override(namespace=namespace, identifier="v*", limit=5, duration=DAY_MS)
    assert unkey.ratelimit.limit(**call).data.limit == 5
    assert unkey.ratelimit.get_override(namespace=namespace, identifier="vip").data.identifier == "v*"
    assert len(unkey.ratelimit.list_overrides(namespace=namespace).result.data) == 1
    unkey.ratelimit.delete_override(namespace=namespace, identifier="v*")
    with pytest.raises(errors.NotFoundErrorResponse):
        unkey.ratelimit.get_override(namespace=namespace, identifier="vip")


def test_root_keys_are_managed(unkey, server):
    made = unkey.root_keys.create_key(permissions=["api.*.create_api"], name=f"child-{unkey.style}").data
    assert server.client(made.key).apis.create_api(name="orders").data.api_id
    listed = {row.key_id: row for row in unkey.root_keys.list_keys().result.data}
    assert listed[made.key_id].permissions == ["api.*.create_api"]
    unkey.root_keys.update_key(key_id=made.key_id, enabled=False)
    with pytest.raises(errors.ForbiddenErrorResponse):
        server.client(made.key).apis.create_api(name="orders")
    rerolled = unkey.root_keys.reroll_key(key_id=made.key_id, expiration=0).data
    unkey.root_keys.delete_key(key_id=rerolled.key_id)
    with pytest.raises(errors.UnauthorizedErrorResponse):
        server.client(rerolled.key).apis.create_api(name="orders")


def test_limits_and_usage_are_shown(unkey):
    limits = unkey.workspace.get_limits().data
    assert limits.api_requests_count_max_per_minute.limit is None
    usage = unkey.workspace.get_usage().data
    assert usage.totals.api.verifications >= 0 and usage.breakdowns.by_app == []


def test_a_portal_serves_an_end_user(unkey, server, api_id):
    made = unkey.keys.create_key(api_id=api_id, external_id="ann").data
    keyspace_id = unkey.keys.verify_key(key=made.key).data.keyspace_id
    slug = f"portal-{unkey.style}"
    request = {"slug": slug, "display_name": "Keys", "keyspace_id": keyspace_id}
    portal_id = unkey.portal.create_portal(request=request).data.portal_id
    assert unkey.portal.get_portal(request={"portal": slug}).data.id == portal_id
    scopes = ["keys:read", "keys:reroll", "analytics:read"]
    session = unkey.portal.create_session(portal=slug, external_id="ann", scopes=scopes).result.data
    code = httpx.URL(session.url).params["code"]
    token = unkey.portal.exchange_code(code=code).result.data.access_token

    # This client cannot send cookies: the end user's calls are made without it, and decoded by its models.
    def as_user(operation, body, model):
        answer = httpx.post(f"{server.url}/v2/portal.{operation}", json=body, cookies={"portal_session": token})
        return model.model_validate(answer.raise_for_status().json())

    listed = as_user("listKeys", {}, models.V2PortalListKeysResponseBody)
    assert [row.key_id for row in listed.data] == [made.key_id]
    now = int(time.time() * 1000)
    span = {"startTime": now - MINUTE_MS, "endTime": now + MINUTE_MS}
    assert as_user("getVerifications", span, models.V2PortalGetVerificationsResponseBody).bucket_millis == MINUTE_MS
    reroll = {"keyId": made.key_id, "expiration": 0}
    rerolled = as_user("rerollKey", reroll, models.V2KeysRerollKeyResponseBody).data
    assert unkey.keys.verify_key(key=rerolled.key).data.code == "VALID"
    assert unkey.portal.list_sessions(portal=slug).data[0].external_id == "ann"
    assert unkey.portal.revoke_session(portal=slug, external_id="ann").data.sessions_revoked == 1
    unkey.portal.update_portal(portal=slug, display_name="Other")
    unkey.portal.delete_portal(portal=slug)


def test_analytics_answer_sql(unkey):
    api = unkey.apis.create_api(name="asked").data.api_id
    made = unkey.keys.create_key(api_id=api).data
    unkey.keys.verify_key(key=made.key, tags=["path=/sql"])
    identifier = f"sql-{unkey.style}"
    unkey.ratelimit.limit(namespace="asked", identifier=identifier, limit=1, duration=DAY_MS)
    query = f"SELECT key_id, outcome, tags, count() AS n FROM key_verifications_v1 WHERE key_id = '{made.key_id}' GROUP BY key_id, outcome, tags"
    expected = [{"key_id": made.key_id, "outcome": "VALID", "tags": ["path=/sql"], "n": 1}]
    assert eventually(lambda: unkey.analytics.get_verifications(query=query).data, expected) == expected
    query = f"SELECT passed, tokens FROM ratelimits_v1 WHERE identifier = '{identifier}'"
    expected = [{"passed": True, "tokens": 1}]
    assert eventually(lambda: unkey.analytics.get_ratelimits(query=query).data, expected) == expected
    with pytest.raises(errors.UnkeyError) as refused:
        unkey.analytics.get_verifications(query="SELECT 1 FROM system.tables")
    assert refused.value.status_code == 400
    assert "invalid_analytics_table" in refused.value.body


def eventually(ask, expected):
    """Events are searchable within a second or two."""
    for _ in range(100):
        found = ask()
        if found == expected:
            break
        time.sleep(0.1)
    return found
