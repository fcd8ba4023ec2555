#!/usr/bin/env bash
# Runs a command beside a Postgres that nothing else uses and that is gone afterwards.
#
#   ./tests/postgres.sh cargo test --workspace
#
# The command finds the server, as a superuser, at $UNKEY_TEST_POSTGRES, and
# UNKEY_TEST_ENGINE says that tests shall use it; its exit status becomes this
# script's. The newest installed release is taken, unless UNKEY_POSTGRES_BIN names
# the folder of another one's programs. UNKEY_POSTGRES_OPTIONS, empty or not, takes the
# place of the options by which it keeps nothing safe.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: $0 COMMAND..." >&2; exit 2; }

bin="${UNKEY_POSTGRES_BIN:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}"
[ -x "$bin/initdb" ] || { echo "please install postgresql, or set UNKEY_POSTGRES_BIN" >&2; exit 1; }

folder="$(mktemp -d)"
child=""

# Postgres refuses to run as root. From the folder, as the present one may be closed to that user.
as_postgres() (
  cd "$folder"
  if [ "$(id -u)" = 0 ]; then exec runuser -u postgres -- "$@"; else exec "$@"; fi
)

# Leaves nothing behind, however the script ends.
clean_up() {
  trap '' INT TERM HUP
  if [ -e "$folder/data/postmaster.pid" ]; then
    as_postgres "$bin/pg_ctl" stop -s -m immediate -D "$folder/data" || true
  fi
  rm -rf "$folder"
}

# Passes a signal on and waits, so that the command does not outlive its server.
stop() {
  trap '' INT TERM HUP
  if [ -n "$child" ]; then
    kill -TERM -- "-$child" 2>/dev/null || true
    wait "$child" || true
  fi
  exit "$1"
}

trap clean_up EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM

[ "$(id -u)" != 0 ] || chown postgres: "$folder"

as_postgres "$bin/initdb" -A trust -U postgres --locale=C -E UTF8 -N -D "$folder/data" >"$folder/log" 2>&1 \
  || { cat "$folder/log" >&2; exit 1; }

# Who has this authority may be sure to speak to `localhost`; whoever calls it otherwise may not.
certificates() (
  cd "$folder"
  new=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  openssl req -x509 "${new[@]}" -days 30 -subj "/CN=authority of a test" -keyout ca.key -out ca.pem
  openssl req "${new[@]}" -subj "/CN=localhost" -keyout server.key -out server.csr
  echo "subjectAltName=DNS:localhost" >names
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem
  chmod 600 server.key
  chmod a+rx .
  [ "$(id -u)" != 0 ] || chown postgres: server.key server.pem
)
certificates >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }

# Nothing here has to outlive a power cut, so nothing waits for the disk, unless figures of a real server are wanted.
options="${UNKEY_POSTGRES_OPTIONS--c fsync=off -c full_page_writes=off}"
start() {
  as_postgres "$bin/pg_ctl" start -w -s -t 60 -D "$folder/data" -l "$folder/data/log" -o "-p $1 \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories='$folder' -c max_connections=500 \
    -c ssl=on -c ssl_cert_file='$folder/server.pem' -c ssl_key_file='$folder/server.key' -c shared_buffers=64MB $options" >"$folder/log" 2>&1 </dev/null
}

# Below the ports that systems lend to clients; another program may take one first, so a few are tried.
port=""
for _ in 1 2 3 4 5; do
  port=$((10000 + RANDOM % 20000))
  if start "$port"; then break; fi
  port=""
done
[ -n "$port" ] || { cat "$folder/log" "$folder/data/log" >&2; exit 1; }

# In the background, as bash acts on a signal only between commands or in `wait`; in a
# group of its own, which `stop` ends as a whole. Such a group may not read a terminal.
[ ! -t 0 ] || exec </dev/null
set -m
UNKEY_TEST_POSTGRES_CA="$folder/ca.pem" UNKEY_TEST_ENGINE=postgres UNKEY_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres" "$@" &
child=$!
set +m
wait "$child"
