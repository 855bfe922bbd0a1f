// The user's own telemetry, with and without us: the same script under plain claude and under claude-otel, and what came
// to where he has it go.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ALNUM, filler } from "../privacy/secret-examples.ts";
import { type Certificates, makeCertificates } from "../sinks/certificates.ts";
import {
	type Place,
	startHanging,
	startHttp,
	startProxy,
	startTlsRelay,
	startUnpackingRelay,
	unusedAddress,
} from "../sinks/collectors.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { eventsOf, metricsOf, namesOf, OF_HOOKS, portrait, requestsOf } from "../support/native-portrait.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { runClaude } from "../support/run.ts";
import { agent, bash, step, text, tool } from "../support/scripting.ts";
import { FREE_HAND, openStage, PROTOCOLS, type Protocol, type Stage } from "../support/stage.ts";
import { openTerminal } from "../support/terminal.ts";

type Env = Record<string, string>;

// Each test is two or three runs of claude.
vi.setConfig({ testTimeout: 150_000 });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});
async function keep<P extends { close(): Promise<void> }>(opening: Promise<P>): Promise<P> {
	const opened = await opening;
	closers.push(() => opened.close());
	return opened;
}

const USAGE = { input: 100, output: 50, cacheRead: 2000, cacheWrite5m: 300, cacheWrite1h: 40 };
const REQUESTS = 5;

/** What claude does in both: calls that succeed and fail, a file, an agent. */
function openScene(command = "echo hi"): Promise<Stage> {
	return keep(
		openStage({
			main: [
				{ ...step(text("I look."), bash(command)), usage: USAGE },
				{ ...step(tool("Write", { file_path: "new.txt", content: "one\ntwo\n" })), usage: USAGE },
				{ ...step(bash("exit 3"), agent("the-agent")), usage: USAGE },
				{ ...step(text("done")), usage: USAGE },
			],
			agents: { "the-agent": [{ ...step(text("agent is done")), usage: USAGE }] },
		}),
	);
}

/** Where the user says how he wants it. */
const WAYS = {
	"the environment": (_stage: Stage, env: Env) => env,
	"user settings": (stage: Stage, env: Env, more: object = {}): Env => {
		writeFileSync(join(stage.home.config, "settings.json"), JSON.stringify({ ...more, env }));
		return {};
	},
	/** A project has a say in how it is told, and none in whether and where: there it says what must not count. */
	"the environment and project settings": (stage: Stage, env: Env): Env => {
		const { OTEL_RESOURCE_ATTRIBUTES = "", ...rest } = env;
		const project = {
			OTEL_RESOURCE_ATTRIBUTES,
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
			OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=nobody",
			OTEL_METRICS_EXPORTER: "none",
		};
		mkdirSync(join(stage.home.work, ".claude"));
		writeFileSync(join(stage.home.work, ".claude", "settings.json"), JSON.stringify({ env: project }));
		return rest;
	},
};
type Way = keyof typeof WAYS;

function telemetryOf(protocol: Protocol, endpoint: string): Env {
	return {
		CLAUDE_CODE_ENABLE_TELEMETRY: "1",
		OTEL_METRICS_EXPORTER: "otlp",
		OTEL_LOGS_EXPORTER: "otlp",
		OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
		OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
		OTEL_EXPORTER_OTLP_HEADERS: "X-Tenant=blue,authorization=Bearer%20abc",
		OTEL_RESOURCE_ATTRIBUTES: "team=red,cost.center=a%2Cb",
		OTEL_LOG_USER_PROMPTS: "1",
	};
}

interface Play {
	protocol: Protocol;
	way: Way;
	/** Over the user's telemetry. */
	env?: Env;
	/** Of user settings, beside the variables. */
	settings?: object;
	/** In the environment, whatever the way. */
	around?: Env;
	/** For claude-otel alone. */
	ours?: Env;
	prompt?: string;
	command?: string;
	/** Stands between claude and the user's receiver. */
	relay?(to: string): Promise<Place>;
	/** As a proxy, which claude is told of. */
	proxied?: true;
}

/** One run, with a home, a model and receivers of its own. */
async function play(wrapped: boolean, scene: Play) {
	const { protocol, way, env = {}, around = {}, settings, ours = {}, prompt = "go", command, relay, proxied } = scene;
	const stage = await openScene(command);
	const own = await keep(startReceiver());
	const address = protocol === "grpc" ? own.grpc : own.http;
	const endpoint = relay === undefined ? address : (await keep(relay(address))).url;
	const proxy: Env = proxied ? { http_proxy: endpoint } : {};
	const theirs = { ...WAYS[way](stage, { ...telemetryOf(protocol, endpoint), ...proxy, ...env }, settings), ...around };
	const args = ["-p", prompt, FREE_HAND];
	const run = wrapped
		? await stage.run(args, { env: { ...theirs, ...ours } })
		: await runClaude(stage.home, args, { env: theirs });
	const { code, stderr, stdout } = run;
	expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: "", stdout: "done\n" });
	return { stage, own };
}

const SETTINGS: [Way, Protocol][] = [
	...PROTOCOLS.map((protocol): [Way, Protocol] => ["user settings", protocol]),
	["the environment and project settings", "http/json"],
];

test.each<[Way, Protocol]>([
	...PROTOCOLS.map((protocol): [Way, Protocol] => ["the environment", protocol]),
	...SETTINGS,
])("set up by %s, over %s, the user's receiver gets what it gets without us", async (way, protocol) => {
	const plain = await play(false, { protocol, way });
	const { own, stage } = await play(true, { protocol, way });
	expect(portrait(own)).toEqual(portrait(plain.own));
	expect(namesOf(plain.own)).toEqual(expect.arrayContaining(["user_prompt", "tool_result", "subagent_completed"]));
	expect(namesOf(own).filter((name) => name === "api_request")).toHaveLength(REQUESTS);
	expect(eventsOf(own).flatMap(({ attributes }) => attributes.prompt ?? [])).toEqual(["go"]);
	expect(eventsOf(own)[0]?.resource).toMatchObject({
		team: "red",
		"cost.center": "a,b",
		"service.name": "claude-code",
	});
	expect(own.rawBytes()).toContain("blue");
	expect(own.rawBytes()).not.toMatch(/x-claude-otel-token|nobody/);

	// What the user says in his settings says nothing of ours; what he says in the environment is for both.
	const here = way === "user settings" ? stage.receiver : own;
	const chats = here.spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
	expect(chats.map(({ attributes }) => attributes["claude.cost_basis"])).toEqual(Array(REQUESTS).fill("native"));
});

test("of our hooks claude tells as of any; without them its events are the same to the last one", async () => {
	const plain = await play(false, { protocol: "http/json", way: "user settings" });
	const hooked = await play(true, { protocol: "http/json", way: "user settings" });
	const bare = await play(true, {
		protocol: "http/json",
		way: "user settings",
		ours: { CLAUDE_OTEL_SOURCES: "transcript,native" },
	});
	const added = namesOf(hooked.own).filter((name) => !namesOf(plain.own).includes(name));
	expect([...new Set(added)].every((name) => OF_HOOKS.test(name))).toBe(true);
	expect(added).not.toHaveLength(0);
	expect(namesOf(bare.own).toSorted()).toEqual(namesOf(plain.own).toSorted());
});

test.each(PROTOCOLS)(
	"over %s his helper's headers, those of one signal, and totals instead of steps stay as he wants them",
	async (protocol) => {
		const scene = {
			protocol,
			way: "user settings",
			env: {
				OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-logs=yes%3D",
				OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "cumulative",
			},
			settings: { otelHeadersHelper: `echo '{"x-helper":"helped","authorization":"Bearer fresh"}'` },
		} as const;
		const plain = await play(false, scene);
		const { own } = await play(true, scene);
		expect(portrait(own)).toEqual(portrait(plain.own));
		// Over gRPC Claude Code does not ask it.
		expect(requestsOf(own).map((one) => one.includes("helped"))).toEqual(Array(2).fill(protocol !== "grpc"));
		expect(requestsOf(own).join()).toContain("x-logs");
		expect(new Set(metricsOf(own).map(({ temporality }) => temporality))).toEqual(new Set(["cumulative"]));
	},
);

test.each(["http/protobuf", "http/json"] as const)(
	"over %s it arrives packed where the user wants it so",
	async (protocol) => {
		const encodings: unknown[][] = [];
		const relay = async (to: string) => {
			const unpacking = await startUnpackingRelay(to);
			encodings.push(unpacking.encodings);
			return unpacking;
		};
		const env = { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" };
		const plain = await play(false, { protocol, way: "user settings", env, relay });
		const { own } = await play(true, { protocol, way: "user settings", env, relay });
		expect(portrait(own)).toEqual(portrait(plain.own));
		for (const seen of encodings) expect(new Set(seen)).toEqual(new Set(["gzip"]));
		expect(encodings).toHaveLength(2);
	},
);

test.each(PROTOCOLS)(
	"over %s it goes through the proxy that the user names in his settings alone",
	async (protocol) => {
		const asked: string[][] = [];
		const relay = async (to: string) => {
			const proxy = await startProxy(Number(new URL(to).port));
			asked.push(proxy.asked);
			return proxy;
		};
		const env = {
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid:4999",
			NO_PROXY: "127.0.0.1",
			no_proxy: "127.0.0.1",
		};
		const scene = { protocol, way: "user settings", env, relay, proxied: true } as const;
		const plain = await play(false, scene);
		const { own } = await play(true, scene);
		expect(portrait(own).events).toEqual(portrait(plain.own).events);
		expect(asked.map((one) => one.some((line) => line.includes("collector.invalid:4999")))).toEqual([true, true]);
	},
);

describe("over TLS claude's trust is ours too:", () => {
	let folder: string;
	let files: Certificates;
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), "native-tls-"));
		files = makeCertificates(folder);
	});
	afterAll(() => rmSync(folder, { recursive: true }));

	interface Trust {
		/** In the settings. */
		env?: Env;
		around?: Env;
		mutual?: true;
	}
	const extra = () => ({ env: { NODE_EXTRA_CA_CERTS: files.authority } });
	// OpenSSL's variable for where a system has its authorities.
	const ofSystem = () => ({ around: { SSL_CERT_FILE: files.authority } });
	const ownCertificate = () => ({
		env: {
			NODE_EXTRA_CA_CERTS: files.authority,
			CLAUDE_CODE_CLIENT_CERT: files.clientCertificate,
			CLAUDE_CODE_CLIENT_KEY: files.clientKey,
		},
		mutual: true as const,
	});
	// Node would warn of it on the terminal, which is claude's.
	const anyone = () => ({ around: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });

	const TRUSTS: [string, Protocol, () => Trust][] = [
		["authorities of his settings", "http/json", extra],
		["authorities of his settings", "grpc", extra],
		["authorities of the system", "http/protobuf", ofSystem],
		["authorities of the system", "grpc", ofSystem],
		["claude's own certificate", "http/json", ownCertificate],
		["no look at certificates, and not a word of it", "http/json", anyone],
	];
	test.each(TRUSTS)("%s, over %s", async (_what, protocol, trust) => {
		const { env, around, mutual } = trust();
		const relay = (to: string) => startTlsRelay(files, to, mutual);
		const scene = { protocol, way: "user settings", env, around, relay } as const;
		const plain = await play(false, scene);
		const { own } = await play(true, scene);
		expect(namesOf(plain.own)).toContain("api_request");
		expect(portrait(own)).toEqual(portrait(plain.own));
	});
});

/** Each of another kind, so that a find tells where it came from. */
const SECRETS = {
	prompt: `gh${"p_"}${filler(ALNUM, 36, 1)}`,
	command: `sk-${"ant-api03-"}${filler(ALNUM, 93, 2)}`,
};
const TOLD_WHOLE = { OTEL_LOG_USER_PROMPTS: "1", OTEL_LOG_TOOL_DETAILS: "1" };
const PLANTED = { prompt: `use ${SECRETS.prompt} now`, command: `echo ${SECRETS.command}` };

function secretsIn(receiver: Receiver): string[] {
	return Object.entries(SECRETS).flatMap(([place, secret]) => (receiver.rawBytes().includes(secret) ? [place] : []));
}

test.each(PROTOCOLS)(
	"over %s a secret reaches the user's own receiver as claude wrote it, and not where he wants it redacted",
	async (protocol) => {
		const scene = { protocol, way: "user settings", env: TOLD_WHOLE, ...PLANTED } as const;
		const untouched = await play(true, scene);
		const redacted = await play(true, { ...scene, ours: { CLAUDE_OTEL_FORWARD_REDACT: "1" } });
		expect(secretsIn(untouched.own)).toEqual(["prompt", "command"]);
		expect(secretsIn(redacted.own)).toEqual([]);
		const prompts = eventsOf(redacted.own).flatMap(({ attributes }) => attributes.prompt ?? []);
		expect(prompts).toEqual([expect.stringMatching(/^use .+ now$/)]);
		// What holds it together is no secret.
		const [request] = eventsOf(redacted.own).filter(({ attributes }) => attributes["event.name"] === "tool_result");
		expect(request?.attributes).toMatchObject({
			"user.id": expect.stringMatching(/^[0-9a-f]{64}$/),
			"session.id": expect.stringMatching(/^[0-9a-f-]{36}$/),
			"prompt.id": expect.stringMatching(/^[0-9a-f-]{36}$/),
			request_id: expect.stringMatching(/^req_\w+$/),
			tool_use_id: expect.stringMatching(/^toolu_\w+$/),
		});
		// Else nothing is missing of what is told.
		expect(namesOf(redacted.own).toSorted()).toEqual(namesOf(untouched.own).toSorted());
		const [before, after] = [portrait(untouched.own), portrait(redacted.own)];
		expect({ ...after, events: [] }).toEqual({ ...before, events: [] });
		for (const { stage } of [untouched, redacted]) expect(secretsIn(stage.receiver)).toEqual([]);
	},
);

test.each(PROTOCOLS)(
	"CLAUDE_OTEL_FORWARD_NATIVE tells over %s where ours goes what claude would tell, redacted, with our headers",
	async (protocol) => {
		const plain = await play(false, { protocol, way: "the environment", env: TOLD_WHOLE });
		const stage = await openScene(PLANTED.command);
		const { receiver } = stage;
		// His own headers are for his own collector, which gets nothing in this run.
		const off = { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer his,x-tenant=blue" };
		writeFileSync(join(stage.home.config, "settings.json"), JSON.stringify({ env: off }));
		const env = {
			...TOLD_WHOLE,
			CLAUDE_OTEL_FORWARD_NATIVE: "1",
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? receiver.grpc : receiver.http,
			OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=ours",
		};
		const { code, stderr } = await stage.print(PLANTED.prompt, [], { env });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		const told = namesOf(receiver).filter((name) => !OF_HOOKS.test(name));
		expect(told.toSorted()).toEqual(namesOf(plain.own).toSorted());
		expect(portrait(receiver).sums.map((sum) => sum.replaceAll(/"(team|cost\.center)":"[^"]*",?/g, ""))).toEqual(
			portrait(plain.own).sums.map((sum) => sum.replaceAll(/"(team|cost\.center)":"[^"]*",?/g, "")),
		);
		expect(secretsIn(receiver)).toEqual([]);
		const requests = requestsOf(receiver);
		expect(requests).toHaveLength(2);
		expect(receiver.rawBytes()).not.toMatch(/Bearer his|blue/);
		for (const request of requests) expect(request).toMatch(/"x-tenant",\[?"ours"/);
	},
);

test("CLAUDE_OTEL_FORWARD_NATIVE sends nothing twice: what the user sends himself goes there alone", async () => {
	const { own, stage } = await play(true, {
		protocol: "http/protobuf",
		way: "user settings",
		ours: { CLAUDE_OTEL_FORWARD_NATIVE: "1" },
	});
	expect(namesOf(own).filter((name) => name === "api_request")).toHaveLength(REQUESTS);
	expect(eventsOf(stage.receiver)).toEqual([]);
	expect(metricsOf(stage.receiver)).toEqual([]);
	expect(stage.receiver.spans.length).toBeGreaterThan(0);
});

test.each([
	["is not there", unusedAddress, "connection refused"],
	["hangs", async () => (await keep(startHanging())).url, "no answer within 0.5 s"],
	["refuses", async () => (await keep(startHttp(refuse))).url, "HTTP 500"],
])(
	"a destination of the user that %s costs the grace time at most, and claude and ours nothing",
	async (_what, at, why) => {
		const stage = await openScene();
		const debug = join(stage.home.home, "debug.log");
		const endpoint = await at();
		WAYS["user settings"](stage, telemetryOf("http/json", endpoint));
		const env = { CLAUDE_OTEL_DEBUG: debug, CLAUDE_OTEL_EXIT_GRACE_MS: "500" };
		const { code, stdout, stderr } = await stage.print("go", [], { env });
		expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "done\n", stderr: "" });
		const told = readFileSync(debug, "utf8");
		for (const signal of ["metrics", "logs"]) {
			expect(told).toContain(`of claude's own ${signal} exports not passed on to ${endpoint}: ${why}`);
		}
		const chats = stage.receiver.spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
		expect(chats).toHaveLength(REQUESTS);
	},
);

test("what was not passed on is counted in one line on a terminal, after claude has left it", async () => {
	const stage = await openScene();
	const endpoint = await unusedAddress();
	WAYS["user settings"](stage, telemetryOf("http/json", endpoint));
	const terminal = await openTerminal(stage.home, process.execPath, [CLAUDE_OTEL, "-p", "go", FREE_HAND], {
		env: stage.env,
	});
	await terminal.exit;
	const [answer = "", ...told] = terminal.raw().split("claude-otel: ");
	expect(answer).toContain("done");
	const sentences = ["metrics", "events"].map((what) =>
		expect.stringMatching(
			new RegExp(`^(\\d+) of \\1 exports of Claude Code's own ${what} (was|were) not delivered to ${endpoint} `),
		),
	);
	expect(told).toEqual(sentences);
	expect(told.join("").match(/\r\n/g)).toHaveLength(1);
});

function refuse(incoming: IncomingMessage, response: ServerResponse): void {
	incoming.resume().on("end", () => response.writeHead(500).end());
}
