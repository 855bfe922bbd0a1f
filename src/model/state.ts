// What is known so far of each thing that is not yet handed on. Every field is a merge that does not
// depend on the order of the facts; what the fields mean together is decided when an episode is made.
import type { CleanContent, Contents, FactOf, QuerySource, SessionSource, Source, Tried, Usage } from "./fact.ts";
import type { Told } from "./told.ts";

/** The main loop (no agent) under a prompt, or a subagent. */
export interface LaneTold {
	sessionId: string;
	agentId?: string;
	/** Of the main loop; a subagent's facts name whatever prompt is current. */
	promptId?: Told<string>;
}

/** The working directory and what was checked out there. */
export interface Where {
	cwd?: string;
	branch?: string;
	revision?: string;
}

export interface TurnState {
	sessionId: string;
	promptId: string;
	/** Arrival of each UserPromptSubmit. */
	hookPrompts: Set<number>;
	transcriptPrompt?: number;
	/** What was told of its prompts, by witness and time, until it is handed on. */
	prompts: Map<string, FactOf<"prompt.submitted">>;
	/** Prompts before it that claude answers with it. */
	together: Set<TurnState>;
	/** Nothing is done for it until another prompt comes. */
	waits: boolean;
	/** The turn in which this prompt is answered with others. */
	answeredIn?: TurnState;
	synthetic?: Told<boolean>;
	permissionMode?: Told<string>;
	where?: Told<Where>;
	lastStop?: Told<string | undefined>;
	/** By the transcript, with what ended it where that was no answer. */
	transcriptStop?: Told<string | undefined>;
	interruptedAt?: number;
	/** The transcript has been read up to here and told that nothing follows. */
	readAt?: number;
	/** Last sign of the main loop going on. */
	activeAt?: number;
	lastAt: number;
	/** A request failed for good, and that was the last thing it did. */
	failure?: Told<string>;
	handedOn: boolean;
}

export interface ToolState extends LaneTold {
	toolUseId: string;
	toolName?: Told<string>;
	mcpServer?: Told<string>;
	digest?: string;
	/** Of the input as it was run: a hook of the user's may have changed it. */
	endDigest?: string;
	requestedAt?: number;
	startedAt?: number;
	hookEnd?: FactOf<"tool.ended">;
	transcriptEnd?: FactOf<"tool.ended">;
	batchAt?: number;
	deniedAt?: number;
	decided?: Told<{ decision: "accept" | "reject"; source?: string }>;
	contents: { [role in keyof Contents<CleanContent>]: Told<CleanContent> };
	firstAt: number;
}

export interface ChatState extends LaneTold {
	messageId: string;
	requestId?: string;
	requestedModel: Told<string>;
	responseModel: Told<string>;
	usage: Usage;
	stopReason?: Told<string>;
	after?: number;
	failedAttempts?: number;
	retryMs?: number;
	anew?: Told<Tried>;
	partial: boolean;
	/** Nothing came in the place of this part. */
	givenUp: boolean;
	whole: boolean;
	webSearches: number;
	fast: boolean;
	/** By place of the block in the message. */
	answers: Map<number, CleanContent>;
	firstAt: number;
	lastAt: number;
}

export type FailureState = LaneTold & {
	fact: FactOf<"request.failed">;
	/** How long its last attempt took, as native telemetry tells. */
	durationMs?: number;
};

/** A request that the model's safeguards refused, until its message or native telemetry tells of it as answered. */
export interface RefusalState extends LaneTold {
	requestId: string;
	model?: Told<string>;
	source: Source;
	at: number;
	after?: number;
	failedAttempts?: number;
	retryMs?: number;
	anew?: Told<Tried>;
	querySource?: QuerySource;
}

export type RequestState = LaneTold & { fact: FactOf<"request.answered"> };

export interface AgentState {
	sessionId: string;
	agentId: string;
	type?: Told<string>;
	/** Starts by witness: each is a further life of the agent (SendMessage revives it). With the prompt that was current. */
	hookStarts: Map<number, string | undefined>;
	transcriptStarts: Set<number>;
	stops: Set<number>;
	/** The same of the only witness that tells of both, where neither hook nor transcript tells. */
	nativeStarts: Set<number>;
	nativeStops: Set<number>;
	/** Where it belongs, as native telemetry tells: the agent above it, and the prompt that was current. */
	nativeParent?: string;
	nativePrompt?: Told<string>;
	reads: Set<number>;
	/** When it went on after what had looked like its end. */
	actives: Set<number>;
	/** Requests of it that failed for good. */
	failures: Set<number>;
	/** Those of them after which it may have gone on: summaries of its context. */
	failedSummaries: Set<number>;
	interruptedAt?: number;
	meta?: FactOf<"agent.described">;
	firstAt: number;
	lastAt: number;
	/** Lives handed on. */
	handedOn: Set<number>;
}

export interface SessionState {
	sessionId: string;
	firstAt: number;
	lastAt: number;
	/** Arrival of each UserPromptSubmit. */
	promptTimes: Set<number>;
	/** When a hook of the user refused a prompt. */
	refusals: Set<number>;
	hookSeen: boolean;
	/** Some message was whole, and said so: one that does not was cut. */
	wholeSeen: boolean;
	transcriptSeen: boolean;
	nativeSeen: boolean;
	agentSeen: boolean;
	/** How it was begun or taken up, by the time at which that was told. */
	sources: Map<number, SessionSource>;
	ends: Map<number, string>;
	claudeVersion?: Told<string>;
	where?: Told<Where>;
	permissionMode?: Told<string>;
	baseline?: FactOf<"cost.state">;
	ledger?: FactOf<"cost.state">;
	/** The same as native telemetry tells it: of this run alone, and without how long caches were written for. */
	nativeLedger?: FactOf<"cost.state">;
}
