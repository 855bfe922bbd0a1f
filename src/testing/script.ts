// What the scripted model is told to answer, and how the step for one request is found.
// In: a Script and a request. Out: the ScriptStep that answers it.

/** One content block of an answer. */
export type ScriptBlock =
	| { type: "text"; text: string }
	| { type: "thinking"; thinking: string }
	| { type: "tool_use"; name: string; input: unknown; id?: string };

/** The five token classes that the Messages API bills. */
export type ScriptUsage = {
	input: number;
	output: number;
	cacheRead: number;
	cacheWrite5m: number;
	cacheWrite1h: number;
};

/** What goes wrong with a request instead of (or in the middle of) its answer. */
export type ScriptFault =
	| { status: number; type?: string; message?: string; retryAfterSeconds?: number }
	| { cut: "before-content" | "mid-block" | "after-block" | "error-event" }
	| { hang: true };

/** The answer to one request. Every request, a failed one and its retries included, uses up one step. */
export type ScriptStep = {
	blocks?: ScriptBlock[];
	usage?: Partial<ScriptUsage>;
	/** Default: `tool_use` when there is a tool_use block, else `end_turn`. */
	stopReason?: string;
	/** What the API tells of a `refusal`: with a category, claude asks another model. */
	stopDetails?: { type: string; category?: string | null; explanation?: string | null };
	/** Default: the model that the request asks for. */
	model?: string;
	/** Wait before the first byte. */
	delayMs?: number;
	/** Wait before each block after the first. */
	blockDelayMs?: number;
	fault?: ScriptFault;
};

export type Script =
	| {
			/** Answers to the main loop, in order. */
			main: ScriptStep[];
			/** Answers to a subagent whose first prompt contains the key; each agent goes through its list from the start. */
			agents?: Record<string, ScriptStep[]>;
			/** Answers every request for a summary of the conversation. */
			compact?: ScriptStep;
			/** Answers a lane that has no step left. */
			whenDone?: ScriptStep;
	  }
	| ((request: ScriptedRequest) => ScriptStep);

/** The part of a Messages API request that scripts look at; everything else is there as well. */
export type MessagesBody = {
	model: string;
	stream?: boolean;
	messages: { role: string; content: unknown }[];
	system?: unknown;
	[field: string]: unknown;
};

export type ScriptedOutcome =
	| "pending"
	| "answered"
	| "fault"
	| "cut"
	| "hung"
	/** The client hung up before the answer's end. */
	| "aborted";

/** One request as the scripted model saw it. */
export type ScriptedRequest = {
	/** Place in order of arrival, from 0. */
	at: number;
	/** `main`, or the id of the subagent that asks. */
	lane: string;
	agentId?: string;
	parentAgentId?: string;
	sessionId: string;
	body: MessagesBody;
	model: string;
	isCompaction: boolean;
	step: ScriptStep;
	outcome: ScriptedOutcome;
	/** Absent when no message was begun. */
	messageId?: string;
	requestId: string;
	/** What the API would bill: the whole usage once answered, what `message_start` told of a broken one, else zeros. */
	usage: ScriptUsage;
	startedAt: number;
	endedAt: number;
};

const DEFAULT_LAST_STEP: ScriptStep = { blocks: [{ type: "text", text: "Done." }] };
const DEFAULT_SUMMARY: ScriptStep = {
	blocks: [{ type: "text", text: "<summary>A summary of the conversation so far.</summary>" }],
};

/** Makes the function that answers requests from a script; it remembers how far each lane has come. */
export function followScript(script: Script): (request: ScriptedRequest) => ScriptStep {
	if (typeof script === "function") return script;

	const stepsLeft = new Map<string, ScriptStep[]>();
	return (request) => {
		if (request.isCompaction) return script.compact ?? DEFAULT_SUMMARY;
		let steps = stepsLeft.get(request.lane);
		if (steps === undefined) {
			steps = [...stepsOfLane(script, request)];
			stepsLeft.set(request.lane, steps);
		}
		return steps.shift() ?? script.whenDone ?? DEFAULT_LAST_STEP;
	};
}

function stepsOfLane(script: Exclude<Script, (...args: never) => unknown>, request: ScriptedRequest): ScriptStep[] {
	if (request.agentId === undefined) return script.main;
	const prompt = textOf(request.body.messages[0]?.content);
	// The longest key wins, so that "count" and "count the files" can stand side by side.
	const key = Object.keys(script.agents ?? {})
		.filter((candidate) => prompt.includes(candidate))
		.toSorted((a, b) => b.length - a.length)[0];
	return key === undefined ? [] : (script.agents?.[key] ?? []);
}

/** All text of a message's content, which is a string or a list of blocks. */
export function textOf(content: unknown): string {
	if (typeof content === "string") return content;
	if (!Array.isArray(content)) return "";
	return content.map((block: { text?: unknown }) => (typeof block?.text === "string" ? block.text : "")).join("\n");
}
