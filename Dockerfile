# One bundle on the pinned Node: no shell, no package manager, non-root; runs with a read-only root file system.
# `npm run image` builds it with all labels filled in.
ARG BUILD_IMAGE=docker.io/library/node:26.9.0-bookworm-slim
# glibc and libstdc++ of the same Debian release as the build image: Node's binary comes from there.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The image brings the pinned Node itself; esbuild's binary comes with its platform package.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tools/bundle.ts tools/build-bundle.ts tools/sbom.ts tools/build-sbom.ts ./tools/
COPY src ./src
RUN node tools/bundle.ts && node tools/sbom.ts sbom.cdx.json && mkdir state

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=https://smartproxy.dev
LABEL org.opencontainers.image.title="smartproxy-ingress" \
      org.opencontainers.image.description="A Kubernetes ingress controller and proxy in TypeScript that tracks the life of every connection" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
WORKDIR /app
COPY --from=build /usr/local/bin/node /usr/local/bin/node
# Node needs it and the runtime image lacks it; the loader looks in this folder on every architecture.
COPY --from=build /usr/lib/*-linux-gnu/libatomic.so.1 /usr/lib/
COPY package.json LICENSE ./
COPY bin ./bin
COPY --from=build /build/dist ./dist
COPY --from=build /build/sbom.cdx.json ./
# The state folder (local CA, snapshot) is the only place that is written: mount a volume there.
COPY --from=build --chown=65532:65532 /build/state /var/lib/smartproxy-ingress
VOLUME /var/lib/smartproxy-ingress
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080 8443 10254
ENTRYPOINT ["/usr/local/bin/node", "--enable-source-maps", "--disable-sigusr1", "/app/bin/smartproxy-ingress.js"]
CMD ["run"]
