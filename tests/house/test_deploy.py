"""The files for Kubernetes, containers and releases are what their schemas and this package take."""

from __future__ import annotations

import re
import shlex

import kubernetes_validate
import pytest
import typer.main
import yaml

import inkread
from inkread.cli import app

# The oldest Kubernetes that is kept alive, and the newest whose schema is there.
KUBERNETES = ("1.34", kubernetes_validate.latest_version())

# The fields of KubeRay's ray.io/v1 that are known to us, with their types; others would be dropped without a word.
RAY_CLUSTER = {
    "headGroupSpec": dict,
    "workerGroupSpecs": list,
    "rayVersion": str,
    "enableInTreeAutoscaling": bool,
    "autoscalerOptions": dict,
}
RAY_JOB = {
    "entrypoint": str,
    "backoffLimit": int,
    "shutdownAfterJobFinishes": bool,
    "ttlSecondsAfterFinished": int,
    "rayClusterSpec": dict,
}
HEAD = {"rayStartParams": dict, "template": dict, "serviceType": str}
WORKERS = {
    "groupName": str,
    "replicas": int,
    "minReplicas": int,
    "maxReplicas": int,
    "rayStartParams": dict,
    "template": dict,
}


@pytest.fixture(scope="module")
def manifests(repository):
    """Every document in deploy/kubernetes, by file and kind."""
    return {
        (path.name, document["kind"]): document
        for path in sorted((repository / "deploy" / "kubernetes").glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    }


def pod_specs(manifests):
    for (name, kind), document in manifests.items():
        if kind in ("Deployment", "Job"):
            yield name, document["spec"]["template"]["spec"]
        if kind == "RayJob":
            cluster = document["spec"]["rayClusterSpec"]
            for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
                yield name, group["template"]["spec"]


@pytest.mark.parametrize("version", KUBERNETES)
def test_manifests_are_what_kubernetes_takes(manifests, version):
    assert {kind for _, kind in manifests} >= {"Deployment", "Service", "HorizontalPodAutoscaler", "RayJob", "Job"}
    for (_, kind), document in manifests.items():
        if kind != "RayJob":
            kubernetes_validate.validate(document, version, strict=True)
    for name, spec in pod_specs(manifests):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name.partition(".")[0]}, "spec": spec}
        kubernetes_validate.validate(pod, version, strict=True)


def test_a_manifest_with_a_typing_error_is_found(manifests):
    document = {**manifests["server.yaml", "Service"], "spce": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, KUBERNETES[0], strict=True)


def test_the_ray_job_has_the_fields_of_kuberay(manifests):
    job = manifests["batch-ray.yaml", "RayJob"]
    cluster = job["spec"]["rayClusterSpec"]
    workers = cluster["workerGroupSpecs"]
    checks = [(job["spec"], RAY_JOB), (cluster, RAY_CLUSTER), (cluster["headGroupSpec"], HEAD)]
    for spec, fields in [*checks, *((group, WORKERS) for group in workers)]:
        for name, value in spec.items():
            assert isinstance(value, fields[name]), name
    for group in (cluster["headGroupSpec"], *workers):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
    for group in workers:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_probes_limits_and_least_rights_are_there(manifests):
    for name, spec in pod_specs(manifests):
        for container in spec["containers"]:
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]
            assert container["image"].endswith(f":{inkread.__version__}")
            if name != "batch-ray.yaml":
                assert spec["securityContext"]["runAsNonRoot"]
                assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
                assert container["securityContext"]["readOnlyRootFilesystem"]
    (server,) = manifests["server.yaml", "Deployment"]["spec"]["template"]["spec"]["containers"]
    routes = {server[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert routes == {"/readyz", "/healthz"}


def test_commands_and_variables_are_ours(manifests, repository):
    from inkread.serve.settings import ServerSettings

    commands = typer.main.get_command(app).commands
    lines = [manifests["batch-ray.yaml", "RayJob"]["spec"]["entrypoint"].split()[1:]]
    for _, spec in pod_specs(manifests):
        for container in spec["containers"]:
            if "args" in container:
                lines.append(container["args"])
            for variable in container.get("env", ()):
                if variable["name"].startswith("INKREAD_"):
                    assert variable["name"].removeprefix("INKREAD_").lower() in ServerSettings.model_fields
    assert len(lines) == 3
    for command, *arguments in lines:
        # Parsed, not run.
        commands[command].make_context(command, list(arguments))
    known = (repository / "src/inkread/serve/metrics.py").read_text(encoding="utf-8")
    (metric,) = manifests["server.yaml", "HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert f'"{metric["pods"]["metric"]["name"]}"' in known


def test_the_image_of_batches_copies_what_is_there_and_installs_extras_that_exist(repository, manifests):
    text = (repository / "deploy/batch/Dockerfile").read_text(encoding="utf-8")
    joined = text.replace("\\\n", " ")
    for line in re.findall(r"^COPY (.*)$", joined, re.MULTILINE):
        *sources, _ = (word for word in shlex.split(line) if not word.startswith("--"))
        assert all((repository / source).exists() for source in sources)
    settings = (repository / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.search(r"inkread\[([\w,]+)\]", joined)[1].split(","):
        assert re.search(rf"^{extra} = \[", settings, re.MULTILINE)
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)
    ray = re.search(r"RAY_VERSION=([\d.]+)", text)[1]
    assert manifests["batch-ray.yaml", "RayJob"]["spec"]["rayClusterSpec"]["rayVersion"] == ray


def test_a_release_publishes_without_a_secret_and_lists_what_is_in_it(repository):
    text = (repository / ".github/workflows/release.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    jobs = workflow["jobs"]
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "release"
    assert [jobs[name]["needs"] for name in ("build", "publish", "release")] == ["test", "build", "publish"]
    steps = [step.get("run", "") for step in jobs["build"]["steps"]]
    assert any("cyclonedx-py environment" in step for step in steps)
    assert any("pyproject.toml" in step.get("run", "") for step in jobs["test"]["steps"])
