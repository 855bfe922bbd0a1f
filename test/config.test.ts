import { describe, expect, test } from "vitest";
import { configurationTable, describeConfig, type Flags, loadConfig } from "../src/config.ts";
import { UserMistake } from "../src/errors.ts";

const HOME = "/home/ada";
const load = (env: Record<string, string> = {}, flags: Flags = {}) => loadConfig({ HOME, ...env }, "linux", flags);
const config = (env: Record<string, string> = {}) => load(env).config;
const otel = (env: Record<string, string> = {}) => config(env).otel;

function mistakeOf(env: Record<string, string>): UserMistake {
	try {
		load(env);
	} catch (error) {
		if (error instanceof UserMistake) return error;
		throw error;
	}
	throw new Error("no mistake was found");
}

describe("our own settings", () => {
	test("without a variable everything has its documented default", () => {
		expect(config()).toMatchObject({
			claudeBin: undefined,
			level: "standard",
			debug: { to: "nowhere" },
			hookTransport: "auto",
			traceShape: "auto",
			propagate: true,
			semconv: "v1.41",
			maxAttrLength: 256,
			maxPayloadBytes: 1024,
			redactPatterns: [],
			redactAllowlist: [],
			redactDisableDefaults: false,
			attributes: {},
			toolsExclude: [],
			deniedModels: [],
			exitGraceMs: 1000,
			inbound: {},
			nested: false,
			claudeConfigDir: "/home/ada/.claude",
		});
		expect(load().problems).toEqual([]);
	});

	test("each variable sets its value", () => {
		expect(
			config({
				CLAUDE_BIN: "/opt/claude",
				CLAUDE_OTEL_LEVEL: "Full",
				CLAUDE_OTEL_HOOK_TRANSPORT: "socket",
				CLAUDE_OTEL_TRACE_SHAPE: "turn",
				CLAUDE_OTEL_PROPAGATE: "0",
				CLAUDE_OTEL_SEMCONV: "both",
				CLAUDE_OTEL_MAX_ATTR_LENGTH: "100",
				CLAUDE_OTEL_USER: "ada",
				CLAUDE_OTEL_ATTRIBUTES: "sprint=12, goal=a%2Cb=c",
				CLAUDE_OTEL_TOOLS_EXCLUDE: "Read, mcp__*",
				TRACEPARENT: "00-aa-bb-01",
				BAGGAGE: "k=v",
			}),
		).toMatchObject({
			claudeBin: "/opt/claude",
			level: "full",
			hookTransport: "socket",
			traceShape: "turn",
			propagate: false,
			semconv: "both",
			maxAttrLength: 100,
			user: "ada",
			attributes: { sprint: "12", goal: "a,b=c" },
			toolsExclude: ["Read", "mcp__*"],
			inbound: { traceparent: "00-aa-bb-01", baggage: "k=v" },
		});
	});

	test.each<[string, string, string]>([
		["CLAUDE_OTEL_LEVEL", "loud", "off, minimal, standard or full"],
		["CLAUDE_OTEL_HOOK_TRANSPORT", "pigeon", "auto, http or socket"],
		["CLAUDE_OTEL_MAX_ATTR_LENGTH", "-1", "a whole number from 1 to 1000000"],
		["CLAUDE_OTEL_MAX_PAYLOAD_BYTES", "1k", "a whole number from 1 to 1000000"],
		["CLAUDE_OTEL_PROPAGATE", "perhaps", "1 or 0"],
		["CLAUDE_OTEL_CONTEXT_THRESHOLDS", "0.1", "percentages from 1 to 100 separated by commas, or none"],
		["CLAUDE_OTEL_CONTEXT_THRESHOLDS", "1,100.5", "percentages from 1 to 100 separated by commas, or none"],
		["CLAUDE_OTEL_ATTRIBUTES", "sprint", "key=value pairs separated by commas"],
		...["store.db", "~/store.db", "file:///tmp/store.db", ":memory:", "/", "/tmp/"].flatMap((value) =>
			["CLAUDE_OTEL_STORE", "CLAUDE_OTEL_SPOOL"].map((variable): [string, string, string] => [
				variable,
				value,
				"off or the absolute path of a file, without ~",
			]),
		),
		[
			"CLAUDE_OTEL_REDACT_PATTERNS",
			'["a", "b"',
			'patterns separated by commas or lines, or a JSON array like ["a","b"]',
		],
	])("%s=%s ends with one sentence that names variable, value and cure", (variable, value, expects) => {
		const mistake = mistakeOf({ [variable]: value });
		expect(mistake.message).toBe(
			`${variable} is ${JSON.stringify(value)}, but must be ${expects}: correct it or unset it.`,
		);
		expect(mistake.exitCode).toBe(2);
	});

	test.each([
		["off", { at: "nowhere" }],
		["on", { at: "data" }],
		["/var/tmp/kept.db", { at: "path", path: "/var/tmp/kept.db" }],
	])("store and spool are at %s", (value, at) => {
		expect(config({ CLAUDE_OTEL_STORE: value, CLAUDE_OTEL_SPOOL: value })).toMatchObject({ store: at, spool: at });
	});

	test("patterns come separated by commas, by lines, or as a JSON array where they hold commas", () => {
		const patterns = (text: string) => config({ CLAUDE_OTEL_REDACT_PATTERNS: text }).redactPatterns;
		expect(patterns("x{3,5}y,(foo|a,b)z,[a,]b,a\\,b,plain")).toEqual([
			"x{3,5}y",
			"(foo|a,b)z",
			"[a,]b",
			"a\\,b",
			"plain",
		]);
		expect(patterns("a+, b")).toEqual(["a+", "b"]);
		expect(patterns("a{1,2}\nb,c\n")).toEqual(["a{1,2}", "b,c"]);
		expect(patterns('["a{1,2}", "\\\\d"]')).toEqual(["a{1,2}", "\\d"]);
		expect(patterns("[a-z]+x,[0-9]")).toEqual(["[a-z]+x", "[0-9]"]);
	});

	test("blank counts as unset", () => {
		expect(config({ CLAUDE_OTEL_LEVEL: " ", OTEL_SERVICE_NAME: "" })).toMatchObject({
			level: "standard",
			otel: { serviceName: "claude-otel" },
		});
	});

	test.each([
		["1", { to: "stderr" }],
		["stderr", { to: "stderr" }],
		["0", { to: "nowhere" }],
		["/tmp/x.log", { to: "file", path: "/tmp/x.log" }],
	])("CLAUDE_OTEL_DEBUG=%s", (value, debug) => {
		expect(config({ CLAUDE_OTEL_DEBUG: value }).debug).toEqual(debug);
	});

	test("the debug flag wins over the variable", () => {
		expect(load({ CLAUDE_OTEL_DEBUG: "0" }, { debug: true }).config.debug).toEqual({ to: "stderr" });
		expect(load({}, { debug: "a.log" }).config.debug).toEqual({ to: "file", path: "a.log" });
	});

	test("variables of the run around us only say that there is one", () => {
		const outer = { CLAUDE_OTEL_RUN: "r", CLAUDE_OTEL_SOCKET: "/secret.sock", CLAUDE_OTEL_TOKEN: "secret" };
		const loaded = load(outer);
		expect(loaded.config.nested).toBe(true);
		expect(JSON.stringify([loaded.config, describeConfig(loaded)])).not.toMatch(/secret/);
	});
});

describe("folders", () => {
	test("follow XDG on Unix, and relative ones are ignored", () => {
		expect(config()).toMatchObject({
			dataDir: "/home/ada/.local/share/claude-otel",
			runDir: "/home/ada/.local/share/claude-otel",
			tmpDir: "/tmp",
		});
		const set = {
			XDG_DATA_HOME: "/data",
			XDG_RUNTIME_DIR: "/run/user/1",
			TMPDIR: "/var/tmp",
			CLAUDE_CONFIG_DIR: "/cc",
		};
		expect(config(set)).toMatchObject({
			dataDir: "/data/claude-otel",
			runDir: "/run/user/1/claude-otel",
			tmpDir: "/var/tmp",
			claudeConfigDir: "/cc",
		});
		const relative = load({ XDG_DATA_HOME: "data", XDG_RUNTIME_DIR: "run" });
		expect(relative.config).toMatchObject({
			dataDir: "/home/ada/.local/share/claude-otel",
			runDir: "/home/ada/.local/share/claude-otel",
		});
		expect(relative.problems).toEqual([
			'XDG_DATA_HOME is "data", but must be an absolute path: ~/.local/share is used instead.',
			'XDG_RUNTIME_DIR is "run", but must be an absolute path: the data folder is used instead.',
		]);
		const folders = describeConfig(relative).filter(({ name }) => name.endsWith(" directory"));
		expect(folders.map(({ origin }) => origin)).toEqual(["default", "default"]);
	});

	test("follow LOCALAPPDATA on Windows", () => {
		const env = { USERPROFILE: "C:\\Users\\ada", LOCALAPPDATA: "D:\\Local", TEMP: "D:\\Temp", Path: "C:\\bin" };
		expect(loadConfig(env, "win32").config).toMatchObject({
			home: "C:\\Users\\ada",
			claudeConfigDir: "C:\\Users\\ada\\.claude",
			dataDir: "D:\\Local\\claude-otel",
			tmpDir: "D:\\Temp",
			path: "C:\\bin",
			pathExt: ".COM;.EXE;.BAT;.CMD",
		});
	});
});

describe("where telemetry goes", () => {
	test("by default grpc to localhost:4317, for all three signals", () => {
		for (const signal of ["traces", "metrics", "logs"] as const) {
			expect(otel()[signal]).toMatchObject({
				exporters: ["otlp"],
				protocol: "grpc",
				url: "http://localhost:4317",
				endpoint: "http://localhost:4317",
				endpointVariable: "OTEL_EXPORTER_OTLP_ENDPOINT",
				headers: {},
				timeoutMs: 10_000,
				compression: "none",
			});
		}
	});

	test.each([
		["http://c:4317", undefined, "grpc", "http://c:4317"],
		["http://c:4318", undefined, "http/protobuf", "http://c:4318/v1/traces"],
		["http://c:4318/", "http/json", "http/json", "http://c:4318/v1/traces"],
		["https://api.example.com/otlp", undefined, "http/protobuf", "https://api.example.com/otlp/v1/traces"],
		["https://api.example.com/otlp/", "http", "http/protobuf", "https://api.example.com/otlp/v1/traces"],
		["https://api.example.com", undefined, "grpc", "https://api.example.com"],
		[undefined, "http/protobuf", "http/protobuf", "http://localhost:4318/v1/traces"],
		[undefined, "HTTP", "http/protobuf", "http://localhost:4318/v1/traces"],
	])("endpoint %s with protocol %s means %s to %s", (endpoint, protocol, used, url) => {
		const env: Record<string, string> = {};
		if (endpoint) env["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
		if (protocol) env["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
		expect(otel(env).traces).toMatchObject({ protocol: used, url });
	});

	test("a signal's own variables win, and its endpoint is used as it stands", () => {
		const { traces, logs } = otel({
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://all:4318",
			OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=Bearer%20x%3D",
			OTEL_EXPORTER_OTLP_TIMEOUT: "5000",
			OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://logs:4318/in",
			OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
			OTEL_EXPORTER_OTLP_LOGS_HEADERS: "a=2",
			OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "100",
			OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "gzip",
		});
		expect(traces).toMatchObject({
			url: "http://all:4318/v1/traces",
			headers: { a: "1", b: "Bearer x=" },
			timeoutMs: 5000,
		});
		expect(logs).toMatchObject({
			url: "http://logs:4318/in",
			endpointVariable: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
			protocol: "http/json",
			headers: { a: "2", b: "Bearer x=" },
			timeoutMs: 100,
			compression: "gzip",
		});
	});

	test.each([
		[
			{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
			/4318.*protocol is grpc: set OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf or use port 4317/,
		],
		[
			{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "http" },
			/4317.*protocol is http\/protobuf: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc or use port 4318/,
		],
		[
			{ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4317" },
			/without a scheme, which means TLS: write http:\/\/localhost:4317/,
		],
		[{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c" }, /without a port.*add :4317/],
		[{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c/otlp/v1/traces" }, /leave \/v1\/traces out/],
		[{ CLAUDE_OTEL_STORE: "/keep.db", CLAUDE_OTEL_SPOOL: "/keep.db" }, /both name \/keep\.db/],
		[{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://c:4318" }, /collectors expect http:\/\/c:4318\/v1\/logs/],
		[{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4317/x", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /grpc has no paths/],
		[
			{ OTEL_EXPORTER_OTLP_CLIENT_KEY: "k.pem" },
			/OTEL_EXPORTER_OTLP_CLIENT_KEY is set without OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE/,
		],
		[{ OTEL_BSP_MAX_QUEUE_SIZE: "10" }, /OTEL_BSP_MAX_EXPORT_BATCH_SIZE is larger than OTEL_BSP_MAX_QUEUE_SIZE/],
	])("%o is one hint and stops nothing", (env, hint) => {
		const { problems } = load(env as Record<string, string>);
		expect(problems.length).toBe(1);
		expect(problems[0]).toMatch(hint);
	});

	test("without a scheme TLS is used unless INSECURE says otherwise", () => {
		expect(otel({ OTEL_EXPORTER_OTLP_ENDPOINT: "c:4317" }).traces).toMatchObject({
			url: "https://c:4317",
			insecure: false,
		});
		const insecure = { OTEL_EXPORTER_OTLP_ENDPOINT: "c:4317", OTEL_EXPORTER_OTLP_INSECURE: "true" };
		expect(otel(insecure).traces).toMatchObject({ url: "http://c:4317", insecure: true });
	});

	test.each(["http//c:4317", "ftp://c:4317", "http://", "c d"])(
		"the endpoint %s is no URL, which ends the program",
		(endpoint) => {
			const mistake = mistakeOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" });
			expect(mistake.message).toBe(
				`OTEL_EXPORTER_OTLP_ENDPOINT is ${JSON.stringify(endpoint)}, which is no URL: write it like http://localhost:4318.`,
			);
		},
	);

	test("exporters are lists; unknown ones are told and the default used", () => {
		expect(otel({ OTEL_TRACES_EXPORTER: "otlp, console" }).traces.exporters).toEqual(["otlp", "console"]);
		expect(otel({ OTEL_TRACES_EXPORTER: "none" }).traces.exporters).toEqual([]);
		const { config, problems } = load({ OTEL_LOGS_EXPORTER: "pigeon" });
		expect(config.otel.logs.exporters).toEqual(["otlp"]);
		expect(problems).toEqual([
			'OTEL_LOGS_EXPORTER is "pigeon", but must be otlp, console or none: otlp is used instead.',
		]);
	});

	test("prometheus is for a process that stays, and one sentence says so", () => {
		const mistake = mistakeOf({ OTEL_METRICS_EXPORTER: "prometheus" });
		expect(mistake.message).toMatch(/^OTEL_METRICS_EXPORTER=prometheus needs .* set it to otlp /);
		expect(mistake.exitCode).toBe(2);
	});
});

describe("OpenTelemetry's other variables", () => {
	test("set samplers, batches, limits and the resource", () => {
		expect(
			otel({
				OTEL_SDK_DISABLED: "TRUE",
				OTEL_SERVICE_NAME: "svc",
				OTEL_RESOURCE_ATTRIBUTES: "service.name=other,team=a%20b",
				OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
				OTEL_TRACES_SAMPLER_ARG: "0.25",
				OTEL_BSP_SCHEDULE_DELAY: "10",
				OTEL_BSP_MAX_QUEUE_SIZE: "100",
				OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "50",
				OTEL_BLRP_EXPORT_TIMEOUT: "77",
				OTEL_METRIC_EXPORT_INTERVAL: "500",
				OTEL_METRIC_EXPORT_TIMEOUT: "700",
				OTEL_ATTRIBUTE_COUNT_LIMIT: "5",
				OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "6",
				OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "7",
				OTEL_LOG_LEVEL: "warn",
			}),
		).toMatchObject({
			disabled: true,
			serviceName: "svc",
			resourceAttributes: { team: "a b" },
			sampler: { name: "parentbased_traceidratio", ratio: 0.25 },
			spanBatch: { delayMs: 10, queueLimit: 100, batchLimit: 50, timeoutMs: 30_000 },
			logBatch: { timeoutMs: 77, batchLimit: 512 },
			metricIntervalMs: 500,
			metrics: { timeoutMs: 700 },
			spanLimits: { attributeCount: 6, attributeValueLength: 7 },
			logLimits: { attributeCount: 5, attributeValueLength: 7 },
			logLevel: "warn",
		});
	});

	test("the service is called by its variable, else by the resource attributes, else claude-otel", () => {
		expect(otel().serviceName).toBe("claude-otel");
		expect(otel({ OTEL_RESOURCE_ATTRIBUTES: "service.name=a,service.namespace=n" })).toMatchObject({
			serviceName: "a",
			serviceNamespace: "n",
		});
	});

	test.each([
		["OTEL_TRACES_SAMPLER", "jaeger_remote", "parentbased_always_on"],
		["OTEL_TRACES_SAMPLER_ARG", "2", "1"],
		["OTEL_BSP_MAX_QUEUE_SIZE", "0", "65536"],
		["OTEL_SDK_DISABLED", "1", "false"],
		["OTEL_EXPORTER_OTLP_PROTOCOL", "smoke", "grpc; http/protobuf for port 4318 or an endpoint with a path"],
	])("%s=%s is told and %s used, as the specification asks", (variable, value, used) => {
		const { problems } = load({ [variable]: value });
		expect(problems.length).toBe(1);
		expect(problems[0]).toContain(`${variable} is ${JSON.stringify(value)}, but must be `);
		expect(problems[0]).toContain(`: ${used} is used instead.`);
	});

	test("what cannot be read of one signal gives way to the general one, and says so", () => {
		const { config, problems } = load({
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
			OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "smoke",
			OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "soon",
		});
		expect([config.otel.traces.protocol, config.otel.logs.timeoutMs]).toEqual(["http/json", 10_000]);
		expect(problems.map((told) => told.replace(/^.*: /, ""))).toEqual([
			"OTEL_EXPORTER_OTLP_PROTOCOL is used instead.",
			"10000 is used instead.",
		]);
	});

	test("proxies are read in both spellings, small letters first", () => {
		const env = { http_proxy: "http://a", HTTP_PROXY: "http://b", HTTPS_PROXY: "http://c", NO_PROXY: "x,y" };
		expect(otel(env).proxies).toEqual({
			http: "http://a",
			https: "http://c",
			grpc: undefined,
			none: "x,y",
			variables: { http: "http_proxy", https: "HTTPS_PROXY", grpc: undefined },
		});
	});
});

describe("what --config shows", () => {
	const rows = (env: Record<string, string>, flags?: Flags) =>
		Object.fromEntries(describeConfig(load(env, flags)).map(({ name, value, origin }) => [name, [value, origin]]));

	test("each value comes with the variable that said it, or default", () => {
		const shown = rows({ CLAUDE_OTEL_LEVEL: "full", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, { debug: true });
		expect(shown).toMatchObject({
			CLAUDE_OTEL_LEVEL: ["full", "CLAUDE_OTEL_LEVEL"],
			CLAUDE_OTEL_SEMCONV: ["v1.41", "default"],
			CLAUDE_OTEL_DEBUG: ["stderr", "--claude-otel-debug"],
			OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ["http://c:4318/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT"],
			OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ["http/protobuf", "default"],
			OTEL_SERVICE_NAME: ["claude-otel", "default"],
		});
	});

	test("no secret is shown, and none stands in a sentence", () => {
		const env = {
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://ada:hunter2@c:4318",
			OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer hunter2,x-key=hunter2",
			OTEL_EXPORTER_OTLP_LOGS_HEADERS: "hunter2",
			HTTPS_PROXY: "http://ada:hunter2@proxy:3128",
		};
		const loaded = load(env);
		expect(JSON.stringify([describeConfig(loaded), loaded.problems])).not.toContain("hunter2");
		expect(rows(env)["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]).toEqual([
			"authorization=****, x-key=****",
			"OTEL_EXPORTER_OTLP_HEADERS",
		]);
		expect(loaded.config.otel.traces.endpoint).toBe("http://****@c:4318");
		expect(mistakeOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://ada:hunter2@c" }).message).not.toContain("hunter2");
	});

	test.each(["authorization=hunter2%0A", "x-key=hunter2\nhunter2", "x-key=hunter2ü", "x key=hunter2"])(
		"headers that cannot be sent are told by their variable, and not sent: %j",
		(headers) => {
			const { config, problems } = load({ OTEL_EXPORTER_OTLP_HEADERS: headers });
			expect(config.otel.logs.headers).toEqual({});
			expect(problems).toEqual([
				'OTEL_EXPORTER_OTLP_HEADERS is "set", but must be key=value pairs separated by commas, of characters that a header can carry: none is used instead.',
			]);
		},
	);

	test("the table for the documentation names every variable that is read", () => {
		const read = new Set<string>();
		const spy = new Proxy({} as Record<string, string | undefined>, {
			get: (_, name) => {
				read.add(String(name));
				return undefined;
			},
		});
		loadConfig(spy, "linux");
		const table = configurationTable();
		const general = (name: string) => name.replace(/OTLP_(TRACES|METRICS|LOGS)_/, "OTLP_");
		const named = (name: string) => table.includes(`\`${name}\``);
		const ours = /^(HOME|PATH|PATHEXT|PWD|TMPDIR|CLAUDE_OTEL_RUN)$/;
		expect([...read].filter((name) => !ours.test(name) && !named(name) && !named(general(name)))).toEqual([]);
		expect(read).not.toContain("CLAUDE_OTEL_TOKEN");
		expect(read).not.toContain("CLAUDE_OTEL_SOCKET");
	});
});
