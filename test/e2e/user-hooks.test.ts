// Hooks of the user's own, in his settings, the project's and those of --settings: they run beside ours and decide as
// they would without us.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { assertTold, outline, spanOfCall, tree } from "../support/oracle.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const command = (script: string) => [{ hooks: [{ type: "command", command: script }] }];

test.each(["inline", "file"] as const)(
	"hooks of user, project and --settings (%s) scope still run and still decide",
	async (form) => {
		const denied = bash("echo denied > denied.txt");
		const changed = bash("echo before > changed.txt");
		stage = await openStage({ main: [step(denied), step(changed), step(text("first end")), step(text("second end"))] });
		const { home } = stage;
		const seen = (scope: string) =>
			readFileSync(join(home.home, `${scope}.log`), "utf8")
				.trim()
				.split("\n");
		const note = (scope: string, what: string) => `echo ${what} >> ${join(home.home, `${scope}.log`)}`;

		const deny = `${note("user", "pre")}; if grep -q "echo denied"; then echo not this >&2; exit 2; fi`;
		writeFileSync(join(home.config, "settings.json"), JSON.stringify({ hooks: { PreToolUse: command(deny) } }));

		const otherInput = JSON.stringify({
			hookSpecificOutput: {
				hookEventName: "PreToolUse",
				permissionDecision: "allow",
				updatedInput: { command: "echo after > changed.txt", description: "changed by a hook" },
			},
		});
		const change = `${note("project", "pre")}; if grep -q "echo before"; then echo '${otherInput}'; fi`;
		mkdirSync(join(home.work, ".claude"));
		writeFileSync(
			join(home.work, ".claude", "settings.json"),
			JSON.stringify({ hooks: { PreToolUse: command(change), PostToolUse: command(note("project", "post")) } }),
		);

		const goOn = `${note("flag", "stop")}; if [ -e stopped ]; then exit 0; fi; touch stopped; echo go on >&2; exit 2`;
		const own = JSON.stringify({
			hooks: { UserPromptSubmit: command("echo context-from-a-hook"), Stop: command(goOn) },
			env: { FROM_SETTINGS: "1" },
		});
		const file = join(home.home, "own-settings.json");
		writeFileSync(file, own);

		const run = await stage.print("go", ["--settings", form === "inline" ? own : file]);
		expect(run).toMatchObject({ code: 0, stdout: "second end\n", stderr: "" });
		expect(seen("user")).toEqual(["pre", "pre"]);
		expect(seen("project")).toEqual(["pre", "pre", "post"]);
		expect(seen("flag")).toEqual(["stop", "stop"]);
		expect(existsSync(join(home.work, "denied.txt"))).toBe(false);
		expect(readFileSync(join(home.work, "changed.txt"), "utf8")).toBe("after\n");
		expect(JSON.stringify(stage.model.requests[0]?.body.messages)).toContain("context-from-a-hook");

		const { spans } = stage.receiver;
		assertTold(spans, stage.model.requests);
		expect(outline(spans)).toBe(
			tree(`
				claude.session
					invoke_agent claude-code turn.status=ok
						chat claude-opus-5-5 query_source=main
						execute_tool Bash tool.status=denied
						chat claude-opus-5-5 query_source=main
						execute_tool Bash tool.status=ok
						chat claude-opus-5-5 query_source=main
						chat claude-opus-5-5 query_source=main
			`),
		);
		expect(spanOfCall(spans, changed).attributes["input.summary"]).toBe("echo after > changed.txt");
	},
);
