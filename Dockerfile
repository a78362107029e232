# Airflow with Perennial in it, from the same lock as on every desk. One image for all of Airflow's services.
FROM python:3.11.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    UV_LINK_MODE=copy \
    VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/perennial/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/perennial/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    PERENNIAL_PROJECT=/opt/perennial \
    PERENNIAL_HOME=/var/lib/perennial

RUN useradd --system --uid 50000 --create-home perennial \
    && mkdir -p /opt/airflow /var/lib/perennial \
    && chown perennial /opt/airflow /var/lib/perennial

WORKDIR /opt/perennial

# The packages change seldom, the project often: two layers. The lock says which versions, with their hashes;
# pyproject.toml says which of them run the product, so that no test tool comes along.
COPY pyproject.toml requirements.lock README.md LICENSE ./
RUN pip install --no-cache-dir --disable-pip-version-check "uv>=0.9" \
    && python -m venv /opt/venv \
    && uv pip install --no-cache --requirements pyproject.toml --extra sample --extra celery \
        --extra kubernetes --extra s3 --extra try --constraints requirements.lock

COPY . .
RUN uv pip install --no-cache --no-deps --editable .

USER perennial
CMD ["airflow", "version"]
