# Two stages: wheels are built where a compiler is, and only what runs is shipped.
FROM python:3.12-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock .
RUN python -m venv /opt/huixin && /opt/huixin/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY intents intents
COPY content content
RUN /opt/huixin/bin/pip install --no-cache-dir --no-deps .
# Some packages carry files for other Pythons, which do not compile: nobody imports them.
RUN /opt/huixin/bin/python -m compileall -q /opt/huixin || true

FROM python:3.12-slim-bookworm
RUN useradd --create-home --uid 10001 huixin && mkdir /data && chown huixin /data
COPY --from=build /opt/huixin /opt/huixin
USER huixin
WORKDIR /data
ENV PATH=/opt/huixin/bin:$PATH PYTHONUNBUFFERED=1 HUIXIN_DATA=/data HUIXIN_HOST=0.0.0.0
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["huixin"]
CMD ["serve"]
