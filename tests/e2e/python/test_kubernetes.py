"""deploy/helm and deploy/kustomize: what they make is what Kubernetes takes, of three versions of it, and the config in it is
one that the program takes. The chart is rendered by helm."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import pytest
import yaml

LIMIT = 120
DEPLOY = pathlib.Path(__file__).parents[3] / "deploy"
CHART = DEPLOY / "helm" / "wasm-grpc"
HELM = os.environ.get("WASM_GRPC_TEST_HELM")
GO = shutil.which("go")
GATEWAY_API = "sigs.k8s.io/gateway-api@v1.6.3"
VERSIONS = ("1.33", "1.35", "1.37")
# Resources of others, whose schemas are not Kubernetes' own.
OF_GATEWAY = ("GRPCRoute", "HTTPRoute")
OF_OPERATOR = ("ServiceMonitor", "PrometheusRule")

MATRIX = {
    "the defaults": {},
    "all of it": {
        "modules": [
            {"name": "shop", "file": "shop.wasm", "image": {"reference": "registry.example.com/shop:1"}, "compatible": True},
            {"name": "cart", "file": "/cart.wasm", "copyFrom": {"image": "registry.example.com/cart:1"}, "settings": 'max-memory = "64 MiB"\n'},
            {"name": "greeter", "file": "/usr/share/wasm-grpc/modules/greeter.wasm"},
        ],
        "config": 'max-call-time = "30 s"\n',
        "configTables": '[access-log]\ncalls = "errors"\n',
        "tls": {"secretName": "tls", "clientCaSecretName": "clients"},
        "admin": {"tokenSecret": {"name": "admin", "key": "token"}},
        "autoscaling": {"enabled": True, "callsInProgress": 500},
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True},
        "grpcRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}], "hostnames": ["a.example.com"], "services": ["a.A", "b.B"]},
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway", "namespace": "infra"}]},
        "networkPolicy": {
            "from": [{"podSelector": {"matchLabels": {"app": "envoy"}}}],
            "adminFrom": [{"namespaceSelector": {}}],
            "egress": [{"ports": [{"port": 6379, "protocol": "TCP"}]}],
        },
        "service": {"type": "LoadBalancer", "annotations": {"a": "b"}},
        "imagePullSecrets": [{"name": "registry"}],
        "env": [{"name": "LANG", "value": "C.UTF-8"}],
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
        "podAnnotations": {"a": "b"},
        "podLabels": {"team": "shop"},
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "priorityClassName": "high",
        "image": {"digest": "sha256:" + "0" * 64},
    },
    "from a registry": {
        "modules": [
            {"name": "shop", "ref": "oci://registry.example.com/shop:1", "settings": 'registry.poll = "1 min"\n'},
            {"name": "greeter", "file": "/usr/share/wasm-grpc/modules/greeter.wasm"},
        ],
        "registry": {"poll": "30 s", "credentialsSecret": "login", "keySecret": {"name": "cosign"}},
        "codeCache": {"enabled": False},
    },
    "with a Redis": {
        "redis": {
            "addresses": ["redis-0.example.com:26379", "redis-1.example.com:26379"],
            "sentinel": "main",
            "user": "shop",
            "passwordSecret": {"name": "redis", "key": "secret"},
            "tls": True,
            "prefix": "shop",
        }
    },
    "with a Redis of its own": {
        "redis": {"passwordSecret": {"name": "redis"}, "own": {"enabled": True, "storageClassName": "fast"}},
        "imagePullSecrets": [{"name": "registry"}],
    },
    "as little as may be": {
        "replicas": 1,
        "preStopSleepSeconds": 0,
        "codeCache": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "serviceAccount": {"create": False},
        "service": {"headless": False},
        "fullnameOverride": "small",
    },
}


def render(values: dict) -> subprocess.CompletedProcess:
    if HELM is None:
        pytest.skip("neither helm nor Go is there, by which it is built")
    command = [HELM, "template", "release", CHART, "--kube-version", "1.35.0", "--values", "-"]
    return subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, timeout=LIMIT)


def rendered(values: dict) -> list[dict]:
    done = render(values)
    assert done.returncode == 0, done.stderr
    return [resource for resource in yaml.safe_load_all(done.stdout) if resource]


def of_kustomize() -> list[dict]:
    files = sorted((DEPLOY / "kustomize" / "base").glob("*.yaml"))
    return [resource for file in files for resource in yaml.safe_load_all(file.read_text()) if resource["kind"] != "Kustomization"]


def assert_kubernetes_takes(resource: dict) -> None:
    if resource["kind"] in OF_GATEWAY + OF_OPERATOR:
        return
    for version in VERSIONS:
        kubernetes_validate.validate(resource, version, strict=True)


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_kubernetes_takes_what_the_chart_makes(values):
    resources = rendered(values)
    assert len({(resource["kind"], resource["metadata"]["name"]) for resource in resources}) == len(resources) >= 3
    for resource in resources:
        assert_kubernetes_takes(resource)


def test_kubernetes_takes_what_is_for_kustomize():
    for resource in of_kustomize():
        assert_kubernetes_takes(resource)


def test_every_file_that_kustomize_is_told_of_is_there():
    for kustomization in (DEPLOY / "kustomize").rglob("kustomization.yaml"):
        told = yaml.safe_load(kustomization.read_text())
        named = [*told["resources"], *(patch["path"] for patch in told.get("patches", []))]
        named += [file for generator in told["configMapGenerator"] for file in generator["files"]]
        for name in named:
            assert (kustomization.parent / name).exists(), f"{kustomization} names {name}"


def test_the_schemas_refuse_what_is_wrong():
    """A check that takes everything is none."""
    (deployment,) = [resource for resource in of_kustomize() if resource["kind"] == "Deployment"]
    deployment["spec"]["replica"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        assert_kubernetes_takes(deployment)


@pytest.fixture(scope="module")
def gateway_schemas() -> dict[str, dict]:
    """The schemas of routes, by the CRDs of Gateway API."""
    if GO is None:
        pytest.skip("the CRDs come as a Go module, and there is no Go")
    folder = subprocess.run(
        [GO, "mod", "download", "-json", GATEWAY_API], capture_output=True, text=True, timeout=LIMIT, cwd="/"
    )
    assert folder.returncode == 0, folder.stdout + folder.stderr
    schemas = {}
    for file in (pathlib.Path(json.loads(folder.stdout)["Dir"]) / "config/crd/standard").glob("*.yaml"):
        for crd in yaml.safe_load_all(file.read_text()):
            if crd and crd["kind"] == "CustomResourceDefinition":
                versions = {version["name"]: version["schema"]["openAPIV3Schema"] for version in crd["spec"]["versions"]}
                schemas[crd["spec"]["names"]["kind"]] = versions
    return schemas


def test_gateway_api_takes_the_routes(gateway_schemas):
    routes = [resource for resource in rendered(MATRIX["all of it"]) if resource["kind"] in OF_GATEWAY]
    assert len(routes) == 2
    for route in routes:
        schema = gateway_schemas[route["kind"]][route["apiVersion"].rpartition("/")[2]]
        jsonschema.validate(route, schema)
        # The API server drops what no schema names.
        for rule in route["spec"]["rules"]:
            assert set(rule) <= set(schema["properties"]["spec"]["properties"]["rules"]["items"]["properties"])


def test_helm_finds_nothing_to_say_against_the_chart():
    if HELM is None:
        pytest.skip("helm is not there")
    done = subprocess.run([HELM, "lint", "--strict", CHART], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0 and "[WARNING]" not in done.stdout and "[ERROR]" not in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "values, said",
    [
        ({"replica": 3}, "replica"),
        ({"maxConnectionAge": "5 minutes"}, "maxConnectionAge"),
        ({"modules": []}, "modules"),
        ({"modules": [{"name": "shop"}]}, "file"),
        ({"modules": [{"name": "shop", "file": "a.wasm", "ref": "oci://registry.example.com/a:1"}]}, "/modules/0"),
        ({"registry": {"poll": "often"}}, "/registry/poll"),
        ({"modules": [{"name": "Shop", "file": "a.wasm"}]}, "Shop"),
        ({"grpcRoute": {"enabled": True}}, "name the Gateway"),
        ({"redis": {"addresses": ["redis"]}}, "/redis/addresses/0"),
        ({"redis": {"own": {"enabled": True}}}, "redis.passwordSecret.name"),
        ({"redis": {"own": {"enabled": True}, "passwordSecret": {"name": "a"}, "addresses": ["a:1"]}}, "have one of them"),
    ],
)
def test_values_that_make_no_sense_are_refused(values, said):
    done = render(values)
    assert done.returncode != 0 and said in done.stderr, done.stdout


def settings_of(resources: list[dict]) -> str:
    (config,) = [resource for resource in resources if resource["kind"] == "ConfigMap"]
    return config["data"]["wasm-grpc.toml"]


def assert_the_program_takes(text: str, program, guest, folder: pathlib.Path) -> None:
    """As it is but for paths of the container, which are not here."""
    modules = map(guest, ["greeter", "echo", "lock"])
    text = re.sub(r'^path = ".*"$', lambda _: f'path = "{next(modules)}"', text, flags=re.MULTILINE)
    text = re.sub(r'^(code-cache) = ".*"$', f'\\1 = "{folder}/code"', text, flags=re.MULTILINE)
    text = re.sub(r'^\[tls\]\n(.+\n)+', "", text, flags=re.MULTILINE)
    token = folder / "token"
    token.write_text("0123456789abcdef\n")
    text = re.sub(r'^(token-file) = ".*"$', f'\\1 = "{token}"', text, flags=re.MULTILINE)
    text = re.sub(r"{ file = .* }", f'{{ file = "{token}" }}', text)
    file = folder / "wasm-grpc.toml"
    file.write_text(text)
    done = subprocess.run([program, "check", "-c", file], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr + text


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_program_takes_the_config_of_the_chart(values, program, guest, tmp_path):
    text = settings_of(rendered(values))
    assert_the_program_takes(text, program, guest, tmp_path)


def test_modules_of_a_registry_have_what_they_need():
    resources = rendered(MATRIX["from a registry"])
    text = settings_of(resources)
    assert 'path = "oci://registry.example.com/shop:1"\nname = "shop"\nregistry.poll = "1 min"' in text
    (deployment,) = [resource for resource in resources if resource["kind"] == "Deployment"]
    mounts = {mount["mountPath"]: mount for mount in deployment["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]}
    for key in ("cache", "credentials", "key"):
        path = pathlib.PurePosixPath(re.search(rf'^{key} = "(.*)"$', text, re.MULTILINE).group(1))
        mount = next(mounts[str(folder)] for folder in path.parents if str(folder) in mounts)
        assert mount.get("readOnly", False) == (key != "cache")
    (policy,) = [resource for resource in resources if resource["kind"] == "NetworkPolicy"]
    assert {"port": 443, "protocol": "TCP"} in [port for rule in policy["spec"]["egress"] for port in rule["ports"]]


def test_servers_and_their_own_redis_find_each_other_and_nobody_else_does():
    resources = {(one["kind"], one["metadata"]["name"]): one for one in rendered(MATRIX["with a Redis of its own"])}
    text = resources["ConfigMap", "release-wasm-grpc"]["data"]["wasm-grpc.toml"]
    name = re.search(r'^address = \["(.*):6379"\]$', text, re.MULTILINE).group(1)
    redis = resources["StatefulSet", name]["spec"]["template"]
    servers = resources["Deployment", "release-wasm-grpc"]["spec"]["template"]
    assert resources["Service", name]["spec"]["selector"] == redis["metadata"]["labels"]
    selector = resources["Service", "release-wasm-grpc"]["spec"]["selector"]
    assert not selector.items() <= redis["metadata"]["labels"].items(), "calls would be sent to Redis"
    (allowed,) = resources["NetworkPolicy", name]["spec"]["ingress"]
    (whom,) = allowed["from"]
    assert whom["podSelector"]["matchLabels"].items() <= servers["metadata"]["labels"].items()
    out = [rule for rule in resources["NetworkPolicy", "release-wasm-grpc"]["spec"]["egress"] if "to" in rule]
    assert [rule["to"][0]["podSelector"]["matchLabels"] for rule in out] == [redis["metadata"]["labels"]]
    file = pathlib.PurePosixPath(re.search(r'login.password = { file = "(.*)" }', text).group(1))
    assert str(file.parent) in [mount["mountPath"] for mount in servers["spec"]["containers"][0]["volumeMounts"]]
    security = redis["spec"]["containers"][0]["securityContext"]
    assert redis["spec"]["securityContext"]["runAsNonRoot"] and security["readOnlyRootFilesystem"]


@pytest.mark.parametrize("where", ["base", "overlays/three-zones"])
def test_the_program_takes_the_config_for_kustomize(where, program, guest, tmp_path):
    text = (DEPLOY / "kustomize" / where / "wasm-grpc.toml").read_text()
    assert_the_program_takes(text, program, guest, tmp_path)


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_a_pod_has_the_time_that_its_end_takes(values):
    (deployment,) = [resource for resource in rendered(values) if resource["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert pod["terminationGracePeriodSeconds"] >= hook + 30 + 5


@pytest.mark.parametrize("deployments", ["helm", "kustomize"])
def test_a_container_may_do_nothing_that_it_need_not(deployments):
    resources = rendered({}) if deployments == "helm" else of_kustomize()
    (deployment,) = [resource for resource in resources if resource["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] and security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False
    assert container["resources"]["requests"]["cpu"] and container["resources"]["limits"]["memory"]


def test_the_chart_and_the_program_have_one_version(program):
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=LIMIT).stdout.split()[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)
    (deployment,) = [resource for resource in of_kustomize() if resource["kind"] == "Deployment"]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == f"wasm-grpc:{version}"
