// Messages of the Agent SDK → the lines of the conversation, and what goes on just now. Knows no terminal: who owns the
// screen says how wide it is and shows what comes out.
import stringWidth from "string-width";
import type { SDKMessage } from "../../launch/agent-runner.ts";
import { showDuration } from "../show-duration.ts";
import { renderMarkdown } from "./markdown.ts";
import { createMarkdownStream, type Settled } from "./markdown-stream.ts";
import { showPanel } from "./panel.ts";
import { endOf, plainText } from "./plain-text.ts";
import { replWords } from "./sentences.ts";
import type { Theme } from "./theme.ts";
import { inputWords, resultWords, toolName } from "./tool-words.ts";
import { besideSign } from "./wrap-words.ts";

export interface ConversationOptions {
	theme: Theme;
	/** For paths. */
	cwd: string;
	columns(): number;
	/** Milliseconds, of a clock that only goes on. */
	now(): number;
	show(lines: readonly string[]): void;
}

export interface ConversationView {
	message(message: SDKMessage): void;
	/** A question to the user about a call holds it up from now on; gives back what ends it. */
	asked(toolUseId: string): (answer: "allowed" | "denied") => void;
	/** The user wants the turn to end. */
	cancelled(): void;
	/** What goes on, in a few words; undefined: nothing that is worth a line. */
	status(): string | undefined;
}

interface Call {
	name: string;
	input: unknown;
	startedAt: number;
	/** How long it has waited for the user. */
	waitedMs: number;
	denied: boolean;
	depth: string;
}

type Of<T extends SDKMessage["type"]> = Extract<SDKMessage, { type: T }>;

/** Of what is being written the end is shown. */
const WAITING_MAX = 500;
/** A spinner, and air. */
const BESIDE_STATUS = 4;
const AGENT_INDENT = "  ";

export function createConversationView(options: ConversationOptions): ConversationView {
	const { theme, cwd, columns, now, show } = options;
	const { color, icons } = theme;
	/** An answer stands beside its sign. */
	const beside = " ".repeat(stringWidth(icons.answer) + 1);
	const calls = new Map<string, Call>();
	/** Answers whose pieces came: they have been shown when they are whole. */
	const streamed = new Set<string>();
	let stream = createMarkdownStream();
	let signed = false;
	/** Claude has said how the answer ended. */
	let whole = false;
	let lastCall: string | undefined;
	let doing: string | undefined;
	let cancelling = false;

	function message(it: SDKMessage): void {
		switch (it.type) {
			case "stream_event":
				return it.parent_tool_use_id === null ? piece(it.event) : undefined;
			case "assistant":
				return answer(it);
			case "user":
				return results(it);
			case "result":
				return ended(it);
			case "system":
				return system(it);
			case "conversation_reset":
				return show([color.dim(replWords.cleared())]);
			default:
		}
	}

	function piece(event: Of<"stream_event">["event"]): void {
		if (event.type === "message_start") {
			streamed.add(event.message.id);
			whole = false;
			signed = false;
		}
		if (event.type === "content_block_start") {
			const block = event.content_block;
			if (block.type === "text") startText();
			doing = block.type === "tool_use" ? replWords.preparing(toolName(block.name)) : replWords.thinking();
		}
		if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
			showText(stream.push(event.delta.text));
			doing = endOf(stream.waiting().slice(-WAITING_MAX), columns() - BESIDE_STATUS) || doing;
		}
		if (event.type === "content_block_stop") showText(stream.end());
		if (event.type === "message_delta") whole = true;
		if (event.type === "message_stop" && signed && !whole && !cancelling) show([color.dim(replWords.cutOff())]);
	}

	function startText(): void {
		stream = createMarkdownStream();
		signed = false;
	}

	function showText({ source, continued }: Settled): void {
		const lines = renderMarkdown(source, theme, columns() - beside.length);
		if (lines.length === 0) return;
		const placed = lines.map((line, at) => {
			if (at === 0 && !signed) return `${icons.answer} ${line}`;
			return line === "" ? "" : `${beside}${line}`;
		});
		show(signed && !continued ? ["", ...placed] : placed);
		signed = true;
		lastCall = undefined;
	}

	function answer({ message: said, parent_tool_use_id: parent, error }: Of<"assistant">): void {
		for (const block of said.content) {
			if (block.type === "tool_use") startCall(block.id, block.name, block.input, parent);
			// What an error says stands in the result, too.
			if (block.type === "text" && parent === null && error === undefined && !streamed.has(said.id)) {
				startText();
				showText({ source: block.text, continued: false });
			}
		}
	}

	function startCall(id: string, name: string, input: unknown, parent: string | null): void {
		if (calls.has(id)) return;
		const depth = parent === null ? "" : AGENT_INDENT;
		calls.set(id, { name, input, startedAt: now(), waitedMs: 0, denied: false, depth });
		const head = color.bold(toolName(name));
		const words = inputWords(input, cwd, roomBeside(depth, toolName(name)));
		show(besideSign(`${depth}${icons.tool}`, words === "" ? head : `${head} ${color.dim(words)}`, columns()));
		lastCall = id;
	}

	function results({ message: { content }, tool_use_result: told }: Of<"user">): void {
		if (typeof content === "string") return;
		for (const block of content) {
			if (block.type !== "tool_result") continue;
			// What claude is told of an agent that goes on is for claude alone.
			const words = isLaunch(told) ? replWords.background() : block.content;
			endCall(block.tool_use_id, block.is_error === true, words);
		}
	}

	function endCall(id: string, failed: boolean, content: unknown): void {
		const call = calls.get(id);
		if (call === undefined) return;
		calls.delete(id);
		const { name, input, startedAt, waitedMs, depth } = call;
		const stopped = failed && cancelling;
		const took = showDuration(now() - startedAt - waitedMs);
		const verdict = call.denied ? replWords.denied() : stopped ? replWords.cancelledCall() : took;
		// Calls that went on at once are told apart by what was put in.
		const which = lastCall === id ? "" : inputWords(input, cwd, roomBeside(depth, toolName(name)) / 3);
		const sign = `${depth}${failed ? icons.failed : icons.ok}`;
		const head = `${toolName(name)}${which === "" ? "" : ` ${color.dim(which)}`}`;
		const room = roomBeside(depth, `${toolName(name)} ${which} ${verdict}`);
		const words = call.denied || stopped ? "" : resultWords(content, room);
		const paint = failed ? color.red : color.dim;
		show(besideSign(sign, `${head} ${color.dim(verdict)}${words === "" ? "" : ` ${paint(words)}`}`, columns()));
		lastCall = undefined;
	}

	/** Beside a sign, a name and the air between them. */
	function roomBeside(depth: string, name: string): number {
		return Math.max(columns() - depth.length - name.length - 6, 10);
	}

	function ended(result: Of<"result">): void {
		showText(stream.end());
		if (cancelling) for (const id of calls.keys()) endCall(id, true, "");
		doing = undefined;
		if (cancelling) show([color.red(replWords.cancelled())]);
		else if (result.is_error) showError(result);
		cancelling = false;
	}

	function showError(result: Of<"result">): void {
		const told = result.subtype === "success" ? [result.result] : result.errors;
		const lines = told.flatMap((text) => plainText(text).split("\n"));
		show(
			showPanel(`${icons.failed} ${replWords.failed(result.subtype)}`, lines, { columns: columns(), color, bad: true }),
		);
	}

	function system(it: Of<"system">): void {
		if (it.subtype === "api_retry") {
			doing = replWords.retrying(it.attempt, it.max_retries, Math.ceil(it.retry_delay_ms / 1000));
		}
		if (it.subtype === "status" && it.status === "compacting") doing = replWords.compacting();
		if (it.subtype === "compact_boundary") show([color.dim(replWords.compacted())]);
		if (it.subtype === "local_command_output") show(renderMarkdown(it.content, theme, columns()));
	}

	return {
		message,
		asked(id) {
			const call = calls.get(id);
			const since = now();
			return (verdict) => {
				if (call === undefined) return;
				call.waitedMs += now() - since;
				call.denied = verdict === "denied";
			};
		},
		cancelled() {
			cancelling = true;
		},
		status() {
			if (cancelling) return replWords.cancelling();
			const running = [...calls.values()].at(-1);
			if (running === undefined) return doing;
			const seconds = Math.floor((now() - running.startedAt - running.waitedMs) / 1000);
			return replWords.running(
				toolName(running.name),
				inputWords(running.input, cwd, columns()),
				calls.size - 1,
				seconds,
			);
		},
	};
}

function isLaunch(told: unknown): boolean {
	return (told as { isAsync?: unknown } | null | undefined)?.isAsync === true;
}
