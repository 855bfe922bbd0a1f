// The user's own telemetry on its way to where he wants it: what arrives, and what becomes of it where nobody takes it.
import { type AddressInfo, connect, createServer } from "node:net";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { FORWARD_WAITING_BYTES_MAX, FORWARD_WAITING_MAX, type ForwardRequest } from "../../src/sinks/native-forward.ts";
import { anyRequest, toWire } from "../support/otlp-proto.ts";
import { startReceiver } from "../support/receiver.ts";
import { until } from "../support/run.ts";
import { seeds } from "../support/seed.ts";
import { PROTOCOLS } from "../support/stage.ts";
import { startHttp, startProxy, unusedAddress } from "./collectors.ts";
import { destinationOf, exportOf, type Fate, openForward, startDestination } from "./destination.ts";
import { millisecondsOf } from "./open.ts";

const SIGNALS = ["metrics", "logs"] as const;
const AMPLE_MS = 10_000;
/** Whatever waited for anything would take longer. */
const AT_ONCE_MS = 1_000;

const places: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const place of places.splice(0)) await place.close();
});
async function keep<P extends { close(): Promise<void> }>(place: Promise<P>): Promise<P> {
	const kept = await place;
	places.push(kept);
	return kept;
}

const takenAfter = async (millis: number): Promise<Fate> => {
	await pause(millis);
	return "taken";
};
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

describe.each(PROTOCOLS)("over %s", (protocol) => {
	const one = (signal: "metrics" | "logs", text: string, headers?: Record<string, string>) =>
		exportOf(signal, protocol, text, headers);
	const open = (url: string, env: Record<string, string> = {}) =>
		openForward({ destinations: destinationOf(protocol, url, env) });
	/** In the words of the protocol. */
	const said = (http: string, grpc: string) => (protocol === "grpc" ? grpc : http);

	test("both signals arrive as the bytes that they were, with the user's headers and without what concerns us alone", async () => {
		const to = await keep(startDestination(protocol));
		const forward = open(to.url);
		const sent = SIGNALS.map((signal) =>
			one(signal, "a", {
				"x-tenant": "blue",
				authorization: "Bearer abc=",
				"accept-terms": "yes",
				host: "127.0.0.1:1",
				connection: "keep-alive",
				"content-length": "99999",
				"proxy-authorization": "Basic xyz",
				te: "trailers",
			}),
		);
		for (const request of sent) forward.forward(request);
		forward.forward({ ...one("logs", "a span"), signal: "traces" });
		const { signals, line } = await forward.flush(AMPLE_MS);
		expect(line).toBeUndefined();
		expect(signals).toEqual(SIGNALS.map((signal) => ({ signal, destination: to.url, delivered: 1, undelivered: 0 })));
		const came = to.came.toSorted((a, b) => SIGNALS.indexOf(a.signal) - SIGNALS.indexOf(b.signal));
		expect(came.map(({ signal, body }) => ({ signal, body }))).toEqual(
			sent.map(({ signal, body }) => ({ signal, body })),
		);
		for (const { headers } of came) {
			expect(headers).toMatchObject({ "x-tenant": "blue", authorization: "Bearer abc=", "accept-terms": "yes" });
			expect(headers).not.toHaveProperty("proxy-authorization");
			expect([undefined, new URL(to.url).host]).toContain(headers.host);
			expect(headers["content-length"]).not.toBe("99999");
		}
		expect(forward.said).toEqual([]);
	});

	test("a receiver that we did not write reads of them what was said", async () => {
		const to = await keep(startReceiver());
		const forward = open(protocol === "grpc" ? to.grpc : to.http);
		forward.forward(one("logs", "an event"));
		forward.forward(one("metrics", "a.count"));
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		expect(to.logs).toMatchObject([{ body: "an event", time: 7n }]);
		expect(to.metrics).toMatchObject([{ name: "a.count", value: 3, temporality: "delta", monotonic: true }]);
	});

	test("whatever OTLP can say arrives as the same bytes", async () => {
		const to = await keep(startDestination(protocol));
		const [seed = 0] = seeds();
		const signal = fc.constantFrom(...SIGNALS);
		const any = signal.chain((of) => anyRequest(of).map((json) => ({ of, json })));
		const sent = fc.sample(any, { seed, numRuns: 60 }).map(({ of, json }): ForwardRequest => {
			const body = protocol === "http/json" ? Buffer.from(JSON.stringify(json)) : toWire(of, json);
			return { ...one(of, ""), body, json };
		});
		const forward = open(to.url);
		for (const request of sent) forward.forward(request);
		await until("all are there", () => to.came.length === sent.length);
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		for (const of of SIGNALS) {
			const bodies = (list: readonly { signal: string; body: Buffer }[]) =>
				list.filter((each) => each.signal === of).map(({ body }) => body.toString("base64"));
			expect(bodies(to.came), `seed ${seed}`).toEqual(bodies(sent));
		}
	});

	test("the order is kept, however unevenly the destination answers", async () => {
		const to = await keep(startDestination(protocol, (_, number) => takenAfter(number % 3 === 0 ? 15 : 0)));
		const forward = open(to.url);
		for (const number of numbers(15)) for (const signal of SIGNALS) forward.forward(one(signal, `n${number}.`));
		await until("all are there", () => to.came.length === 30);
		expect(to.mostAtOnce()).toBe(1);
		for (const signal of SIGNALS) {
			const texts = to.came
				.filter((came) => came.signal === signal)
				.map(({ body }) => /n\d+\./.exec(body.toString())?.[0]);
			expect(texts).toEqual(numbers(15).map((number) => `n${number}.`));
		}
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
	});

	test("at the end too metrics come one after the other", async () => {
		const to = await keep(startDestination(protocol, (_, number) => takenAfter(number % 3 === 0 ? 15 : 0)));
		const forward = open(to.url);
		for (const number of numbers(20)) forward.forward(one("metrics", `n${number}.`));
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		const texts = to.came.map(({ body }) => /n\d+\./.exec(body.toString())?.[0]);
		expect(texts).toEqual(numbers(20).map((number) => `n${number}.`));
	});

	test("a slow destination gets everything in the time that there is", async () => {
		const to = await keep(startDestination(protocol, () => takenAfter(150)));
		const forward = open(to.url);
		for (const number of numbers(20)) forward.forward(one("logs", `n${number}.`));
		forward.forward(one("metrics", "m"));
		const { line, signals } = await forward.flush(AMPLE_MS);
		expect(line).toBeUndefined();
		expect(signals).toMatchObject([
			{ delivered: 1, undelivered: 0 },
			{ delivered: 20, undelivered: 0 },
		]);
	});

	test("where nobody listens the end comes at once and the line says how much is missing", async () => {
		const url = await unusedAddress();
		const forward = open(url);
		for (const number of numbers(3)) forward.forward(one("logs", `n${number}`));
		forward.forward(one("metrics", "m"));
		let line: string | undefined;
		const took = await millisecondsOf(async () => {
			({ line } = await forward.flush(AMPLE_MS));
		});
		const end = `not delivered to ${url} (connection refused); check that a collector listens there or set OTEL_EXPORTER_OTLP_ENDPOINT.`;
		expect(line).toBe(
			`claude-otel: 1 of 1 exports of Claude Code's own metrics was ${end} claude-otel: 3 of 3 exports of Claude Code's own events were ${end}`,
		);
		expect(took).toBeLessThan(AT_ONCE_MS);
		expect(forward.said).toHaveLength(4);
	});

	test.each([
		["internal error", said("HTTP 500", "gRPC INTERNAL"), "the log of the collector tells why"],
		["bad request", said("HTTP 400", "gRPC INVALID_ARGUMENT"), "the log of the collector tells why"],
		["unauthorized", said("HTTP 401", "gRPC UNAUTHENTICATED"), "check the credentials in OTEL_EXPORTER_OTLP_HEADERS"],
	] as const)(
		"%s is final: it is not tried again, counted, and told without the answer's text",
		async (refused, words, cure) => {
			const to = await keep(
				startDestination(protocol, ({ body }) => (/n1\./.test(body.toString()) ? { refused } : "taken")),
			);
			const forward = open(to.url);
			for (const number of numbers(3)) forward.forward(one("logs", `n${number}.`));
			await until("all are there", () => to.came.length === 3);
			const { line, signals } = await forward.flush(AMPLE_MS);
			expect(line).toBe(
				`claude-otel: 1 of 3 exports of Claude Code's own events was not delivered to ${to.url} (${words}); ${cure}.`,
			);
			expect(signals[1]).toMatchObject({ delivered: 2, undelivered: 1 });
			expect(to.came).toHaveLength(3);
		},
	);

	test("what passes by is tried again, in order, before anything else of its signal", async () => {
		const fates: Fate[] = [{ refused: "unavailable" }];
		const to = await keep(startDestination(protocol, ({ signal }) => (signal === "logs" && fates.shift()) || "taken"));
		const forward = open(to.url);
		for (const text of ["a", "b"]) for (const signal of SIGNALS) forward.forward(one(signal, text));
		await until("all are there", () => to.came.length === 5);
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		const logs = to.came.filter(({ signal }) => signal === "logs");
		const [a, b] = [one("logs", "a").body, one("logs", "b").body];
		expect(logs.map(({ body }) => body)).toEqual([a, a, b]);
		// The other signal did not wait for it.
		expect(to.came.findLastIndex(({ signal }) => signal === "metrics")).toBeLessThan(
			to.came.findIndex((came) => came === logs[1]),
		);
	});

	test("it is tried no longer than an export's own time, and then the next has its turn", async () => {
		const to = await keep(startDestination(protocol, () => ({ refused: "unavailable" })));
		const forward = open(to.url, { OTEL_EXPORTER_OTLP_TIMEOUT: "2000" });
		forward.forward(one("logs", "a"));
		forward.forward(one("logs", "b"));
		await until("the second has its turn", () => to.came.some(({ body }) => body.equals(one("logs", "b").body)));
		const firsts = to.came.filter(({ body }) => body.equals(one("logs", "a").body));
		expect(firsts.length).toBeGreaterThanOrEqual(2);
		expect((firsts.at(-1)?.at ?? 0) - (firsts[0]?.at ?? 0)).toBeLessThan(2_000);
		const { line } = await forward.flush(AMPLE_MS);
		const words = said("HTTP 503", "gRPC UNAVAILABLE");
		expect(line).toContain(`2 of 2 exports of Claude Code's own events were not delivered to ${to.url} (${words})`);
	});

	test("one that waits for its next attempt does not hold the end up", async () => {
		const to = await keep(startDestination(protocol, () => ({ refused: "throttled", retryAfterS: 5 })));
		const forward = open(to.url);
		forward.forward(one("logs", "a"));
		await until("it has been refused", () => to.came.length === 1);
		await pause(100);
		expect(await millisecondsOf(() => forward.flush(AMPLE_MS))).toBeLessThan(AT_ONCE_MS);
		expect(to.came).toHaveLength(1);
	});

	test("a destination that says when is not asked before", async () => {
		const fates: Fate[] = [{ refused: "throttled", retryAfterS: 2.5 }];
		if (protocol !== "grpc") fates[0] = { refused: "throttled", retryAfterS: 2 };
		const to = await keep(startDestination(protocol, () => fates.shift() ?? "taken"));
		const forward = open(to.url);
		forward.forward(one("logs", "a"));
		await until("it is there again", () => to.came.length === 2);
		const waited = (to.came[1]?.at ?? 0) - (to.came[0]?.at ?? 0);
		expect(waited).toBeGreaterThanOrEqual(protocol === "grpc" ? 2_490 : 1_990);
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
	});

	test("where it says later than an export has time, that one is lost and told", async () => {
		const to = await keep(startDestination(protocol, () => ({ refused: "throttled", retryAfterS: 60 })));
		const forward = open(to.url);
		forward.forward(one("logs", "a"));
		await until("it is told", () => forward.said.length === 1);
		const { line } = await forward.flush(AMPLE_MS);
		expect(line).toContain(
			`1 of 1 exports of Claude Code's own events was not delivered to ${to.url} (${said("HTTP 429", "gRPC RESOURCE_EXHAUSTED")}); the collector is overloaded or asks for fewer requests.`,
		);
		expect(to.came).toHaveLength(1);
	});

	test("a destination that hangs blocks nobody, costs the time that the end has, and nothing is sent afterwards", async () => {
		const to = await keep(startDestination(protocol, () => "hangs"));
		const forward = open(to.url);
		const requests = numbers(40).flatMap((number) => SIGNALS.map((signal) => one(signal, `n${number}`)));
		const pushing = await millisecondsOf(async () => {
			for (const request of requests) forward.forward(request);
		});
		expect(pushing).toBeLessThan(AT_ONCE_MS);
		let line: string | undefined;
		const took = await millisecondsOf(async () => {
			({ line } = await forward.flush(400));
		});
		expect(took).toBeLessThan(400 + AT_ONCE_MS);
		const end = `not delivered to ${to.url} (no answer within 0.4 s); check the collector: it took the connection but did not answer in time.`;
		expect(line).toBe(
			SIGNALS.map(
				(signal) =>
					`claude-otel: 40 of 40 exports of Claude Code's own ${signal === "logs" ? "events" : "metrics"} were ${end}`,
			).join(" "),
		);
		const sent = to.came.length;
		await pause(300);
		expect(to.came).toHaveLength(sent);
	});

	test("what waits is limited in number; what comes beyond is counted and told", async () => {
		const to = await keep(startDestination(protocol, () => "hangs"));
		const forward = open(to.url);
		forward.forward(one("logs", "first"));
		await until("the first is there", () => to.came.length === 1);
		const request = one("logs", "more");
		for (const _ of numbers(FORWARD_WAITING_MAX + 10)) forward.forward(request);
		expect(forward.said).toHaveLength(10);
		const { line, signals } = await forward.flush(300);
		const all = 1 + FORWARD_WAITING_MAX + 10;
		expect(signals[1]).toMatchObject({ delivered: 0, undelivered: all });
		expect(line).toContain(`${all} of ${all} exports of Claude Code's own events were not delivered`);
	});

	test("and in bytes", async () => {
		const to = await keep(startDestination(protocol, () => "hangs"));
		const forward = open(to.url);
		forward.forward(one("logs", "first"));
		await until("the first is there", () => to.came.length === 1);
		const large = { ...one("logs", ""), body: Buffer.alloc(FORWARD_WAITING_BYTES_MAX / 2) };
		for (const _ of numbers(3)) forward.forward(large);
		expect(forward.said).toHaveLength(1);
		expect(forward.said[0]).toContain("more at once than is kept for it");
		expect((await forward.flush(100)).line).toContain("4 of 4 exports");
	});

	test.each([
		["a header that cannot be sent", {}, { headers: { "x-bad": "a\nb" } }, "a header cannot be sent"],
		[
			"a certificate that cannot be read",
			{ OTEL_EXPORTER_OTLP_CERTIFICATE: "/nonexistent/ca.pem", OTEL_EXPORTER_OTLP_ENDPOINT: "https://127.0.0.1:1" },
			{},
			"certificate file cannot be read",
		],
	])("%s is counted and told, and nothing is thrown", async (_what, env, wrong, words) => {
		const to = await keep(startDestination(protocol));
		const forward = open(to.url, env);
		forward.forward({ ...one("logs", "a"), ...wrong });
		const { line, signals } = await forward.flush(AMPLE_MS);
		expect(line).toContain(`1 of 1 exports of Claude Code's own events was not delivered`);
		expect(line).toContain(`(${words})`);
		expect(signals[1]).toMatchObject({ delivered: 0, undelivered: 1 });
	});

	test("it goes through the proxy of its destination, whatever proxy ours has", async ({ onTestFinished }) => {
		const to = await keep(startDestination(protocol));
		const proxy = await keep(startProxy(Number(new URL(to.url).port)));
		for (const name of ["grpc_proxy", "http_proxy"]) vi.stubEnv(name, "http://127.0.0.1:1");
		onTestFinished(() => {
			vi.unstubAllEnvs();
		});
		const elsewhere = "http://collector.invalid:4999";
		const { logs } = destinationOf(protocol, elsewhere);
		const address = proxy.url.replace("//", "//me:secret@");
		const proxies = { http: address, grpc: address, none: "" };
		const forward = openForward({ destinations: { logs: { ...logs, proxies } } });
		forward.forward(one("logs", "a"));
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		expect(to.came).toHaveLength(1);
		expect(proxy.asked).toEqual([said(`POST ${elsewhere}/v1/logs`, "CONNECT collector.invalid:4999")]);
		expect(proxy.users).toEqual(["me:secret"]);
	});

	test("a destination without a proxy is reached directly, whatever proxy ours has", async ({ onTestFinished }) => {
		const to = await keep(startDestination(protocol));
		for (const name of ["grpc_proxy", "http_proxy"]) vi.stubEnv(name, "http://127.0.0.1:1");
		onTestFinished(() => {
			vi.unstubAllEnvs();
		});
		const forward = open(to.url);
		forward.forward(one("logs", "a"));
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		expect(to.came).toHaveLength(1);
	});

	test("nothing to send is nothing to tell", async () => {
		const forward = open(await unusedAddress());
		expect(await forward.flush(AMPLE_MS)).toMatchObject({ line: undefined });
	});
});

describe("compressed", () => {
	test.each(["http/protobuf", "http/json"] as const)("over %s it goes on as it came", async (protocol) => {
		const to = await keep(startDestination(protocol));
		const forward = openForward({ destinations: destinationOf(protocol, to.url) });
		const plain = exportOf("logs", protocol, "text ".repeat(1_000), { "content-encoding": "gzip" });
		const packed = { ...plain, body: gzipSync(plain.body) };
		forward.forward(packed);
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		expect(to.came).toMatchObject([{ body: packed.body, headers: { "content-encoding": "gzip" } }]);
	});

	test("over gRPC the message is the same, in gRPC's own envelope, packed where the user wants that", async () => {
		const to = await keep(startDestination("grpc"));
		const plain = exportOf("logs", "http/protobuf", "text ".repeat(20_000), { "content-encoding": "gzip" });
		const packed = { ...plain, body: gzipSync(plain.body) };
		const bytesWith = async (env: Record<string, string>) => {
			const relay = await keep(startCountingRelay(to.url));
			const forward = openForward({ destinations: destinationOf("grpc", relay.url, env) });
			forward.forward(packed);
			expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
			return relay.bytes();
		};
		expect(await bytesWith({})).toBeGreaterThan(plain.body.length);
		expect(await bytesWith({ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" })).toBeLessThan(plain.body.length / 10);
		expect(to.came.map(({ body }) => body.equals(plain.body))).toEqual([true, true]);
		expect(to.came[0]?.headers).not.toHaveProperty("content-type");
	});

	test("what cannot be unpacked, or is of another protocol, is counted and told", async () => {
		const to = await keep(startDestination("grpc"));
		const forward = openForward({ destinations: destinationOf("grpc", to.url) });
		forward.forward(exportOf("logs", "http/protobuf", "a", { "content-encoding": "gzip" }));
		forward.forward(exportOf("logs", "http/protobuf", "a", { "content-encoding": "zstd" }));
		forward.forward(exportOf("logs", "http/json", "a"));
		forward.forward(exportOf("logs", "http/protobuf", "b"));
		const { line } = await forward.flush(AMPLE_MS);
		expect(line).toContain("3 of 4 exports of Claude Code's own events were not delivered");
		expect(to.came).toHaveLength(1);
	});
});

describe("redacted", () => {
	const redact = ({ headers, body }: Pick<ForwardRequest, "headers" | "body">) => {
		const { "content-encoding": _, ...rest } = headers;
		return { headers: rest, body: Buffer.from(body.toString().replaceAll("SECRET", "***")) };
	};

	test.each(PROTOCOLS)("over %s the user's own is untouched unless he wants it redacted", async (protocol) => {
		const to = await keep(startDestination(protocol));
		const request = exportOf("logs", protocol, "SECRET", { "x-tenant": "blue" });
		for (const redactAll of [false, true]) {
			const forward = openForward({ destinations: destinationOf(protocol, to.url), redact, redactAll });
			forward.forward(request);
			expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		}
		expect(to.came.map(({ body }) => body)).toEqual([request.body, redact(request).body]);
		expect(to.came.map(({ headers }) => headers["x-tenant"])).toEqual(["blue", "blue"]);
	});

	test("to an endpoint of ours it goes redacted always, with our headers and not the user's", async () => {
		const to = await keep(startDestination("http/json"));
		const { logs } = destinationOf("http/json", to.url, { OTEL_EXPORTER_OTLP_HEADERS: "X-Tenant=red,api-key=k" });
		const forward = openForward({ destinations: { logs: { ...logs, of: "ours", headersOf: "variables" } }, redact });
		const theirs = { "x-tenant": "blue", authorization: "Bearer his", "user-agent": "claude" };
		forward.forward(exportOf("logs", "http/json", "SECRET", theirs));
		// Nobody has asked for metrics.
		forward.forward(exportOf("metrics", "http/json", "m"));
		expect((await forward.flush(AMPLE_MS)).signals).toMatchObject([{ signal: "logs", delivered: 1 }]);
		expect(to.came.map(({ body }) => body.toString())).toEqual([expect.stringContaining("***")]);
		expect(to.came[0]?.headers).toMatchObject({ "x-tenant": "red", "api-key": "k", "user-agent": "claude" });
		expect(to.came[0]?.headers).not.toHaveProperty("authorization");
	});

	test.each([
		["there is nobody to redact it", undefined],
		[
			"that fails",
			() => {
				throw new Error("a bug");
			},
		],
	])("where %s it stays here, counted and told: rather nothing than a secret", async (_what, redacting) => {
		const to = await keep(startDestination("http/json"));
		const destinations = destinationOf("http/json", to.url);
		const forward = openForward({ destinations, redactAll: true, redact: redacting });
		forward.forward(exportOf("logs", "http/json", "SECRET"));
		const { line } = await forward.flush(AMPLE_MS);
		expect(line).toContain(
			"1 of 1 exports of Claude Code's own events was not delivered to " +
				`${to.url} (it could not be redacted); run it with --claude-otel-debug to see why.`,
		);
		expect(to.came).toEqual([]);
	});
});

test.each(["http/protobuf", "http/json"] as const)(
	"over %s a connection that the destination has ended while it rested costs nothing, not even at the end",
	async (protocol) => {
		const seen = new WeakSet<object>();
		let taken = 0;
		const to = await keep(
			startHttp((incoming, response) => {
				// As one whose time for a resting connection is over in this very moment.
				if (seen.has(incoming.socket)) return incoming.socket.destroy();
				seen.add(incoming.socket);
				taken++;
				return incoming.resume().on("end", () => response.end());
			}),
		);
		const forward = openForward({ destinations: destinationOf(protocol, to.url) });
		forward.forward(exportOf("logs", protocol, "a"));
		await until("the first is taken", () => taken === 1);
		await pause(50);
		forward.forward(exportOf("logs", protocol, "b"));
		expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
		expect(taken).toBe(2);
	},
);

test("a date says when as well", async () => {
	const came: number[] = [];
	const to = await keep(
		startHttp((incoming, response) => {
			incoming.resume();
			came.push(performance.now());
			if (came.length > 1) return response.end();
			const date = new Date(Date.now() + 3_000).toUTCString();
			return response.writeHead(429, { "retry-after": date }).end();
		}),
	);
	const forward = openForward({ destinations: destinationOf("http/json", to.url) });
	forward.forward(exportOf("logs", "http/json", "a"));
	await until("it is there again", () => came.length === 2);
	// Dates have whole seconds.
	expect((came[1] ?? 0) - (came[0] ?? 0)).toBeGreaterThan(1_900);
	expect((await forward.flush(AMPLE_MS)).line).toBeUndefined();
});

/** Hands every connection on and counts what goes there. */
async function startCountingRelay(to: string): Promise<{ url: string; bytes(): number; close(): Promise<void> }> {
	let bytes = 0;
	const relay = createServer((socket) => {
		const onward = connect(Number(new URL(to).port), "127.0.0.1");
		socket.on("data", (data: Buffer) => {
			bytes += data.length;
		});
		socket.pipe(onward).pipe(socket);
		socket.on("error", () => onward.destroy());
		onward.on("error", () => socket.destroy());
	});
	await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
	const { port } = relay.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		bytes: () => bytes,
		close: async () => void relay.close(),
	};
}
