"""The ledger's tables and indexes, and how older ledgers get them."""

from __future__ import annotations

# The condition of runs that have not ended. SQLite uses the partial index below only for queries
# that have it in exactly these words.
UNFINISHED = "status IN ('SENDING', 'QUEUED', 'RUNNING', 'CANCEL_REQUESTED')"

# One script for each schema version, applied in order; a released script is never edited.
MIGRATIONS = (
    f"""
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        service TEXT NOT NULL,
        account TEXT NOT NULL,
        owner TEXT NOT NULL,
        slug TEXT NOT NULL,
        version INTEGER,
        status TEXT NOT NULL,
        failure_message TEXT NOT NULL DEFAULT '',
        script_sha256 TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        newest_before INTEGER NOT NULL,
        accelerator TEXT NOT NULL,
        pool TEXT NOT NULL,
        settings TEXT NOT NULL,
        sources TEXT NOT NULL,
        timeout_seconds INTEGER,
        limit_seconds REAL NOT NULL,
        epochs INTEGER,
        asked_photos INTEGER,
        forecast_seconds REAL,
        forecast_low_seconds REAL,
        forecast_high_seconds REAL,
        forecast_basis TEXT,
        intent_at REAL NOT NULL,
        sending_until REAL NOT NULL,
        pushed_at REAL,
        started_at REAL,
        ended_at REAL,
        time_source TEXT,
        session_id INTEGER,
        program_started_at REAL,
        program_ended_at REAL,
        log_seconds REAL,
        epochs_done INTEGER,
        photos INTEGER,
        photo_seconds REAL,
        setup_seconds REAL,
        epoch_seconds REAL,
        saved_seconds REAL,
        pulled_at REAL,
        pulled_to TEXT
    );
    CREATE UNIQUE INDEX runs_by_version ON runs (service, owner, slug, version);
    CREATE INDEX runs_by_kernel ON runs (service, owner, slug, id);
    CREATE INDEX runs_by_account ON runs (service, account, id);
    CREATE INDEX runs_by_script ON runs (service, account, script_sha256, id);
    CREATE INDEX runs_by_end ON runs (service, account, ended_at);
    CREATE INDEX runs_by_pool ON runs (service, owner, slug, pool, ended_at);
    CREATE INDEX runs_under_way ON runs (service, account) WHERE {UNFINISHED};
    CREATE TABLE sightings (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        status TEXT NOT NULL,
        first_at REAL NOT NULL,
        last_at REAL NOT NULL,
        PRIMARY KEY (run_id, status)
    ) WITHOUT ROWID;
    CREATE TABLE pulls (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        at REAL NOT NULL,
        folder TEXT NOT NULL,
        files INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    );
    CREATE INDEX pulls_by_run ON pulls (run_id);
    CREATE TABLE quota_readings (
        service TEXT NOT NULL,
        account TEXT NOT NULL,
        pool TEXT NOT NULL,
        week_start REAL NOT NULL,
        read_at REAL NOT NULL,
        refreshes_at REAL,
        used_seconds REAL NOT NULL,
        reserved_seconds REAL NOT NULL,
        allowed_seconds REAL NOT NULL,
        PRIMARY KEY (service, account, week_start, pool)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE runs ADD COLUMN missing_since REAL;
    """,
    """
    ALTER TABLE runs ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;
    UPDATE runs SET packed = 1 WHERE settings != '{}';
    """,
    """
    ALTER TABLE runs ADD COLUMN job_kernel TEXT;
    ALTER TABLE runs ADD COLUMN name TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN message TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN error_line TEXT;
    CREATE INDEX runs_by_job_kernel ON runs (service, job_kernel, id);
    """,
    """
    ALTER TABLE runs ADD COLUMN arguments TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE runs ADD COLUMN environment TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE runs ADD COLUMN git_commit TEXT;
    ALTER TABLE runs ADD COLUMN git_dirty INTEGER;
    """,
    """
    ALTER TABLE runs ADD COLUMN submission INTEGER;
    ALTER TABLE runs ADD COLUMN public_score TEXT;
    """,
    """
    ALTER TABLE runs ADD COLUMN source_versions TEXT NOT NULL DEFAULT '{}';
    """,
    """
    ALTER TABLE runs ADD COLUMN run_group TEXT;
    UPDATE runs
        SET run_group = 'chain:' || substr(json_extract(environment, '$.KITCTL_CHAIN'), 1, 16)
        WHERE environment LIKE '%"KITCTL_CHAIN"%';
    CREATE INDEX runs_by_group ON runs (service, run_group) WHERE run_group IS NOT NULL;
    """,
)
