# One bundle on the pinned Node, non-root; runs with a read-only root file system.
ARG NODE_IMAGE=docker.io/library/node:26.9.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The image brings the pinned Node itself; esbuild's binary comes with its platform package.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tools ./tools
COPY src ./src
RUN node tools/bundle.ts

FROM ${NODE_IMAGE}
WORKDIR /app
COPY package.json ./
COPY bin ./bin
COPY --from=build /build/dist ./dist
# The state folder (local CA, snapshot) is the only place that is written: mount a volume there.
RUN mkdir -p /var/lib/smartproxy-ingress && chown 65532:65532 /var/lib/smartproxy-ingress
VOLUME /var/lib/smartproxy-ingress
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080 8443 10254
ENTRYPOINT ["node", "--enable-source-maps", "/app/bin/smartproxy-ingress.js"]
CMD ["run"]
