"""The collector of this machine, as its configuration says."""

from __future__ import annotations

import os
from pathlib import Path

from meter_adapters.cli.outcome import CommandError
from meter_adapters.collector.collector import Plant, open_plant
from meter_adapters.collector.config import CollectorConfig, read_config, sentences


def plant_of(path: Path) -> Plant:
    """Everything the configuration of a file stands for, or the command's end."""
    plant = open_plant(_config_of(path), path.parent, os.environ)
    if isinstance(plant, tuple):
        raise CommandError(sentences(plant))
    return plant


def _config_of(path: Path) -> CollectorConfig:
    """The configuration of a file, or the command's end."""
    config = read_config(path)
    if isinstance(config, tuple):
        raise CommandError(sentences(config))
    return config
