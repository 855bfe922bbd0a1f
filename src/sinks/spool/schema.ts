// The tables of the spool, and how an older one becomes a newer one: each entry is one step, and none is ever changed.
import type { Schema } from "../../open-database.ts";

const MIGRATIONS = [
	`
	CREATE TABLE batches (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		lane TEXT NOT NULL,
		signal TEXT NOT NULL,
		destination TEXT NOT NULL,
		items INTEGER NOT NULL,
		bytes INTEGER NOT NULL,
		run_id TEXT NOT NULL,
		body BLOB NOT NULL
	) STRICT;
	CREATE INDEX batches_by_lane ON batches (lane, id);
	CREATE INDEX batches_by_bytes ON batches (bytes);
	-- Who delivers a lane at present, and from when it may be tried again.
	CREATE TABLE lanes (
		lane TEXT PRIMARY KEY,
		owner TEXT NOT NULL,
		machine TEXT NOT NULL,
		until REAL NOT NULL,
		not_before REAL NOT NULL
	) STRICT, WITHOUT ROWID;
	`,
	// What waits for a port by gRPC is in one lane with what waits for it by http/protobuf.
	`
	UPDATE batches SET lane = replace(lane, ' grpc ', ' http/protobuf ') || '/v1/' || signal WHERE lane LIKE '% grpc %';
	UPDATE OR REPLACE lanes SET lane = replace(lane, ' grpc ', ' http/protobuf ') || '/v1/' || substr(lane, 1, instr(lane, ' ') - 1)
		WHERE lane LIKE '% grpc %';
	`,
];

export const SPOOL_SCHEMA: Schema = {
	/** "clOp". */
	applicationId: 0x636c4f70,
	migrations: MIGRATIONS,
	probe: ["SELECT total(bytes) FROM batches", "SELECT id FROM batches ORDER BY id LIMIT 1", "SELECT lane FROM lanes"],
};
