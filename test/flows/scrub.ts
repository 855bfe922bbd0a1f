// A recording of a real session → a scenario folder that may be published: ids, times, usage and structure stay;
// of texts only what the recorder wrote itself, and the short marks that our readers look for.
// `node test/flows/scrub.ts RECORDING SCENARIO "what it shows"`; README.md beside this says what a recording holds.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Json } from "../../src/model/fact.ts";

type Dict = { [key: string]: Json };

/** Told by default, when the scenario is played. */
const WORKING_DIRECTORY = "/home/dev/project";
const HERE = import.meta.dirname;
const HOOK_TABLE = JSON.parse(readFileSync(join(HERE, "../../hooks/hook-table.json"), "utf8")) as Dict;

/** What our readers look for in Claude Code's own sentences. */
const MARKS =
	/^(?:Error: )?Exit code \d+|Command timed out after [\w.]+|\[Request interrupted by user[^\]]*\]|<task-notification>|<\/?tool_use_error>|No such tool available|InputValidationError|"resumedAgentId":"[\w-]+"|^<(?:command-name|command-message|local-command-[a-z]+)>/g;

/** Fields of a record that are scalars and stay as they are. */
const PLAIN_FIELDS = [
	"type",
	"subtype",
	"timestamp",
	"promptId",
	"isMeta",
	"turnOrigin",
	"turnPosition",
	"turnCompanion",
	"queueTranscriptOnly",
	"permissionMode",
	"isVisibleInTranscriptOnly",
	"isCompactSummary",
	"permissionDecision",
	"toolDenialKind",
	"toolDenialBeforeRun",
	"toolEndsTurn",
	"requestId",
	"requestRef",
	"requestSessionId",
	"requestedModel",
	"apiBlockIndex",
	"isApiErrorMessage",
	"apiErrorStatus",
	"apiErrorType",
	"streamCutCause",
	"compactMetadata",
	"retryInMs",
	"retryAttempt",
	"maxRetries",
	"trigger",
	"originalModel",
	"fallbackModel",
	"totalCostUSD",
	"modelUsage",
	"id",
];
const HOOK_FIELDS = [
	"session_id",
	"prompt_id",
	"permission_mode",
	"hook_event_name",
	"agent_id",
	"agent_type",
	"tool_name",
	"tool_input",
	"tool_use_id",
	"duration_ms",
	"is_interrupt",
	"mcp_server",
	"reason",
	"source",
	"notification_type",
	"from_model",
	"to_model",
];
/** Texts of a tool's answer that come from the command, not from Claude Code. */
const ANSWER_TEXTS = new Set([
	"stdout",
	"stderr",
	"status",
	"agentId",
	"resumedAgentId",
	"revivedAgentId",
	"backgroundTaskId",
	"filePath",
	"type",
]);

const [recording, scenario, about] = process.argv.slice(2);
if (recording === undefined || scenario === undefined || about === undefined) {
	throw new Error('usage: node test/flows/scrub.ts RECORDING SCENARIO "what it shows"');
}
scrub(recording, join(HERE, scenario), about);

function scrub(from: string, to: string, what: string): void {
	rmSync(to, { recursive: true, force: true });
	mkdirSync(to, { recursive: true });
	const hooks = [...readLines(join(from, "hooks.jsonl")), ...readLines(join(from, "session-hooks.jsonl"))];
	const runs = readRuns(from, hooks);
	const interactive = runs.some((run) => run.interactive);
	const lines = hooks
		.filter(({ payload }) => isRegistered(String((payload as Dict).hook_event_name), interactive))
		.toSorted((a, b) => Number(a.arrivedAt) - Number(b.arrivedAt))
		.map(({ arrivedAt, payload }) => ({ arrivedAt: arrivedAt ?? 0, payload: scrubHook(payload as Dict) }));
	writeLines(join(to, "hooks.jsonl"), lines);
	for (const project of list(join(from, "projects"))) {
		for (const path of walk(join(from, "projects", project))) scrubTranscript(path, to);
	}
	const { billed, billedCut } = JSON.parse(readFileSync(join(from, "billed.json"), "utf8")) as Dict;
	writeFileSync(
		join(to, "scenario.json"),
		`${withoutPaths(JSON.stringify({ about: what, runs, billed, billedCut }, undefined, "\t"))}\n`,
	);
}

function readRuns(from: string, hooks: Dict[]): Dict[] {
	const told = JSON.parse(readFileSync(join(from, "runs.json"), "utf8")) as Dict[];
	if (told.length > 0) {
		return told.map(({ args, startedAt, endedAt, code, signal }) => {
			return {
				args: args ?? [],
				interactive: false,
				startedAt: Math.floor(Number(startedAt)),
				endedAt: Math.ceil(Number(endedAt)),
				exitCode: code ?? null,
				signal: signal ?? null,
			};
		});
	}
	// Interactive recordings tell only when claude wrote its file of the process; it exits soon after its last hook.
	const process = list(from).find((name) => /^during-sessions-\d+\.json$/.test(name));
	const first = Math.min(...hooks.map(({ arrivedAt }) => Number(arrivedAt)));
	const startedAt =
		process === undefined
			? first - 1000
			: Number((JSON.parse(readFileSync(join(from, process), "utf8")) as Dict).startedAt);
	const endedAt = Math.max(...hooks.map(({ arrivedAt }) => Number(arrivedAt))) + 20;
	return [
		{
			args: [],
			interactive: true,
			startedAt: Math.floor(startedAt),
			endedAt: Math.ceil(endedAt),
			exitCode: 0,
			signal: null,
		},
	];
}

/** As in a run of ours: the hook table, and SessionEnd in interactive use alone. */
function isRegistered(event: string, interactive: boolean): boolean {
	return event === "SessionEnd" ? interactive : JSON.stringify(HOOK_TABLE).includes(`"${event}"`);
}

function scrubHook(payload: Dict): Dict {
	const kept = pick(payload, HOOK_FIELDS);
	if (withoutPaths(String(payload.cwd)) !== WORKING_DIRECTORY) kept.cwd = payload.cwd ?? "";
	if (typeof payload.prompt === "string") {
		kept.prompt = payload.prompt.startsWith("<") ? marksOf(payload.prompt) : payload.prompt;
	}
	if (payload.tool_response !== undefined) kept.tool_response = scrubAnswer(payload.tool_response);
	if (typeof payload.error === "string") {
		kept.error = payload.hook_event_name === "StopFailure" ? payload.error : marksOf(payload.error);
	}
	if (Array.isArray(payload.tool_calls)) {
		kept.tool_calls = payload.tool_calls.map((call) => pick(call as Dict, ["tool_use_id", "tool_name"]));
	}
	return kept;
}

function scrubAnswer(answer: Json): Json {
	if (typeof answer === "string") return marksOf(answer);
	if (typeof answer !== "object" || answer === null || Array.isArray(answer))
		return Array.isArray(answer) ? [] : answer;
	return Object.fromEntries(
		Object.entries(answer).flatMap(([key, value]): [string, Json][] => {
			if (typeof value === "string") return [[key, ANSWER_TEXTS.has(key) ? value : "<text>"]];
			return typeof value === "object" ? [] : [[key, value]];
		}),
	);
}

function scrubTranscript(path: string, to: string): void {
	const inSession = /([^/]+\/subagents\/)?[^/]+$/.exec(path)?.[0] ?? basename(path);
	const target = join(to, "transcripts", inSession);
	mkdirSync(dirname(target), { recursive: true });
	if (path.endsWith(".meta.json")) {
		const meta = JSON.parse(readFileSync(path, "utf8")) as Dict;
		const fields = ["agentType", "toolUseId", "parentAgentId", "spawnDepth", "requestShape"];
		writeFileSync(target, `${JSON.stringify(pick(meta, fields))}\n`);
	} else if (path.endsWith(".jsonl")) {
		const records = readLines(path).map(scrubRecord);
		// Of records that tell nothing, one stands for all that follow each other.
		const isEmpty = (record: Dict | undefined) => record !== undefined && Object.keys(record).length === 1;
		writeLines(
			target,
			records.filter((record, at) => !isEmpty(record) || !isEmpty(records[at - 1])),
		);
	}
}

function scrubRecord(record: Dict): Dict {
	switch (record.type) {
		case "user":
		case "assistant":
		case "system":
		case "cost-state": {
			const kept = pick(record, PLAIN_FIELDS);
			if (record.type === "user") Object.assign(kept, pick(record, ["cwd", "version"]));
			if (record.type === "system" || record.isApiErrorMessage === true) Object.assign(kept, pick(record, ["uuid"]));
			if (record.type === "cost-state") kept.modelUsage = scrubLedger(record.modelUsage as Dict);
			if (record.message !== undefined) kept.message = scrubMessage(record, record.message as Dict);
			if (record.promptSubmitEnding !== undefined) {
				const { ending } = record.promptSubmitEnding as Dict;
				kept.promptSubmitEnding = { ending: pick(ending as Dict, ["kind"]) };
			}
			if (record.userFeedback !== undefined) kept.userFeedback = "<text>";
			if (record.origin !== undefined) kept.origin = pick(record.origin as Dict, ["kind"]);
			if (record.toolUseResult !== undefined) kept.toolUseResult = scrubAnswer(record.toolUseResult);
			if (record.error !== undefined) kept.error = scrubError(record.error);
			if (record.compactMetadata !== undefined) {
				kept.compactMetadata = pick(record.compactMetadata as Dict, [
					"trigger",
					"preTokens",
					"postTokens",
					"durationMs",
				]);
			}
			return kept;
		}
		case "attachment":
			return scrubAttachment(record);
		case "queue-operation":
			return pick(record, ["type", "timestamp", "operation"]);
		case "api-request":
			return { ...pick(record, ["type", "timestamp", "id"]), params: pick(record.params as Dict, ["model"]) };
		default:
			return pick(record, ["type"]);
	}
}

/** Those that tell of a limit. */
function scrubAttachment(record: Dict): Dict {
	const { type, total, maxTurns } = record.attachment as Dict;
	if (type === "budget_usd") return { ...pick(record, ["type", "timestamp"]), attachment: { type, total: total ?? 0 } };
	if (type === "queued_command") return scrubQueued(record);
	if (type !== "max_turns_reached") return pick(record, ["type"]);
	return { ...pick(record, ["type", "timestamp"]), attachment: { type, maxTurns: maxTurns ?? 0 } };
}

function scrubQueued(record: Dict): Dict {
	const { type, origin, prompt } = record.attachment as Dict;
	const kind = (origin as Dict | undefined)?.kind ?? "";
	const text = kind === "human" ? (prompt ?? "") : marksOf(String(prompt));
	return { ...pick(record, ["type", "timestamp"]), attachment: { type: type ?? "", origin: { kind }, prompt: text } };
}

function scrubLedger(models: Dict): Dict {
	const fields = [
		"inputTokens",
		"outputTokens",
		"cacheReadInputTokens",
		"cacheCreationInputTokens",
		"cacheCreationEphemeral5mInputTokens",
		"cacheCreationEphemeral1hInputTokens",
		"costUSD",
	];
	return Object.fromEntries(Object.entries(models).map(([model, usage]) => [model, pick(usage as Dict, fields)]));
}

function scrubMessage(record: Dict, message: Dict): Dict {
	const kept = pick(message, ["id", "model", "role", "stop_reason", "stop_details"]);
	if (message.usage !== undefined) {
		const fields = [
			"input_tokens",
			"output_tokens",
			"cache_read_input_tokens",
			"cache_creation_input_tokens",
			"cache_creation",
		];
		kept.usage = pick(message.usage as Dict, fields);
	}
	const byHand = record.type === "assistant" ? record.isApiErrorMessage !== true : isTyped(record);
	const { content } = message;
	kept.content = Array.isArray(content)
		? content.map((block) => scrubBlock(block as Dict, byHand))
		: byHand && typeof content === "string"
			? content
			: marksOf(String(content));
	return kept;
}

/** What the recorder typed; all else in user records is Claude Code's. */
function isTyped(record: Dict): boolean {
	const text = JSON.stringify((record.message as Dict).content);
	const typed = record.turnOrigin === "human" || record.turnOrigin === "sdk";
	return (
		typed &&
		record.isMeta !== true &&
		record.isCompactSummary !== true &&
		record.agentId === undefined &&
		!text.startsWith('"<')
	);
}

function scrubBlock(block: Dict, byHand: boolean): Dict {
	switch (block.type) {
		case "text":
			return { type: "text", text: byHand ? (block.text ?? "") : marksOf(String(block.text)) };
		case "tool_use":
			return pick(block, ["type", "id", "name", "input"]);
		case "tool_result":
			return { ...pick(block, ["type", "tool_use_id", "is_error"]), content: scrubResult(block.content ?? "") };
		default:
			return { type: block.type ?? "unknown" };
	}
}

function scrubResult(content: Json): Json {
	if (!Array.isArray(content)) return marksOf(String(content));
	return content.map((block) => scrubBlock(block as Dict, false));
}

function scrubError(error: Json): Json {
	if (typeof error !== "object" || error === null || Array.isArray(error)) return error;
	const kept = pick(error, ["status", "requestId"]);
	if (typeof error.connection === "object" && error.connection !== null) kept.connection = {};
	if (error.formatted !== undefined || error.message !== undefined) kept.formatted = "<text>";
	return kept;
}

/** `Exit code 3\nls: no such file` → `Exit code 3\n<text>`. */
function marksOf(text: string): string {
	const marks = text.match(MARKS) ?? [];
	const closes = marks.at(-1) === "</tool_use_error>";
	const kept = closes ? marks.slice(0, -1) : marks;
	const inner = `${kept.join(kept[0] === "<tool_use_error>" ? "" : "\n")}${kept.length > 0 && !closes ? "\n" : ""}<text>`;
	return closes ? `${inner}</tool_use_error>` : inner;
}

function pick(from: Dict, keys: readonly string[]): Dict {
	return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]]))) as Dict;
}

/** The recorder's home becomes /home/dev, its working directory /home/dev/project. */
function withoutPaths(text: string): string {
	return text
		.replaceAll(/\/tmp\/claude-home-\w+[/]work\b/g, WORKING_DIRECTORY)
		.replaceAll(/\/tmp\/claude-home-\w+/g, "/home/dev")
		.replaceAll(/-tmp-claude-home-\w+-work/g, "-home-dev-project");
}

function readLines(path: string): Dict[] {
	if (!list(dirname(path)).includes(basename(path))) return [];
	const lines = readFileSync(path, "utf8").split("\n");
	return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Dict);
}

function writeLines(path: string, lines: readonly Dict[]): void {
	writeFileSync(path, lines.map((line) => `${withoutPaths(JSON.stringify(line))}\n`).join(""));
}

function list(folder: string): string[] {
	return readdirSync(folder);
}

function walk(folder: string): string[] {
	return list(folder).flatMap((name) => {
		const path = join(folder, name);
		return statSync(path).isDirectory() ? walk(path) : [path];
	});
}
