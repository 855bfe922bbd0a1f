// Messages of the Agent SDK → what the session has taken so far, as claude's own ledger says it, and its line. With /clear
// another session begins.
import type { SDKMessage, SDKResultMessage } from "../../launch/agent-runner.ts";
import type { Theme } from "./theme.ts";
import { besideSign } from "./wrap-words.ts";

export interface SessionFigures {
	turns: number;
	/** All models together, side requests and subagents too. */
	input: number;
	output: number;
	cacheRead: number;
	cacheWritten: number;
	usd: number;
	tools: number;
	/** What the last answer had before it, and with it; undefined: unknown. */
	contextTokens?: number;
	contextWindow?: number;
	/** The one that answers. */
	model?: string;
}

export interface FiguresCollector {
	message(message: SDKMessage): void;
	figures(): SessionFigures;
}

const NOTHING: SessionFigures = { turns: 0, input: 0, output: 0, cacheRead: 0, cacheWritten: 0, usd: 0, tools: 0 };

export function collectSessionFigures(): FiguresCollector {
	let figures = { ...NOTHING };
	const calls = new Set<string>();
	return {
		message(message) {
			if (message.type === "conversation_reset") {
				figures = { ...NOTHING };
				calls.clear();
			}
			if (message.type === "system" && message.subtype === "init") figures.model = message.model;
			if (message.type === "assistant") {
				for (const block of message.message.content) if (block.type === "tool_use") calls.add(block.id);
				figures.tools = calls.size;
			}
			if (message.type === "stream_event" && message.parent_tool_use_id === null) noteContext(message.event, figures);
			if (message.type === "result") noteResult(message, figures);
		},
		figures: () => figures,
	};
}

type StreamEvent = Extract<SDKMessage, { type: "stream_event" }>["event"];

function noteContext(event: StreamEvent, figures: SessionFigures): void {
	if (event.type !== "message_delta") return;
	const { input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: written } = event.usage;
	figures.contextTokens = (input ?? 0) + (read ?? 0) + (written ?? 0) + event.usage.output_tokens;
}

/** Commands that claude answers by itself have a result too. */
export function isTurn({ num_turns: asked, is_error: failed }: SDKResultMessage): boolean {
	return asked > 0 || failed;
}

/** The ledger is the whole session's; each result says it anew. */
function noteResult(result: SDKResultMessage, figures: SessionFigures): void {
	const models = Object.entries(result.modelUsage);
	const sum = (of: (usage: (typeof models)[number][1]) => number) =>
		models.reduce((total, [, usage]) => total + of(usage), 0);
	if (isTurn(result)) figures.turns++;
	figures.input = sum((usage) => usage.inputTokens);
	figures.output = sum((usage) => usage.outputTokens);
	figures.cacheRead = sum((usage) => usage.cacheReadInputTokens);
	figures.cacheWritten = sum((usage) => usage.cacheCreationInputTokens);
	figures.usd = result.total_cost_usd;
	const [, main] = models.find(([name]) => name === figures.model) ?? models[0] ?? [];
	if (main !== undefined && main.contextWindow > 0) figures.contextWindow = main.contextWindow;
}

/** @param ok the turn that has just ended went well */
export function showSessionLine(
	figures: SessionFigures,
	ok: boolean,
	{ color, icons }: Theme,
	columns: number,
): string[] {
	const { turns, input, output, cacheRead, cacheWritten, usd, tools, contextTokens, contextWindow } = figures;
	const parts = [
		counted(turns, "turn"),
		`${show(input)} in, ${show(output)} out`,
		`cache ${show(cacheRead)} read, ${show(cacheWritten)} written`,
		showUsd(usd),
		...(contextTokens === undefined || contextWindow === undefined
			? []
			: [`context ${Math.round((100 * contextTokens) / contextWindow)}%`]),
		counted(tools, "tool call"),
	];
	return besideSign(ok ? icons.done : icons.failed, color.dim(parts.join(" · ")), columns);
}

const LEAST_USD = 0.0001;

function showUsd(usd: number): string {
	return usd > 0 && usd < LEAST_USD ? `<$${LEAST_USD}` : `$${usd.toFixed(4)}`;
}

function counted(count: number, noun: string): string {
	return `${show(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function show(count: number): string {
	return count.toLocaleString("en-US");
}
