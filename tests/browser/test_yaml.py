"""One object of a real cluster is changed in the editor from end to end, and several are made; kubectl says the rest."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.real import find_kubeconfig
from tests.server import Server

PageFor = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.kubernetes]


def kubectl(*words: str, given: str | None = None) -> str:
    command = ["kubectl", "--kubeconfig", str(find_kubeconfig()), *words]
    return subprocess.run(command, text=True, input=given, capture_output=True, check=True, timeout=60).stdout


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"pilothouse-yaml-{time.time_ns() % 10**9}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def slug(real_server: Server) -> str:
    return real_server.manage(
        "from clusters.models import Cluster; print(Cluster.objects.get(driver='kubernetes').slug)"
    ).strip()


def write(page: Page, text: str) -> None:
    """Put a text in the place of what the editor holds, as a person would."""
    page.locator("yaml-editor .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")  # what a browser does by itself to a selection leaves styles behind
    page.keyboard.insert_text(text)


def replace(page: Page, old: str, new: str) -> None:
    text = page.locator("yaml-editor textarea").input_value()
    assert old in text
    write(page, text.replace(old, new))


def look(page: Page) -> None:
    page.get_by_role("button", name="Show what would change").click()


def test_an_object_is_opened_changed_applied_and_put_back(
    real_server: Server, page_for: PageFor, namespace: str, slug: str
) -> None:
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": namespace}, "data": {"mode": "fast", "size": "1"}}  # fmt: skip
    kubectl("apply", "--server-side", "--field-manager=gitops", "-f", "-", given=json.dumps(settings))
    page = page_for("ada", base=real_server.url)
    refused: list[str] = []
    page.on(
        "console",
        lambda one: refused.append(f"{one.text} {one.location}") if "Content Security Policy" in one.text else None,
    )
    page.goto(f"/clusters/{slug}/config-map/{namespace}/settings/?panel=yaml")
    expect(page.locator("yaml-editor .cm-content")).to_contain_text("mode: fast")
    page.locator("#panel").get_by_role("link", name="Edit YAML").click()
    page.wait_for_url("**/yaml/?kind=config-map**")
    replace(page, "mode: fast", "mode: slow")
    look(page)
    step = page.locator(".yaml-step")
    expect(step.locator('[data-sort="gone"]')).to_contain_text("mode: fast")
    expect(step.locator('[data-sort="new"]')).to_contain_text("mode: slow")
    expect(step).to_contain_text("is managed by gitops")
    expect(page.get_by_role("button", name="Apply", exact=True)).to_have_count(0)
    page.get_by_label("Take them over").check()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_role("heading", name="Applied")).to_be_visible()
    assert json.loads(kubectl("get", "configmap", "settings", "-n", namespace, "-o", "json"))["data"]["mode"] == "slow"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    expect(page.locator("yaml-editor .cm-content")).to_contain_text("mode: fast")
    assert json.loads(kubectl("get", "configmap", "settings", "-n", namespace, "-o", "json"))["data"] == {"mode": "fast", "size": "1"}  # fmt: skip
    replace(page, "mode: fast", "mode: mine")
    kubectl("patch", "configmap", "settings", "-n", namespace, "--type=merge", "-p", '{"data":{"mode":"theirs"}}')
    look(page)
    expect(page.locator(".yaml-step")).to_contain_text("Somebody else changed data.mode meanwhile.")
    expect(page.locator("yaml-editor .cm-content")).to_contain_text("mode: mine")  # nothing typed is lost
    page.get_by_role("button", name="Go on with my text").click()
    expect(page.locator('.yaml-step [data-sort="gone"]')).to_contain_text("mode: theirs")
    assert refused == []


def test_a_mistake_is_underlined_while_it_is_typed_and_fields_are_completed(
    real_server: Server, page_for: PageFor, namespace: str, slug: str
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto(f"/clusters/{slug}/yaml/")
    head = f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: {namespace}\n"
    write(page, f"{head}spec:\n  replicants: 3\n")
    expect(page.locator("yaml-editor .cm-lintRange-error")).to_have_text("replicants", timeout=15_000)
    page.locator("yaml-editor .cm-lintRange-error").hover()
    expect(page.locator(".cm-tooltip-lint")).to_contain_text(
        "There is no field replicants here. Did you mean replicas?"
    )
    look(page)
    expect(page.locator(".yaml-step")).to_contain_text("There is no field spec.replicants.")
    write(page, f"{head}spec:\n  strategy:\n    t")
    expect(page.locator("#yaml-result[data-old]")).to_be_attached()  # what is shown is of another text
    page.keyboard.press("Control+Space")
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("type", timeout=15_000)
    page.wait_for_timeout(300)  # keys that come too soon are meant for the text
    page.keyboard.press("Enter")
    expect(page.locator("yaml-editor textarea")).to_have_value(re.compile("type: $"))
    page.keyboard.press("Control+Space")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("Recreate", timeout=15_000)


def test_new_objects_come_from_files_and_a_refused_one_stops_all(
    real_server: Server, page_for: PageFor, namespace: str, slug: str
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto(f"/clusters/{slug}/")
    page.get_by_role("link", name="New from YAML").click()
    one = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  namespace: {namespace}\n"
    wrong = (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: two\n  namespace: {namespace}\ndata:\n  key: not base64!\n"
    )
    files = [{"name": name, "mimeType": "text/yaml", "buffer": text.encode()} for name, text in (("1.yaml", one), ("2.yaml", wrong))]  # fmt: skip
    page.locator("yaml-editor .cm-content").wait_for()  # its code comes when it is seen
    page.locator(".yaml-file input").set_input_files(files)
    expect(page.locator("yaml-editor textarea")).to_have_value(re.compile("name: two"))
    look(page)
    expect(page.locator(".yaml-step")).to_have_count(2)
    expect(page.locator(".yaml-apply")).to_contain_text("Nothing is done as long as one of them cannot be.")
    page.locator("yaml-editor .cm-content").click()
    replace(page, "data:\n  key: not base64!", "stringData:\n  key: canary")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".yaml-apply")).to_contain_text("Exactly these 2 are done, in this order.")
    expect(page.locator("#yaml-result")).not_to_contain_text("canary")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".yaml-results li")).to_have_count(2)
    assert set(kubectl("get", "configmap/one", "secret/two", "-n", namespace, "-o", "name").split()) == {"configmap/one", "secret/two"}  # fmt: skip
