"""Puts ids that exist into generated requests, so that fuzzing gets past "not found".

Loaded by schemathesis; `run.py` hands over the ids in UNKEY_FUZZ_IDS.
"""

import json
import os
import random
import urllib.parse

import schemathesis

IDS = json.loads(os.environ["UNKEY_FUZZ_IDS"])


def deletes(context):
    """What everybody else needs stays."""
    return ".delete" in context.operation.path or context.operation.method.lower() == "delete"


def fill(item):
    for name in item.keys() & IDS.keys():
        # Now and then what was generated stays, to be refused.
        if isinstance(item[name], str) and random.random() < 0.7:
            item[name] = random.choice(IDS[name])
    return item


@schemathesis.hook
def map_body(context, body):
    if deletes(context):
        return body
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, dict):
            fill(item)
    return body


@schemathesis.hook
def map_query(context, query):
    return fill(query) if query and not deletes(context) else query


@schemathesis.hook
def filter_query(context, query):
    """An address beyond 64 KiB is refused while it is read, before there is a request to answer."""
    return len(urllib.parse.urlencode(query or {}, doseq=True)) < 60_000


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return fill(path_parameters) if path_parameters and not deletes(context) else path_parameters
