"""Values for the Helm chart and the manifests beside them agree with each other and with the code; no cluster is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.compose_file import image_environment
from perennial.settings import PROJECT, Settings

FOLDER = PROJECT / "deploy" / "kubernetes"
# What the chart's page of parameters knows of what we set; `*` is a key of ours.
CHART = {
    "airflowVersion",
    "apiSecretKeySecretName",
    "config.*.*",
    "createUserJob.defaultUser.enabled",
    "dags.gitSync.depth",
    "dags.gitSync.enabled",
    "dags.gitSync.maxFailures",
    "dags.gitSync.ref",
    "dags.gitSync.repo",
    "dags.gitSync.sshKeySecret",
    "dags.gitSync.subPath",
    "data.metadataSecretName",
    "defaultAirflowRepository",
    "defaultAirflowTag",
    "env",
    "executor",
    "fernetKeySecretName",
    "jwtSecretName",
    "logs.persistence.enabled",
    "logs.persistence.existingClaim",
    "migrateDatabaseJob.args",
    "postgresql.enabled",
    "redis.enabled",
    "secret",
    "statsd.enabled",
    "volumeMounts",
    "volumes",
    "workers.resources.limits.memory",
    "workers.resources.requests.cpu",
    "workers.resources.requests.memory",
    "workers.terminationGracePeriodSeconds",
}
A_SECRET = "k" * 40


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(FOLDER / "values.yaml"))


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return [
        found
        for name in ("lake.yaml", "edge.yaml")
        for found in YAML(typ="safe").load_all(FOLDER / name)
    ]


@pytest.fixture(scope="module")
def edge(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    return dict(of_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"])


def of_kind(manifests: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [found for found in manifests if found["kind"] == kind]


def paths(value: Any, before: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {before}
    return set().union(
        *(paths(inner, f"{before}.{key}" if before else key) for key, inner in value.items())
    )


def settings_of(values: dict[str, Any]) -> dict[str, str]:
    """The environment that the chart gives to each of Airflow's pods."""
    open_ones = {each["name"]: each["value"] for each in values["env"]}
    return open_ones | {each["envName"]: A_SECRET for each in values["secret"]}


def settings_of_edge(edge: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each.get("value", A_SECRET) for each in edge["containers"][0]["env"]}


def test_only_parameters_that_the_chart_knows_are_set(values: dict[str, Any]) -> None:
    found = {re.sub(r"^config\.\w+\.\w+$", "config.*.*", path) for path in paths(values)}

    assert found == CHART


def test_only_options_of_airflow_that_exist_are_set(values: dict[str, Any]) -> None:
    from airflow.configuration import conf

    known = conf.configuration_description
    for section, options in values["config"].items():
        assert set(options) <= set(known[section]["options"]), section


@pytest.mark.parametrize("of", ["airflow", "edge"])
def test_the_settings_are_those_of_a_production_that_starts(
    of: str, values: dict[str, Any], edge: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings_of(values) if of == "airflow" else settings_of_edge(edge)
    known = {f"PERENNIAL_{name.upper()}" for name in Settings.model_fields}
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert set(given) <= known
    assert Settings().profile == "production"


def test_the_edge_and_airflow_are_one_installation(
    values: dict[str, Any], edge: dict[str, Any]
) -> None:
    airflow, web = settings_of(values), settings_of_edge(edge)
    both = (airflow.keys() & web.keys()) - {"PERENNIAL_PROJECT"}
    image = f"{values['defaultAirflowRepository']}:{values['defaultAirflowTag']}"
    sync = {each["name"]: each["value"] for each in edge["initContainers"][0]["env"]}

    assert {name: airflow[name] for name in both} == {name: web[name] for name in both}
    assert edge["containers"][0]["image"] == image
    assert sync["GITSYNC_REPO"] == values["dags"]["gitSync"]["repo"]
    assert sync["GITSYNC_REF"] == values["dags"]["gitSync"]["ref"]
    assert web["PERENNIAL_PROJECT"] == f"{sync['GITSYNC_ROOT']}/{sync['GITSYNC_LINK']}"


def test_every_pod_sees_the_same_lake(
    values: dict[str, Any], edge: dict[str, Any], manifests: list[dict[str, Any]]
) -> None:
    claims = {
        found["metadata"]["name"]: found for found in of_kind(manifests, "PersistentVolumeClaim")
    }
    home = image_environment()["PERENNIAL_HOME"]
    of_airflow = {each["name"]: each for each in values["volumes"]}
    mounts = {each["mountPath"]: each["name"] for each in edge["containers"][0]["volumeMounts"]}

    assert [each["mountPath"] for each in values["volumeMounts"]] == [home]
    assert of_airflow["perennial"]["persistentVolumeClaim"]["claimName"] in claims
    assert mounts[home] == "perennial"
    assert values["logs"]["persistence"]["existingClaim"] in claims
    assert {mode for claim in claims.values() for mode in claim["spec"]["accessModes"]} == {
        "ReadWriteMany"
    }


def test_no_secret_is_written_down_and_each_is_named_in_the_docs(
    values: dict[str, Any], edge: dict[str, Any]
) -> None:
    page = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    referred = [(each["secretName"], each["secretKey"]) for each in values["secret"]]
    for each in edge["containers"][0]["env"]:
        if "valueFrom" in each:
            wanted = each["valueFrom"]["secretKeyRef"]
            referred.append((wanted["name"], wanted["key"]))
    whole = [values[f"{name}SecretName"] for name in ("fernetKey", "apiSecretKey")]
    whole += [values["jwtSecretName"], values["data"]["metadataSecretName"]]
    whole += [values["dags"]["gitSync"]["sshKeySecret"]]

    open_ones = settings_of(values).items() | settings_of_edge(edge).items()
    hidden = re.compile("SECRET|KEY|TOKEN|PASSWORD|_URL$")
    allowed = {"PERENNIAL_EDGE_URL"}
    assert {n for n, value in open_ones if hidden.search(n) and value != A_SECRET} == allowed
    for secret, key in referred:
        assert f"--from-literal={key}=" in page, key
        assert f"secret generic {secret} " in page, secret
    for secret in whole:
        assert f"secret generic {secret} " in page, secret


def test_the_edge_has_no_more_rights_than_it_needs(edge: dict[str, Any]) -> None:
    assert edge["automountServiceAccountToken"] is False
    assert edge["securityContext"]["runAsNonRoot"] is True
    for container in (*edge["initContainers"], *edge["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert re.search(r":v?\d+\.\d+\.\d+$", container["image"])
    declared = {volume["name"] for volume in edge["volumes"]}
    for container in (*edge["initContainers"], *edge["containers"]):
        assert {mount["name"] for mount in container["volumeMounts"]} <= declared


def test_the_edge_is_reached_by_the_paths_of_customers_and_providers_alone(
    edge: dict[str, Any], manifests: list[dict[str, Any]]
) -> None:
    openapi = YAML(typ="safe").load(PROJECT / "docs/reference/edge.openapi.yaml")
    inside = {"health", "ready", "metrics"}
    of_people = {f"/{path.split('/')[1]}/" for path in openapi["paths"]} - {
        f"/{p}/" for p in inside
    }
    (rule,) = of_kind(manifests, "Ingress")[0]["spec"]["rules"]
    open_paths = {each["path"] for each in rule["http"]["paths"]}

    assert of_people <= open_paths <= of_people | {"/hooks/"}
    assert settings_of_edge(edge)["PERENNIAL_EDGE_URL"] == f"https://{rule['host']}"


def test_what_selects_finds_the_edge(edge: dict[str, Any], manifests: list[dict[str, Any]]) -> None:
    deployment = of_kind(manifests, "Deployment")[0]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    service = of_kind(manifests, "Service")[0]
    port = edge["containers"][0]["ports"][0]

    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert of_kind(manifests, "PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["selector"] == labels
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert edge["containers"][0]["command"][-1] == str(port["containerPort"])
    for probe in ("readinessProbe", "livenessProbe"):
        assert edge["containers"][0][probe]["httpGet"]["port"] == port["name"]
