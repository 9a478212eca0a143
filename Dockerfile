# docker compose up: `mien serve`, as compose.yaml says. Nothing is fetched once it is built.
FROM python:3.13-slim AS wheel
COPY . /src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /src && cp /src/constraints.txt /wheels/

FROM python:3.13-slim
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --constraint /wheels/constraints.txt /wheels/*.whl
USER 10001:10001
EXPOSE 8100
HEALTHCHECK --start-period=20s CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8100/health', timeout=3)"]
ENTRYPOINT ["mien", "serve", "--host", "0.0.0.0"]
