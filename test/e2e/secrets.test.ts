// Secrets wherever a session can hold them, and every way out at every level: none of them may be in any exported byte.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ALNUM, filler } from "../privacy/secret-examples.ts";
import { some } from "../support/every.ts";
import { keptBytes } from "../support/kept-bytes.ts";
import { type Running, runClaudeOtel } from "../support/run.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { FREE_HAND, openStage, PROTOCOLS, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const KINDS = [
	(seed: number) => `gh${"p_"}${filler(ALNUM, 36, seed)}`,
	(seed: number) => `sk-${"ant-api03-"}${filler(ALNUM, 93, seed)}`,
	(seed: number) => `xo${"xb-"}${filler("0123456789abcdef", 50, seed)}`,
	(seed: number) => `np${"m_"}${filler(ALNUM, 36, seed)}`,
	(seed: number) => `gl${"pat-"}${filler(ALNUM, 20, seed)}`,
];

/** A secret for each place, each of another kind, so that a find tells where it came from. */
function plant() {
	let seed = 0;
	const secret = () => {
		seed += 1;
		return KINDS[seed % KINDS.length]?.(seed) ?? "";
	};
	return {
		prompt: secret(),
		answer: secret(),
		thinking: secret(),
		command: secret(),
		output: secret(),
		error: secret(),
		folder: secret(),
		fileName: secret(),
		fileContent: secret(),
		written: secret(),
		mcpServer: secret(),
		mcpTool: secret(),
		mcpKey: secret(),
		mcpValue: secret(),
		unknownTool: secret(),
		agentDescription: secret(),
		agentPrompt: secret(),
		agentType: secret(),
		agentAnswer: secret(),
		apiError: secret(),
		systemPrompt: secret(),
		mcpConfig: secret(),
		settingsEnv: secret(),
		resource: secret(),
		attribute: secret(),
		password: `Hunter2${filler(ALNUM, 12, 99)}`,
	};
}
type Planted = ReturnType<typeof plant>;

async function runWith(
	planted: Planted,
	env: Record<string, string>,
	onStart?: (running: Running) => void,
): Promise<void> {
	const work = join(stage.home.work, `project-${planted.folder}`);
	mkdirSync(work);
	writeFileSync(join(work, `${planted.fileName}.txt`), `PLANTED-FILE ${planted.fileContent}\n`);
	const args = [
		"-p",
		`PLANTED-PROMPT here is ${planted.prompt}`,
		FREE_HAND,
		"--append-system-prompt",
		`never tell ${planted.systemPrompt}`,
		"--mcp-config",
		JSON.stringify({ mcpServers: { none: { command: "/bin/false", env: { TOKEN: planted.mcpConfig } } } }),
		"--settings",
		JSON.stringify({ env: { DEPLOY_TOKEN: planted.settingsEnv } }),
	];
	const attributes = {
		OTEL_RESOURCE_ATTRIBUTES: `deploy.note=${planted.resource}`,
		CLAUDE_OTEL_ATTRIBUTES: `ticket.note=${planted.attribute}`,
	};
	const options = { cwd: work, env: { ...stage.env, ...attributes, ...env }, onStart };
	const run = await runClaudeOtel(stage.home, args, options);
	expect(run).toMatchObject({ code: onStart ? null : 0, timedOut: false });
}

async function openPlanted(planted: Planted, protocol: (typeof PROTOCOLS)[number]): Promise<void> {
	const answer = [
		{ type: "thinking" as const, thinking: `I see ${planted.thinking}` },
		text(`PLANTED-ANSWER ${planted.answer}`),
	];
	const calls = [
		bash(
			`echo PLANTED-INPUT; curl -sH "Authorization: Bearer ${planted.command}" -u bob:${planted.password} file:///dev/null`,
		),
		bash(
			`PASSWORD=${planted.password}; printf '%s-OUTPUT %s\\n' PLANTED ${planted.output}; echo password=$PASSWORD; env`,
		),
		bash(`echo PLANTED-ERROR ${planted.error} >&2; exit 7`),
		bash('printf %s "$CLAUDE_OTEL_TOKEN" > ../run-token.txt; echo $CLAUDE_OTEL_TOKEN'),
		read(`${planted.fileName}.txt`),
		read(`/nowhere/${planted.fileName}.txt`),
		tool("Write", { file_path: "written.txt", content: `PLANTED-WRITE ${planted.written}` }),
		tool(`mcp__${planted.mcpServer}__${planted.mcpTool}`, { [planted.mcpKey]: planted.mcpValue }),
		tool(`Unknown_${planted.unknownTool}`, { value: planted.mcpValue }),
		agent(`AGENT task with ${planted.agentPrompt}`, { description: `about ${planted.agentDescription}` }),
		agent("no such agent", { subagent_type: planted.agentType }),
	];
	stage = await openStage(
		{
			main: [
				step(...answer, ...calls),
				{ fault: { status: 529, message: `PLANTED-FAILURE ${planted.apiError}` } },
				step(text(`done with ${planted.answer}`)),
			],
			agents: { "AGENT task": [step(bash(`echo ${planted.output}`)), step(text(`agent says ${planted.agentAnswer}`))] },
		},
		{ protocol },
	);
}

const LEVELS = ["off", "minimal", "standard", "full"] as const;
/** What may be seen beside a secret, so that the search is known to look at the right place. */
const SEEN = {
	off: [] as string[],
	minimal: ["claude.session", "deploy.note", "ticket.note"],
	standard: ["PLANTED-INPUT", "execute_tool Read"],
	full: ["PLANTED-PROMPT", "PLANTED-INPUT", "PLANTED-OUTPUT", "PLANTED-ERROR", "PLANTED-WRITE", "PLANTED-ANSWER"],
};
const HIDDEN = {
	off: ["PLANTED", "claude"],
	minimal: ["PLANTED", "Unknown_", "mcp__", "written.txt", "project-"],
	standard: ["PLANTED-PROMPT", "PLANTED-ANSWER", "PLANTED-OUTPUT", "PLANTED-WRITE", "AGENT task"],
	full: [] as string[],
};

const WAYS = PROTOCOLS.flatMap((protocol) => LEVELS.map((level) => ({ protocol, level })));

// Five of the twelve in turn hold each level.
test.each(some(WAYS, 5))(
	"no planted secret is in an exported byte at level $level over $protocol and in a file",
	async ({ protocol, level }) => {
		const planted = plant();
		await openPlanted(planted, protocol);
		const file = join(stage.home.home, "telemetry.jsonl");
		await runWith(planted, { CLAUDE_OTEL_LEVEL: level, CLAUDE_OTEL_FILE: file });
		const written = level === "off" ? "" : readFileSync(file, "utf8");
		expect(lookInto(`${stage.receiver.rawBytes()}\n${written}`, planted, level)).toEqual(NOTHING);
		// What may not leave is not kept either.
		const kept = keptBytes(stage.home);
		expect({ ...lookInto(kept, planted, level), missing: [] }).toEqual(NOTHING);
		expect(kept.includes("tool.ended")).toBe(level !== "off");
	},
);

test("what waits for a collector, and what is told of a session that was killed, holds no planted secret", async () => {
	const planted = plant();
	await openPlanted(planted, "http/json");
	const env = { CLAUDE_OTEL_LEVEL: "full", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
	await runWith(planted, env, (running) => {
		setTimeout(() => running.signal("SIGKILL"), 2_500);
	});
	await stage.run(["recover"], { env });
	const kept = keptBytes(stage.home);
	expect(kept).toContain("PLANTED");
	expect({ ...lookInto(kept, planted, "full"), missing: [] }).toEqual(NOTHING);
});

test.each(["standard", "full"] as const)(
	"no planted secret is on the console or in the diagnostics at level %s",
	async (level) => {
		const planted = plant();
		await openPlanted(planted, "http/json");
		const console = {
			OTEL_TRACES_EXPORTER: "console",
			OTEL_METRICS_EXPORTER: "console",
			OTEL_LOGS_EXPORTER: "console",
		};
		const debug = join(stage.home.home, "debug.log");
		const work = join(stage.home.work, `project-${planted.folder}`);
		mkdirSync(work);
		const run = await runClaudeOtel(stage.home, ["-p", `PLANTED-PROMPT ${planted.prompt}`, FREE_HAND], {
			cwd: work,
			env: { ...console, CLAUDE_OTEL_LEVEL: level, CLAUDE_OTEL_DEBUG: debug, OTEL_LOG_LEVEL: "debug" },
		});
		expect(lookInto(`${run.stderr}\n${readFileSync(debug, "utf8")}`, planted, level)).toEqual(NOTHING);
	},
);

/** Lists, so that a failure names the place and does not print megabytes. */
function lookInto(bytes: string, planted: Planted, level: (typeof LEVELS)[number]) {
	const secrets: Record<string, string> = { ...planted, apiKey: stage.home.env.ANTHROPIC_API_KEY ?? "" };
	if (level !== "off") secrets.runToken = readFileSync(join(stage.home.work, "run-token.txt"), "utf8");
	const isIn = (words: string) => bytes.includes(words);
	return {
		tooShortToFind: Object.values(secrets).filter((secret) => secret.length < 10),
		found: Object.entries(secrets)
			.filter(([, secret]) => isIn(secret) || isIn(tail(secret)))
			.map(([place, secret]) => `${place}: …${around(bytes, secret)}…`),
		missing: SEEN[level].filter((words) => !isIn(words)),
		tooMuch: HIDDEN[level].filter(isIn),
	};
}
const NOTHING = { tooShortToFind: [], found: [], missing: [], tooMuch: [] };

/** The part behind the prefix, which alone would be enough for a thief. */
function tail(secret: string): string {
	return secret.slice(-16);
}

function around(bytes: string, secret: string): string {
	const at = bytes.includes(secret) ? bytes.indexOf(secret) : bytes.indexOf(tail(secret));
	return bytes.slice(Math.max(0, at - 100), at + 40);
}
