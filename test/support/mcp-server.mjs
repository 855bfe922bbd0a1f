// An MCP server on standard input and output with two tools: `add` adds a and b, `fail` always fails.
// In and out: JSON-RPC, one message a line.

import { createInterface } from "node:readline";

const TOOLS = ["add", "fail"].map((name) => ({
	name,
	description: `the tool ${name}`,
	inputSchema: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } } },
}));

const METHODS = {
	initialize: (params) => ({
		protocolVersion: params.protocolVersion,
		capabilities: { tools: {} },
		serverInfo: { name: "test-server", version: "1.0.0" },
	}),
	ping: () => ({}),
	"tools/list": () => ({ tools: TOOLS }),
	"tools/call": ({ name, arguments: input = {} }) => {
		if (name === "fail") return { isError: true, content: [{ type: "text", text: "it failed as it should" }] };
		return { content: [{ type: "text", text: String(input.a + input.b) }] };
	},
};

createInterface({ input: process.stdin }).on("line", (line) => {
	const { id, method, params } = JSON.parse(line);
	if (id === undefined) return;
	const answer = METHODS[method];
	const reply = answer ? { result: answer(params ?? {}) } : { error: { code: -32601, message: `no ${method}` } };
	process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...reply })}\n`);
});
