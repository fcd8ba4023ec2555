"""Puts ids that exist into generated bodies, so that fuzzing gets past "not found".

Loaded by schemathesis; `run.py` hands over the ids in UNKEY_FUZZ_IDS.
"""

import json
import os
import random

import schemathesis

IDS = json.loads(os.environ["UNKEY_FUZZ_IDS"])


@schemathesis.hook
def map_body(context, body):
    if ".delete" in context.operation.path:
        # What everybody else needs stays.
        return body
    items = body if isinstance(body, list) else [body]
    for item in items:
        if isinstance(item, dict):
            for name in item.keys() & IDS.keys():
                # Now and then what was generated stays, to be refused.
                if isinstance(item[name], str) and random.random() < 0.7:
                    item[name] = random.choice(IDS[name])
    return body
