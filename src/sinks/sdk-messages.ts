// What OpenTelemetry's SDK has to say. Comes in: its own log messages. Goes out: to our diagnostics, never
// to the console; and, since it tells it nowhere else, what a collector took only in part.
import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { Diagnostics, Level } from "../diagnostics.ts";
import type { Batches } from "./exporter.ts";

type OnPartial = (signal: keyof Batches, rejected: number) => void;

const PARTIAL = "Received Partial Success response:";
const FIELDS = { rejectedSpans: "traces", rejectedDataPoints: "metrics", rejectedLogRecords: "logs" } as const;

export function listenToSdk(diagnostics: Diagnostics, onPartial: OnPartial): void {
	const at =
		(level: Level) =>
		(message: string, ...rest: unknown[]) => {
			// Whole batches stand among the arguments at debug; only words are passed on.
			const words = [message, ...rest].filter((part) => typeof part === "string").join(" ");
			diagnostics.say(level, `opentelemetry: ${words}`);
			if (message === PARTIAL && typeof rest[0] === "string") readPartial(rest[0], onPartial);
		};
	// What it complains of, the account of what arrived tells the user in our own words.
	const logger = { error: at("info"), warn: at("info"), info: at("info"), debug: at("debug"), verbose: at("verbose") };
	// INFO: at DEBUG the SDK would hand over every batch.
	diag.setLogger(logger, { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true });
}

function readPartial(json: string, onPartial: OnPartial): void {
	let response: Record<string, unknown>;
	try {
		response = JSON.parse(json) as Record<string, unknown>;
	} catch {
		return;
	}
	for (const [field, signal] of Object.entries(FIELDS)) {
		// JSON carries 64-bit numbers as text.
		const rejected = Number(response[field] ?? 0);
		if (rejected > 0) onPartial(signal, rejected);
	}
}
