// The check of collectors and back ends, by the real exporters against places that take, refuse or say nothing.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkCollector } from "../../../src/cli/checks/collector.ts";
import { CANARY } from "../../../src/signals/names.ts";
import { type Place, startHanging, startHttp, unusedAddress } from "../../sinks/collectors.ts";
import { type LoopbackBackend, startBackend } from "../../support/backend.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { contextOf, told } from "./context.ts";

let folder: string;
const open: (Place | Receiver | LoopbackBackend)[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "check-collector-"));
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((place) => place.close()));
	rmSync(folder, { recursive: true });
});

const collector = async (env: Record<string, string>) =>
	told(await checkCollector(contextOf({ HOME: folder, ...env })));

function opened<T extends Place | Receiver | LoopbackBackend>(place: T): T {
	open.push(place);
	return place;
}

const answering = async (status: number) =>
	opened(await startHttp((_incoming, response) => void response.writeHead(status).end()));

test.each([
	["http/protobuf", "grpc"],
	["http/json", "grpc"],
	["grpc", "http"],
] as const)("%s to the port of %s names protocol and port", async (protocol, port) => {
	const receiver = opened(await startReceiver());
	const env = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_ENDPOINT: receiver[port] };
	expect(await collector(env)).toEqual([
		expect.stringMatching(
			/^broken collector: .* does not take traces, metrics and logs by .* \(another protocol is spoken there\): check OTEL_EXPORTER_OTLP_PROTOCOL and the port/,
		),
	]);
});

test("signals that fare differently are told apart", async () => {
	const receiver = opened(await startReceiver());
	const dead = await unusedAddress();
	const env = {
		OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc,
		OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: dead,
		OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/json",
		OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.http}/v1/metrics`,
	};
	expect(await collector(env)).toEqual([
		`ok collector: ${receiver.grpc} takes traces by grpc.`,
		`ok collector: ${receiver.http}/v1/metrics takes metrics by http/json.`,
		`broken collector: ${dead} does not take logs by grpc (connection refused): check that a collector listens there or set OTEL_EXPORTER_OTLP_LOGS_ENDPOINT.`,
	]);
});

test.each([
	[401, "HTTP 401", "check the credentials in OTEL_EXPORTER_OTLP_HEADERS"],
	[404, "HTTP 404", "check the path in OTEL_EXPORTER_OTLP_ENDPOINT"],
	[503, "HTTP 503", "the collector is overloaded or asks for fewer requests"],
])("an answer of %i has its cure", async (status, reason, cure) => {
	const { url } = await answering(status);
	expect(await collector({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" })).toEqual([
		`broken collector: ${url} does not take traces, metrics and logs by http/protobuf (${reason}): ${cure}.`,
	]);
});

test.each(["grpc", "http/protobuf"])(
	"a collector that never answers by %s is not waited for long",
	async (protocol) => {
		const { url } = opened(await startHanging());
		const start = performance.now();
		expect(await collector({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol })).toEqual([
			expect.stringMatching(
				/^broken collector: .* \(no answer (?:in time|within 5 s)\): check the collector: it took the connection/,
			),
		]);
		expect(performance.now() - start).toBeLessThan(15_000);
	},
);

test("a back end that takes its signals is told by its name, and one that refuses by its own variables", async () => {
	const [takes, refuses] = [opened(await startBackend()), opened(await startBackend(401))];
	const found = await collector({
		CLAUDE_OTEL_BACKEND: "honeycomb,langfuse",
		HONEYCOMB_API_KEY: "wrong-key",
		HONEYCOMB_API_ENDPOINT: refuses.url,
		LANGFUSE_PUBLIC_KEY: "pk-lf-1",
		LANGFUSE_SECRET_KEY: "sk-lf-1",
		LANGFUSE_BASE_URL: takes.url,
	});
	expect(found).toEqual([
		expect.stringMatching(
			/^broken collector: Honeycomb at .* does not take traces, metrics and logs \(HTTP 401\): check HONEYCOMB_API_KEY, and HONEYCOMB_API_ENDPOINT if/,
		),
		expect.stringMatching(/^ok collector: Langfuse at .* takes traces\.$/),
	]);
	expect(found.join()).not.toContain("wrong-key");
	expect(takes.spans.map(({ name }) => name)).toEqual([CANARY.span]);
});

test("sampling keeps no canary back, nothing is kept in a file, and the canary has none of the user's attributes", async () => {
	const receiver = opened(await startReceiver());
	const file = join(folder, "out.jsonl");
	const env = {
		OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc,
		OTEL_TRACES_SAMPLER: "always_off",
		OTEL_RESOURCE_ATTRIBUTES: "deploy.token=planted",
		CLAUDE_OTEL_FILE: file,
	};
	expect(await collector(env)).toEqual([
		expect.stringMatching(/^ok collector: .* takes traces, metrics and logs by grpc/),
	]);
	expect(receiver.spans.map(({ name }) => name)).toEqual([CANARY.span]);
	expect(inspect([receiver.spans, receiver.metrics, receiver.logs], { depth: null })).not.toContain("planted");
	expect(existsSync(file)).toBe(false);
});

const NONE = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };

test("where nothing is sent anywhere that is a warning, unless a file takes it", async () => {
	expect(await collector(NONE)).toEqual([
		expect.stringMatching(
			/^warning collector: No collector or back end is sent to: set OTEL_EXPORTER_OTLP_ENDPOINT or/,
		),
	]);
	expect(await collector({ ...NONE, CLAUDE_OTEL_FILE: join(folder, "out.jsonl") })).toEqual([
		"ok collector: None is sent to: CLAUDE_OTEL_FILE takes it all.",
	]);
});

test("a level that exports nothing sends no canary", async () => {
	const receiver = opened(await startReceiver());
	expect(await collector({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc, CLAUDE_OTEL_LEVEL: "off" })).toEqual([]);
	expect(receiver.requests).toEqual([]);
});
