// Each row is a way in which people have Claude Code's own telemetry configured, and what one run makes of it.
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type NativePlan, planNative } from "../../src/launch/native-telemetry.ts";
import type { SettingsFile } from "../../src/launch/settings-files.ts";

const HTTP = "http://127.0.0.1:4711";
const GRPC = "http://127.0.0.1:4712";
const COLLECTOR = "http://collector.example:4318";
const ON = {
	CLAUDE_CODE_ENABLE_TELEMETRY: "1",
	OTEL_METRICS_EXPORTER: "otlp",
	OTEL_LOGS_EXPORTER: "otlp",
	OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
	OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
	OTEL_EXPORTER_OTLP_HEADERS: "x-key=secret",
};
const TOKEN = "x-claude-otel-token=TOKEN";

type Env = Record<string, string>;
type File = Omit<SettingsFile, "path">;
const file = (scope: SettingsFile["scope"], env: Env, more = {}): File => ({ scope, settings: { env, ...more } });

function ask(env: Env, files: File[] = []) {
	const ranked = files.map((one) => ({ path: `/${one.scope}.json`, ...one }));
	return planNative({ env, ranked, config: loadConfig(env, "linux").config });
}

function plan(env: Env, files: File[] = []): NativePlan {
	const made = ask(env, files);
	if (!("settingsEnv" in made)) throw new Error(`There is no plan: ${made.problems.join(" ")}`);
	return made;
}

const overlay = (env: Env, files: File[] = []) => plan(env, files).settingsEnv({ http: HTTP, grpc: GRPC });

const TOWARDS_US = {
	CLAUDE_CODE_ENABLE_TELEMETRY: "1",
	OTEL_METRICS_EXPORTER: "otlp",
	OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${HTTP}/v1/metrics`,
	OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/json",
	OTEL_METRIC_EXPORT_INTERVAL: "1000",
	OTEL_LOGS_EXPORTER: "otlp",
	OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${HTTP}/v1/logs`,
	OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
	OTEL_LOGS_EXPORT_INTERVAL: "1000",
};

describe("where nothing is configured", () => {
	test("metrics and events come to us as JSON, and nothing goes on", () => {
		expect(overlay({})).toEqual(TOWARDS_US);
		expect(plan({})).toMatchObject({ destinations: {}, protocols: { metrics: "http/json", logs: "http/json" } });
		expect(plan({}).problems).toEqual([]);
	});

	test("the token travels in claude's environment alone", () => {
		expect(plan({}).processEnv("TOKEN")).toEqual({
			OTEL_EXPORTER_OTLP_METRICS_HEADERS: TOKEN,
			OTEL_EXPORTER_OTLP_LOGS_HEADERS: TOKEN,
		});
		expect(plan({}).secretSettingsEnv("TOKEN")).toEqual({});
	});

	test.each([{}, { CLAUDE_CODE_ENABLE_TELEMETRY: "0" }, { CLAUDE_CODE_ENABLE_TELEMETRY: "" }])(
		"exporters that wait for the switch, which is %j, stay off: ours are the only ones",
		(off) => {
			const env = {
				...ON,
				OTEL_TRACES_EXPORTER: "otlp",
				OTEL_METRICS_EXPORTER: "console",
				CLAUDE_CODE_ENABLE_TELEMETRY: "",
				...off,
			};
			expect(overlay(env)).toEqual({ ...TOWARDS_US, OTEL_TRACES_EXPORTER: "none" });
			expect(plan(env).destinations).toEqual({});
		},
	);
});

describe("where the user has it on", () => {
	test.each([
		["http/json", `${HTTP}/v1/logs`, `${COLLECTOR}/v1/logs`],
		["http/protobuf", `${HTTP}/v1/logs`, `${COLLECTOR}/v1/logs`],
		["grpc", GRPC, COLLECTOR],
	])("over %s it comes to us in the same protocol and goes on to his endpoint", (protocol, ours, url) => {
		for (const made of [
			plan({ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
			plan({}, [file("user", { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: protocol })]),
			plan({}, [file("flag", { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: protocol })]),
		]) {
			expect(made.protocols).toEqual({ metrics: protocol, logs: protocol });
			expect(made.destinations.logs).toMatchObject({ of: "user", protocol, url });
			expect(made.settingsEnv({ http: HTTP, grpc: GRPC })).toMatchObject({
				OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: ours,
				OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: protocol,
			});
		}
	});

	test("one signal alone goes on, and each in its own way", () => {
		const made = plan({
			...ON,
			OTEL_LOGS_EXPORTER: "none",
			OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "grpc",
			OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://other.example:4317",
			OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: "/k.pem",
			OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE: "/c.pem",
			OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
			OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
		});
		expect(made.protocols).toEqual({ metrics: "grpc", logs: "http/json" });
		expect(made.destinations).toMatchObject({
			metrics: {
				url: "https://other.example:4317",
				insecure: false,
				certificate: "/ca.pem",
				clientKey: "/k.pem",
				clientCertificate: "/c.pem",
				compression: "gzip",
			},
		});
		expect(made.destinations).not.toHaveProperty("logs");
	});

	test("without a protocol it is Claude Code's default, not the one that we would choose", () => {
		const made = plan({ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: "", OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4317" });
		expect(made.destinations.metrics).toMatchObject({
			protocol: "http/protobuf",
			url: "http://localhost:4317/v1/metrics",
		});
	});

	test.each([
		["http/json", { HTTPS_PROXY: "http://a", HTTP_PROXY: "http://b" }, { http: "http://a", https: "http://a" }],
		["http/json", { https_proxy: "http://a", HTTPS_PROXY: "http://b" }, { http: "http://a", https: "http://a" }],
		["http/protobuf", { HTTP_PROXY: "http://b" }, { http: "http://b", https: "http://b" }],
		["grpc", { grpc_proxy: "http://a", https_proxy: "http://b" }, { grpc: "http://a" }],
		["grpc", { https_proxy: "http://b", http_proxy: "http://c" }, { grpc: "http://b" }],
		["grpc", { HTTPS_PROXY: "http://b", HTTP_PROXY: "http://c" }, { grpc: undefined }],
	])("over %s it takes the proxy that Claude Code would, of %j, wherever that is said", (protocol, env, proxies) => {
		const all = { ...ON, ...env, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, no_proxy: "inside" };
		const bare = { http: undefined, https: undefined, grpc: undefined, none: "inside" };
		for (const made of [plan(all), plan({}, [file("user", all)])]) {
			expect({ ...bare, ...made.destinations.logs?.proxies }).toEqual({ ...bare, ...proxies });
		}
	});

	test.each([
		["http/json", "claude"],
		["http/protobuf", "claude"],
		["grpc", "variables"],
	])("over %s it gets the headers of %s, with what is decoded of them there", (protocol, headersOf) => {
		const env = { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20a" };
		const made = plan({}, [file("user", env, { otelHeadersHelper: "./token" })]);
		expect(made.destinations.logs).toMatchObject({ headersOf, headers: { authorization: "Basic a" } });
	});

	test("it trusts whom Claude Code trusts, and shows over http what Claude Code shows", () => {
		const env = {
			...ON,
			NODE_EXTRA_CA_CERTS: "/extra.pem",
			NODE_TLS_REJECT_UNAUTHORIZED: "0",
			CLAUDE_CODE_CLIENT_CERT: "/claude.pem",
			CLAUDE_CODE_CLIENT_KEY: "/claude.key",
			CLAUDE_CODE_CLIENT_KEY_PASSPHRASE: "word",
			OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "/otel.pem",
			OTEL_EXPORTER_OTLP_CLIENT_KEY: "/otel.key",
		};
		for (const made of [plan(env), plan({}, [file("user", env)])]) {
			expect(made.destinations.logs).toMatchObject({
				clientCertificate: "/claude.pem",
				clientKey: "/claude.key",
				tls: { authorities: "/extra.pem", passphrase: "word", unverified: true },
			});
		}
		const grpc = plan({ ...env, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }).destinations.logs;
		expect(grpc).toMatchObject({ clientCertificate: "/otel.pem", clientKey: "/otel.key" });
		expect(grpc?.tls).toEqual({ authorities: "/extra.pem" });
		expect(
			plan({ ...ON, CLAUDE_CODE_CLIENT_CERT: "/claude.pem" }).destinations.logs?.clientCertificate,
		).toBeUndefined();
	});

	test("his other exporters stay beside ours, and the console one keeps its pace", () => {
		const lists = { OTEL_METRICS_EXPORTER: "prometheus, otlp", OTEL_LOGS_EXPORTER: "console" };
		const made = overlay({}, [file("user", { ...ON, ...lists })]);
		expect(made).toMatchObject({ OTEL_METRICS_EXPORTER: "prometheus,otlp", OTEL_LOGS_EXPORTER: "console,otlp" });
		expect(made).toHaveProperty("OTEL_METRIC_EXPORT_INTERVAL");
		expect(made).not.toHaveProperty("OTEL_LOGS_EXPORT_INTERVAL");
	});

	test("nothing is said of his traces, temporality, resource or content", () => {
		const env = {
			...ON,
			OTEL_TRACES_EXPORTER: "otlp",
			CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
			OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "cumulative",
			OTEL_RESOURCE_ATTRIBUTES: "a=b",
			OTEL_LOG_USER_PROMPTS: "1",
		};
		expect(Object.keys(overlay(env))).toEqual(Object.keys(TOWARDS_US));
	});

	test("headers of his own for a signal stay before our token", () => {
		expect(plan({ ...ON, OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b%20c" }).processEnv("TOKEN")).toEqual({
			OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x-a=b%20c,${TOKEN}`,
			OTEL_EXPORTER_OTLP_METRICS_HEADERS: TOKEN,
		});
	});

	test.each(["user", "flag"] as const)(
		"where they stand in %s settings, which hide claude's environment, the token goes the same way, as a secret",
		(scope) => {
			const made = plan(ON, [file(scope, { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b" })]);
			expect(made.secretSettingsEnv("TOKEN")).toEqual({ OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x-a=b,${TOKEN}` });
			expect(JSON.stringify(made.settingsEnv({ http: HTTP }))).not.toMatch(/TOKEN|x-a/);
		},
	);

	test("blank ones hide it as well", () => {
		const made = plan({}, [file("user", { OTEL_EXPORTER_OTLP_METRICS_HEADERS: "" })]);
		expect(made.secretSettingsEnv("TOKEN")).toEqual({ OTEL_EXPORTER_OTLP_METRICS_HEADERS: TOKEN });
	});

	test.each<Env>([
		{ grpc_proxy: "http://proxy" },
		{ https_proxy: "http://proxy", no_proxy: "localhost" },
		{ http_proxy: "http://proxy", NO_PROXY: "127.0.0.1" },
	])("with %j gRPC would not find us, so the same message comes over http", (proxy) => {
		const made = plan({ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", ...proxy });
		expect(made.protocols.logs).toBe("http/protobuf");
		expect(made.destinations.logs?.protocol).toBe("grpc");
	});

	test.each<Env>([
		{ HTTPS_PROXY: "http://proxy" },
		{ https_proxy: "http://proxy", no_proxy: "localhost, 127.0.0.1" },
		{ grpc_proxy: "http://proxy", no_grpc_proxy: "127.0.0.1" },
	])("with %j it does", (proxy) => {
		expect(plan({ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", ...proxy }).protocols.logs).toBe("grpc");
	});

	test("without a gRPC door the same message comes over http", () => {
		const made = plan({ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }).settingsEnv({ http: HTTP });
		expect(made).toMatchObject({
			OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${HTTP}/v1/logs`,
			OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/protobuf",
		});
	});
});

describe("what a project's settings say", () => {
	test("of destinations, headers and the switch does not count: Claude Code ignores it", () => {
		const made = plan({}, [file("project", { ...ON, OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b" })]);
		expect(made.destinations).toEqual({});
		expect(made.secretSettingsEnv("TOKEN")).toEqual({});
	});

	test("against a signal counts where the user's own file alone asks for it", () => {
		const no = file("project", { OTEL_LOGS_EXPORTER: "none" });
		expect(Object.keys(plan({}, [file("user", ON), no]).destinations)).toEqual(["metrics"]);
		expect(Object.keys(plan(ON, [no]).destinations)).toEqual(["metrics", "logs"]);
		expect(Object.keys(plan({}, [no, file("flag", ON)]).destinations)).toEqual(["metrics", "logs"]);
	});
});

describe("what cannot work", () => {
	test.each<Env>([
		{ OTEL_LOGS_EXPORTER: "otlp,prometheus" },
		{ OTEL_METRICS_EXPORTER: "OTLP" },
		{ OTEL_EXPORTER_OTLP_PROTOCOL: "http" },
		{ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "nonsense" },
	])("by itself, with %j, is as if it were off, and is told", (wrong) => {
		const files = [file("user", { ...ON, OTEL_TRACES_EXPORTER: "otlp", ...wrong })];
		expect(overlay({}, files)).toEqual({ ...TOWARDS_US, OTEL_TRACES_EXPORTER: "none" });
		expect(plan({}, files)).toMatchObject({ destinations: {}, problems: [expect.stringContaining("does not know")] });
	});

	test("because an endpoint is no URL has no destination, and is told; the other signal goes on", () => {
		const made = plan({}, [file("user", { ...ON, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "nowhere" })]);
		expect(Object.keys(made.destinations)).toContain("metrics");
		expect(made.destinations.logs).toBeUndefined();
		expect(made.problems).toEqual([expect.stringMatching(/logs are not passed on.*OTEL_EXPORTER_OTLP_LOGS_ENDPOINT/)]);
	});
});

describe("managed settings", () => {
	test.each<[Env, object?]>([
		[{ CLAUDE_CODE_ENABLE_TELEMETRY: "0" }],
		[{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR }],
		[{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }],
		[{ OTEL_EXPORTER_OTLP_HEADERS: "x-a=b" }],
		[{ OTEL_EXPORTER_OTLP_CLIENT_KEY: "/k.pem" }],
		[{}, { otelHeadersHelper: "/bin/helper" }],
	])("with %j %j lock all of it: nothing of ours is added, and it is told", (env, more) => {
		const made = ask(ON, [file("managed", env, more)]);
		expect(made).not.toHaveProperty("settingsEnv");
		const by = Object.keys({ ...env, ...more })[0];
		expect(made.problems).toEqual([
			expect.stringMatching(`/managed.json sets ${by}.*own metrics`),
			expect.stringMatching(`/managed.json sets ${by}.*own logs`),
		]);
	});

	test.each<Env>([
		{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: COLLECTOR },
		{ OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b" },
		{ OTEL_LOGS_EXPORTER: "none" },
	])("with %j lock that signal: the other comes to us, and the token goes nowhere else", (env) => {
		const made = plan(ON, [file("managed", env)]);
		expect(Object.keys(made.settingsEnv({ http: HTTP })).filter((name) => name.includes("LOGS"))).toEqual([]);
		expect(made.processEnv("TOKEN")).toEqual({ OTEL_EXPORTER_OTLP_METRICS_HEADERS: TOKEN });
		expect(made.secretSettingsEnv("TOKEN")).toEqual({});
		expect(Object.keys(made.destinations)).toEqual(["metrics"]);
	});

	test("that lock a signal which is off keep us from switching anything on", () => {
		expect(ask({}, [file("managed", { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: COLLECTOR })])).not.toHaveProperty(
			"settingsEnv",
		);
	});

	test("that say other things lock nothing", () => {
		const env = { OTEL_RESOURCE_ATTRIBUTES: "a=b", OTEL_EXPORTER_OTLP_TIMEOUT: "5000", OTEL_LOGS_EXPORTER: "otlp" };
		expect(plan({}, [file("managed", env)]).problems).toEqual([]);
	});
});

describe("CLAUDE_OTEL_FORWARD_NATIVE=1", () => {
	const own = {
		CLAUDE_OTEL_FORWARD_NATIVE: "1",
		OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
		OTEL_EXPORTER_OTLP_HEADERS: "x-key=secret",
	};

	test("sends what was off to our own endpoint, with its headers and protocol", () => {
		const made = plan(own);
		expect(made.protocols).toEqual({ metrics: "http/protobuf", logs: "http/protobuf" });
		expect(made.destinations).toMatchObject({
			metrics: { of: "ours", url: `${COLLECTOR}/v1/metrics`, headers: { "x-key": "secret" } },
			logs: { of: "ours", url: `${COLLECTOR}/v1/logs` },
		});
	});

	test("does not where our own signal goes nowhere, nor where the user's has its place", () => {
		expect(plan({ ...own, OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "console" }).destinations).toEqual({});
		const made = plan(own, [file("user", { ...ON, OTEL_EXPORTER_OTLP_ENDPOINT: "http://mine.example" })]);
		expect(made.destinations.logs).toMatchObject({ of: "user", url: "http://mine.example/v1/logs" });
	});
});
