// One transcript file is one lane: the main loop or one subagent. What its records so far have told, and what all readers of
// records share.
import type { Json, RawFact, Tried } from "../../model/fact.ts";
import { asArray, asObject, asString, compact, type JsonObject } from "../json.ts";

export interface Lane {
	/** By the file's name; records that name another session are copies. */
	sessionId: string;
	/** The subagent whose file it is. */
	agentId?: string;
	/** Milliseconds since the epoch: older records are context of earlier runs, never facts of this one. */
	since: number;
}

/** What the records so far have told of the lane. */
export interface LaneState {
	promptId?: string;
	/** Of each record, by its uuid. */
	prompts: Map<string, string>;
	/** Last thing that can have started a request. */
	after?: number;
	/** Attempts since the last answer that failed, as far as records tell of them. */
	retries: { at: number; waitMs: number; over?: true }[];
	/** Attempts since the last answer, by the id to which the answer refers, with what each of them waited for. */
	attempts: Map<string, Attempt>;
	/** The model that the last attempt asked for. */
	attemptedModel?: string;
	/** Prompts taken out of the queue whose records are still to come. */
	dequeued: number;
	/** The last prompt, while nothing has answered it. */
	prompt?: { id: string; at: number; turnIndex?: number; isNextWaiting: boolean; waits: boolean };
	/** Prompts under which calls were asked for that have not come back. */
	calledUnder: Map<string, string>;
	/** The turn that was interrupted when the next one had been begun, and when that was. */
	interrupted?: { promptId: string; at: number };
	/** The message whose records are being written: all of them share these. */
	message?: Message;
	/** A compact_boundary waits for the summary record that names its prompt. */
	boundary?: { record: JsonObject; at: number };
	/** An agent's last message had no more tool calls: the next prompt revives it. */
	agentDone: boolean;
	agentStarts: number;
	/** The result of a call was the turn's last word (`--json-schema`): so are those of the calls beside it. */
	toolEndsTurn: boolean;
	/** `--max-budget-usd`. */
	budgetUsd?: number;
	costStates: number;
	/** The records so far are copies. */
	isCopied: boolean;
	/** The time of the last record of this run. */
	lastAt?: number;
	inRun: boolean;
	/** A prompt, a result or an answer of this run was there: what follows is of this run too, however old it says to be. */
	hasSpoken: boolean;
}

export interface Attempt {
	at: number;
	/** Claude Code has asked anew since. */
	over?: true;
	after?: number;
	model?: string;
}

interface Message {
	id: string;
	/** The attempt that it answers. */
	answers: string;
	after?: number;
	tried: Tried & { anew?: Tried };
	/** Its records lack what a stream sends last: it was cut, or never was a stream. */
	unfinished: boolean;
	/** It was cut. */
	cut: boolean;
	asksTools: boolean;
	fact: MessageFact;
}

export type MessageFact = Extract<RawFact, { kind: "message.seen" }>;

export function createLaneState(): LaneState {
	return {
		prompts: new Map(),
		retries: [],
		attempts: new Map(),
		dequeued: 0,
		calledUnder: new Map(),
		agentDone: false,
		agentStarts: 0,
		toolEndsTurn: false,
		costStates: 0,
		isCopied: false,
		inRun: false,
		hasSpoken: false,
	};
}

export function seenIn(record: JsonObject, at: number, lane: Lane, state: LaneState) {
	return compact({
		source: "transcript" as const,
		at,
		sessionId: lane.sessionId,
		promptId: state.promptId,
		agentId: lane.agentId,
		cwd: asString(record.cwd),
		claudeVersion: asString(record.version),
	});
}

/** What each fact of a record says of its place. */
export type Seen = ReturnType<typeof seenIn>;

/** The text of a message or block: a string, or the text blocks joined by line breaks. */
export function textOf(content: Json | undefined): string {
	if (typeof content === "string") return content;
	return asArray(content)
		.map((block) => asString(asObject(block)?.text) ?? "")
		.filter((text) => text !== "")
		.join("\n");
}

/** Nothing of this turn comes after this record, unless the turn goes on. */
export function readToHere(seen: Seen, lane: Lane): RawFact[] {
	const { promptId } = seen;
	return lane.agentId !== undefined || promptId === undefined ? [] : [{ ...seen, kind: "turn.read", promptId }];
}

/** The last message turns out to be the stump of a cut stream: claude goes on with its prompt. */
export function cutMessage(state: LaneState, seen: Seen): MessageFact[] {
	const { message } = state;
	if (!message?.unfinished || !wasCut(state, message, seen)) return [];
	message.cut = true;
	state.agentDone = false;
	return [{ ...message.fact, partial: true }];
}

/** The user broke it off, and not a call that it had asked for. */
export function breakOffMessage(state: LaneState, seen: Seen): MessageFact[] {
	const { message } = state;
	const answered = message?.fact.stopReason !== undefined && message.asksTools && !message.cut;
	if (answered) return [];
	return cutMessage(state, seen).map((fact) => ({ ...fact, givenUp: true }));
}

/** Stop reasons that Claude Code itself gives to a stream that was cut. */
const STOPS_OF_CUT: readonly (string | undefined)[] = [undefined, "end_turn", "tool_use"];

/**
 * An answer that was no stream looks the same as a stump that has got a stop reason; but what goes on after it is another request
 * or another prompt.
 */
function wasCut({ attempts }: LaneState, { cut, fact }: Message, { promptId, at }: Seen): boolean {
	if (cut || fact.stopReason === undefined) return true;
	const isAskedAgain = [...attempts.values()].some((attempt) => attempt.at < at);
	return STOPS_OF_CUT.includes(fact.stopReason) && fact.promptId === promptId && !isAskedAgain;
}
