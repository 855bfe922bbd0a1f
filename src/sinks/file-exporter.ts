// Comes in: batches of any signal. Goes out: one line of OTLP JSON per batch, as OpenTelemetry's file format
// has it, appended to one file by all signals, and by other runs that name the same file.
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { JsonLogsSerializer, JsonMetricsSerializer, JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { makeFolder } from "../make-folder.ts";
import type { BatchExporter, Batches, Route } from "./exporter.ts";

/** A file that has grown to this size becomes FILE.1 before the next line. */
export const FILE_ROTATE_BYTES = 64 * 1024 * 1024;
/** FILE.1 to FILE.4 are kept. */
export const ROTATED_FILES_LIMIT = 4;

const SERIALIZERS: { [S in keyof Batches]: { serializeRequest(batch: Batches[S]): Uint8Array | undefined } } = {
	traces: JsonTraceSerializer,
	metrics: JsonMetricsSerializer,
	logs: JsonLogsSerializer,
};

export class FileRoutes {
	private readonly path: string;
	private readonly rotateBytes: number;
	private writing: Promise<void> = Promise.resolve();

	constructor(path: string, rotateBytes: number = FILE_ROTATE_BYTES) {
		this.path = path;
		this.rotateBytes = rotateBytes;
	}

	create<S extends keyof Batches>(signal: S): Route<Batches[S]> {
		const exporter: BatchExporter<Batches[S]> = {
			export: async (batch, done) => done(await this.append(SERIALIZERS[signal].serializeRequest(batch))),
			shutdown: () => this.writing,
		};
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
		let file = await this.open();
		try {
			const { size } = await file.stat();
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

	/** Opened for every line: another run may have renamed the file since the last one. */
	private async open() {
		try {
			return await open(this.path, "a", 0o600);
		} catch (error) {
			if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
			makeFolder(dirname(this.path), 0o700);
			return await open(this.path, "a", 0o600);
		}
	}

	private async rotate(): Promise<void> {
		for (let number = ROTATED_FILES_LIMIT; number >= 1; number--) {
			const from = number === 1 ? this.path : `${this.path}.${number - 1}`;
			await rename(from, `${this.path}.${number}`).catch(() => {});
		}
	}
}

const LINE_END = Buffer.from("\n");
