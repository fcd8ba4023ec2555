#!/usr/bin/env python3
"""Fuzzes a running server from its own OpenAPI document.

Fails on any 5xx, on any answer the document does not describe, and on any
panic in the log. Every address is 127.0.0.1; the run ends by itself.

    cargo build && tests/fuzz/run.py [--version v2] [--seconds 90]
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "target" / "debug" / "unkey"
BINARY = os.environ.get("UNKEY_BIN", str(BUILT))
ROOT_KEY = "unkey_fuzz000000000000000000000"
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"


def call(base, operation, body):
    headers = {"Authorization": f"Bearer {ROOT_KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/v2/{operation}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)["data"]


def fixture(base, data):
    """One of everything; member names of request bodies to values that exist."""
    api = call(base, "apis.createApi", {"name": "fuzz"})["apiId"]
    keys = [call(base, "keys.createKey", {"apiId": api, "externalId": "ann", "credits": {"remaining": 9}}) for _ in range(20)]
    keyspace = call(base, "keys.verifyKey", {"key": keys[0]["key"]})["keyspaceId"]
    permission = call(base, "permissions.createPermission", {"name": "read", "slug": "read"})["permissionId"]
    role = call(base, "permissions.createRole", {"name": "editor", "permissions": ["read"]})["roleId"]
    call(base, "ratelimit.limit", {"namespace": "email", "identifier": "u", "limit": 1, "duration": 1000})
    portal = call(base, "portal.createPortal", {"slug": "fuzz", "displayName": "Fuzz", "keyspaceId": keyspace})["portalId"]
    root_key = call(base, "rootKeys.createKey", {"permissions": []})["keyId"]
    command = [BINARY, "migration", "create", "--algorithm", "sha256", "--data-dir", str(data)]
    migration = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    identity = call(base, "identities.getIdentity", {"identity": "ann"})["id"]
    call(base, "ratelimit.setOverride", {"namespace": "email", "identifier": "vip", "limit": 1, "duration": 1000})
    return {
        "apiId": [api],
        # Of v1.
        "identityId": [identity],
        "ownerId": ["ann", "bob"],
        "permissionId": [permission],
        "namespaceName": ["email"],
        "identifier": ["vip", "u"],
        "keyId": [key["keyId"] for key in keys] + [root_key],
        "key": [key["key"] for key in keys],
        "identity": ["ann"],
        "externalId": ["ann", "bob"],
        "permission": [permission, "read"],
        "role": [role, "editor"],
        "roleId": [role],
        "namespace": ["email"],
        "portal": [portal, "fuzz"],
        "keyspaceId": [keyspace],
        "migrationId": [migration],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--version", choices=["v1", "v2"], default="v2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, log = pathlib.Path(folder) / "data", pathlib.Path(folder) / "log"
        environment = {"PATH": os.environ["PATH"], "UNKEY_ROOT_KEY": ROOT_KEY}
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log.open("w"), text=True)
        try:
            base = re.search(r"http:\S+", server.stdout.readline())[0]
            st = [str(HERE / ".venv" / "bin" / "st"), "run", f"{base}/openapi/{options.version}.json", "--no-color"]
            st += ["--header", f"Authorization: Bearer {ROOT_KEY}", "--checks", CHECKS]
            st += ["--phases", "coverage,fuzzing", "--max-time", str(options.seconds)]
            hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "UNKEY_FUZZ_IDS": json.dumps(fixture(base, data))}
            fuzzed = subprocess.run(st, env={**os.environ, **hooks}, cwd=folder)
            if server.poll() is not None:
                sys.exit("the server ended")
        finally:
            server.terminate()
            server.wait()
        errors = [line for line in log.read_text().splitlines() if '"level":"ERROR"' in line]
        if fuzzed.returncode or errors:
            sys.exit("\n".join(errors[:20]) or "schemathesis found failures")


if __name__ == "__main__":
    main()
