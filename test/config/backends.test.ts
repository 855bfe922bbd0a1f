import { describe, expect, test } from "vitest";
import { describeConfig, loadConfig } from "../../src/config.ts";
import { UserMistake } from "../../src/errors.ts";

const load = (env: Record<string, string>) => loadConfig({ HOME: "/home/ada", ...env }, "linux");
const chosen = (env: Record<string, string>) => load(env).config.backends.map(({ name }) => name);

function mistakeOf(env: Record<string, string>): UserMistake {
	try {
		load(env);
	} catch (error) {
		if (error instanceof UserMistake) return error;
		throw error;
	}
	throw new Error("no mistake was found");
}

describe("which back ends are sent to", () => {
	test("none without a variable", () => {
		expect(load({}).config.backends).toEqual([]);
		expect(load({}).config.otel.traces).toMatchObject({ exporters: ["otlp"], none: false });
	});

	test("Logfire and Sentry are found by their variables, and no other is", () => {
		expect(chosen({ LOGFIRE_TOKEN: "t" })).toEqual(["logfire"]);
		expect(chosen({ LOGFIRE_TOKEN: "t", SENTRY_DSN: "https://k@h/1" })).toEqual(["logfire", "sentry"]);
		const others = {
			LANGFUSE_PUBLIC_KEY: "p",
			LANGFUSE_SECRET_KEY: "s",
			HONEYCOMB_API_KEY: "k",
			DD_API_KEY: "k",
			GRAFANA_CLOUD_INSTANCE_ID: "1",
			GRAFANA_CLOUD_API_KEY: "k",
			GRAFANA_CLOUD_ZONE: "z",
			NEW_RELIC_LICENSE_KEY: "k",
		};
		expect(chosen(others)).toEqual([]);
		expect(chosen({ ...others, CLAUDE_OTEL_BACKEND: "Langfuse, honeycomb,datadog,grafana,newrelic,datadog" })).toEqual([
			"langfuse",
			"honeycomb",
			"datadog",
			"grafana",
			"newrelic",
		]);
	});

	test("CLAUDE_OTEL_BACKEND chooses alone, and none switches the finding off", () => {
		const env = { LOGFIRE_TOKEN: "t", SENTRY_DSN: "https://k@h/1" };
		expect(chosen({ ...env, CLAUDE_OTEL_BACKEND: "sentry" })).toEqual(["sentry"]);
		expect(chosen({ ...env, CLAUDE_OTEL_BACKEND: "none" })).toEqual([]);
		expect(load({ ...env, CLAUDE_OTEL_BACKEND: "none" }).config.otel.traces.exporters).toEqual(["otlp"]);
	});

	test("they take the place of the default endpoint, signal by signal, and of no endpoint of the user's", () => {
		const { traces, metrics, logs } = load({
			LOGFIRE_TOKEN: "t",
			OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4317",
			OTEL_LOGS_EXPORTER: "none",
		}).config.otel;
		expect(traces).toMatchObject({ exporters: ["otlp"], none: false });
		expect(metrics).toMatchObject({ exporters: [], none: false });
		expect(logs).toMatchObject({ exporters: [], none: true });
	});
});

describe("what cannot be used", () => {
	test.each([
		[
			{ CLAUDE_OTEL_BACKEND: "logfire,honeypot" },
			'CLAUDE_OTEL_BACKEND names "honeypot", which is no back end that claude-otel knows: choose from logfire, sentry, langfuse, honeycomb, datadog, grafana, newrelic, or none.',
		],
		[
			{ CLAUDE_OTEL_BACKEND: "none,logfire", LOGFIRE_TOKEN: "t" },
			"CLAUDE_OTEL_BACKEND names none beside back ends: name none alone, or leave it out.",
		],
		[
			{ CLAUDE_OTEL_BACKEND: "honeycomb" },
			"CLAUDE_OTEL_BACKEND names honeycomb, but HONEYCOMB_API_KEY is not set: set it, or take honeycomb out.",
		],
		[
			{ CLAUDE_OTEL_BACKEND: "langfuse" },
			"CLAUDE_OTEL_BACKEND names langfuse, but LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are not set: set them, or take langfuse out.",
		],
		[
			{ CLAUDE_OTEL_BACKEND: "grafana", GRAFANA_OTLP_USERNAME: "1", GRAFANA_OTLP_API_TOKEN: "hunter2" },
			"CLAUDE_OTEL_BACKEND names grafana, but GRAFANA_CLOUD_OTLP_ENDPOINT is not set: set it, or take grafana out.",
		],
		[
			{ CLAUDE_OTEL_BACKEND: "sentry", SENTRY_DSN: "hunter2@sentry" },
			"SENTRY_DSN cannot be read: it must be a DSN like https://KEY@HOST/PROJECT; correct it or unset it.",
		],
		[
			{ CLAUDE_OTEL_BACKEND: "logfire", LOGFIRE_TOKEN: "t", LOGFIRE_BASE_URL: "ftp://ada:hunter2@host" },
			'LOGFIRE_BASE_URL is "ftp://****@host", but must be a URL: correct it or unset it.',
		],
		[
			{ CLAUDE_OTEL_BACKEND: "newrelic", NEW_RELIC_LICENSE_KEY: "k", NEW_RELIC_REGION: "mars" },
			'NEW_RELIC_REGION is "mars", but must be us or eu: correct it or unset it.',
		],
		[
			{ CLAUDE_OTEL_BACKEND: "honeycomb", HONEYCOMB_API_KEY: "hunter2\nhunter2" },
			"HONEYCOMB_API_KEY cannot be read: it must be a key in one line, of ASCII characters; correct it or unset it.",
		],
		[
			{ CLAUDE_OTEL_BACKEND: "honeycomb", HONEYCOMB_API_KEY: "k", HONEYCOMB_DATASET: "größer" },
			'HONEYCOMB_DATASET is "größer", but must be a name that a header can carry: correct it or unset it.',
		],
	])("%j ends with one sentence and its cure", (env, sentence) => {
		const mistake = mistakeOf(env);
		expect(mistake.message).toBe(sentence);
		expect(mistake.exitCode).toBe(2);
		expect(mistake.message).not.toContain("hunter2");
	});

	test("what was only found is told and passed over, for it may be another program's", () => {
		const { config, problems } = load({ SENTRY_DSN: "hunter2", LOGFIRE_TOKEN: "t" });
		expect(config.backends.map(({ name }) => name)).toEqual(["logfire"]);
		expect(problems).toEqual([
			"SENTRY_DSN cannot be read: it must be a DSN like https://KEY@HOST/PROJECT; correct it or unset it. Nothing is sent to Sentry.",
		]);
		expect(load({ SENTRY_DSN: "hunter2" }).config.otel.logs.exporters).toEqual(["otlp"]);
	});
});

describe("what --config shows of them", () => {
	const rows = (env: Record<string, string>) =>
		Object.fromEntries(describeConfig(load(env)).map(({ name, value, origin }) => [name, [value, origin]]));

	test("which are chosen and why, and that they take the place of the default endpoint", () => {
		expect(rows({ LOGFIRE_TOKEN: "hunter2", SENTRY_DSN: "https://hunter2@h/1" })).toMatchObject({
			CLAUDE_OTEL_BACKEND: ["logfire, sentry", "LOGFIRE_TOKEN, SENTRY_DSN"],
			LOGFIRE_TOKEN: ["****", "LOGFIRE_TOKEN"],
			LOGFIRE_BASE_URL: ["the token's region", "default"],
			SENTRY_DSN: ["****", "SENTRY_DSN"],
			OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ["-", "CLAUDE_OTEL_BACKEND"],
		});
		expect(rows({})).toMatchObject({ CLAUDE_OTEL_BACKEND: ["none", "default"] });
		expect(rows({})).not.toHaveProperty("LOGFIRE_TOKEN");
	});

	test("no key of any of them", () => {
		const env = {
			CLAUDE_OTEL_BACKEND: "logfire,sentry,langfuse,honeycomb,datadog,grafana,newrelic",
			LOGFIRE_TOKEN: "hunter2",
			SENTRY_DSN: "https://hunter2@h/1",
			LANGFUSE_PUBLIC_KEY: "hunter2",
			LANGFUSE_SECRET_KEY: "hunter2",
			LANGFUSE_BASE_URL: "https://ada:hunter2@h",
			HONEYCOMB_API_KEY: "hunter2",
			DD_API_KEY: "hunter2",
			GRAFANA_CLOUD_INSTANCE_ID: "1",
			GRAFANA_CLOUD_API_KEY: "hunter2",
			GRAFANA_CLOUD_ZONE: "z",
			NEW_RELIC_LICENSE_KEY: "hunter2",
		};
		const loaded = load(env);
		expect(loaded.config.backends).toHaveLength(7);
		expect(loaded.config.backends.flatMap(({ secrets }) => secrets)).toHaveLength(8);
		expect(JSON.stringify([describeConfig(loaded), loaded.problems])).not.toContain("hunter2");
	});
});
