// The tables of the store, and how an older store becomes a newer one: each entry is one step, and none is ever changed.
import type { Schema } from "../open-database.ts";

const MIGRATIONS = [
	`
	-- One run of claude-otel: whose it is, and what it takes to tell it again.
	CREATE TABLE runs (
		id INTEGER PRIMARY KEY,
		run_id TEXT NOT NULL UNIQUE,
		machine TEXT NOT NULL,
		owner TEXT NOT NULL,
		claude TEXT,
		started_at REAL NOT NULL,
		seen_at REAL NOT NULL,
		ended_at REAL,
		recoveries INTEGER NOT NULL DEFAULT 0,
		context TEXT NOT NULL
	) STRICT;
	CREATE INDEX runs_open ON runs (started_at) WHERE ended_at IS NULL;
	CREATE INDEX runs_by_age ON runs (started_at);
	-- What a run was told, in its order: facts, and between them what it did with them.
	CREATE TABLE journal (
		run INTEGER NOT NULL,
		seq INTEGER NOT NULL,
		kind TEXT NOT NULL,
		session TEXT NOT NULL,
		at REAL NOT NULL,
		body TEXT NOT NULL,
		PRIMARY KEY (run, seq)
	) STRICT, WITHOUT ROWID;
	-- Ids of the spans and records that a destination has taken.
	CREATE TABLE delivered (
		run INTEGER NOT NULL,
		destination TEXT NOT NULL,
		ids TEXT NOT NULL
	) STRICT;
	CREATE INDEX delivered_run ON delivered (run);
	-- Its sessions: their transcripts have these names.
	CREATE TABLE sessions (
		session TEXT NOT NULL,
		run INTEGER NOT NULL,
		PRIMARY KEY (session, run)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX sessions_run ON sessions (run);
	`,
];

export const STORE_SCHEMA: Schema = {
	/** "clOs". */
	applicationId: 0x636c4f73,
	migrations: MIGRATIONS,
	probe: [
		"SELECT id FROM runs WHERE ended_at IS NULL LIMIT 1",
		"SELECT id FROM runs ORDER BY started_at LIMIT 1",
		"SELECT run FROM runs JOIN journal ON run = id ORDER BY run DESC LIMIT 1",
		"SELECT run FROM delivered ORDER BY run DESC LIMIT 1",
		"SELECT run FROM sessions ORDER BY run DESC LIMIT 1",
	],
};
