#!/usr/bin/env python3
"""Sends every operation of both versions the dearest bodies there are, as large as a body may be and as full as one
may be, without and with credentials, and fails when one request costs more than it may.

A request may take 64 MiB of memory (the growth of the peak of the resident set) and 100 ms of processor time (of the
whole process). Operations that take many rows by design are listed below, with their own bounds. Whatever fails is
tried twice more, since the server also works by itself. Prints the dearest requests.

    cargo build --release
    tests/load/cost.py [--profile release] [--only keys.] [--all]
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

MAX_MIB = 64
MAX_CPU_MS = 100
MAX_ERROR_BYTES = 64 << 10

# Rows that are written, or events that are counted, are what these are for. All of them want a root key.
EXEMPT = {
    "keys.migrateKeys": (192, 8000, "10,000 keys"),
    "migrations.createKeys": (96, 4000, "100 keys, each with names and metadata"),
    "migrations.enqueueKeys": (96, 4000, "100 keys, each with names and metadata"),
    "analytics.getVerifications": (192, 1000, "SQL and counts: see analytics_memory_mib and analytics_seconds"),
    "analytics.getRatelimits": (192, 1000, "SQL and counts: see analytics_memory_mib and analytics_seconds"),
    "keys.createKey": (64, 600, "1,000 permissions made in passing"),
    "keys.updateKey": (64, 600, "1,000 permissions made in passing"),
    "keys.addPermissions": (64, 600, "1,000 permissions made in passing"),
    "keys.setPermissions": (64, 600, "1,000 permissions made in passing"),
    "keys.removePermissions": (64, 600, "1,000 permissions looked up"),
    "keys.addRoles": (64, 600, "1,000 roles made in passing"),
    "keys.setRoles": (64, 600, "1,000 roles made in passing"),
    "permissions.createRole": (64, 600, "1,000 permissions made in passing"),
    "permissions.setRolePermissions": (64, 600, "1,000 permissions made in passing"),
}

# As the server has them by default.
BODY_BYTES = 10_485_760
VALUES = 20_000
TARGET_BYTES = 60_000


class Server:
    def __init__(self, binary, data, token):
        # Freed memory goes back at once, or one request would hide the next.
        env = {"UNKEY_ROOT_KEY": token, "UNKEY_V1_UNKNOWN_KEYS_PER_MINUTE": "0", "UNKEY_LOG_LEVEL": "warn",
               "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
        command = [str(binary), "serve", "--listen", "127.0.0.1:0", "--data-dir", data]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **env})
        self.port = int(self.process.stdout.readline().split()[-1].rsplit(b":", 1)[1])
        self.connection = None

    def memory(self, name):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(name):
                return int(line.split()[1]) / 1024
        sys.exit(f"the server ended, or has no {name}")

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def cpu_ms(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def send(self, method, target, headers, body):
        """Status and size of the answer; `None` when the server closed the connection before it had read the body."""
        for fresh in (False, True):
            if self.connection is None or fresh:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            try:
                self.connection.request(method, target, body, headers)
                response = self.connection.getresponse()
                return response.status, response.read()
            except (ConnectionError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
        return None, b""

    def call(self, operation, body, token):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        status, answer = self.send("POST", f"/v2/{operation}", headers, json.dumps(body))
        if status != 200:
            sys.exit(f"{operation} answered {status}: {answer[:300]}")
        return json.loads(answer)["data"]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def unwrapped(document, schema):
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif schema.get("allOf"):
            schema = schema["allOf"][0]
        elif schema.get("anyOf"):
            schema = schema["anyOf"][-1]
        else:
            return schema


def sample(document, schema, real, name="", number=0):
    """A valid value with every member; what is named as something that exists is that."""
    schema = unwrapped(document, schema)
    kind = schema.get("type")
    if name in real:
        return real[name]
    if "enum" in schema:
        return schema["enum"][0]
    if "pattern" in schema and not re.search(schema["pattern"], "abc0"):
        return next(text for text in ("https://example.com/", "#a0b1c2") if re.search(schema["pattern"], text))
    if kind == "string":
        return f"abc{number}".ljust(schema.get("minLength", 1), "x")[: schema.get("maxLength", 100)]
    if kind in ("integer", "number"):
        return min(max(schema.get("minimum", 1), 1), schema.get("maximum", 1 << 40))
    if kind == "boolean":
        return True
    if kind == "array":
        return [sample(document, schema["items"], real, "", number)]
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(document, member, real, name, number) for name, member in properties.items()}
    return "abc"


def places(document, schema, path=()):
    schema = unwrapped(document, schema)
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from places(document, member, (*path, name))
    if schema.get("type") == "array":
        yield from places(document, schema["items"], (*path, 0))


MARK = "@@here@@"


def put(value, path, text):
    """The JSON of a value with a text in one place."""
    if not path:
        return text
    value = json.loads(json.dumps(value))
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = MARK
    return json.dumps(value).replace(f'"{MARK}"', text, 1)


def fill(one, most):
    return ",".join([one] * (most // (len(one) + 1)))


def full(document, schema, real):
    """Names and bodies: the largest there are, and those with as many values as are looked at."""
    valid = sample(document, schema, real)
    cap = BODY_BYTES - len(json.dumps(valid)) - 100
    few = VALUES - 1000
    yield "valid", json.dumps(valid)
    yield "list", "[" + fill("0", cap) + "]"
    yield "unknown members", "{" + ",".join(f'"k{n}":0' for n in range(few)) + "}"
    yield "many unknown members", "{" + ",".join(f'"k{n}":0' for n in range(cap // 12)) + "}"
    yield "one member again and again", "{" + fill('"a":0', cap) + "}"
    yield "long name", '{"' + "x" * cap + '":0}'
    yield "name to be escaped", '{"' + "\\u0001" * (cap // 6) + '":0}'
    yield "levels", '{"a":' * 120 + "0" + "}" * 120
    yield "many levels", "[" * cap
    yield "text", '"' + "x" * cap + '"'
    yield "space", json.dumps(valid) + " " * cap
    yield "objects", "[" + ",".join(['{"a":0}'] * (few // 2)) + "]"
    for path, place in places(document, schema):
        name = ".".join(map(str, path))
        kind = place.get("type")
        if kind == "array":
            item = json.dumps(sample(document, place["items"], real))
            rows = [json.dumps(sample(document, place["items"], real, "", n)) for n in range(1000)]
            values = max(1, item.count(":") + item.count(",") + 1)
            yield f"{name}: empty texts to the cap", put(valid, path, "[" + fill('""', cap) + "]")
            yield f"{name}: empty texts", put(valid, path, "[" + ",".join(['""'] * few) + "]")
            yield f"{name}: wrong objects", put(valid, path, "[" + ",".join(['{"a":0}'] * (few // 2)) + "]")
            yield f"{name}: rows to the cap", put(valid, path, "[" + fill(item, cap) + "]")
            yield f"{name}: the same row", put(valid, path, "[" + ",".join([item] * (few // values)) + "]")
            for count in (50, 100, 1000):
                yield f"{name}: {count} rows", put(valid, path, "[" + ",".join(rows[:count]) + "]")
        elif kind == "string":
            yield f"{name}: long text", put(valid, path, '"' + "x" * cap + '"')
            yield f"{name}: text to be escaped", put(valid, path, '"' + "\\u0001" * (cap // 6) + '"')
            yield f"{name}: query", put(valid, path, '"' + " OR ".join(["p"] * 250) + '"')
        elif kind == "object" and "properties" not in place:
            large = ",".join(f'"k{n}":"{"x" * 9000}"' for n in range(99))
            yield f"{name}: metadata", put(valid, path, "{" + large + "}")
            yield f"{name}: many members", put(valid, path, "{" + ",".join(f'"k{n}":0' for n in range(few)) + "}")
            yield f"{name}: deep", put(valid, path, '{"a":' * 110 + "0" + "}" * 110)
            yield f"{name}: wide", put(valid, path, '{"a":[' + ",".join(['{"a":0}'] * (few // 2)) + "]}")
            yield f"{name}: to the cap", put(valid, path, "{" + ",".join(f'"k{n}":0' for n in range(cap // 12)) + "}")
        elif kind is None and path:
            yield f"{name}: permissions", put(valid, path, json.dumps({"or": [f"p{n}" for n in range(few)]}))
            nested = '{"or":["x",' * 55 + '"a"' + "]}" * 55
            yield f"{name}: deep permissions", put(valid, path, nested)
            yield f"{name}: long permission", put(valid, path, '"' + "x" * cap + '"')


def requests(document, real, token):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = path.rsplit("/", 1)[1]
            target = path.replace("{keyId}", real["keyId"] if method == "put" else "key_1").replace("{apiId}", real["apiId"])
            body = operation.get("requestBody")
            schema = body and body["content"]["application/json"]["schema"]
            for who, header in (("nobody", "Bearer none"), ("root key", f"Bearer {token}")):
                headers = {"Content-Type": "application/json", "Authorization": header}
                if schema:
                    # What is deleted would be missing afterwards.
                    for what, text in full(document, schema, {} if ".delete" in name else real):
                        yield f"{path} ({who}) {what}", name, who, (method.upper(), target, headers, text)
                for parameter in operation.get("parameters", []):
                    if parameter["in"] != "query":
                        continue
                    for what, value in (("long", "x" * TARGET_BYTES), ("many", f"1&{parameter['name']}=1" * 4000)):
                        query = f"{target}?{parameter['name']}={value}"[:TARGET_BYTES]
                        yield f"{path} ({who}) {parameter['name']} {what}", name, who, (method.upper(), query, headers, None)


def prepare(server, token):
    """What bodies name, so that they come as far as they can."""
    api = server.call("apis.createApi", {"name": "cost"}, token)["apiId"]
    limits = [{"name": f"limit{n}", "limit": 1 << 40, "duration": 60_000, "autoApply": True} for n in range(50)]
    body = {"apiId": api, "externalId": "someone", "permissions": ["p"], "ratelimits": limits}
    key = server.call("keys.createKey", body, token)
    # One is changed, the other verified.
    changed = server.call("keys.createKey", body, token)
    server.call("permissions.createRole", {"name": "role"}, token)
    server.call("ratelimit.limit", {"namespace": "namespace", "identifier": "i", "limit": 1, "duration": 1000}, token)
    return {"apiId": api, "keyId": changed["keyId"], "key": key["key"], "identity": "someone", "role": "role",
            "namespace": "namespace", "externalId": "someone"}


def measure(server, request):
    server.forget_peak()
    before, spent = server.memory("VmRSS"), server.cpu_ms()
    status, answer = server.send(*request)
    return server.memory("VmHWM") - before, server.cpu_ms() - spent, status, answer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", default="release")
    parser.add_argument("--only", default="", help="operations whose path holds this")
    parser.add_argument("--all", action="store_true", help="print every request")
    options = parser.parse_args()
    binary = ROOT / "target" / options.profile / "unkey"
    token = "unkey_" + secrets.token_hex(16)
    wrong, dearest, count = [], {}, 0
    with tempfile.TemporaryDirectory() as data:
        server = Server(binary, data, token)
        try:
            real = prepare(server, token)
            time.sleep(3)
            for version in ("v1", "v2"):
                printed = subprocess.run([str(binary), "openapi", "--version", version], capture_output=True, check=True)
                for name, operation, who, request in requests(json.loads(printed.stdout), real, token):
                    if options.only not in name:
                        continue
                    exempt = EXEMPT.get(operation) if who == "root key" else None
                    max_mib, max_ms, _ = exempt or (MAX_MIB, MAX_CPU_MS, "")
                    mib, ms, status, answer = measure(server, request)
                    for _ in range(2):
                        if mib > max_mib or ms > max_ms:
                            time.sleep(1)
                            again = measure(server, request)
                            mib, ms = min(mib, again[0]), min(ms, again[1])
                    count += 1
                    line = f"{name}: {mib:.0f} MiB, {ms:.0f} ms, status {status}, {len(answer)} bytes"
                    if options.all:
                        print(line, flush=True)
                    if mib > max_mib or ms > max_ms:
                        wrong.append(line)
                    if status is not None and (status >= 500 or status >= 400 and len(answer) > MAX_ERROR_BYTES):
                        wrong.append(line)
                    known = dearest.get((operation, who), (0, 0))
                    dearest[operation, who] = (max(known[0], mib), max(known[1], ms))
        finally:
            server.stop()
    print("| operation | caller | MiB at most | ms at most | bound |\n|---|---|---|---|---|")
    for (operation, who), (mib, ms) in sorted(dearest.items(), key=lambda item: -item[1][1])[:15]:
        exempt = EXEMPT.get(operation) if who == "root key" else None
        bound = f"{exempt[0]} MiB, {exempt[1]} ms: {exempt[2]}" if exempt else f"{MAX_MIB} MiB, {MAX_CPU_MS} ms"
        print(f"| {operation} | {who} | {mib:.0f} | {ms:.0f} | {bound} |")
    print(f"{count} requests, {len(wrong)} cost more than they may")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
