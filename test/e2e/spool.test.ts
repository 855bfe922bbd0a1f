// A collector that is ill for a whole session: claude works as ever, and when the collector is well again everything arrives.
import type { RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { startFickle, startHanging, startRelay, unusedAddress } from "../sinks/collectors.ts";
import { some } from "../support/every.ts";
import { assertTold } from "../support/oracle.ts";
import { until } from "../support/run.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, PROTOCOLS, type Stage } from "../support/stage.ts";

let stage: Stage;
const places: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const place of places.splice(0)) await place.close();
	await stage.close();
});

const SCRIPT = () => ({ main: [step(bash("echo 1")), step(bash("echo 2")), step(text("ok"))] });

/** What flush prints, and that all has arrived then: spans, records and metrics. */
async function expectAllDelivered(env: Record<string, string>): Promise<void> {
	const flushed = await stage.run(["flush"], { env });
	expect(flushed).toMatchObject({ code: 0, stderr: "" });
	assertTold(dedupe(stage.receiver.spans), stage.model.requests);
	expect(stage.receiver.logs.filter(({ attributes }) => attributes["event.name"] === "tool.call")).toHaveLength(2);
	const calls = stage.receiver.metrics.filter(({ name }) => name === "claude.tool_calls_total");
	expect(Math.max(...calls.map(({ value }) => value))).toBe(2);
	expect((await stage.run(["flush"], { env })).stdout).toBe("Nothing waits to be delivered.\n");
}

const dedupe = <T extends { spanId: string }>(spans: T[]) => [
	...new Map(spans.map((span) => [span.spanId, span])).values(),
];

test.each(PROTOCOLS)("a collector that is down (%s) gets everything by `claude-otel flush`", async (protocol) => {
	stage = await openStage(SCRIPT(), { protocol });
	const endpoint = await unusedAddress();
	const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
	const run = await stage.print("go", [], { env });
	expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	const early = await stage.run(["flush"], { env });
	expect(early.code).toBe(1);
	expect(early.stdout).toMatch(
		/\d+ spans still wait for http:\/\/127\.0\.0\.1:\d+ \(connection refused\); check that a collector/,
	);
	places.push(await startRelay(endpoint, protocol === "grpc" ? stage.receiver.grpc : stage.receiver.http));
	await expectAllDelivered(env);
});

test("a wrong protocol costs nothing: with the right one, `claude-otel flush` delivers what waits", async () => {
	stage = await openStage(SCRIPT(), { protocol: "http/protobuf" });
	const over = (protocol: string) => ({
		OTEL_EXPORTER_OTLP_ENDPOINT: stage.receiver.http,
		OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
	});
	expect(await stage.print("go", [], { env: over("grpc") })).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	expect(stage.receiver.requests).toEqual([]);
	const json = await stage.run(["flush"], { env: over("http/json") });
	expect(json.code).toBe(1);
	expect(json.stdout).toMatch(
		/^\d+ spans wait for (http:\S+), where this configuration sends in another way: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to http\/protobuf and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to \1\/v1\/traces, if that is taken there, and flush again\.$/m,
	);
	await expectAllDelivered(over("http/protobuf"));
});

test.each(some(["grpc", "http/protobuf"] as const))(
	"a collector that hangs (%s) costs nothing but time",
	async (protocol) => {
		stage = await openStage(SCRIPT(), { protocol });
		const hanging = await startHanging();
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: hanging.url };
		const run = await stage.print("go", [], { env });
		expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		await hanging.close();
		places.push(await startRelay(hanging.url, protocol === "grpc" ? stage.receiver.grpc : stage.receiver.http));
		await expectAllDelivered(env);
	},
);

const ILL: Record<string, RequestListener> = {
	"answers 500": (incoming, response) => {
		incoming.resume();
		response.writeHead(500).end();
	},
	"resets connections": (incoming) => incoming.socket.resetAndDestroy(),
	"answers byte by byte": (incoming, response) => {
		incoming.resume();
		response.writeHead(200, { "content-length": "100000" });
		const timer = setInterval(() => response.write("a"), 50);
		response.on("close", () => clearInterval(timer)).on("error", () => {});
	},
};

test.each(some(Object.keys(ILL), 2))("a collector that %s gets everything when it is well", async (what) => {
	stage = await openStage(SCRIPT());
	const collector = await startFickle(() => stage.receiver.http);
	places.push(collector);
	collector.behave(ILL[what]);
	const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
	const run = await stage.print("go", [], { env });
	expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	collector.behave();
	await expectAllDelivered(env);
});

test("a collector that comes and goes gets everything, the later part by the run itself", async () => {
	stage = await openStage({
		main: [step(bash("sleep 1")), step(bash("sleep 2")), step(text("ok"))],
	});
	const collector = await startFickle(() => stage.receiver.http);
	places.push(collector);
	const env = {
		OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
		OTEL_BSP_SCHEDULE_DELAY: "100",
		OTEL_BLRP_SCHEDULE_DELAY: "100",
		OTEL_METRIC_EXPORT_INTERVAL: "300",
	};
	collector.behave((incoming) => incoming.socket.resetAndDestroy());
	await stage.print("go", [], {
		env,
		onStart: async () => {
			await until("the second request", () => stage.model.requests.length >= 2);
			collector.behave();
			await new Promise((resolve) => setTimeout(resolve, 700));
			collector.behave((incoming) => incoming.socket.resetAndDestroy());
			await until("the third", () => stage.model.requests.length >= 3);
			collector.behave();
		},
	});
	expect(dedupe(stage.receiver.spans).length).toBeGreaterThan(0);
	await expectAllDelivered(env);
});
