#!/usr/bin/env python3
"""Measures verifications while the server has nothing else to do, while it takes in
events of other requests, while it answers heavy queries, and while it builds the whole
index again.

The server is pinned to one core and wrk to another. Its folder holds a month of
events, so that a rebuild takes long enough. Prints one Markdown table; every run
ends by itself.

    cargo build --release --workspace
    tests/load/busy.py [--events 2000000] [--seconds 6] [--runs 3] [--profile release]
"""

import argparse
import json
import pathlib
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import run

# Each looks at every event of a month.
HEAVY = (
    "SELECT key_id, outcome, count() AS n FROM key_verifications_v1 GROUP BY key_id, outcome ORDER BY n DESC LIMIT 100",
    "SELECT toStartOfHour(time) AS hour, uniq(key_id) AS n FROM key_verifications_v1 GROUP BY hour ORDER BY hour",
    "SELECT request_id, time FROM key_verifications_v1 ORDER BY latency DESC LIMIT 10",
)


def indexes(binaries, data):
    command = [str(binaries / "unkey"), "index", "status", "--format", "json", "--data-dir", data]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def wait_until_complete(binaries, data):
    begun = time.monotonic()
    while True:
        if all(index["state"] == "complete" and index["behind"] == 0 for index in indexes(binaries, data)):
            return time.monotonic() - begun
        if time.monotonic() - begun > 600:
            sys.exit("the index does not become complete")
        time.sleep(0.5)


def beside(server, token, case, seconds, connections):
    """Other clients, whose decisions are events too."""
    _, route, body = case
    thread = threading.Thread(target=load, args=(server, token, route, body, seconds, connections))
    thread.start()
    return thread


def heavy_queries(server, token, seconds, clients=2):
    """Clients that ask the heavy queries one after another; counts the answers."""
    end = time.monotonic() + seconds
    answers = []

    def ask(number):
        while time.monotonic() < end:
            body = json.dumps({"query": HEAVY[(number + len(answers)) % len(HEAVY)]}).encode()
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            request = urllib.request.Request(f"{server.base}/v2/analytics.getVerifications", body, headers)
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    answers.append(response.status)
            except urllib.error.HTTPError as error:
                sys.exit(f"a heavy query failed: {error.status} {error.read().decode()}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()

    class Asked:
        @staticmethod
        def join():
            for thread in threads:
                thread.join()
            ANSWERED.append(len(answers))

    return Asked()


ANSWERED = []


def load(server, token, route, body, seconds, connections):
    run.CONNECTIONS = connections
    return run.wrk(server.base, route, token, body, seconds, True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    binaries = run.ROOT / "target" / options.profile
    print("| verifications of a cached key | req/s | p50 ms | p99 ms | failed |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as data:
        database = str(pathlib.Path(data) / "events.db")
        command = [str(binaries / "load-events"), str(options.events), "--into", database]
        subprocess.run(command, check=True, capture_output=True)
        token = "unkey_" + secrets.token_hex(16)
        command = [str(binaries / "unkey"), "serve", "--listen", "127.0.0.1:0", "--data-dir", data]
        server = run.Process(command, True, {"UNKEY_ROOT_KEY": token})
        try:
            cases = run.prepare(server.base, token)
            run.check_answers(server.base, token, cases)
            wait_until_complete(binaries, data)
            verify, limit = cases[0], next(case for case in cases if case[0] == "ratelimit.limit")

            def measured(name, before):
                samples = []
                for _ in range(options.runs):
                    other = before()
                    samples.append(load(server, token, verify[1], verify[2], options.seconds, options.connections))
                    if other:
                        other.join()
                median = run.median(samples)
                print(f"| {name} | {median['rate']:,.0f} | {median['p50']:.2f} | {median['p99']:.2f} | {median['failed']:.0f} |", flush=True)

            def rebuild():
                wait_until_complete(binaries, data)
                command = [str(binaries / "unkey"), "index", "rebuild", "--data-dir", data]
                subprocess.run(command, check=True, capture_output=True)

            measured("nothing else", lambda: wait_until_complete(binaries, data) and None)
            measured(
                "beside as many clients of ratelimit.limit",
                lambda: beside(server, token, limit, options.seconds, options.connections),
            )
            measured("beside two clients with heavy queries", lambda: heavy_queries(server, token, options.seconds))
            print(f"\nHeavy queries answered in each run: {ANSWERED}.\n", flush=True)
            measured("while the index is built again", rebuild)
            print(f"\nAn index of {options.events:,} events was complete {wait_until_complete(binaries, data):.0f} s after the last run.")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
