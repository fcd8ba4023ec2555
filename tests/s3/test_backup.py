"""Backups in a bucket, against moto: up in parts, down again, by a schedule, and every way that may fail."""

import http.client
import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import boto3
import pytest
from moto.server import ThreadedMotoServer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("UNKEY_BIN", str(ROOT / "target" / "debug" / "unkey"))
TOKEN = "unkey_s3test000000000000000000"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, request):
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    name = request.node.name.replace("_", "-")[:60].strip("-").lower()
    client.create_bucket(Bucket=name)
    return client, name


def environment(endpoint, **more):
    return {"PATH": os.environ["PATH"], **CREDENTIALS, "AWS_ENDPOINT": endpoint, "AWS_ALLOW_HTTP": "true", **more}


class Server:
    def __init__(self, data, environment):
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)]
        environment = {**environment, "UNKEY_ROOT_KEY": TOKEN}
        self.child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.child.stdout.readline().split("http://")[1].strip()

    def call(self, route, body):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request("POST", f"/v2/{route}", json.dumps(body), headers)
        return json.load(connection.getresponse())["data"]

    def key(self, **options):
        api = self.call("apis.createApi", {"name": "bucket"})["apiId"]
        return self.call("keys.createKey", {"apiId": api, **options})["key"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


def run(environment, *arguments):
    return subprocess.run([BINARY, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False)


def done(environment, *arguments):
    outcome = run(environment, *arguments)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.strip()


def refused(environment, *arguments):
    outcome = run(environment, *arguments)
    assert outcome.returncode == 1, outcome
    lines = outcome.stderr.strip().splitlines()
    assert lines[0].startswith("unkey: ") and len(lines) <= 2, outcome.stderr
    return outcome.stderr


def keys(client, name):
    return [found["Key"] for found in client.list_objects_v2(Bucket=name).get("Contents", [])]


def test_up_and_down(endpoint, bucket, tmp_path):
    client, name = bucket
    settings = environment(endpoint, UNKEY_BACKUP_PASSPHRASE="correct horse battery staple")
    with Server(tmp_path / "data", settings) as server:
        # More than a part, and random, so that it stays so.
        for _ in range(3):
            meta = {str(number): os.urandom(3000).hex() for number in range(9)}
            key = server.key(meta=meta, credits={"remaining": 5})
        place = f"s3://{name}/some/where"
        first = done(settings, "backup", place, "--data-dir", str(tmp_path / "data"), "--with-master-key")
        time.sleep(0.01)
        second = done(settings, "backup", place + "/", "--data-dir", str(tmp_path / "data"), "--with-master-key")
    assert first != second and [f"s3://{name}/{found}" for found in keys(client, name)] == [first, second]
    assert second in done(settings, "backup", "verify", place), "the newest is meant"
    assert first in done(settings, "backup", "verify", first)
    restored = tmp_path / "restored"
    done(settings, "restore", place, "--data-dir", str(restored))
    with Server(restored, settings) as server:
        assert server.call("keys.verifyKey", {"key": key})["credits"] == 4


def test_large_one_goes_up_in_parts(endpoint, bucket, tmp_path):
    client, name = bucket
    settings = environment(endpoint)
    with Server(tmp_path / "data", settings):
        pass
    # What is random does not shrink; a table of nobody's is backed up like any other.
    statements = "CREATE TABLE filler (body BLOB);" + "INSERT INTO filler VALUES (randomblob(1000000));" * 20
    subprocess.run(["sqlite3", str(tmp_path / "data" / "events.db")], input=statements, text=True, check=True)
    done(settings, "backup", f"s3://{name}", "--data-dir", str(tmp_path / "data"))
    (found,) = keys(client, name)
    head = client.head_object(Bucket=name, Key=found)
    assert head["ContentLength"] > 20_000_000 and head["ETag"].strip('"').endswith("-3"), head
    assert "is whole" in done(settings, "backup", "verify", f"s3://{name}")
    # Cut short, it is noticed here as well.
    body = client.get_object(Bucket=name, Key=found)["Body"].read()
    client.put_object(Bucket=name, Key=found, Body=body[:-1])
    assert "cut short" in refused(settings, "restore", f"s3://{name}", "--data-dir", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_by_a_schedule(endpoint, bucket, tmp_path):
    client, name = bucket
    foreign = ["unkey-20200101T000000.000Z.tar.zst", "unkey-abcdefgh-20200101T000000.000Z.tar.zst", "notes.txt"]
    for found in foreign:
        client.put_object(Bucket=name, Key=f"nightly/{found}", Body=b"of others")
    settings = environment(
        endpoint,
        UNKEY_BACKUP_SCHEDULE="30 2 * * *",
        UNKEY_BACKUP_TARGET=f"s3://{name}/nightly",
        UNKEY_BACKUP_KEEP="daily=1",
    )
    with Server(tmp_path / "data", settings):
        for _ in range(600):
            made = [found for found in keys(client, name) if found.rsplit("/", 1)[1] not in foreign]
            if made:
                break
            time.sleep(0.1)
    assert len(made) == 1 and len(keys(client, name)) == 4
    assert "is whole" in done(settings, "backup", "verify", f"s3://{name}/{made[0]}")


def test_what_is_not_there_is_told_at_once(endpoint, bucket, tmp_path):
    _, name = bucket
    settings = environment(endpoint)
    with Server(tmp_path / "data", settings):
        pass
    data = str(tmp_path / "data")
    assert "NoSuchBucket" in refused(settings, "backup", "s3://no-such-bucket/x", "--data-dir", data)
    assert "there is no backup" in refused(settings, "restore", f"s3://{name}/x", "--data-dir", str(tmp_path / "new"))
    assert "s3://bucket/prefix" in refused(settings, "backup", "s3://", "--data-dir", data)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        unreachable = environment(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        begun = time.monotonic()
        assert f"s3://{name}/" in refused(unreachable, "backup", f"s3://{name}", "--data-dir", data)
        assert time.monotonic() - begun < 90
    assert not (tmp_path / "data" / "backup.part").exists()


class Failing(http.server.BaseHTTPRequestHandler):
    """Begins uploads, and takes no part of one."""

    def do_POST(self):
        answer = b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_DELETE(self):
        self.server.aborted.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_an_upload_that_fails_is_taken_back(tmp_path):
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    service.aborted = []
    threading.Thread(target=service.serve_forever, daemon=True).start()
    settings = environment(f"http://127.0.0.1:{service.server_address[1]}")
    with Server(tmp_path / "data", settings):
        pass
    said = refused(settings, "backup", "s3://bucket/x", "--data-dir", str(tmp_path / "data"))
    assert "s3://bucket/x" in said
    service.shutdown()
    assert service.aborted, "its parts would be kept and paid for"
