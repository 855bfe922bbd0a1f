import { execFile, execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ExportResultCode } from "@opentelemetry/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileRoutes, ROTATED_FILES_LIMIT } from "../../src/sinks/file-exporter.ts";
import { plainLogs, plainMetrics, plainSpans } from "../support/otlp-plain.ts";
import { startReceiver } from "../support/receiver.ts";
import { emitOne, millisecondsOf, openSinks, SCOPE } from "./open.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-file-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NO_COLLECTOR = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
const linesOf = (path: string) =>
	readFileSync(path, "utf8")
		.trimEnd()
		.split("\n")
		.map((line): unknown => JSON.parse(line));

test("all three signals stand in the file as OTLP JSON lines that only the owner can read", async () => {
	const path = join(folder, "new", "telemetry.jsonl");
	const sinks = await openSinks({ ...NO_COLLECTOR, CLAUDE_OTEL_FILE: path });
	emitOne(sinks);
	const delivery = await sinks.shutdown(10_000);
	expect(delivery.line).toBeUndefined();
	const lines = linesOf(path);
	expect(lines.flatMap(plainSpans)).toMatchObject([{ name: "one", attributes: { size: 1 }, scope: SCOPE }]);
	expect(lines.flatMap(plainMetrics)).toMatchObject([{ name: "things_total", value: 2 }]);
	expect(lines.flatMap(plainLogs)).toMatchObject([{ eventName: "thing", resource: { "service.name": "claude-otel" } }]);
	expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("the file is written beside the collector, and when the collector is gone", async () => {
	const receiver = await startReceiver();
	const path = join(folder, "telemetry.jsonl");
	const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc, CLAUDE_OTEL_FILE: path });
	emitOne(sinks, "first");
	await sinks.flush(10_000);
	await receiver.close();
	emitOne(sinks, "second");
	const { line, signals } = await sinks.shutdown(10_000);
	expect(receiver.spans.map(({ name }) => name)).toEqual(["first"]);
	expect(
		linesOf(path)
			.flatMap(plainSpans)
			.map(({ name }) => name),
	).toEqual(["first", "second"]);
	expect(line).toContain(`not delivered to ${receiver.grpc}`);
	expect(signals.filter(({ destination }) => destination === path).map(({ lost }) => lost)).toEqual([0, 0, 0]);
});

test("a file that cannot be written is one line with the cure", async () => {
	const sinks = await openSinks({ ...NO_COLLECTOR, CLAUDE_OTEL_FILE: folder });
	emitOne(sinks);
	expect((await sinks.shutdown(10_000)).line).toBe(
		`claude-otel: 1 span, the metrics and 1 log record were not delivered to ${folder} (file cannot be written); check that CLAUDE_OTEL_FILE names a file that can be written.`,
	);
});

describe("a pipe", () => {
	let pipe: string;
	beforeEach(() => {
		pipe = join(folder, "pipe");
		execFileSync("mkfifo", [pipe]);
	});

	test("that is read gets all lines, and its reader hears of the end", async () => {
		// As a shell's >(command) does, until the reader is there.
		const held = openSync(pipe, "r+");
		const reader = promisify(execFile)("cat", [pipe], { maxBuffer: 2 ** 24 });
		const sinks = await openSinks({ ...NO_COLLECTOR, CLAUDE_OTEL_FILE: pipe });
		// More than a pipe holds: it has been read when it is written.
		const names = ["a".repeat(100_000), "b", "c"];
		for (const name of names) {
			emitOne(sinks, name);
			await sinks.flush(10_000);
			if (name === names[0]) closeSync(held);
		}
		expect((await sinks.shutdown(10_000)).line).toBeUndefined();
		const lines = (await reader).stdout.trimEnd().split("\n");
		expect(lines.flatMap((line) => plainSpans(JSON.parse(line))).map(({ name }) => name)).toEqual(names);
	});

	test("without a reader is one line with the cure, at once", async () => {
		const sinks = await openSinks({ ...NO_COLLECTOR, CLAUDE_OTEL_FILE: pipe });
		emitOne(sinks);
		expect((await sinks.shutdown(10_000)).line).toBe(
			`claude-otel: 1 span, the metrics and 1 log record were not delivered to ${pipe} (nobody reads this pipe); check that CLAUDE_OTEL_FILE names a file that can be written.`,
		);
	});

	test("whose reader reads no more holds nobody up longer than it may", async () => {
		const held = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
		const sinks = await openSinks({ ...NO_COLLECTOR, CLAUDE_OTEL_FILE: pipe });
		emitOne(sinks, "x".repeat(100_000));
		let line: string | undefined;
		expect(await millisecondsOf(async () => ({ line } = await sinks.shutdown(300)))).toBeLessThan(2_000);
		expect(line).toContain(`not delivered to ${pipe}`);
		closeSync(held);
	});
});

test("a file that has grown is renamed, the oldest goes, and no line is split", async () => {
	const path = join(folder, "telemetry.jsonl");
	const whole = new FileRoutes(path, 10_000).create("traces").exporter;
	const results = await Promise.all(
		Array.from({ length: 20 }, () => new Promise<number>((resolve) => whole.export([], ({ code }) => resolve(code)))),
	);
	expect(new Set(results)).toEqual(new Set([ExportResultCode.SUCCESS]));
	expect(linesOf(path).length).toBe(20);
	expect(readdirSync(folder)).toEqual(["telemetry.jsonl"]);

	const small = new FileRoutes(path, 300).create("traces").exporter;
	for (let number = 0; number < 200; number++) await new Promise((resolve) => small.export([], resolve));
	const names = readdirSync(folder).toSorted();
	expect(names).toEqual([
		"telemetry.jsonl",
		...Array.from({ length: ROTATED_FILES_LIMIT }, (_, n) => `telemetry.jsonl.${n + 1}`),
	]);
	for (const name of names) {
		expect(linesOf(join(folder, name)).length).toBeGreaterThan(0);
		expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
	}
});

test("console exporters write one JSON line a record, only after the end", async () => {
	const sinks = await openSinks({
		OTEL_TRACES_EXPORTER: "console",
		OTEL_METRICS_EXPORTER: "console",
		OTEL_LOGS_EXPORTER: "console",
	});
	emitOne(sinks);
	await sinks.flush(10_000);
	expect(sinks.written).toEqual([]);
	expect((await sinks.shutdown(10_000)).line).toBeUndefined();
	expect(sinks.written.map((line): unknown => JSON.parse(line))).toMatchObject([
		{ span: "one", attributes: { size: 1 }, resource: { "service.name": "claude-otel" } },
		{ log: "thing", body: "one happened" },
		{ metric: "things_total", value: 2, attributes: { kind: "a" } },
	]);
});

test("one signal can go to the collector and the console at once", async () => {
	const receiver = await startReceiver();
	const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc, OTEL_TRACES_EXPORTER: "otlp,console" });
	emitOne(sinks);
	expect((await sinks.shutdown(10_000)).line).toBeUndefined();
	await receiver.close();
	expect(receiver.spans.length).toBe(1);
	expect(sinks.written.length).toBe(1);
});
