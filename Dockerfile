# The server in a container: docker build -t inkread . && docker run -p 8000:8000 -e INKREAD_ADMIN_NAME=... inkread
# docs/guides/serve.md says how it is run.

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src ./src
RUN python -m venv /opt/inkread \
    && /opt/inkread/bin/pip install --no-cache-dir '.[serve,postgresql,redis,pdf,heic]'

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/inkread inkread
COPY --from=build /opt/inkread /opt/inkread
ENV PATH=/opt/inkread/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    # Others than this machine call a container: accounts are on, and without an admin it does not start.
    INKREAD_HOST=0.0.0.0 \
    INKREAD_PORT=8000 \
    INKREAD_DATABASE_URL=sqlite:////var/lib/inkread/accounts.sqlite3
USER 10001
WORKDIR /var/lib/inkread
VOLUME /var/lib/inkread
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["inkread"]
CMD ["serve"]
