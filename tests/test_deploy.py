"""What `deploy/` promises: several processes behind nginx, the manifest, the image, the entrypoint for the cloud."""

import asyncio
import gzip
import re
import urllib.error
import urllib.request

import kubernetes_validate
import pytest
import yaml
from streamlit.testing.v1 import AppTest

from benchmarks.load import Visitor, visitors
from tests.browser.serving import ROOT, serve
from tests.nginx import get, killable, nginx

DEPLOY = ROOT / "deploy"


def visit(everyone: list[Visitor]) -> list[dict[tuple[int, ...], str]]:
    """What each of these visitors reads."""

    async def one_by_one() -> list[dict[tuple[int, ...], str]]:
        for visitor in everyone:
            await visitor.arrive()
            await visitor.leave()
        return [dict(visitor.texts) for visitor in everyone]

    return asyncio.run(one_by_one())


def test_visitors_of_a_killed_process_are_served_by_the_other_with_their_experiment(tmp_path):
    with serve() as one, killable() as (other, kill), nginx(tmp_path, one, other) as proxy:
        routes = [proxy.route() for _ in range(40)]
        at = {route: proxy.serving(route) for route in routes}
        assert set(at.values()) == {one, other}
        assert at == {route: proxy.serving(route) for route in routes}
        everyone = visitors([proxy.url], "contrast", 6)
        chosen = [[route for route in routes if at[route] == app][:3] for app in (one, other)]
        for visitor, route in zip(everyone, chosen[0] + chosen[1], strict=True):
            visitor.cookie = route
        before = visit(everyone)
        assert len({tuple(texts.values()) for texts in before}) == len(everyone)
        kill()
        assert visit(everyone) == before
        assert {proxy.serving(visitor.cookie) for visitor in everyone} == {one}
        assert not any(visitor.problems for visitor in everyone)


def test_what_the_app_serves_from_disk_is_compressed_on_the_way(tmp_path):
    with serve() as app, nginx(tmp_path, app) as proxy:
        page = get(proxy.url)[1].decode()
        scripts = re.findall(r'(?:src|href)="\.?(/static/[^"]+\.(?:js|css))"', page)
        assert scripts
        plain, packed = 0, 0
        for path in scripts:
            text = get(app + path)[1]
            headers, small = get(proxy.url + path, Accept_Encoding="gzip")
            assert (gzip.decompress(small) if headers.get("content-encoding") == "gzip" else small) == text
            assert "content-security-policy" in headers
            plain, packed = plain + len(text), packed + len(small)
        assert packed < 0.4 * plain


def test_an_upload_over_the_limit_is_refused_on_the_way(tmp_path):
    with serve() as app, nginx(tmp_path, app) as proxy:
        request = urllib.request.Request(f"{proxy.url}/anything", data=b"x" * 7_000_000, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20)
        assert refused.value.code == 413
        refused.value.close()


@pytest.fixture(scope="module")
def manifest():
    return {each["kind"]: each for each in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


@pytest.mark.parametrize("kind", ["Deployment", "Service", "Ingress"])
def test_the_manifest_is_valid_by_the_schema_of_the_api(manifest, kind):
    kubernetes_validate.validate(manifest[kind], "1.32", strict=True)
    broken = dict(manifest[kind], spec=dict(manifest[kind]["spec"], replica=3))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.32", strict=True)


def test_the_parts_of_the_manifest_fit_together(manifest):
    pod = manifest["Deployment"]["spec"]["template"]
    [container] = pod["spec"]["containers"]
    assert manifest["Service"]["spec"]["selector"] == pod["metadata"]["labels"]
    assert manifest["Deployment"]["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
    [port] = container["ports"]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert f"--server.port={port['containerPort']}" in dockerfile
    assert f"USER {pod['spec']['securityContext']['runAsUser']}" in dockerfile
    assert manifest["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    [rule] = manifest["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifest["Service"]["metadata"]["name"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/_stcore/health"


def test_the_image_gets_all_that_the_app_needs():
    """Everything that git keeps beside app.py and that the app reads is copied into the image, from where it is."""
    copied = re.findall(r"^COPY (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert {"app.py", "app_pages", "gru_viz", "static", ".streamlit", "requirements.txt"} == set(copied)
    assert all((ROOT / path).exists() for path in copied)


def test_the_entrypoint_for_the_cloud_is_the_app():
    app = AppTest.from_file(DEPLOY / "community_cloud" / "streamlit_app.py", default_timeout=30).run()
    assert not app.exception
    assert app.title[0].value.startswith("Which cell still feels the first letter")
    requirements = (DEPLOY / "community_cloud" / "requirements.txt").read_text()
    assert "-r ../../requirements.txt" in requirements
