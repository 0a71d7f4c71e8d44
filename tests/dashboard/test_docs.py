"""The documents are true to the tree: what they name is there, and every room of it is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.server import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(r"`((?:clusters|dashboard|templates|static|tests)/[\w./-]*)`")
BUILT = {"static/dist/"}
DJANGO = {"clusters/migrations", "dashboard/management", "dashboard/templatetags"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_files_and_folders_that_a_document_names_are_there(document: Path) -> None:
    text = document.read_text()
    assert [one for one in NAMED.findall(text) if one not in BUILT and not (ROOT / one).exists()] == []


def test_every_room_of_the_domain_and_of_the_web_is_in_the_picture_of_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("clusters", "dashboard")
        for path in (ROOT / top).glob("*/__init__.py")
    }
    assert {one for one in rooms - DJANGO if f"`{one}/`" not in text} == set()


def test_the_container_image_is_made_of_all_that_the_program_runs_from() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {one.split()[1] for one in lines if one.startswith("COPY ") and "--from" not in one}
    sent = {one[1:] for one in (ROOT / ".dockerignore").read_text().splitlines() if one.startswith("!")}
    assert copied == sent == {"requirements.lock", "manage.py", "clusters", "dashboard", "templates", "static"}
