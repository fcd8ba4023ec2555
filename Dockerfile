# Build:  docker build -t unkey .
# Run:    docker run -d --name unkey -p 127.0.0.1:3000:3000 -v unkey:/data unkey
# CLI:    docker exec unkey unkey root-key create --name first --full

ARG RUST_VERSION=1.95
ARG DEBIAN_RELEASE=bookworm

FROM rust:${RUST_VERSION}-slim-${DEBIAN_RELEASE} AS build
WORKDIR /src

# Dependencies first, against empty sources: this layer changes only when a
# manifest or the lock file does. A new workspace member is added here too.
# Cargo refuses a manifest whose declared benches are missing, hence the loop.
COPY Cargo.toml Cargo.lock ./
COPY .cargo/ .cargo/
COPY server/Cargo.toml server/
COPY entity/Cargo.toml entity/
COPY migration/Cargo.toml migration/
COPY web/Cargo.toml web/
COPY tests/e2e/Cargo.toml tests/e2e/
COPY tests/load/echo/Cargo.toml tests/load/echo/
COPY tests/load/events/Cargo.toml tests/load/events/
RUN mkdir -p server/src server/benches entity/src migration/src web/src tests/e2e/src tests/load/echo/src tests/load/events/src \
 && for main in server tests/load/echo tests/load/events; do echo 'fn main() {}' > $main/src/main.rs; done \
 && touch server/src/lib.rs entity/src/lib.rs migration/src/lib.rs web/src/lib.rs tests/e2e/src/lib.rs \
 && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' server/Cargo.toml); do \
      echo 'fn main() {}' > "server/benches/$bench.rs"; \
    done \
 && cargo build --release --locked

# COPY keeps the times of the checkout, which may be older than the empty build;
# without the touch Cargo would take the empty crates for current.
COPY . .
RUN find server entity migration web -name '*.rs' -exec touch {} + \
 && cargo build --release --locked

FROM debian:${DEBIAN_RELEASE}-slim
RUN groupadd --system --gid 10001 unkey \
 && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home \
      --shell /usr/sbin/nologin unkey \
 && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /src/target/release/unkey /usr/local/bin/unkey

ENV UNKEY_LISTEN=0.0.0.0:3000 \
    UNKEY_DATA_DIR=/data
# Numeric, so that a platform can check "not root" without reading /etc/passwd.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 3000

# start-period covers a first start that migrates a large data folder.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["unkey", "healthcheck"]
ENTRYPOINT ["unkey"]
CMD ["serve"]
