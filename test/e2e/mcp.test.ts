// Tools of a real MCP server: told with their server, their input by the names of its keys alone, and at `minimal` not
// even by name.

import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { assertTold, outline, spanNamed, spanOfCall } from "../support/oracle.ts";
import { step, text, tool } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const SERVER = fileURLToPath(new URL("../support/mcp-server.mjs", import.meta.url));
const CONFIG = [
	"--mcp-config",
	JSON.stringify({ mcpServers: { calc: { command: process.execPath, args: [SERVER] } } }),
];

async function open(env: Record<string, string> = {}) {
	const add = tool("mcp__calc__add", { b: 41, a: 1, note: "hidden-value" });
	const fail = tool("mcp__calc__fail", { a: 1 });
	stage = await openStage({ main: [step(add), step(fail), step(text("ok"))] }, { env });
	const run = await stage.print("go", CONFIG);
	expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	expect(JSON.stringify(stage.model.requests.at(-1)?.body.messages)).toContain("it failed as it should");
	return { add, fail };
}

test("calls of an MCP server have its name, their outcome, and of their input the names of the keys", async () => {
	const { add, fail } = await open();
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(spanOfCall(spans, add).attributes).toMatchObject({
		"tool.status": "ok",
		"mcp.server.name": "calc",
		"input.summary": "a, b, note",
	});
	expect(spanOfCall(spans, fail).attributes).toMatchObject({ "tool.status": "error", "mcp.server.name": "calc" });
	expect(stage.receiver.rawBytes().includes("hidden-value")).toBe(false);
});

test("at level minimal neither server nor tool is named", async () => {
	await open({ CLAUDE_OTEL_LEVEL: "minimal" });
	expect(outline(stage.receiver.spans).split("\n").filter(Boolean)).toHaveLength(2);
	expect(spanNamed(stage.receiver.spans, "claude.session").attributes.tool_names).toEqual(["mcp_tool"]);
	const bytes = stage.receiver.rawBytes();
	expect(["calc", "mcp__", "it failed"].filter((words) => bytes.includes(words))).toEqual([]);
});
