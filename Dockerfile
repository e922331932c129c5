# One image, every service: the command says which. Runs the TypeScript as it is, as in development.
FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force
COPY tsconfig.json ./
COPY shared ./shared
COPY services ./services
RUN mkdir -p /var/cache/panoptes && chown node:node /var/cache/panoptes
USER node
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--import", "tsx"]
