# The image of verta-gitops, for CI and for `verta.sync`. PYTHON names a base image; give it with its digest to be sure
# of what is built: --build-arg PYTHON=python:3.13-slim-bookworm@sha256:...
ARG PYTHON=python:3.13-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
COPY . .
# The versions of constraints.txt, the build tools too, and nothing from anywhere else.
RUN python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --constraint constraints.txt build hatchling \
    && /opt/build/bin/python -m build --wheel --no-isolation --outdir /dist . \
    && python -m venv /opt/verta-gitops \
    && /opt/verta-gitops/bin/python -m pip install --no-cache-dir --constraint constraints.txt /dist/*.whl \
    && /opt/verta-gitops/bin/python -m compileall -q /opt/verta-gitops/lib \
    && /opt/verta-gitops/bin/python -m pip uninstall --yes pip

FROM ${PYTHON}
# What could install something is not needed to run.
RUN python -m pip uninstall --yes --root-user-action=ignore pip
COPY --from=build /opt/verta-gitops /opt/verta-gitops
ENV PATH=/opt/verta-gitops/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /workspace
ENTRYPOINT ["verta-gitops"]
