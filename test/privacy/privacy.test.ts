import { describe, expect, it } from "vitest";
import type { CleanContent, Contents, Json, RawContent, RawFact, RawFactOf } from "../../src/model/fact.ts";
import { FIELDS_MAX } from "../../src/privacy/content.ts";
import { createPrivacy, type PrivacyOptions } from "../../src/privacy/privacy.ts";
import { ALNUM, filler } from "./secret-examples.ts";

const TOKEN = `gh${"p_"}${filler(ALNUM, 36)}`;
const DEFAULTS: PrivacyOptions = {
	level: "standard",
	maxAttrLength: 256,
	maxPayloadBytes: 1024,
	patterns: [],
	allowlist: [],
	disableDefaults: false,
	literals: [],
};

function privacy(options: Partial<PrivacyOptions> = {}) {
	return createPrivacy({ ...DEFAULTS, ...options });
}

function raw(value: Json): RawContent {
	return { bytes: Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value)), value };
}

function toolEnded(fields: Partial<RawFactOf<"tool.ended">> = {}): RawFactOf<"tool.ended"> {
	return {
		kind: "tool.ended",
		source: "hook",
		at: 1,
		sessionId: "s1",
		toolUseId: "toolu_1",
		toolName: "Bash",
		outcome: "ok",
		...fields,
	};
}

function contentAt(
	level: PrivacyOptions["level"],
	content: Contents<RawContent>,
	toolName = "Bash",
): Contents<CleanContent> {
	return privacy({ level }).protect(toolEnded({ content, toolName })).content ?? {};
}

describe("the level", () => {
	const content = {
		prompt: raw("please\nhelp"),
		answer: raw("of course\nI will"),
		input: raw({ command: "ls -l", timeout: 5 }),
		response: raw({ stdout: "a\nb", interrupted: false, extra: null, list: [1, { x: "y" }] }),
		error: raw("Exit code 3\nall of the output"),
	};

	it("minimal tells sizes alone", () => {
		expect(contentAt("minimal", content)).toEqual({
			prompt: { bytes: 11 },
			answer: { bytes: 16 },
			input: { bytes: content.input.bytes },
			response: { bytes: content.response.bytes },
			error: { bytes: 29 },
		});
	});

	it("standard tells one line of input and error, and nothing of prompt, answer and response", () => {
		expect(contentAt("standard", content)).toEqual({
			prompt: { bytes: 11 },
			answer: { bytes: 16 },
			input: { bytes: content.input.bytes, summary: "ls -l" },
			response: { bytes: content.response.bytes },
			error: { bytes: 29, summary: "Exit code 3" },
		});
	});

	it("full tells texts, and the fields of structures", () => {
		expect(contentAt("full", content)).toEqual({
			prompt: { bytes: 11, summary: "please", text: "please\nhelp" },
			answer: { bytes: 16, summary: "of course", text: "of course\nI will" },
			input: { bytes: content.input.bytes, summary: "ls -l", fields: { command: "ls -l", timeout: 5 } },
			response: {
				bytes: content.response.bytes,
				fields: { stdout: "a\nb", interrupted: false, list: '[1,{"x":"y"}]' },
			},
			error: { bytes: 29, summary: "Exit code 3", text: "Exit code 3\nall of the output" },
		});
	});

	it("full tells a response that is a list or a text as text", () => {
		expect(contentAt("full", { response: raw([{ type: "text", text: "hi" }]) }).response?.text).toBe(
			'[{"type":"text","text":"hi"}]',
		);
		expect(contentAt("full", { response: raw("hi") }).response?.text).toBe("hi");
	});

	it.each([
		["Bash", "Bash"],
		["mcp__acme__deploy", "mcp_tool"],
		["AcmeTool", "custom"],
	])("minimal calls the tool %s %s", (name, told) => {
		const fact = privacy({ level: "minimal" }).protect(
			toolEnded({ toolName: name, mcpServer: "acme", cwd: "/home/dev/acme" }),
		);
		expect(fact).toEqual({ ...toolEnded({ toolName: told }) });
	});

	it.each([
		["Explore", "Explore"],
		["", ""],
		["acme-reviewer", "custom"],
	])("minimal calls the agent type %j %j", (agentType, told) => {
		const fact: RawFact = { kind: "agent.started", source: "hook", at: 1, sessionId: "s", agentId: "a1", agentType };
		expect(privacy({ level: "minimal" }).protect(fact)).toMatchObject({ agentType: told });
		expect(privacy().protect(fact)).toMatchObject({ agentType });
	});

	it("minimal changes the names of a batch's calls too", () => {
		const calls = [{ toolUseId: "toolu_1", toolName: "mcp__acme__x" }];
		const fact: RawFact = { kind: "tool.batch", source: "hook", at: 1, sessionId: "s", calls };
		expect(privacy({ level: "minimal" }).protect(fact)).toMatchObject({
			calls: [{ toolUseId: "toolu_1", toolName: "mcp_tool" }],
		});
	});
});

describe("the summary of an input", () => {
	it.each<[string, Json, string | undefined]>([
		["Bash", { command: "npm test", description: "x" }, "npm test"],
		["Bash", { command: "cat <<E\nhello\nE\n" }, "cat <<E hello E"],
		["Read", { file_path: "/a/b.ts", limit: 5 }, "/a/b.ts"],
		["Write", { file_path: "/a/b.ts", content: "private" }, "/a/b.ts"],
		["Edit", { file_path: "/a/b.ts", old_string: "private", new_string: "private" }, "/a/b.ts"],
		["NotebookEdit", { notebook_path: "/a/b.ipynb", new_source: "private" }, "/a/b.ipynb"],
		["Grep", { pattern: "foo.*", path: "src" }, "foo.* in src"],
		["Grep", { pattern: "foo.*" }, "foo.*"],
		["Glob", { pattern: "**/*.ts", path: "src" }, "**/*.ts in src"],
		["WebFetch", { url: "https://me@example.com/a/b?q=private#x", prompt: "private" }, "https://example.com/a/b"],
		["WebSearch", { query: "weather" }, "weather"],
		["Agent", { subagent_type: "Explore", description: "look around", prompt: "private" }, "Explore: look around"],
		["Agent", { description: "look around", prompt: "private" }, "look around"],
		["Skill", { skill: "release", args: "private" }, "release"],
		["SendMessage", { to: "bob", message: "private" }, "bob"],
		["TaskUpdate", { taskId: "1", status: "completed" }, "1 completed"],
		["TaskCreate", { subject: "private", description: "private" }, "description, subject"],
		["mcp__acme__deploy", { target: "private", force: true }, "force, target"],
		["AcmeTool", { b: "private", a: ["private"] }, "a, b"],
		["Bash", "no object", undefined],
		["Read", {}, undefined],
	])("of %s %j is %j", (tool, input, summary) => {
		expect(contentAt("standard", { input: raw(input) }, tool).input?.summary).toBe(summary);
	});
});

describe("lengths", () => {
	it("of texts count in code points, of payloads in bytes, each with the mark of the cut", () => {
		const { protect, text } = privacy({ level: "full", maxAttrLength: 5, maxPayloadBytes: 10 });
		expect(text("😀😀😀😀😀")).toBe("😀😀😀😀😀");
		expect(text("😀😀😀😀😀😀")).toBe("😀😀😀😀…");
		const { content } = protect(
			toolEnded({ content: { prompt: raw("éééééé"), input: raw({ command: "abcdefghijk", b: "ééééé" }) } }),
		);
		expect(content?.prompt).toEqual({
			bytes: 12,
			summary: "éééé…",
			summaryTruncated: true,
			text: "ééé…",
			truncated: true,
		});
		expect(content?.input?.fields).toEqual({ "comm…": "abcdefg…", b: "ééééé" });
		expect(content?.input?.truncated).toBe(true);
	});

	it("of a text that intake cut are marked even where nothing more is cut", () => {
		const content = { input: { ...raw({ command: "ls" }), cut: true } };
		expect(privacy({ level: "full" }).protect(toolEnded({ content })).content?.input).toMatchObject({
			truncated: true,
		});
	});

	it("never end inside of a redaction mark", () => {
		expect(privacy({ maxAttrLength: 12 }).text(`abcdef ${TOKEN} ghi`)).toBe("abcdef …");
	});

	it("are those of the redacted text, so no secret is cut in two", () => {
		const { text } = privacy({ maxAttrLength: 30 });
		expect(text(`${"x ".repeat(10)}${TOKEN}`)).toBe(`${"x ".repeat(10)}[REDACTED]`);
	});

	it("bound the number of fields", () => {
		const many = Object.fromEntries(Array.from({ length: FIELDS_MAX + 5 }, (_, i) => [`k${i}`, i]));
		const { input } = contentAt("full", { input: raw(many) });
		expect(Object.keys(input?.fields ?? {})).toHaveLength(FIELDS_MAX);
		expect(input?.truncated).toBe(true);
	});

	it("leave no number that JSON cannot write", () => {
		const value = JSON.parse('{"a":1e999,"b":-1e999,"c":1e300}') as Json;
		expect(contentAt("full", { input: raw(value) })?.input?.fields).toEqual({
			a: "Infinity",
			b: "-Infinity",
			c: 1e300,
		});
	});

	it("bound the depth", () => {
		let deep: Json = TOKEN;
		for (let i = 0; i < 20_000; i++) deep = [deep];
		const { input, error } = contentAt("full", {
			input: { bytes: 1, value: { deep } },
			error: { bytes: 1, value: deep },
		});
		expect(JSON.stringify([input, error])).not.toContain(TOKEN.slice(4, 20));
	});
});

describe("structures", () => {
	const fieldsOf = (input: Json) => contentAt("full", { input: raw(input) }, "AcmeTool").input?.fields;

	it("lose values under names that say so, at any depth", () => {
		expect(fieldsOf({ password: "x", auth: { apiKey: "short", user: "me" }, pin: 1, max_tokens: 5 })).toEqual({
			password: "[REDACTED]",
			auth: '{"apiKey":"[REDACTED]","user":"[REDACTED]"}',
			pin: 1,
			max_tokens: 5,
		});
		expect(fieldsOf({ dbPassword: 1234, token: 1234 })).toEqual({ dbPassword: "[REDACTED]", token: 1234 });
	});

	it("lose values whose name stands beside them", () => {
		expect(
			fieldsOf({
				env: [
					{ name: "DB_PASSWORD", value: "x" },
					{ name: "HOME", value: "y" },
				],
			}),
		).toEqual({
			env: '[{"name":"DB_PASSWORD","value":"[REDACTED]"},{"name":"HOME","value":"y"}]',
		});
		expect(fieldsOf({ args: ["--token", "abc", "--verbose", "yes"] })).toEqual({
			args: '["--token","[REDACTED]","--verbose","yes"]',
		});
	});

	it("lose secrets in their keys", () => {
		expect(fieldsOf({ [TOKEN]: 1 })).toEqual({ "[REDACTED]": 1 });
	});

	it("lose a private key whose lines are a list, and keep what stands behind it", () => {
		const lines = [
			"+-----BEGIN RSA PRIVATE KEY-----",
			"+MIIEabcdef",
			"+ghijkl",
			"+-----END RSA PRIVATE KEY-----",
			"+rest",
		];
		expect(fieldsOf({ lines })).toEqual({ lines: '["+[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]","+rest"]' });
	});
});

describe("ids", () => {
	it("stay as they are", () => {
		const fact = toolEnded({
			sessionId: "5e2b1c9a-7735-46e3-9a31-9f14b0476e88",
			promptId: "7735bd98-fc46-44e3-9a31-9f14b0476e88",
			toolUseId: "toolu_01RZDvrNZDr4qmoFt7",
			agentId: "aa3e91229b8bf191a",
		});
		expect(privacy().protect(fact)).toEqual(fact);
	});

	it("that are secrets get a stand-in, equal ones the same", () => {
		const protect = (toolUseId: string) => privacy().protect(toolEnded({ toolUseId }));
		const standIn = (protect(TOKEN) as RawFactOf<"tool.ended">).toolUseId;
		expect(standIn).toMatch(/^redacted-[0-9a-f]{16}$/);
		expect(protect(TOKEN)).toEqual(protect(TOKEN));
		expect(protect(`${TOKEN}x`)).not.toEqual(protect(TOKEN));
	});

	it("of absurd length are shortened", () => {
		const fact = privacy().protect(toolEnded({ sessionId: "x".repeat(201) }));
		expect(fact.sessionId).toMatch(/^long-[0-9a-f]{16}$/);
	});
});

describe("texts of a fact that are no content", () => {
	it("are redacted: directory, names, models, arguments", () => {
		const { protect } = privacy();
		const ended = protect(
			toolEnded({
				cwd: `/home/${TOKEN}`,
				mcpServer: TOKEN,
				toolName: `mcp__${TOKEN}`,
				errorType: TOKEN,
				permissionMode: TOKEN,
			}),
		);
		const started = protect({
			kind: "run.started",
			source: "launch",
			at: 1,
			sessionId: "",
			runId: "r1",
			sessionSource: "startup",
			interactive: true,
			argsCount: 1,
			argsPreview: `--x ${TOKEN}`,
		});
		const usage = { input: 1, output: 2, cacheRead: 3, cacheCreation5m: 4, cacheCreation1h: 5, costUsd: 6 };
		const models = { [TOKEN]: usage };
		const cost = protect({
			kind: "cost.state",
			source: "transcript",
			at: 1,
			sessionId: "s",
			totalCostUsd: 1,
			models,
			baseline: false,
			index: 0,
		});
		expect(JSON.stringify([ended, started, cost])).not.toContain(TOKEN.slice(4, 16));
		expect(cost).toMatchObject({ models: { "[REDACTED]": usage } });
	});
});

describe("the run's own token", () => {
	const literal = filler("0123456789abcdef", 64);
	it.each([
		["with all rules", {}],
		["with our rules off", { disableDefaults: true }],
		["though it is allowed", { allowlist: [literal] }],
	])("is redacted %s", (_how, options) => {
		const { text, protect } = privacy({ ...options, literals: [literal], level: "full" });
		expect(text(`X=${literal} y`)).not.toContain(literal);
		const value = { command: `env ${literal.slice(0, 40)}` };
		const fact = protect(
			toolEnded({ toolUseId: literal, content: { prompt: { bytes: 1, value: value.command, cut: true } } }),
		);
		expect(JSON.stringify(fact)).not.toContain(literal.slice(0, 13));
	});
});
