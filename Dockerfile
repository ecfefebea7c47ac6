# The same Node as in package.json's devDependencies.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /dependencies
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev

FROM node:24.21.0-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json LICENSE ./
COPY proto proto
COPY bundles bundles
COPY examples examples
COPY --from=dependencies /dependencies/node_modules node_modules
COPY --from=build /build/dist dist

# Nothing above belongs to this user: the process cannot change its own program, and writes to no
# file but the ones that its configuration names. A read-only root file system suits it.
USER 65532:65532
EXPOSE 9191 9192
# Asks the default admin address; a configuration with another brings its own --health-cmd.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9192/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
# The example, which listens on the container's loopback alone: an image that is only tried must not
# answer the network. -e SALLYPORT_SERVER_ADDRESS=0.0.0.0:9191 opens it; better, serve -c your own.
CMD ["serve"]
