"""What we connect to: clusters, and the registries that images come from."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

PLATFORMS = [("docker", "Docker"), ("swarm", "Swarm"), ("kubernetes", "Kubernetes")]
COLOURS = [(name, name.capitalize()) for name in ("grey", "blue", "green", "yellow", "red", "violet")]


class Cluster(models.Model):
    """Anything we connect to: a Docker host, a Swarm or a Kubernetes cluster."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    driver = models.CharField(max_length=20)  # "docker", "kubernetes", "demo"
    platform = models.CharField(max_length=12, choices=PLATFORMS)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # nothing secret
    secret = models.BinaryField(default=b"", editable=False)  # encrypted; read through connect.secrets only
    colour = models.CharField(max_length=10, choices=COLOURS, default="grey")
    production = models.BooleanField(default=False)  # asks for the name before what cannot be undone
    read_only = models.BooleanField(default=False)  # nobody acts, whatever their role
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Registry(models.Model):
    """Where images are kept, and how we and the engines sign in there."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    host = models.CharField(max_length=260, unique=True)  # as in names of images: "registry.example.com:5000"
    user = models.CharField(max_length=200, blank=True)  # "" is nobody: without signing in
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # nothing secret
    secret = models.BinaryField(default=b"", editable=False)  # encrypted; read through connect.secrets only
    operators_push = models.BooleanField(default=False)  # else only administrators push with these credentials
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
