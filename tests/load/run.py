#!/usr/bin/env python3
"""Measures the hot routes against a bare poem echo of the same bodies.

Each case runs twice: with the server pinned to one core and wrk on another
(one worker thread), and unpinned. Prints one Markdown table. Every address is
127.0.0.1 and every run ends by itself.

    cargo build --release --workspace
    tests/load/run.py [--seconds 6] [--runs 3] [--profile release] [--server BINARY]
"""

import argparse
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CONNECTIONS = 64


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(base, token, route, body):
    request = urllib.request.Request(
        f"{base}/v2/{route}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["data"]


class Process:
    """A server under test, pinned to one core or free."""

    def __init__(self, command, pinned, environment=None, address=None):
        prefix = ["taskset", "-c", "0"] if pinned else []
        workers = {"TOKIO_WORKER_THREADS": "1", "UNKEY_WORKER_THREADS": "1"} if pinned else {}
        workers = {k: v for k, v in workers.items() if not (address and k.startswith("UNKEY"))}
        self.child = subprocess.Popen(
            prefix + command,
            env={**os.environ, **workers, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.base = address or self._announced()
        self._wait()

    def _announced(self):
        found = re.search(r"http://\S+", self.child.stdout.readline())
        if not found:
            sys.exit("the server did not start")
        return found.group(0)

    def _wait(self):
        host, port = self.base.removeprefix("http://").split(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"nothing answers at {self.base}")

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(timeout=60)


def address(base, path):
    return f"{base}{path}" if path.startswith("/") else f"{base}/v2/{path}"


def wrk(base, path, token, body, seconds, pinned):
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "post.lua"), address(base, path)]
    if pinned:
        command = ["taskset", "-c", "1", *command]
    if isinstance(body, str):
        sent = {"TOKEN": body}
    else:
        sent = {"BODY": json.dumps(body, separators=(",", ":")), "TOKEN": token}
    environment = {**os.environ, **sent}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    requests, micros, p50, p99, failed = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", output).groups())
    return {"rate": requests / (micros / 1e6), "p50": p50 / 1000, "p99": p99 / 1000, "failed": failed}


def prepare(base, token):
    """Creates one key per case and returns the cases: name, route, body; where there is none, the key that is shown."""
    api = call(base, token, "apis.createApi", {"name": "load"})["apiId"]

    def key(**options):
        return call(base, token, "keys.createKey", {"apiId": api, **options})["key"]

    huge = 1_000_000_000
    limits = [
        {"name": name, "limit": huge, "duration": 3_600_000, "autoApply": False} for name in ("requests", "tokens")
    ]
    plain, permitted, limited = key(), key(permissions=["documents.read", "documents.write"]), key(ratelimits=limits)
    funded = key(credits={"remaining": huge})
    query = "documents.read AND (documents.write OR admin)"
    return [
        ("verify, hit", "keys.verifyKey", {"key": plain}),
        ("verify, permissions", "keys.verifyKey", {"key": permitted, "permissions": query}),
        ("verify, one limit", "keys.verifyKey", {"key": limited, "ratelimits": [{"name": "requests"}]}),
        ("verify, two limits", "keys.verifyKey", {"key": limited, "ratelimits": [{"name": "requests"}, {"name": "tokens"}]}),
        ("verify, credits", "keys.verifyKey", {"key": funded, "credits": {"cost": 1}}),
        ("ratelimit.limit", "ratelimit.limit", {"namespace": "load", "identifier": "user_1", "limit": huge, "duration": 60_000}),
        ("forward auth", f"/auth/verify?api={api}", plain),
    ]


def median(samples):
    return {field: statistics.median(sample[field] for sample in samples) for field in samples[0]}


def check_answers(base, token, cases):
    """A fast wrong answer is no answer."""
    for name, route, body in cases:
        if isinstance(body, str):
            shown = urllib.request.Request(address(base, route), headers={"Authorization": f"Bearer {body}"})
            # Whatever is not 2xx is raised.
            urllib.request.urlopen(shown, timeout=10).close()
            continue
        data = call(base, token, route, body)
        if not (data.get("valid") or data.get("success")):
            sys.exit(f"{name}: the server refused the measured request: {data}")


def measure(binaries, pinned, options):
    rows = []
    with tempfile.TemporaryDirectory() as data:
        token = "unkey_" + secrets.token_hex(16)
        server = Process(
            [options.server or str(binaries / "unkey"), "serve", "--listen", "127.0.0.1:0", "--data-dir", data],
            pinned,
            {"UNKEY_ROOT_KEY": token},
        )
        port = free_port()
        echo = Process([str(binaries / "echo"), f"127.0.0.1:{port}"], pinned, address=f"http://127.0.0.1:{port}")
        try:
            cases = prepare(server.base, token)
            check_answers(server.base, token, cases)
            for name, route, body in cases:
                ours, bare = [], []
                for _ in range(options.runs):
                    bare.append(wrk(echo.base, route, token, body, options.seconds, pinned))
                    ours.append(wrk(server.base, route, token, body, options.seconds, pinned))
                rows.append((name, median(ours), median(bare)))
        finally:
            server.stop()
            echo.stop()
    return rows


def print_table(title, rows):
    print(f"\n### {title}\n")
    print("| case | req/s | p50 ms | p99 ms | failed | echo req/s | echo p99 ms | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for name, ours, bare in rows:
        print(
            f"| {name} | {ours['rate']:,.0f} | {ours['p50']:.2f} | {ours['p99']:.2f} | {ours['failed']:.0f} "
            f"| {bare['rate']:,.0f} | {bare['p99']:.2f} | {ours['rate'] / bare['rate']:.0%} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", default="release")
    parser.add_argument("--server", help="another binary than that of the profile")
    options = parser.parse_args()
    for tool in ("wrk", "taskset"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing (packages wrk and util-linux)")
    binaries = ROOT / "target" / options.profile
    print_table("Server on one core, wrk on another", measure(binaries, True, options))
    print_table("Unpinned, both on all cores", measure(binaries, False, options))


if __name__ == "__main__":
    main()
