# Three stages: compile, install what runs, and put the two into a clean image.
# Configuration is read from /etc/gatehouse/config.yaml, everything that must last lives in /data.

FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the pinned Node among the devDependencies is for machines, the image has its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY views views
# Source maps are for development; they would only tell a visitor of the container how it was written.
RUN npm run build && find dist -name '*.map' -delete

FROM node:26-bookworm-slim AS libraries
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# better-sqlite3 carries its C sources and one binary per platform: the image needs one of them.
RUN cd node_modules/better-sqlite3 \
 && rm -rf deps src binding.gyp \
 && find prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete \
 && cd .. \
 && rm -rf node-addon-api .package-lock.json \
 && find . -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete

FROM node:26-bookworm-slim
ENV GATEHOUSE_CONFIG=/etc/gatehouse/config.yaml \
    GATEHOUSE_STORE_PATH=/data/gatehouse.db
WORKDIR /app
RUN mkdir -p /data /etc/gatehouse && chown node:node /data
COPY --from=libraries /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
USER node
VOLUME /data
EXPOSE 9091
STOPSIGNAL SIGTERM
# Asks the health listener of the configuration, wherever that listens: the image has no curl.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["node", "dist/src/main.js", "health"]
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["serve"]
