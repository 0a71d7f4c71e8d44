"""One secret in every slot that takes one: none of them is found in any page, frame, log line, audit row or file."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path

import pytest

from tests.clusters.docker_engine import made
from tests.faults.proxy import Proxy
from tests.faults.running import get, post, rows, sign_in, tab
from tests.faults.scene import docker
from tests.server import Server

PAGES = ("/", "/workloads/", "/list/container/", "/list/pod/", "/list/deployment/", "/list/container/ids/", "/activity/", "/jobs/", "/people/",
         "/audit/", "/clusters/connect/", "/clusters/host/", "/clusters/kube/", "/clusters/host/edit/", "/clusters/kube/edit/", "/palette/?q=a",
         "/run/container/", "/demo/", "/account/password/change/", "/account/2fa/", "/setup/", "/account/login/", "/healthz", "/readyz")  # fmt: skip
TOPICS = [
    ("shell", {}),
    ("overview", {}),
    ("table", {"table": "container", "query": "cols=name,status,image,ports,project"}),
    ("table", {"table": "workloads"}),
]
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
clusters: [{{name: k, cluster: {{server: "https://127.0.0.1:1"}}}}]
users: [{{name: u, user: {{token: {token}}}}}]
"""
CONNECT = """
from clusters.models import Cluster
from clusters.connect.secrets import write_secret
Cluster.objects.create(name="Host", slug="host", driver="docker", platform="docker", settings={{"address": "unix://{socket}"}})
kube = Cluster(name="Kube", slug="kube", driver="kubernetes", platform="kubernetes", settings={{"server": "https://127.0.0.1:1"}})
kube.save()
write_secret(kube, {{"token": "{token}"}})
kube.save()
"""


@pytest.mark.usefixtures("docker_socket")
async def test_a_secret_is_found_nowhere_but_sealed(docker_socket: str, tmp_path: Path) -> None:
    from tests import server as server_module

    def canary() -> str:
        return f"canary{secrets.token_hex(12)}"

    hidden = {
        name: canary() for name in ("environment", "address", "flag", "token", "typed", "pasted", "tried", "field")
    }
    environment = [f"DB_PASSWORD={hidden['environment']}", f"API_TOKEN={hidden['environment']}", f"DATABASE_URL=postgres://app:{hidden['address']}@db/x"]  # fmt: skip
    command = ("sh", "-c", "sleep 1000", f"--password={hidden['flag']}", "--token", hidden["flag"])
    direct, seen = docker(docker_socket), []
    path = tmp_path / "line.sock"
    async with Proxy(path, Path(docker_socket)), made(direct, command, Env=environment) as there:
        with Server("--no-demo", PILOTHOUSE_DOCKER_SOCKETS=str(path), PILOTHOUSE_LOG_LEVEL="debug") as server:
            hidden["setup"] = server.setup_link.partition("#")[2]
            assert hidden["setup"]
            printed = "".join(server.output)
            await asyncio.to_thread(server.manage, CONNECT.format(socket=path, token=hidden["token"]))
            await asyncio.to_thread(server.add_people)
            ada = await asyncio.to_thread(sign_in, server, "ada")
            await asyncio.to_thread(server.stop)
            server.output.clear()
            await asyncio.to_thread(server.start)
            hidden["password"] = server_module.PASSWORD

            [(cluster,)] = rows(server, "SELECT id FROM clusters_cluster WHERE slug = 'host'")
            row = f"{cluster}~container~{there.uid}"
            pages = [*PAGES, f"/clusters/host/container/{there.name}/"]
            pages += [
                f"/clusters/host/container/{there.name}/?panel={panel}"
                for panel in ("overview", "logs", "terminal", "checks", "raw")
            ]
            pages += [f"/act/?verb={verb}&rows={row}" for verb in ("start", "stop", "restart", "remove")]
            opened = 0
            for page in pages:
                status, text = await get(server, ada, page)
                opened += status == 200
                assert status < 500, page
                seen.append((page, text))
            assert opened > 20
            assert any("DB_PASSWORD" in text for _, text in seen), "the environment was not shown at all"
            kubeconfig = KUBECONFIG.format(token=hidden["pasted"])
            sent = {
                "/account/login/": {"username": "ada", "password": hidden["tried"]},
                "/clusters/connect/": {"driver": "kubernetes", "name": "X", "server": "https://127.0.0.1:1", "token": hidden["typed"]},
                "/clusters/connect/paste/": {"kubeconfig": kubeconfig, "text": kubeconfig},
                "/act/": {"rows": row, "verb": "restart", "token": hidden["field"], "password": hidden["field"]},
            }  # fmt: skip
            for page, values in sent.items():
                status, text = await post(server, "" if "login" in page else ada, page, **values)
                assert status in (200, 204, 400, 422), (page, status)
                seen.append((f"the answer of {page}", text))
            async with tab(server, ada) as socket:
                for number, (topic, args) in enumerate(
                    [*TOPICS, ("resource", {"cluster": "host", "kind": "container", "key": there.name})]
                ):
                    await socket.send(json.dumps({"op": "sub", "id": number, "topic": topic, "args": args}))
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(2):
                        while True:
                            seen.append(("frame", str(await socket.recv())))
            assert sum(name == "frame" for name, _ in seen) >= 5
            await asyncio.to_thread(server.stop)
            seen.append(("log", "".join(server.output)))
            seen += [
                (f"audit {index}", str(one))
                for index, one in enumerate(rows(server, "SELECT * FROM clusters_auditentry"))
            ]
            for file in server.data.rglob("*"):
                if file.is_file():
                    seen.append((file.name, file.read_bytes().decode("latin-1")))
            assert hidden["setup"] in printed
            for slot, secret in hidden.items():
                for name, text in seen:
                    if (slot, name) == ("pasted", "the answer of /clusters/connect/paste/"):
                        continue  # given back once to who pasted it, to choose one of its contexts
                    assert secret not in text, f"the {slot} is in {name}"
    await direct.close()
