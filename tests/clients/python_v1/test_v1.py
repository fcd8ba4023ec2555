"""Every service of the client of v1; each test runs in both styles."""

import base64
import hashlib
import time
import uuid

import pydantic
import pytest
from unkey_py import models

MINUTE_MS = 60_000
# The window of limits that a test exhausts: hardly any run meets the moment when the next one begins.
DAY_MS = 24 * 60 * MINUTE_MS


def now_ms():
    return int(time.time() * 1000)


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


# row: libraries/py/overview
# row: libraries/py/async
def test_the_server_is_alive_and_errors_have_classes(unkey, server, api_id):
    alive = unkey.liveness.check().object
    assert alive.status and alive.services.metrics and alive.services.usagelimit
    for number in range(3):
        unkey.identities.create(request={"external_id": unique(f"page {number}")})
    pages, page = 0, unkey.identities.list(limit=2) if unkey.style == "sync" else None
    while page is not None:
        pages, page = pages + 1, page.next()
    assert unkey.style == "async" or pages >= 2
    with pytest.raises(models.ErrNotFound):
        unkey.apis.get(api_id="api_none")
    stranger = type(unkey)(server.client("unkey_nobody"), unkey.style)
    with pytest.raises(models.ErrUnauthorized) as refused:
        stranger.apis.get(api_id=api_id)
    assert refused.value.data.error.request_id.startswith("req_")
    # This client knows one code per status: another one is a fault of its own.
    narrow = server.cli("root-key", "create", "--name", "narrow", "--permission", "api.*.create_key")
    with pytest.raises(pydantic.ValidationError):
        type(unkey)(server.client(narrow), unkey.style).apis.get(api_id=api_id)


# row: libraries/py/services/apis
def test_apis(unkey, server, api_id, make, verify):
    read = unkey.apis.get(api_id=api_id).object
    assert (read.id, read.name) == (api_id, "payments")
    (_, first), (_, second) = make(owner_id="ann"), make()
    listed = unkey.apis.list_keys(request={"api_id": api_id, "limit": 1}).object
    assert (len(listed.keys), listed.total) == (1, 2)
    rest = unkey.apis.list_keys(request={"api_id": api_id, "cursor": listed.cursor, "decrypt": False}).object
    assert (len(rest.keys), rest.cursor) == (1, None)
    assert unkey.apis.delete_keys(request={"api_id": api_id}).object.deleted_keys == 2
    assert verify(first).code == "NOT_FOUND" and verify(second).code == "NOT_FOUND"
    server.cli("api", "set", api_id, "--delete-protection", "on")
    with pytest.raises(models.ErrDeleteProtected) as refused:
        unkey.apis.delete(request={"api_id": api_id})
    assert api_id in refused.value.data.error.message
    server.cli("api", "set", api_id, "--delete-protection", "off")
    assert unkey.apis.delete(request={"api_id": api_id}).object is not None


# row: libraries/py/services/identities
def test_identities(unkey):
    limit = {"name": "requests", "limit": 10, "duration": DAY_MS}
    external_id = unique("user")
    made = unkey.identities.create(request={"external_id": external_id, "meta": {"a": 1}, "ratelimits": [limit]}).object
    with pytest.raises(models.ErrConflict):
        unkey.identities.create(request={"external_id": external_id})
    with pytest.raises(models.ErrBadRequest):
        # The page's own sample repeats a name.
        unkey.identities.create(request={"external_id": unique("twice"), "ratelimits": [limit, limit]})
    read = unkey.identities.get(identity_id=made.identity_id).object
    assert (read.external_id, read.meta, read.ratelimits[0].name) == (external_id, {"a": 1}, "requests")
    changed = unkey.identities.update(request={"external_id": external_id, "meta": {"b": 2}}).object
    assert (changed.id, changed.meta) == (made.identity_id, {"b": 2})
    assert unkey.identities.list(limit=100).object.total >= 1
    unkey.identities.delete(request={"identity_id": made.identity_id})
    with pytest.raises(models.ErrNotFound):
        unkey.identities.get(external_id=external_id)


# row: libraries/py/services/keys
def test_keys(unkey, server, api_id, make, verify):
    server.cli("api", "set", api_id, "--recoverable", "on")
    expires = now_ms() + MINUTE_MS
    key_id, key = make(
        prefix="test", name="my key", external_id="team_123", meta={"plan": "pro"}, roles=[unique("vip")],
        permissions=["docs.read"], expires=expires, remaining=1000, recoverable=True, environment="test",
        refill={"interval": "daily", "amount": 100}, ratelimit={"limit": 10, "duration": DAY_MS},
    )
    read = unkey.keys.get(key_id=key_id, decrypt=True).key
    assert (read.id, read.name, read.plaintext, read.owner_id) == (key_id, "my key", key, "team_123")
    # The client's own default.
    assert (read.ratelimit.async_, read.ratelimit.limit, read.ratelimit.duration) == (True, 10, DAY_MS)
    who = unkey.keys.whoami(request={"key": key}).object
    assert (who.id, who.remaining, who.identity.external_id) == (key_id, 1000, "team_123")
    verified = verify(key, api_id=api_id, authorization={"permissions": {"and": ["docs.read"]}}, tags=["a"])
    assert (verified.valid, verified.code, verified.remaining) == (True, "VALID", 999)
    assert (verified.identity.meta, verified.ratelimit.limit) == ({}, 10)
    assert unkey.keys.update(request={"key_id": key_id, "name": None, "enabled": False}).object is not None
    assert verify(key).code == "DISABLED"
    remaining = unkey.keys.update_remaining(request={"key_id": key_id, "op": "set", "value": 300}).object
    assert remaining.remaining == 300
    days = unkey.keys.get_verifications(request={"key_id": key_id}).object
    assert days.verifications is not None
    unkey.keys.delete(request={"key_id": key_id, "permanent": False})
    with pytest.raises(models.ErrNotFound):
        unkey.keys.get(key_id=key_id)
    with pytest.raises(models.ErrBadRequest):
        make(byte_length=1)
    assert verify("nothing").code == "NOT_FOUND"


def test_access_of_a_key(unkey, make, verify):
    key_id, key = make()
    permission, role = unique("permission"), unique("role")
    added = unkey.keys.add_permissions(
        request={"key_id": key_id, "permissions": [{"name": permission, "create": True}]}
    ).response_bodies
    assert added[0].name == permission
    set_ = unkey.keys.set_permissions(
        request={"key_id": key_id, "permissions": [{"id": added[0].id}, {"name": "other", "create": True}]}
    ).response_bodies
    assert len(set_) == 2
    unkey.keys.remove_permissions(request={"key_id": key_id, "permissions": [{"id": added[0].id}]})
    assert verify(key).permissions == ["other"]
    roles = unkey.keys.add_roles(request={"key_id": key_id, "roles": [{"name": role, "create": True}]}).response_bodies
    assert roles[0].id.startswith("role_")
    unkey.keys.set_roles(request={"key_id": key_id, "roles": [{"name": role}]})
    assert verify(key).roles == [role]
    unkey.keys.remove_roles(request={"key_id": key_id, "roles": [{"name": role}]})
    assert verify(key).roles == []


# row: libraries/py/services/migrations
def test_migrations(unkey, server, api_id, verify):
    def hashed(key):
        return {"value": base64.b64encode(hashlib.sha256(key.encode()).digest()).decode(), "variant": "sha256_base64"}

    one, two = unique("one"), unique("two")
    made = unkey.migrations.create_keys(request=[{"api_id": api_id, "hash": hashed(one), "external_id": "ann"}]).object
    assert verify(one).key_id == made.key_ids[0]
    with pytest.raises(models.ErrConflict):
        unkey.migrations.create_keys(request=[{"api_id": api_id, "hash": hashed(one)}])
    migration_id = server.cli("migration", "create", "--algorithm", "sha256")
    queued = {"migration_id": migration_id, "api_id": api_id, "keys": [{"hash": hashed(two), "name": "queued"}]}
    assert unkey.migrations.enqueue(request=queued).http_meta.response.status_code == 202
    assert verify(two).name == "queued"


# row: libraries/py/services/permissions
def test_permissions(unkey):
    name = unique("domain.create")
    permission_id = unkey.permissions.create(request={"name": name, "description": "Creates domains"}).object.permission_id
    assert unkey.permissions.get(permission_id=permission_id).object.description == "Creates domains"
    listed = unkey.permissions.list().response_bodies
    assert name in [permission.name for permission in listed]
    role_id = unkey.permissions.create_role(request={"name": name}).object.role_id
    assert unkey.permissions.get_role(role_id=role_id).object.name == name
    assert role_id in [role.id for role in unkey.permissions.list_roles().response_bodies]
    unkey.permissions.delete(request={"permission_id": permission_id})
    unkey.permissions.delete_role(request={"role_id": role_id})
    with pytest.raises(models.ErrNotFound):
        unkey.permissions.get(permission_id=permission_id)


# row: libraries/py/services/ratelimits
def test_ratelimits(unkey):
    namespace = unique("email")
    call = {"namespace": namespace, "identifier": "user", "limit": 2, "duration": DAY_MS, "cost": 2}
    resources = [{"type": "organization", "id": "org_123", "name": "unkey"}]
    first = unkey.ratelimits.limit(request={**call, "resources": resources}).object
    assert (first.success, first.limit, first.remaining) == (True, 2, 0)
    assert first.reset > now_ms()
    assert unkey.ratelimits.limit(request=call).object.success is False
    named = {"namespace_name": namespace, "identifier": "user"}
    set_ = unkey.ratelimit.set_override(request={**named, "limit": 9, "duration": DAY_MS}).object
    assert unkey.ratelimit.get_override(**named).object.id == set_.override_id
    assert unkey.ratelimit.list_overrides(namespace_name=namespace).object.total == 1
    unkey.ratelimits.delete_override(request=named)
    with pytest.raises(models.ErrNotFound):
        unkey.ratelimit.get_override(**named)


def test_analytics(unkey, api_id, make, verify):
    key_id, key = make()
    verify(key)
    end = now_ms() + MINUTE_MS
    # This client sends the moment of its own build as the end unless it is given one.
    with pytest.raises(models.ErrBadRequest):
        unkey.analytics.get_verifications(request={"api_id": api_id})
    for _ in range(100):
        rows = unkey.analytics.get_verifications(
            request={"api_id": api_id, "end": end, "group_by": ["key", "day"]}
        ).response_bodies
        if rows:
            break
        time.sleep(0.05)
    assert [(row.key_id, row.total, row.valid) for row in rows] == [(key_id, 1, 1)]
