// The token that opens a run's doors: a command that claude runs can print it, and it still leaves in nothing of ours.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { buildDist } from "../../tools/build.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

beforeAll(() => buildDist());

let stage: Stage;
afterEach(() => stage.close());

test.each(["http", "socket"])(
	"over %s hooks is in no export, no file, no diagnostics and no argument",
	async (transport) => {
		const told = [
			step(bash("env | grep -a CLAUDE_OTEL_TOKEN")),
			step(
				bash(
					"printf 'bare %s.' $CLAUDE_OTEL_TOKEN; for pid in $PPID $(cut -d' ' -f4 /proc/$PPID/stat); do tr '\\0' ' ' < /proc/$pid/cmdline; done",
				),
			),
			step(bash("echo failing with $CLAUDE_OTEL_TOKEN >&2; exit 3")),
		];
		stage = await openStage({ main: [...told, step(text("Done."))] });
		const [file, debug] = [join(stage.home.home, "export.jsonl"), join(stage.home.home, "debug.log")];
		const run = await stage.run([`--claude-otel-debug=${debug}`, "-p", "go", "--dangerously-skip-permissions"], {
			env: {
				CLAUDE_OTEL_LEVEL: "full",
				CLAUDE_OTEL_HOOK_TRANSPORT: transport,
				CLAUDE_OTEL_FILE: file,
				CLAUDE_OTEL_FORWARD_NATIVE: "1",
				CLAUDE_OTEL_MAX_PAYLOAD_BYTES: "100000",
				OTEL_LOG_LEVEL: "debug",
			},
		});
		const answers = JSON.stringify(stage.model.requests.at(-1)?.body.messages);
		const token = /CLAUDE_OTEL_TOKEN=([\w-]{32})/.exec(answers)?.[1] ?? "no token was told";
		// The command lines of claude and of claude-otel came with the second answer, the token itself beside them.
		expect(answers).toContain("--settings");
		expect(answers.split(token)).toHaveLength(4);
		expect(stage.receiver.rawBytes()).toContain("failing with");
		for (const bytes of [
			stage.receiver.rawBytes(),
			readFileSync(file, "utf8"),
			readFileSync(debug, "utf8"),
			run.stdout,
			run.stderr,
		])
			expect(bytes).not.toContain(token);
	},
);
