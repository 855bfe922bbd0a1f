// What tells of a run (its hooks, its transcripts, claude's own telemetry, the stream of the Agent SDK) → raw facts of this
// run. What another session tells, or one of our doors cannot read, is counted and let go.
import type { Clock } from "../clock.ts";
import { createAgentReader } from "../intake/agent-payload.ts";
import { readHookPayload } from "../intake/hook-payload.ts";
import { createHookRate } from "../intake/hook-rate.ts";
import { createOtlpReader } from "../intake/otlp-payload.ts";
import type { OtlpRequest } from "../intake/otlp-server.ts";
import { createSessionFinder, isDueToHooks } from "../intake/session-finder.ts";
import { createTranscriptTail, sessionOf } from "../intake/transcript-file.ts";
import type { RawFact } from "../model/fact.ts";
import type { Pipeline, PipelineOptions } from "../pipeline.ts";

export interface WitnessOptions {
	run: PipelineOptions;
	clock: Clock;
	/** What one witness tells at once. */
	take(facts: readonly RawFact[]): void;
	/** Where claude's own telemetry goes on to as well. */
	passOn?(request: OtlpRequest): void;
	/** The transcript of a session was found. */
	onSession(sessionId: string): void;
	onDropped(source: "hook" | "native" | "transcript"): void;
	onBug(error: unknown): void;
}

export interface Witnesses extends Pick<Pipeline, "hook" | "message" | "otlp"> {
	/** Reads what the transcripts have beyond what was read. */
	look(): void;
	/** The same, when claude has gone. */
	lookLast(): void;
	/** The run's transcript is found. */
	isSettled(): boolean;
	transcriptOf(sessionId: string): string | undefined;
	/** Milliseconds since the epoch. */
	lastFactAt(): number;
	/** What was amiss, for the diagnostics. */
	problems(): string[];
}

export function createWitnesses({ run, clock, ...options }: WitnessOptions): Witnesses {
	const { onBug, onDropped } = options;
	const { startedAt, sessionPersistence, knownSessionId, forkedFrom, interactive } = run.context;
	const read: RawFact[] = [];
	const tail = createTranscriptTail(startedAt, (fact) => read.push(fact), {
		forkedFrom,
		onSkip: () => onDropped("transcript"),
	});
	const { config, cwd, claudePid } = run;
	const where = { config, cwd, claudePid, startedAt, sessionPersistence, knownSessionId };
	const finder = createSessionFinder(where, (path) => {
		tail.follow(path);
		options.onSession(sessionOf(path));
	});
	const readOtlp = createOtlpReader();
	const agent = createAgentReader({ transcript: sessionPersistence });
	const isWithinRate = createHookRate();
	/** What hooks should have told as well. */
	let due = 0;
	let lastFactAt = clock();

	function take(facts: readonly RawFact[]): void {
		if (facts.length > 0) lastFactAt = clock();
		if (run.hooked === true) due += facts.filter((fact) => isDueToHooks(fact, interactive)).length;
		options.take(facts);
	}

	function readTranscripts(): void {
		tail.poll();
		take(read.splice(0));
	}

	function guard(work: () => void, onFailure = () => {}): void {
		try {
			work();
		} catch (error) {
			onFailure();
			onBug(error);
		}
	}

	return {
		hook(body) {
			const drop = () => onDropped("hook");
			guard(() => {
				if (!isWithinRate(body) || !finder.accepts(body.json)) return drop();
				const facts = readHookPayload(body, run);
				for (const fact of facts) agent.see(fact);
				take(facts);
			}, drop);
		},
		message(json) {
			guard(() => {
				const facts = [...agent.read(json, clock())];
				// The stream is this run's alone; its first message tells which session that is.
				for (const { sessionId } of facts) finder.admits(sessionId, true);
				take(facts);
			});
		},
		otlp(request) {
			const drop = () => onDropped("native");
			guard(() => {
				options.passOn?.(request);
				const [ours, others] = partition(readOtlp(request), (fact) =>
					finder.admits(fact.sessionId, fact.promptId !== undefined),
				);
				take(ours);
				for (const _ of others) drop();
			}, drop);
		},
		look() {
			finder.look();
			readTranscripts();
		},
		lookLast() {
			finder.lookLast();
			readTranscripts();
		},
		isSettled: finder.isSettled,
		transcriptOf: (sessionId) =>
			tail.paths().find((path) => sessionOf(path) === sessionId) ?? finder.transcriptOf(sessionId),
		lastFactAt: () => lastFactAt,
		problems: () => finder.problems(due),
	};
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
	const ours: T[] = [];
	const others: T[] = [];
	for (const item of items) (belongs(item) ? ours : others).push(item);
	return [ours, others];
}
