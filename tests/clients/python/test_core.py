"""APIs, keys, verification, identities, permissions and limits; each test runs in both styles."""

import asyncio
import time

import pytest
from unkey.py import errors

MINUTE_MS = 60_000
# The window of limits that a test exhausts: hardly any run meets the moment when the next one begins.
DAY_MS = 24 * 60 * MINUTE_MS


def test_an_api_is_created_read_and_deleted(unkey):
    api_id = unkey.apis.create_api(name="orders").data.api_id
    assert unkey.apis.get_api(api_id=api_id).data.name == "orders"
    unkey.apis.delete_api(api_id=api_id)
    with pytest.raises(errors.NotFoundErrorResponse) as refused:
        unkey.apis.get_api(api_id=api_id)
    assert refused.value.data.meta.request_id.startswith("req_")


def test_a_key_is_created_with_every_option(unkey, server, api_id):
    server.cli("api", "set", api_id, "--recoverable", "on")
    expires = int(time.time() * 1000) + MINUTE_MS
    role = f"editor-{expires}-{unkey.style}"
    unkey.permissions.create_role(name=role)
    made = unkey.keys.create_key(
        api_id=api_id,
        prefix="prod",
        name="the key",
        byte_length=32,
        external_id="user_1",
        meta={"plan": "pro"},
        roles=[role],
        permissions=["documents.read"],
        expires=expires,
        credits={"remaining": 5, "refill": {"interval": "daily", "amount": 5}},
        ratelimits=[{"name": "requests", "limit": 9, "duration": DAY_MS, "auto_apply": True}],
        enabled=True,
        recoverable=True,
    ).data
    found = unkey.keys.get_key(key_id=made.key_id, decrypt=True).data
    assert found.plaintext == made.key
    assert (found.name, found.expires, found.meta) == ("the key", expires, {"plan": "pro"})
    assert found.identity.external_id == "user_1"
    assert (found.roles, found.permissions) == ([role], ["documents.read"])
    assert found.credits.remaining == 5 and found.credits.refill.interval == "daily"
    assert found.ratelimits[0].limit == 9
    assert unkey.keys.whoami(key=made.key).data.key_id == made.key_id
    listed = unkey.apis.list_keys(api_id=api_id, limit=1).result.data
    assert [key.key_id for key in listed] == [made.key_id]


def test_each_outcome_of_a_verification(unkey, server, api_id):
    create = lambda **options: unkey.keys.create_key(api_id=api_id, **options).data
    code = lambda key, **options: unkey.keys.verify_key(key=key, **options).data.code
    limit = {"name": "requests", "limit": 1, "duration": DAY_MS, "auto_apply": True}
    assert code("nobody_made_this") == "NOT_FOUND"
    assert code(create().key) == "VALID"
    assert code(create(enabled=False).key) == "DISABLED"
    assert code(create(expires=1).key) == "EXPIRED"
    assert code(create(credits={"remaining": 0}).key) == "USAGE_EXCEEDED"
    assert code(create(permissions=["a"]).key, permissions="a AND b") == "INSUFFICIENT_PERMISSIONS"
    limited = create(ratelimits=[limit]).key
    assert [code(limited), code(limited)] == ["VALID", "RATE_LIMITED"]
    server.cli("api", "set", api_id, "--ip-allow", "203.0.113.9")
    assert code(create().key) == "FORBIDDEN"


def test_a_change_shows_in_the_next_verification(unkey, api_id):
    made = unkey.keys.create_key(api_id=api_id, name="old", meta={"a": 1}).data
    unkey.keys.update_key(key_id=made.key_id, enabled=False, meta=None)
    assert unkey.keys.verify_key(key=made.key).data.code == "DISABLED"
    found = unkey.keys.get_key(key_id=made.key_id).data
    assert found.name == "old" and not found.meta
    unkey.keys.delete_key(key_id=made.key_id)
    assert unkey.keys.verify_key(key=made.key).data.code == "NOT_FOUND"


def test_credits_are_set_added_and_taken(unkey, api_id):
    key_id = unkey.keys.create_key(api_id=api_id, credits={"remaining": 1}).data.key_id
    change = lambda operation, value: unkey.keys.update_credits(key_id=key_id, operation=operation, value=value).data
    assert change("increment", 4).remaining == 5
    assert change("decrement", 9).remaining == 0
    assert change("set", 3).remaining == 3
    assert change("set", None).remaining is None


def test_identities_and_permissions_are_unique(unkey):
    external_id = f"dora-{unkey.style}"
    identity_id = unkey.identities.create_identity(external_id=external_id, meta={"a": [1]}).data.identity_id
    found = unkey.identities.get_identity(identity=external_id).data
    assert (found.id, found.meta) == (identity_id, {"a": [1]})
    with pytest.raises(errors.ConflictErrorResponse):
        unkey.identities.create_identity(external_id=external_id)
    slug = f"write-{unkey.style}"
    assert unkey.permissions.create_permission(name=slug, slug=slug).data.permission_id.startswith("perm_")
    with pytest.raises(errors.ConflictErrorResponse):
        unkey.permissions.create_permission(name=slug, slug=slug)


def test_limits_count_down_and_refuse(unkey):
    call = {"namespace": "email", "identifier": unkey.style, "limit": 2, "duration": DAY_MS}
    limited = [unkey.ratelimit.limit(**call).data for _ in range(3)]
    assert [answer.success for answer in limited] == [True, True, False]
    assert [answer.remaining for answer in limited] == [1, 0, 0]
    other = {**call, "namespace": "sms"}
    both = unkey.ratelimit.multi_limit(request=[call, other]).data
    assert not both.passed and [limit.passed for limit in both.limits] == [False, True]


def test_errors_have_types(unkey, server, api_id):
    with pytest.raises(errors.BadRequestErrorResponse):
        unkey.apis.create_api(name="x")
    with pytest.raises(errors.UnauthorizedErrorResponse):
        server.client("unkey_nobody").apis.get_api(api_id=api_id)
    narrow = server.cli("root-key", "create", "--name", "narrow", "--permission", "api.*.read_api")
    with pytest.raises(errors.ForbiddenErrorResponse):
        server.client(narrow).apis.create_api(name="orders")


def test_many_verifications_at_once_spend_exactly_the_credits(server):
    client = server.client()
    api_id = client.apis.create_api(name="payments").data.api_id
    key = client.keys.create_key(api_id=api_id, credits={"remaining": 50}).data.key

    async def codes():
        calls = (client.keys.verify_key_async(key=key) for _ in range(200))
        return [answer.data.code for answer in await asyncio.gather(*calls)]

    found = asyncio.run(codes())
    assert (found.count("VALID"), found.count("USAGE_EXCEEDED")) == (50, 150)
