// The clock is set back by an hour in the midst of a session: nothing is lost, nothing ends before it begins, and what was
// kept is told again in the same bytes.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDiagnostics } from "../../src/diagnostics.ts";
import { createHookBodyReader, type HookBody } from "../../src/intake/hook-body.ts";
import { startIn } from "./start.ts";

const HOUR_MS = 3_600_000;
const NOON = 1_790_000_000_000;
let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "claude-otel-clock-"));
});
afterEach(() => rmSync(home, { recursive: true }));

test("a clock that is set back costs no call, and no span ends before it begins", async () => {
	let now = NOON;
	const file = join(home, "telemetry.jsonl");
	const said: string[] = [];
	const diagnostics = createDiagnostics({ target: { to: "stderr" }, level: "warn", clock: () => now });
	diagnostics.release((line) => said.push(line));
	const pipeline = await startIn({ home, file, startedAt: NOON, clock: () => now, diagnostics });
	const tell = (name: string, more: object = {}) => {
		now += 100;
		pipeline.hook(hookAt(now, name, more));
	};
	tell("UserPromptSubmit", { prompt: "go" });
	for (const [id, jump] of [
		["toolu_1", 0],
		["toolu_2", -HOUR_MS],
		["toolu_3", 0],
	] as const) {
		const call = { tool_name: "Bash", tool_use_id: id, tool_input: { command: "true" } };
		tell("PreToolUse", call);
		now += jump;
		tell("PostToolUse", { ...call, tool_response: { stdout: "" }, duration_ms: 50 });
	}
	tell("Stop");
	await pipeline.finish({ exitCode: 0 });

	const spans = readFileSync(file, "utf8")
		.split("\n")
		.filter((line) => line.includes("resourceSpans"))
		.flatMap((line) => (JSON.parse(line) as Traces).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
		.flatMap((scope) => scope.spans);
	expect(spans.filter(({ name }) => name === "execute_tool Bash")).toHaveLength(3);
	expect(
		spans.filter(({ endTimeUnixNano, startTimeUnixNano }) => BigInt(endTimeUnixNano) < BigInt(startTimeUnixNano)),
	).toEqual([]);
	expect(said).toEqual([]);
});

interface Traces {
	resourceSpans: {
		scopeSpans: { spans: { name: string; startTimeUnixNano: string; endTimeUnixNano: string }[] }[];
	}[];
}

function hookAt(at: number, hook_event_name: string, more: object): HookBody {
	const reader = createHookBodyReader();
	const body = { session_id: "session-1", prompt_id: "prompt-1", cwd: "/tmp", hook_event_name, ...more };
	reader.push(Buffer.from(JSON.stringify(body)));
	const read = reader.read(at);
	if (read === undefined) throw new Error("no body");
	return read;
}
