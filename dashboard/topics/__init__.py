"""One class per live thing a page can follow. To add one: a file beside these, its class in TOPICS."""

from __future__ import annotations

from dashboard.topics.base import Topic
from dashboard.topics.build import BuildTopic
from dashboard.topics.git import GitTopic
from dashboard.topics.job import JobTopic
from dashboard.topics.layers import LayersTopic
from dashboard.topics.logs import LogsTopic
from dashboard.topics.overview import OverviewTopic
from dashboard.topics.resource import ResourceTopic
from dashboard.topics.shell import ShellTopic
from dashboard.topics.table import TableTopic
from dashboard.topics.uses import UsesTopic

_ALL: tuple[type[Topic], ...] = (
    ShellTopic,
    OverviewTopic,
    TableTopic,
    ResourceTopic,
    LayersTopic,
    LogsTopic,
    JobTopic,
    BuildTopic,
    GitTopic,
    UsesTopic,
)

TOPICS: dict[str, type[Topic]] = {topic.name: topic for topic in _ALL}
