"""The program that the form of a new key shows, run as it stands."""

import json
import os
import pathlib
import subprocess
import sys
import time

from server import ROOT_KEY

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"


def test_the_program_makes_the_key_that_the_form_describes(server, tmp_path):
    unkey = server.client()
    api_id = unkey.apis.create_api(name="payments").data.api_id
    wanted = json.loads((EXAMPLES / "create_key.json").read_text())
    for name in wanted["roles"]:
        unkey.permissions.create_role(name=name)
    program = (EXAMPLES / "create_key.py").read_text()
    file = tmp_path / "create_key.py"
    file.write_text(program.replace("http://unkey.test", server.url).replace("api_example", api_id))
    environment = {**os.environ, "UNKEY_ROOT_KEY": ROOT_KEY}
    printed = subprocess.run([sys.executable, file], env=environment, check=True, capture_output=True, text=True).stdout
    key = unkey.keys.get_key(key_id=printed.strip()).data
    assert (key.name, key.meta, key.enabled) == (wanted["name"], wanted["meta"], False)
    assert sorted(key.roles) == sorted(wanted["roles"]) and key.permissions == wanted["permissions"]
    assert key.identity.external_id == wanted["externalId"]
    limit, said = key.ratelimits[0], wanted["ratelimits"][0]
    assert (limit.name, limit.limit, limit.duration, limit.auto_apply) == tuple(
        said[name] for name in ("name", "limit", "duration", "autoApply")
    )
    refill = wanted["credits"]["refill"]
    assert key.credits.remaining == wanted["credits"]["remaining"]
    assert (key.credits.refill.interval, key.credits.refill.amount, key.credits.refill.refill_day) == tuple(
        refill[name] for name in ("interval", "amount", "refillDay")
    )
    assert abs(key.expires / 1000 - time.time() - 30 * 24 * 60 * 60) < 60 * 60
