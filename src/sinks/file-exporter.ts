// Comes in: batches of any signal. Goes out: one line of OTLP JSON per batch, as OpenTelemetry's file format
// has it, appended to one file by all signals, and by other runs that name the same file. It may be a pipe: its reader is
// never waited for longer than a limit.
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { JsonLogsSerializer, JsonMetricsSerializer, JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { APPEND_FLAGS } from "../append-flags.ts";
import { makeFolder } from "../make-folder.ts";
import type { BatchExporter, Batches, Route } from "./exporter.ts";

/** A file that has grown to this size becomes FILE.1 before the next line. */
export const FILE_ROTATE_BYTES = 64 * 1024 * 1024;
/** FILE.1 to FILE.4 are kept. */
export const ROTATED_FILES_LIMIT = 4;

/** A full pipe that is not read in this time is given up. */
const STALL_LIMIT_MS = 5_000;
const LOOK_AGAIN_MS = 10;

const SERIALIZERS: { [S in keyof Batches]: { serializeRequest(batch: Batches[S]): Uint8Array | undefined } } = {
	traces: JsonTraceSerializer,
	metrics: JsonMetricsSerializer,
	logs: JsonLogsSerializer,
};

export class FileRoutes {
	private readonly path: string;
	private readonly rotateBytes: number;
	private writing: Promise<void> = Promise.resolve();
	private readonly users = new Set<unknown>();
	/** A pipe, a terminal, a device: opened once, because a pipe that is closed has ended for its reader. */
	private pipe: FileHandle | undefined;
	/** Its reader has a line of which the end is missing. */
	private stalled: Error | undefined;

	constructor(path: string, rotateBytes: number = FILE_ROTATE_BYTES) {
		this.path = path;
		this.rotateBytes = rotateBytes;
	}

	create<S extends keyof Batches>(signal: S): Route<Batches[S]> {
		const exporter: BatchExporter<Batches[S]> = {
			export: async (batch, done) => done(await this.append(SERIALIZERS[signal].serializeRequest(batch))),
			shutdown: async () => {
				await this.writing;
				this.users.delete(exporter);
				if (this.users.size === 0) await this.closePipe();
			},
		};
		this.users.add(exporter);
		return { exporter, destination: this.path, variable: "CLAUDE_OTEL_FILE" };
	}

	/** One write per line, and one line at a time: two runs on one file do not mix their lines. */
	private async append(json: Uint8Array | undefined): Promise<ExportResult> {
		if (json === undefined) return { code: ExportResultCode.SUCCESS };
		const written = this.writing.then(() => this.write(Buffer.concat([json, LINE_END])));
		this.writing = written.catch(() => {});
		try {
			await written;
			return { code: ExportResultCode.SUCCESS };
		} catch (error) {
			return { code: ExportResultCode.FAILED, error: error instanceof Error ? error : new Error(String(error)) };
		}
	}

	private async write(line: Buffer): Promise<void> {
		if (this.stalled !== undefined) throw this.stalled;
		if (this.pipe !== undefined) return this.writeToPipe(this.pipe, line);
		let file = await this.open();
		const found = await file.stat();
		if (!found.isFile()) {
			this.pipe = file;
			return this.writeToPipe(file, line);
		}
		try {
			const { size } = found;
			if (size > 0 && size + line.length > this.rotateBytes) {
				await file.close();
				await this.rotate();
				file = await this.open();
			}
			await file.write(line);
		} finally {
			await file.close();
		}
	}

	private async writeToPipe(pipe: FileHandle, line: Buffer): Promise<void> {
		let rest = line;
		let giveUpAt = performance.now() + STALL_LIMIT_MS;
		while (rest.length > 0) {
			try {
				const { bytesWritten } = await pipe.write(rest);
				rest = rest.subarray(bytesWritten);
				giveUpAt = performance.now() + STALL_LIMIT_MS;
			} catch (error) {
				const code = codeOf(error);
				if (code === "EAGAIN" && performance.now() < giveUpAt) {
					await sleep(LOOK_AGAIN_MS);
					continue;
				}
				await this.closePipe();
				if (code === "EAGAIN") throw (this.stalled = new Error("pipe not read", { cause: error }));
				throw code === "EPIPE" ? new Error("pipe without reader", { cause: error }) : error;
			}
		}
	}

	private async closePipe(): Promise<void> {
		const { pipe } = this;
		this.pipe = undefined;
		await pipe?.close();
	}

	/** Opened for every line: another run may have renamed the file since the last one. */
	private async open() {
		try {
			return await open(this.path, APPEND_FLAGS, 0o600);
		} catch (error) {
			if (codeOf(error) !== "ENOENT") throw error;
			makeFolder(dirname(this.path), 0o700);
			return await open(this.path, APPEND_FLAGS, 0o600);
		}
	}

	private async rotate(): Promise<void> {
		for (let number = ROTATED_FILES_LIMIT; number >= 1; number--) {
			const from = number === 1 ? this.path : `${this.path}.${number - 1}`;
			await rename(from, `${this.path}.${number}`).catch(() => {});
		}
	}
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}

const LINE_END = Buffer.from("\n");
