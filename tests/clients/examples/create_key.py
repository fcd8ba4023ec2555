import os
import time

from unkey.py import Unkey

unkey = Unkey(root_key=os.environ["UNKEY_ROOT_KEY"], server_url="http://unkey.test")
created = unkey.keys.create_key(
    api_id="api_example",
    byte_length=32,
    credits={
        "refill": {"amount": 900, "interval": "monthly", "refill_day": 31},
        "remaining": 1000,
    },
    enabled=False,
    expires=int(time.time() * 1000) + 30 * 24 * 60 * 60 * 1000,
    external_id="user_1",
    meta={"a b": [1, -2.5, None, True, {}], "c": {"d": "it's \"e\"", "f": [[]]}},
    name="it's \"q\" \\ $(x) `y` ${z} </code>\u2028\u202e\ufeff 🔑",
    permissions=["doc.*"],
    prefix="live",
    ratelimits=[{"auto_apply": True, "duration": 90000, "limit": 100, "name": "requests"}],
    roles=["admin", "it's one"],
)
print(created.data.key_id)
