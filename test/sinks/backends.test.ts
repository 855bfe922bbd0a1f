import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { afterEach, describe, expect, test } from "vitest";
import { type LoopbackBackend, startBackend } from "../support/backend.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { emitOne, type Opened, openSinks, TRACE_ID } from "./open.ts";

const backends: LoopbackBackend[] = [];
let receiver: Receiver | undefined;
afterEach(async () => {
	await Promise.all(backends.splice(0).map((backend) => backend.close()));
	await receiver?.close();
	receiver = undefined;
});

async function backend(status?: number, answer?: Uint8Array): Promise<LoopbackBackend> {
	const started = await startBackend(status, answer);
	backends.push(started);
	return started;
}

const PROTOBUF = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };

interface Preset {
	name: string;
	/** What the user sets, given where the back end is. */
	env(url: string): Record<string, string>;
	/** What goes before `/v1/traces`. */
	path: string;
	headers: Record<string, string>;
	/** More of them by signal; a signal that is not here is not taken. */
	signals: Partial<Record<"traces" | "metrics" | "logs", Record<string, string>>>;
	temporality?: "delta" | "cumulative";
	secrets: string[];
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const ALL = { traces: {}, metrics: {}, logs: {} };

const PRESETS: Preset[] = [
	{
		name: "logfire",
		env: (url) => ({ LOGFIRE_TOKEN: "pylf_v1_eu_secret1", LOGFIRE_BASE_URL: url }),
		path: "",
		headers: { authorization: "pylf_v1_eu_secret1" },
		signals: ALL,
		temporality: "delta",
		secrets: ["pylf_v1_eu_secret1"],
	},
	{
		name: "sentry",
		env: (url) => ({ SENTRY_DSN: `${url.replace("://", "://secret1@")}/below/42` }),
		path: "/below/api/42/integration/otlp",
		headers: { "x-sentry-auth": "sentry sentry_key=secret1" },
		signals: { traces: {}, logs: {} },
		secrets: ["secret1"],
	},
	{
		name: "langfuse",
		env: (url) => ({ LANGFUSE_PUBLIC_KEY: "pk-lf-secret1", LANGFUSE_SECRET_KEY: "sk-lf-secret2", LANGFUSE_HOST: url }),
		path: "/api/public/otel",
		headers: { authorization: basic("pk-lf-secret1:sk-lf-secret2"), "x-langfuse-ingestion-version": "4" },
		signals: { traces: {} },
		secrets: ["pk-lf-secret1", "sk-lf-secret2"],
	},
	{
		name: "honeycomb",
		env: (url) => ({ HONEYCOMB_API_KEY: "secret1", HONEYCOMB_API_ENDPOINT: `${url}/`, HONEYCOMB_DATASET: "ours" }),
		path: "",
		headers: { "x-honeycomb-team": "secret1" },
		signals: {
			traces: { "x-honeycomb-dataset": "ours" },
			metrics: { "x-honeycomb-dataset": "claude-otel-metrics" },
			logs: { "x-honeycomb-dataset": "ours" },
		},
		secrets: ["secret1"],
	},
	{
		name: "datadog",
		env: (url) => ({ DD_API_KEY: "secret1", DD_OTLP_ENDPOINT: url, DD_LLMOBS_ENABLED: "true" }),
		path: "",
		headers: { "dd-api-key": "secret1" },
		signals: { traces: { compute_stats: "true", "dd-otlp-source": "llmobs" }, metrics: {}, logs: {} },
		temporality: "delta",
		secrets: ["secret1"],
	},
	{
		name: "grafana",
		env: (url) => ({
			GRAFANA_CLOUD_INSTANCE_ID: "123456",
			GRAFANA_CLOUD_API_KEY: "glc_secret1",
			GRAFANA_CLOUD_OTLP_ENDPOINT: `${url}/otlp`,
			OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
		}),
		path: "/otlp",
		headers: { authorization: basic("123456:glc_secret1") },
		signals: ALL,
		temporality: "cumulative",
		secrets: ["glc_secret1"],
	},
	{
		name: "newrelic",
		env: (url) => ({ NEW_RELIC_LICENSE_KEY: "secret1", NEW_RELIC_OTLP_ENDPOINT: url }),
		path: "",
		headers: { "api-key": "secret1" },
		signals: ALL,
		temporality: "delta",
		secrets: ["secret1"],
	},
];

describe.each(PRESETS)("$name", ({ name, env, path, headers, signals, temporality, secrets }) => {
	test("gets exactly the signals that it takes, at its paths, with its headers, in its protocol", async () => {
		const there = await backend();
		const sinks = await openSinks({ CLAUDE_OTEL_BACKEND: name, OTEL_SERVICE_NAME: "mine", ...env(there.url) });
		emitOne(sinks);
		const delivery = await sinks.shutdown(10_000);

		expect(delivery.line).toBeUndefined();
		const expected = Object.entries(signals).map(([signal, more]) => ({
			method: "POST",
			path: `${path}/v1/${signal}`,
			headers: { ...PROTOBUF, ...headers, ...more },
		}));
		expect(there.requests.toSorted(byPath)).toEqual(expected.toSorted(byPath));
		expect(there.spans).toMatchObject([{ name: "one", traceId: TRACE_ID, attributes: { size: 1 } }]);
		expect(there.logs).toMatchObject(signals.logs ? [{ body: "one happened" }] : []);
		expect(there.metrics).toMatchObject(
			signals.metrics ? [{ name: "things_total", value: 2, temporality: temporality ?? "cumulative" }] : [],
		);
		for (const { resource } of [...there.spans, ...there.metrics, ...there.logs]) {
			expect(resource).toMatchObject({ "service.name": "mine", "service.instance.id": "run-1" });
		}
	});

	test("says what to check where the key is wrong, and never says the key", async () => {
		const there = await backend(401);
		const sinks = await openSinks({ CLAUDE_OTEL_BACKEND: name, ...env(there.url) });
		emitOne(sinks);
		const { line } = await sinks.shutdown(10_000);

		const [variable = ""] = Object.keys(env("")).filter((key) => /TOKEN|DSN|SECRET_KEY|API_KEY|LICENSE_KEY/.test(key));
		expect(line).toMatch(
			/^claude-otel: 1 span.* (?:was|were) not delivered to .* at http:\/\/127\.0\.0\.1:\d+ \(HTTP 401\); check /,
		);
		expect(line).toContain(`; check ${variable}`);
		expect(line?.match(/not delivered/g)).toHaveLength(1);
		const said = `${line} ${sinks.said()} ${JSON.stringify(sinks.failures)}`;
		const hidden = [...secrets, headers.authorization ?? "", headers["x-sentry-auth"] ?? ""].filter(
			(text) => text !== "",
		);
		expect(hidden.filter((text) => said.includes(text))).toEqual([]);
	});
});

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);

describe("without an address of its own the region is found", () => {
	test.each([
		["logfire", { LOGFIRE_TOKEN: "pylf_v2_eu_abc" }, "https://logfire-eu.pydantic.dev"],
		["logfire", { LOGFIRE_TOKEN: "pylf_v1_us_abc" }, "https://logfire-us.pydantic.dev"],
		["logfire", { LOGFIRE_TOKEN: "pylf_v1_mars_abc" }, "https://logfire-us.pydantic.dev"],
		["logfire", { LOGFIRE_TOKEN: "abc" }, "https://logfire-us.pydantic.dev"],
		["sentry", { SENTRY_DSN: "https://k@o1.ingest.de.sentry.io/7" }, "https://o1.ingest.de.sentry.io"],
		["langfuse", { LANGFUSE_PUBLIC_KEY: "p", LANGFUSE_SECRET_KEY: "s" }, "https://cloud.langfuse.com"],
		["honeycomb", { HONEYCOMB_API_KEY: "k" }, "https://api.honeycomb.io"],
		["datadog", { DD_API_KEY: "k", DD_SITE: "us5.datadoghq.com" }, "https://otlp.us5.datadoghq.com"],
		["datadog", { DD_API_KEY: "k" }, "https://otlp.datadoghq.com"],
		[
			"grafana",
			{ GRAFANA_OTLP_USERNAME: "1", GRAFANA_OTLP_API_TOKEN: "t", GRAFANA_CLOUD_ZONE: "prod-eu-west-2" },
			"https://otlp-gateway-prod-eu-west-2.grafana.net",
		],
		["newrelic", { NEW_RELIC_LICENSE_KEY: "k" }, "https://otlp.nr-data.net"],
		["newrelic", { NEW_RELIC_LICENSE_KEY: "eu01xxk" }, "https://otlp.eu01.nr-data.net"],
		["newrelic", { NEW_RELIC_LICENSE_KEY: "k", NEW_RELIC_REGION: "EU" }, "https://otlp.eu01.nr-data.net"],
	])("%s %j", async (name, env, origin) => {
		const { destinations } = await destinationsOf({ CLAUDE_OTEL_BACKEND: name, ...env });
		expect([...new Set(destinations)]).toEqual([
			expect.stringMatching(new RegExp(` at ${origin.replaceAll(".", "\\.")}$`)),
		]);
	});
});

/** Where batches would go; nothing is sent, for there is nothing to send. */
async function destinationsOf(env: Record<string, string>): Promise<{ destinations: string[] }> {
	const sinks = await openSinks({ OTEL_METRICS_EXPORTER: "none", ...env });
	const { signals } = await sinks.shutdown(0);
	return { destinations: signals.map(({ destination }) => destination) };
}

describe("beside each other", () => {
	test("two back ends and the user's own collector all get the same, each with its own headers alone", async () => {
		const [logfire, sentry] = [await backend(), await backend()];
		receiver = await startReceiver();
		const sinks = await openSinks({
			LOGFIRE_TOKEN: "logfire-secret",
			LOGFIRE_BASE_URL: logfire.url,
			SENTRY_DSN: `${sentry.url.replace("://", "://sentry-secret@")}/1`,
			OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http,
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
			OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20collector-secret",
		});
		emitOne(sinks);
		expect((await sinks.shutdown(10_000)).line).toBeUndefined();

		const counts = (to: { spans: unknown[]; metrics: unknown[]; logs: unknown[] }) => [
			to.spans.length,
			to.metrics.length,
			to.logs.length,
		];
		expect([logfire, sentry, receiver].map(counts)).toEqual([
			[1, 1, 1],
			[1, 0, 1],
			[1, 1, 1],
		]);
		expect(receiver.metrics[0]?.temporality).toBe("cumulative");
		const seen = (to: LoopbackBackend | Receiver) => JSON.stringify(to.requests.map(({ headers }) => headers));
		const told = [logfire, sentry, receiver].map((to) =>
			seen(to)
				.match(/\w+-secret/g)
				?.toSorted(),
		);
		expect(told).toEqual([
			Array(3).fill("logfire-secret"),
			Array(2).fill("sentry-secret"),
			Array(3).fill("collector-secret"),
		]);
	});

	test("OTEL_EXPORTER_OTLP_HEADERS of the process itself go to no back end", async () => {
		// OpenTelemetry's exporters read them there, whatever they are told.
		process.env.OTEL_EXPORTER_OTLP_HEADERS = "x-collector=collector-secret";
		try {
			const there = await backend();
			const sinks = await openSinks({ LOGFIRE_TOKEN: "logfire-secret", LOGFIRE_BASE_URL: there.url });
			emitOne(sinks);
			await sinks.shutdown(10_000);
			expect(there.requests).toHaveLength(3);
			expect(JSON.stringify(there.requests)).not.toContain("collector");
		} finally {
			delete process.env.OTEL_EXPORTER_OTLP_HEADERS;
		}
	});

	test("without an endpoint of the user's they take the place of the default one", async () => {
		const there = await backend();
		const env = { LOGFIRE_TOKEN: "logfire-secret", LOGFIRE_BASE_URL: there.url };
		expect(new Set((await destinationsOf(env)).destinations)).toEqual(new Set([`Logfire at ${there.url}`]));
		const own = { ...env, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://localhost:1/v1/logs" };
		expect((await destinationsOf(own)).destinations).toEqual([
			`Logfire at ${there.url}`,
			"http://localhost:1/v1/logs",
			`Logfire at ${there.url}`,
		]);
		expect((await destinationsOf({ ...env, CLAUDE_OTEL_BACKEND: "none" })).destinations).toEqual([
			"http://localhost:4317",
			"http://localhost:4317",
		]);
	});

	test("a signal that is to go nowhere goes to no back end, and with OTEL_SDK_DISABLED none does", async () => {
		const there = await backend();
		const env = { LOGFIRE_TOKEN: "logfire-secret", LOGFIRE_BASE_URL: there.url };
		const sinks = await openSinks({ ...env, OTEL_LOGS_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" });
		emitOne(sinks);
		await sinks.shutdown(10_000);
		expect(there.requests.map(({ path }) => path)).toEqual(["/v1/traces"]);
		expect((await (await openSinks({ ...env, OTEL_SDK_DISABLED: "true" })).shutdown(0)).signals).toEqual([]);
	});

	test("one that fails costs the other nothing, and is told alone", async () => {
		const [good, bad] = [await backend(), await backend(403)];
		const sinks = await openSinks({
			CLAUDE_OTEL_BACKEND: "honeycomb, newrelic",
			HONEYCOMB_API_KEY: "honey-secret",
			HONEYCOMB_API_ENDPOINT: bad.url,
			NEW_RELIC_LICENSE_KEY: "relic-secret",
			NEW_RELIC_OTLP_ENDPOINT: good.url,
		});
		emitOne(sinks);
		const { line } = await sinks.shutdown(10_000);
		expect(good.spans.length + good.metrics.length + good.logs.length).toBe(3);
		expect(line).toBe(
			`claude-otel: 1 span, the metrics and 1 log record were not delivered to Honeycomb at ${bad.url} (HTTP 403); check HONEYCOMB_API_KEY, and HONEYCOMB_API_ENDPOINT if it is for another region.`,
		);
	});
});

test("what one takes only in part is missing there, and not at the others", async () => {
	// ExportTraceServiceResponse { partial_success { rejected_spans: 2 } }, and the same of the other signals.
	const [logfire, sentry] = [await backend(), await backend(200, Uint8Array.of(0x0a, 0x02, 0x08, 0x02))];
	const sinks = await openSinks({
		LOGFIRE_TOKEN: "logfire-secret",
		LOGFIRE_BASE_URL: logfire.url,
		SENTRY_DSN: `${sentry.url.replace("://", "://sentry-secret@")}/1`,
		OTEL_LOGS_EXPORTER: "none",
	});
	for (let number = 0; number < 5; number++) sinks.tracer.startSpan("span").end();
	const { signals, line } = await sinks.shutdown(10_000);
	expect(signals).toMatchObject([
		{ signal: "traces", destination: `Logfire at ${logfire.url}`, exported: 5, lost: 0 },
		{ signal: "traces", destination: `Sentry at ${sentry.url}`, exported: 3, lost: 2 },
		{ signal: "metrics", destination: `Logfire at ${logfire.url}`, lost: 0 },
	]);
	expect(line).toBe(
		`claude-otel: 2 spans were not delivered to Sentry at ${sentry.url} (rejected by the collector); run it with --claude-otel-debug to see why.`,
	);
});

/** Spans as the signals make them, in short. */
function tellSession(sinks: Opened): Span {
	const session = sinks.tracer.startSpan("claude.session", { attributes: { "session.id": "s" } });
	sinks.tracer
		.startSpan("chat m", {
			attributes: {
				"gen_ai.operation.name": "chat",
				query_source: "main",
				"tokens.input": 1,
				"tokens.output": 2,
				"tokens.cache_read": 3,
				"tokens.cache_creation": 4,
				"tokens.total": 10,
				"claude.cost_usd": 0.5,
			},
		})
		.end();
	const tool = sinks.tracer.startSpan("execute_tool Bash", {
		attributes: {
			"gen_ai.operation.name": "execute_tool",
			"tool.status": "error",
			"input.summary": "npm test",
			"tool.input.command": "npm test",
			"tool.response.stdout": "1 failed",
		},
	});
	tool.setStatus({ code: SpanStatusCode.ERROR, message: "command_failed" });
	tool.end();
	sinks.tracer
		.startSpan("execute_tool Write", {
			attributes: { "gen_ai.operation.name": "execute_tool", "tool.status": "denied", "input.summary": "a.txt" },
		})
		.end();
	sinks.tracer
		.startSpan("invoke_agent claude-code", {
			attributes: { "gen_ai.operation.name": "invoke_agent", "turn.status": "ok", "prompt.preview": "go" },
		})
		.end();
	return session;
}

describe("attributes that only a back end's own views read", () => {
	const own = (spans: LoopbackBackend["spans"], pattern: RegExp) =>
		Object.fromEntries(
			spans.map(({ name, attributes }) => [
				name,
				Object.fromEntries(Object.entries(attributes).filter(([key]) => pattern.test(key))),
			]),
		);
	const send = async (env: (url: string) => Record<string, string>) => {
		const there = await backend();
		receiver = await startReceiver();
		const sinks = await openSinks({
			...env(there.url),
			OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http,
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
			OTEL_METRICS_EXPORTER: "none",
			OTEL_RESOURCE_ATTRIBUTES: "user.id=ada",
		});
		tellSession(sinks).end();
		expect((await sinks.shutdown(10_000)).line).toBeUndefined();
		// Everybody else gets the span as it is.
		expect(JSON.stringify(receiver.spans.map(({ attributes }) => attributes))).not.toMatch(/logfire|sentry|langfuse/);
		return there.spans;
	};

	test("of Logfire", async () => {
		const spans = await send((url) => ({ LOGFIRE_TOKEN: "logfire-secret", LOGFIRE_BASE_URL: url }));
		expect(own(spans, /^logfire\.|^operation\.|usage\.details/)).toEqual({
			"claude.session": {},
			"chat m": {
				"operation.cost": 0.5,
				"gen_ai.usage.details.cache_read_tokens": 3,
				"gen_ai.usage.details.cache_write_tokens": 4,
			},
			"execute_tool Bash": { "logfire.msg": "execute_tool Bash: npm test", "logfire.level_num": 17 },
			"execute_tool Write": { "logfire.msg": "execute_tool Write: a.txt", "logfire.level_num": 13 },
			"invoke_agent claude-code": { "logfire.msg": "invoke_agent claude-code: go" },
		});
	});

	test("of Sentry", async () => {
		const spans = await send((url) => ({ SENTRY_DSN: `${url.replace("://", "://sentry-secret@")}/1` }));
		expect(own(spans, /^sentry\.|^gen_ai\.(?!operation)/)).toEqual({
			"claude.session": {},
			"chat m": {
				"sentry.op": "gen_ai.chat",
				"gen_ai.agent.name": "claude-code",
				"gen_ai.usage.input_tokens.cached": 3,
				"gen_ai.usage.input_tokens.cache_write": 4,
				"gen_ai.usage.total_tokens": 10,
			},
			"execute_tool Bash": { "sentry.op": "gen_ai.execute_tool" },
			"execute_tool Write": { "sentry.op": "gen_ai.execute_tool" },
			"invoke_agent claude-code": { "sentry.op": "gen_ai.invoke_agent" },
		});
	});

	test("of Langfuse", async () => {
		const spans = await send((url) => ({
			CLAUDE_OTEL_BACKEND: "langfuse",
			LANGFUSE_PUBLIC_KEY: "pk",
			LANGFUSE_SECRET_KEY: "sk",
			LANGFUSE_BASE_URL: url,
		}));
		const of = (type: string, more: Record<string, string> = {}) => ({
			"langfuse.observation.type": type,
			"langfuse.user.id": "ada",
			...Object.fromEntries(Object.entries(more).map(([name, value]) => [`langfuse.observation.${name}`, value])),
		});
		expect(own(spans, /^langfuse\./)).toEqual({
			"claude.session": of("span"),
			"chat m": of("generation", {
				usage_details: '{"input":1,"output":2,"input_cache_read":3,"input_cache_creation":4}',
				cost_details: '{"total":0.5}',
			}),
			"execute_tool Bash": of("tool", { input: '{"command":"npm test"}', output: '{"stdout":"1 failed"}' }),
			"execute_tool Write": of("tool", { input: "a.txt", level: "WARNING" }),
			"invoke_agent claude-code": of("agent", { input: "go" }),
		});
	});
});

describe("a session that lasts", () => {
	/** Of the event loop: what is still open then will last. */
	const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));
	const open = async (more: Record<string, string> = {}) => {
		const there = await backend();
		const env = { LOGFIRE_TOKEN: "logfire-secret", LOGFIRE_BASE_URL: there.url, ...more };
		return { there, sinks: await openSinks(env) };
	};

	test("is seen in Logfire before it is over, as an empty child of itself", async () => {
		const { there, sinks } = await open();
		const session = tellSession(sinks);
		await nextTurn();
		await sinks.flush(10_000);
		const [pending, ...more] = there.spans.filter(({ name }) => name === "claude.session");
		expect(more).toEqual([]);
		const { spanId } = session.spanContext();
		expect(pending).toMatchObject({
			traceId: TRACE_ID,
			parentSpanId: spanId,
			attributes: {
				"session.id": "s",
				"logfire.span_type": "pending_span",
				"logfire.pending_parent_id": "0000000000000000",
			},
		});
		expect(pending?.endTime).toBe(pending?.startTime);
		expect(pending?.spanId).toMatch(/^[0-9a-f]{16}$/);
		expect(pending?.spanId).not.toBe(spanId);
		// All else was told when it was over.
		expect(there.spans).toHaveLength(5);

		session.end();
		const { signals, line } = await sinks.shutdown(10_000);
		expect(line).toBeUndefined();
		expect(there.spans.at(-1)).toMatchObject({ name: "claude.session", spanId, parentSpanId: "" });
		expect(there.spans.at(-1)?.attributes).not.toHaveProperty("logfire.span_type");
		expect(signals.find(({ signal }) => signal === "traces")).toMatchObject({ exported: 6, lost: 0 });
	});

	test("has no stand-in where it is over before anything was sent", async () => {
		const { there, sinks } = await open();
		const session = tellSession(sinks);
		await nextTurn();
		session.end();
		await sinks.shutdown(10_000);
		expect(there.spans.map(({ name }) => name).filter((name) => name === "claude.session")).toHaveLength(1);
	});

	test("has none where its trace is not sampled, and none for others", async () => {
		const { there, sinks } = await open({ OTEL_TRACES_SAMPLER: "always_off" });
		const session = tellSession(sinks);
		await nextTurn();
		await sinks.flush(10_000);
		session.end();
		await sinks.shutdown(10_000);
		expect(there.spans).toEqual([]);

		const sentry = await backend();
		const other = await openSinks({ SENTRY_DSN: `${sentry.url.replace("://", "://sentry-secret@")}/1` });
		const lasting = tellSession(other);
		await nextTurn();
		await other.flush(10_000);
		expect(sentry.spans).toHaveLength(4);
		lasting.end();
		await other.shutdown(10_000);
	});
});
