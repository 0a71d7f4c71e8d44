"""What may be built: checked with words, told as `docker build`, passed on as nothing but what was checked."""

from __future__ import annotations

import json

import pytest

from clusters.build.form import docker_line, read_form
from clusters.build.git_address import read_git_address
from clusters.errors import Invalid
from clusters.kinds.masking import MASK
from tests.clusters.git_server import made_out_to

DOCKERFILE = "FROM busybox\n"


def test_everything_becomes_the_engines_settings_and_the_same_line() -> None:
    form = read_form(
        {"tag": "shop/web:2", "arguments": "A=1\nB=two words", "labels": "team=shop", "target": "build",
         "platform": "linux/arm64", "no_cache": True, "pull": True},
        DOCKERFILE,
    )  # fmt: skip
    query = form.query
    assert json.loads(query.pop("buildargs")) == {"A": "1", "B": "two words"}
    assert json.loads(query.pop("labels")) == {"team": "shop"}
    assert query == {
        "t": "shop/web:2", "dockerfile": "Dockerfile", "rm": "1", "forcerm": "1", "target": "build",
        "platform": "linux/arm64", "nocache": "1", "pull": "1",
    }  # fmt: skip
    assert docker_line(form) == (
        "docker build --tag shop/web:2 --build-arg A=1 --build-arg 'B=two words' --label team=shop --target build "
        "--platform linux/arm64 --no-cache --pull - < Dockerfile"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tag", "--privileged"), ("tag", "a b"), ("tag", "Web"), ("tag", "web@sha256:" + "0" * 64), ("tag", ""),
        ("tag", "../x"), ("tag", "web;id"), ("tag", "web\nx"), ("target", "-o"), ("target", "$(id)"),
        ("platform", "--x"), ("platform", "linux"), ("platform", "linux/amd64,linux/arm64"), ("arguments", "NAME"),
        ("arguments", "--upload-pack=x"), ("arguments", "A B=1"), ("arguments", "=1"), ("labels", "=x"),
        ("labels", "-x=1"), ("path", "../Dockerfile"), ("path", "/etc/passwd"), ("path", "a/./b"),
    ],
)  # fmt: skip
def test_what_no_engine_should_get_is_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid):
        read_form({"tag": "shop/web:2", name: value}, DOCKERFILE)


@pytest.mark.parametrize("text", ["", "  \n", "FROM x\0", "x" * 300_000])
def test_a_dockerfile_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_form({"tag": "a"}, text)


@pytest.mark.parametrize(
    "frontend", ["evil/frontend", "docker/dockerfile.evil", "docker/dockerfile:1 x", "r.test/docker/dockerfile:1"]
)
def test_a_dockerfile_may_not_bring_its_own_reader(frontend: str) -> None:
    with pytest.raises(Invalid, match="Line 1"):
        read_form({"tag": "a"}, f"# syntax={frontend}\n{DOCKERFILE}")
    read_form({"tag": "a"}, f"# syntax=docker/dockerfile:1.7\n{DOCKERFILE}")


def test_secrets_are_neither_kept_nor_told_and_must_be_entered_again() -> None:
    form = read_form({"tag": "a", "arguments": "API_TOKEN=hunter22\nURL=https://u:pw12345@x.test/\nA=1"}, DOCKERFILE)
    assert "hunter22" in docker_line(form)
    for shown in (docker_line(form, hidden=True), str(form.kept)):
        assert "hunter22" not in shown
        assert "pw12345" not in shown
    assert form.secrets == ("https://u:pw12345@x.test/", "hunter22")
    with pytest.raises(Invalid, match="API_TOKEN"):
        read_form(form.kept, DOCKERFILE)
    assert MASK in form.kept["arguments"]


def test_the_authority_of_a_git_server_is_a_certificate_or_nothing() -> None:
    address, both = read_git_address("https://git.example.com/shop.git"), made_out_to("git.example.com").decode()
    given = {"tag": "shop/web:1", "git_ca": both.split("-----BEGIN PRIVATE")[0]}
    assert "BEGIN CERTIFICATE" in read_form(given, "", git=address).kept["git_ca"]
    assert read_form(given, "FROM busybox").git_ca == ""
    for wrong in ("no certificate", "kein Zertifikät", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(Invalid, match="CA of the git server"):
            read_form({**given, "git_ca": wrong}, "", git=address)
    with pytest.raises(Invalid, match="private key"):
        read_form({**given, "git_ca": both}, "", git=address)
