// The environment: whatever the variables hold, a configuration comes of it, or one sentence says which of them is wrong
// and never what a secret was.
import { expect, test } from "vitest";
import { configurationTable, describeConfig, loadConfig } from "../../src/config.ts";
import { UserMistake } from "../../src/errors.ts";
import { parseTraceparent } from "../../src/signals/ids.ts";
import { fuzz, GROWTH_MAX_BYTES } from "./fuzz.ts";

const documented = [...configurationTable().matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name as string);
const perSignal = documented
	.filter((name) => name.startsWith("OTEL_EXPORTER_OTLP_"))
	.flatMap((name) => ["TRACES", "METRICS", "LOGS"].map((signal) => name.replace("OTLP_", `OTLP_${signal}_`)));
const VARIABLES = [...new Set([...documented, ...perSignal])];
const VALUES = [
	"1",
	"true",
	"0",
	"full",
	"100",
	"50,80%",
	"a=b,c=d%20e",
	"http://127.0.0.1:4318/v1/traces?x=y#z",
	"https://user:secret@collector.example:4317",
	"unix:///tmp/x.sock",
	"otlp,console",
	"http/protobuf",
	"gzip",
	'["a", "b"]',
	"[a-z]{2,3},(x|y)",
	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	"authorization=Bearer s3cr3t-value",
	"parentbased_traceidratio",
	"__proto__=polluted,constructor=x",
	"/dev/null",
	"2147483648",
	"[::1]:4317",
].map((value) => Buffer.from(value));

test("any environment gives a configuration or one sentence, and its description hides what is secret", async () => {
	await expect(
		fuzz("environments", {
			share: 0.05,
			input({ random, mutate }) {
				const env: Record<string, string> = { HOME: "/home/dev" };
				for (let left = random.int(1, 5); left > 0; left--) {
					const value = random.pick(VALUES);
					// The system ends a value at its first zero byte.
					const text = (random.chance(0.3) ? value : mutate.bytes(value, VALUES)).toString().replaceAll("\0", "");
					env[random.pick(VARIABLES)] = text;
				}
				env.OTEL_EXPORTER_OTLP_HEADERS = "authorization=Bearer s3cr3t-value";
				const told: string[] = [];
				try {
					const loaded = loadConfig(env, random.pick(["linux", "darwin", "win32"] as const));
					told.push(...describeConfig(loaded).map(({ name, value }) => `${name} ${value}`), ...loaded.problems);
					const { traceparent, tracestate } = loaded.config.inbound;
					const inbound = parseTraceparent(traceparent, tracestate);
					if (inbound !== undefined) expect(inbound.traceId).toMatch(/^[0-9a-f]{32}$/);
					const { exitGraceMs, maxAttrLength, maxPayloadBytes } = loaded.config;
					for (const number of [exitGraceMs, maxAttrLength, maxPayloadBytes])
						expect(Number.isInteger(number)).toBe(true);
				} catch (error) {
					if (!(error instanceof UserMistake)) throw error;
					expect(error.exitCode).toBe(2);
					expect(error.message).toMatch(/^[^\n]+$/);
					told.push(error.message);
				}
				const given = VARIABLES.filter((name) => name !== "OTEL_EXPORTER_OTLP_HEADERS").map((name) => env[name] ?? "");
				// Somebody who puts his headers in another variable, or into the name of one, has told them himself.
				if (given.some((value) => value.includes("s3cr3t"))) return;
				if (told.some((text) => text.includes("s3cr3t"))) throw new Error(`a secret is told: ${told.join("\n")}`);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});
