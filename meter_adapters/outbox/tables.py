"""Tables of the outbox, and how its SQLite file is opened: write-ahead log, every commit on the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

VERSION = 1
PAGE = 4096

SCHEMA = """
create table meter (
  id integer primary key,
  name text not null unique,
  logical_name text not null,
  serial text not null,
  manufacturer text not null,
  model text not null
);
create table channel (                   -- one quantity of a meter; source: the profile it is out of, '' a register
  id integer primary key,
  meter integer not null references meter (id),
  source text not null,
  obis text not null,
  period integer not null,               -- seconds, 0: none
  unique (meter, source, obis, period)
);
create table reading (
  id integer primary key,
  channel integer not null references channel (id),
  moment integer not null,               -- instant or end of interval; negative where the time has no known offset
  epoch integer not null,
  revision integer not null,
  raw not null,                          -- integer, or text beyond 64 bits
  scaler integer not null,
  unit text not null,
  text text not null,
  status integer,
  flags text not null,
  billable integer not null,
  meter_time text not null,
  offset_source text not null,
  protection text not null,
  source_id text not null,
  read_at integer not null,
  unique (channel, moment, epoch, revision)
);
create index reading_read_at on reading (read_at);
create table event (
  id integer primary key,
  meter integer not null references meter (id),
  moment integer not null,
  digest blob not null,
  log text not null,
  code integer not null,
  text text not null,
  meter_time text not null,
  offset_source text not null,
  protection text not null,
  read_at integer not null,
  unique (meter, moment, digest)
);
create table batch (                     -- frozen when first sent; its body is sent again octet for octet
  id integer primary key,
  digest text not null unique,
  lane integer not null,
  rows integer not null,
  body blob not null,                    -- emptied once acknowledged
  state text not null,                   -- frozen, acknowledged, refused
  frozen_at integer not null,
  attempts integer not null default 0,
  settled_at integer,
  answer text not null default ''
);
create index batch_state on batch (state, lane, id);
create table outbox (                    -- what is not acknowledged yet
  seq integer primary key autoincrement,
  lane integer not null,
  rank integer not null,                 -- order within the lane
  reading integer unique references reading (id),
  event integer unique references event (id),
  batch integer references batch (id)
);
create index outbox_next on outbox (batch, lane, rank, seq);
create table watermark (                 -- everything up to here is stored, or known not to be there
  meter integer not null references meter (id),
  profile text not null,
  complete_until integer not null,
  primary key (meter, profile)
) without rowid;
create table absence (                   -- ends of intervals the meter was asked for and did not have
  meter integer not null references meter (id),
  profile text not null,
  moment integer not null,
  asked integer not null,
  primary key (meter, profile, moment)
) without rowid;
create table clock_step (                -- where a profile's times went backwards: epoch begins at `resumed`
  meter integer not null references meter (id),
  profile text not null,
  epoch integer not null,
  reached integer not null,
  resumed integer not null,
  primary key (meter, profile, epoch)
) without rowid;
create table clock_check (
  meter integer primary key references meter (id),
  at integer not null,
  deviation_ms integer                   -- how far the meter is ahead; null where its time cannot be believed
);
create table clock_doubt (               -- when a meter's clock was far off, in its own time
  meter integer not null references meter (id),
  since integer not null,                -- ends behind this,
  first_epoch integer not null,          -- and all of this epoch and later ones,
  until integer,                         -- up to this end,
  last_epoch integer,                    -- or all up to this epoch; both null while it still is
  primary key (meter, since, first_epoch)
) without rowid;
create table refusal (
  id integer primary key,
  at integer not null,
  bus text not null,
  meter text not null,
  reason text not null,
  text text not null
);
create table attempt (                   -- passwords refused: a meter is not tried again before a person looked
  meter text primary key,
  refused integer not null
) without rowid;
create table counter (                   -- invocation counters: our own are reserved ahead, the meters' only rise
  name text primary key,
  value integer not null
) without rowid;
create table identity (                  -- which meter answered under a name of the configuration, and since when
  meter integer not null references meter (id),
  place text not null,
  since integer not null,
  primary key (place, meter)
) without rowid;
create table document (                  -- series as sent, octet for octet, until the hub has them
  id integer primary key,
  message_id text not null unique,
  body blob not null,                    -- emptied once settled
  state text not null,                   -- frozen, accepted, refused
  frozen_at integer not null,
  attempts integer not null default 0,
  settled_at integer,
  answer text not null default ''
);
create index document_state on document (state, id);
create table document_series (
  point text not null,
  start integer not null,
  document integer not null references document (id),
  finish integer not null,
  complete integer not null,
  digest text not null,                  -- of the values: the same values are not sent again
  primary key (point, start, document)
) without rowid;
"""


def open_database(path: Path, most_bytes: int) -> sqlite3.Connection:
    """The outbox's file, made where there is none, with room for so many bytes.

    Raises:
        sqlite3.Error: it cannot be opened, or is of a later version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    for pragma in (
        f"page_size = {PAGE}",
        "journal_mode = wal",
        "synchronous = full",
        "foreign_keys = on",
        "busy_timeout = 30000",
        f"max_page_count = {max(64, most_bytes // PAGE)}",
        "cache_size = -16384",
        "wal_autocheckpoint = 1000",
        "journal_size_limit = 4194304",
    ):
        connection.execute(f"pragma {pragma}")
    (version,) = connection.execute("pragma user_version").fetchone()
    if version == 0:
        connection.executescript(f"begin immediate; {SCHEMA} pragma user_version = {VERSION}; commit;")
    elif version != VERSION:
        connection.close()
        raise sqlite3.DatabaseError(f"{path} is an outbox of version {version}; this gridpost knows {VERSION}")
    return connection
