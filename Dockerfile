# Build:  docker build -t unkey .
# Run:    docker run -d --name unkey -p 127.0.0.1:3000:3000 -v unkey:/data unkey
# CLI:    docker exec unkey unkey root-key create --name first --full
#
# Releases do not build again: --build-arg BINARY=released takes released/unkey.

# Tags say what the digests are. Both are Debian 12, for the same glibc.
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082
ARG DEBIAN_IMAGE=debian:bookworm-20260918-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251
ARG BINARY=built

# The allocator is built with make.
FROM ${RUST_IMAGE} AS chef
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
RUN cargo install --locked cargo-chef --version 0.1.78
WORKDIR /src

# A recipe is what dependencies are built from: the manifests, the lock file and
# .cargo/config.toml of all crates, without their sources and versions.
FROM chef AS recipe
COPY . .
RUN cargo chef prepare

# Dependencies are a layer of their own, which lasts until the recipe changes.
FROM chef AS build
COPY --from=recipe /src/recipe.json .
RUN cargo chef cook --profile dist --locked
COPY . .
RUN cargo build --profile dist --locked

FROM scratch AS built
COPY --from=build /src/target/dist/unkey /unkey

FROM scratch AS released
COPY released/unkey /unkey

FROM ${BINARY} AS binary

FROM ${RUST_IMAGE} AS authorities

FROM ${DEBIAN_IMAGE}
RUN groupadd --system --gid 10001 unkey \
 && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home \
      --shell /usr/sbin/nologin unkey \
 && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=binary /unkey /usr/local/bin/unkey
# Whom to trust when a database is on another machine.
COPY --from=authorities /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt

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
