"""Settings of a hub: from the command line, the environment (`GRIDPOST_…`) or a TOML file, in this order.

Every number of the market itself stands in the market's profile; here is what an operator decides about a machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class Settings(BaseSettings):
    """What an operator sets.

    The database is SQLite in the data directory unless an address is given. `profile` and `rules` lie over the
    market's own tables, entry by entry (`{"correction": {"outward": "plain"}}`). A day of more than `settlement_alone`
    values is summed by `settlement_workers` processes, one for each core unless set.
    """

    model_config = SettingsConfigDict(
        env_prefix="GRIDPOST_", env_nested_delimiter="__", extra="forbid", toml_file="gridpost.toml"
    )

    data_dir: Path = Path("gridpost-data")
    database: str | None = None
    market: str = "dk"
    profile: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, Any] = Field(default_factory=dict)
    schema_packs: list[Path] = Field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    settlement_workers: int | None = Field(default=None, ge=1, le=256)
    settlement_alone: int = Field(default=60_000_000, ge=0)
    ebix_path: str = "/ebix"
    certificate_header: str = "ClientCert"
    trusted_proxies: tuple[str, ...] = ()
    external_issuers: tuple[dict[str, Any], ...] = ()

    @property
    def database_url(self) -> str:
        """Address of the database."""
        return self.database or f"sqlite:///{self.data_dir / 'gridpost.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line wins over the environment, the environment over `gridpost.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
