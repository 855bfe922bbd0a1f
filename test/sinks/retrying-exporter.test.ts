import { Metadata } from "@grpc/grpc-js";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retryInfoMs } from "../../src/sinks/grpc-retry-info.ts";
import { isGrpcRetryable, isHttpRetryable } from "../../src/sinks/is-retryable.ts";
import { ATTEMPT_LIMIT, LONGEST_WAIT_MS, RetryingExporter } from "../../src/sinks/retrying-exporter.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

/** Refuses always, and remembers when it was asked. */
function refusing(error: object) {
	const asked: number[] = [];
	const inner = {
		export(_batch: string, done: (result: ExportResult) => void) {
			asked.push(performance.now());
			done({ code: ExportResultCode.FAILED, error: Object.assign(new Error("refused"), error) });
		},
		shutdown: async () => {},
	};
	return { asked, inner };
}

function waits(asked: number[]): number[] {
	return asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
}

test("an export that fails for ever is tried so many times, at growing distances, and then failed once", async () => {
	const { asked, inner } = refusing({ code: 503 });
	const results: ExportResult[] = [];
	new RetryingExporter(inner, 1e9, isHttpRetryable).export("batch", (result) => results.push(result));
	await vi.advanceTimersByTimeAsync(1e6);
	expect(asked).toHaveLength(ATTEMPT_LIMIT);
	expect(results).toMatchObject([{ code: ExportResultCode.FAILED, error: { message: "refused" } }]);
	for (const wait of waits(asked)) expect(wait).toBeLessThanOrEqual(LONGEST_WAIT_MS * 1.2 + 1);
});

test("however long the receiver wants us to wait is waited, and not less than ours where it wants less", async () => {
	for (const [retryAfterMs, least] of [
		[20_000, 20_000],
		[0, 800],
	] as const) {
		const { asked, inner } = refusing({ code: 429, retryAfterMs });
		new RetryingExporter(inner, 1e9, isHttpRetryable).export("batch", () => {});
		await vi.advanceTimersByTimeAsync(1e6);
		expect(asked).toHaveLength(ATTEMPT_LIMIT);
		expect(Math.min(...waits(asked))).toBeGreaterThanOrEqual(least);
	}
});

test("at the end those wait on for which there is hope, and a second end leaves nobody waiting", async () => {
	const results: unknown[] = [];
	const open = (code: number | string) => {
		const { asked, inner } = refusing({ code });
		const exporter = new RetryingExporter(inner, 1e9, isHttpRetryable);
		exporter.export("batch", () => results.push(code));
		return { asked, exporter };
	};
	const [gone, busy] = [open("ECONNREFUSED"), open(503)];
	for (const { exporter } of [gone, busy]) exporter.close((error) => "code" in error && error.code === "ECONNREFUSED");
	await vi.advanceTimersByTimeAsync(2_000);
	expect([results, gone.asked.length, busy.asked.length]).toEqual([["ECONNREFUSED"], 1, 2]);
	busy.exporter.close();
	await vi.advanceTimersByTimeAsync(1e6);
	expect([results, busy.asked.length]).toEqual([["ECONNREFUSED", 503], 2]);
});

test("what is exhausted over gRPC is tried again only where the receiver says when", () => {
	const exhausted = (more: object) => isGrpcRetryable(Object.assign(new Error("slower"), { code: 8, ...more }));
	expect([exhausted({}), exhausted({ retryAfterMs: undefined }), exhausted({ retryAfterMs: 0 })]).toEqual([
		false,
		false,
		true,
	]);
});

test("details of a gRPC status that are none are no wish, whatever bytes they are", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
			const metadata = new Metadata();
			metadata.set("grpc-status-details-bin", Buffer.from(bytes));
			expect(retryInfoMs(metadata)).toBeUndefined();
		}),
	);
	expect(retryInfoMs(new Metadata())).toBeUndefined();
});
