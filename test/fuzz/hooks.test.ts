// The hook doors: whatever bytes come, a body is read or is none, and what is read makes sound facts.
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
	createHookBodyReader,
	HOOK_BODY_KEEP,
	HOOK_BODY_KEEP_TAIL,
	HOOK_BODY_LIMITS,
	type HookBody,
} from "../../src/intake/hook-body.ts";
import { readHookPayload } from "../../src/intake/hook-payload.ts";
import { type HookServer, openHookServer } from "../../src/intake/hook-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import type { ShrinkLimits } from "../../src/intake/shrunk-json.ts";
import type { Json } from "../../src/model/fact.ts";
import { dial } from "../support/raw-http.ts";
import { until } from "../support/run.ts";
import type { Random } from "../support/seed.ts";
import { hookPayloads } from "./corpus.ts";
import { type Fuzzed, fuzz, GROWTH_MAX_BYTES } from "./fuzz.ts";
import { assertSoundFacts } from "./sound-facts.ts";

const AT = 1_795_315_125_590;
const CONTEXT = { digestKey: Buffer.from("key of the digests") };
const SAMPLES = hookPayloads.map((payload) => Buffer.from(JSON.stringify(payload)));
/** So small that nearly every payload is one of those that are shortened. */
const SMALL: ShrinkLimits = { head: 300, tail: 200, string: 100 };

function anyBody({ random, mutate }: Fuzzed): Buffer {
	if (random.chance(0.4)) return mutate.bytes(random.pick(SAMPLES), SAMPLES);
	return Buffer.from(mutate.text(random.pick(hookPayloads) as Json));
}

function read(bytes: Buffer, random: Random, limits: ShrinkLimits): HookBody | undefined {
	const reader = createHookBodyReader(limits);
	for (let at = 0; at < bytes.length; ) {
		const end = Math.min(bytes.length, at + random.int(1, bytes.length));
		reader.push(bytes.subarray(at, end));
		at = end;
	}
	return reader.read(AT);
}

test("any hook body makes sound facts, or none", async () => {
	await expect(
		fuzz("hook bodies", {
			share: 0.16,
			input(fuzzed) {
				const bytes = anyBody(fuzzed);
				const body = read(bytes, fuzzed.random, HOOK_BODY_LIMITS);
				if (body === undefined) return;
				if (body.bytes !== bytes.length) throw new Error(`${body.bytes} bytes of ${bytes.length}`);
				assertSoundFacts(readHookPayload(body, CONTEXT), bytes.length);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("of a body that is too long the same is kept however it is chopped, within the limit, and makes sound facts", async () => {
	await expect(
		fuzz("shortened hook bodies", {
			share: 0.1,
			input(fuzzed) {
				const bytes = anyBody(fuzzed);
				const body = read(bytes, fuzzed.random, SMALL);
				expect(read(bytes, fuzzed.random, SMALL)).toEqual(body);
				if (body === undefined) return;
				const kept = Buffer.byteLength(JSON.stringify(body.json));
				if (kept > 4 * (SMALL.head + SMALL.tail) + 1024) throw new Error(`${kept} bytes are kept`);
				assertSoundFacts(readHookPayload(body, CONTEXT), bytes.length);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("a body of megabytes is kept within the limit", async () => {
	await expect(
		fuzz("long hook bodies", {
			share: 0.002,
			input(fuzzed) {
				const { random, mutate } = fuzzed;
				const payload = { ...random.pick(hookPayloads) } as { [key: string]: Json };
				payload[random.pick(["tool_input", "tool_response", "prompt", "unknown"])] = random.pick<Json>([
					"x".repeat(300_000),
					{ content: '\\"\n'.repeat(60_000) },
					Array.from({ length: 60_000 }, () => ({})),
					Array.from({ length: 9_000 }, () => [{ a: 1, b: "é" }]),
					Object.fromEntries(Array.from({ length: 9_000 }, (_, index) => [`key${index}`, index])),
				]);
				const bytes = random.chance(0.3)
					? mutate.bytes(Buffer.from(JSON.stringify(payload)), SAMPLES)
					: Buffer.from(mutate.text(payload));
				const body = read(bytes, random, HOOK_BODY_LIMITS);
				if (body === undefined) return;
				const kept = Buffer.byteLength(JSON.stringify(body.json));
				// Control characters that stood there as bytes are longer as escapes.
				if (kept > 3 * (HOOK_BODY_KEEP + HOOK_BODY_KEEP_TAIL)) throw new Error(`${kept} bytes are kept`);
				assertSoundFacts(readHookPayload(body, CONTEXT), bytes.length);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

let server: HookServer;
let folder: string;
let bodies = 0;
const socketPath = () => join(folder, "hooks.sock");
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "fuzz-hooks-"));
	const doors = { http: true, socketPath: socketPath() };
	server = await openHookServer({ token: "token", ...doors, onHook: () => void bodies++, tell() {} });
});
afterAll(async () => {
	await server.close();
	rmSync(folder, { recursive: true, force: true });
});

test("any bytes on the socket door leave it open for the next hook, and are never answered", async () => {
	await expect(
		fuzz("connections to the socket door", {
			share: 0.005,
			async input(fuzzed) {
				const { random, mutate } = fuzzed;
				const sent = Buffer.concat([Buffer.from("token\n"), anyBody(fuzzed)]);
				let answer = "";
				const wild = connect(socketPath());
				wild
					.on("error", () => {})
					.on("data", (text) => {
						answer += String(text);
					});
				wild.end(random.chance(0.8) ? mutate.bytes(sent, [sent, ...SAMPLES]) : sent);
				await new Promise((resolve) => wild.once("close", resolve));
				const before = bodies;
				const next = connect(socketPath());
				next.end("token\n{}");
				await until("the body is there", () => bodies > before, 5_000);
				expect(answer).toBe("");
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("any bytes on the http door leave it open for the next hook", async () => {
	await expect(
		fuzz("connections to the http door", {
			share: 0.008,
			async input(fuzzed) {
				const { random, mutate } = fuzzed;
				const body = anyBody(fuzzed);
				const head = `POST /hook HTTP/1.1\r\nHost: x\r\n${TOKEN_HEADER}: token\r\nContent-Length: ${body.length}\r\n\r\n`;
				const request = Buffer.concat([Buffer.from(head), body]);
				const wild = await dial(server.url ?? "");
				await wild.send(random.chance(0.8) ? mutate.bytes(request, [request, ...SAMPLES]) : request);
				const before = bodies;
				const next = await dial(server.url ?? "");
				await next.send(`${head.replace(/Length: \d+/, "Length: 2")}{}`);
				expect(await next.answer(5_000)).toMatchObject({ status: 200, body: "" });
				await until("the body is there", () => bodies > before, 5_000);
				for (const { status, headers, body: text } of wild.answers) {
					// What is no request of HTTP is told so, by Node's own server; nobody is ever told anything else.
					const known = status === 200 || status === 100 || (status >= 400 && status < 500);
					if (!known || text !== "") throw new Error(`answered ${status} ${text}`);
					// Then comes the end of no chunks.
					if (headers["transfer-encoding"] !== undefined) break;
				}
				wild.socket.destroy();
				next.socket.destroy();
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});
