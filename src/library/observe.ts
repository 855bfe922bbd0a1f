// A query of a program's own → the same query, whose messages become a trace on their way. The transcript that claude
// writes is read beside it; hooks come where the program has let its options be instrumented.
import { randomBytes } from "node:crypto";
import { newToken } from "../cli/new-run.ts";
import { systemClock } from "../clock.ts";
import { projectMark } from "../intake/claude-files.ts";
import type { Query, SDKMessage } from "../launch/agent-runner.ts";
import type { Json } from "../model/fact.ts";
import { redactionMark, toldOf } from "../pipeline/run-context.ts";
import type { Pipeline, PipelineOptions } from "../pipeline.ts";
import type { Events } from "./events.ts";
import type { ObserveOptions, Settings } from "./settings.ts";

export interface Observation extends Settings {
	runId: string;
	events: Events;
	destination: PipelineOptions["destination"];
	onEpisode: PipelineOptions["onEpisode"];
	/** The session shows itself: what its hooks have told and will tell goes to `take`. */
	onSession(sessionId: string, take: (payload: Record<string, Json>, at: number) => void): void;
}

export interface Observed {
	query: Query;
	/** Resolves when the query has ended and its trace is delivered. */
	done: Promise<void>;
}

const DIGEST_KEY_BYTES = 32;

export function observeQuery(query: Query, options: ObserveOptions, observation: Observation): Observed {
	const { diagnostics, events } = observation;
	const pipeline = startFor(options, observation);
	const done = Promise.withResolvers<void>();
	const sessions = new Set<string>();
	let failed = false;
	let finished: Promise<void> | undefined;

	const onBug = (error: unknown) =>
		diagnostics.say("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
	const tell = (work: (ready: Pipeline) => void) => void pipeline.then(work).catch(onBug);

	function note(message: SDKMessage): void {
		const at = systemClock();
		const sessionId = message.session_id;
		if (sessionId !== undefined && !sessions.has(sessionId)) {
			sessions.add(sessionId);
			observation.onSession(sessionId, (json, arrival) => tell((ready) => ready.hook({ at: arrival, json, bytes: 0 })));
		}
		events.message(message, at);
		tell((ready) => ready.message(message as unknown as Json));
		if (message.type === "result") failed = message.is_error;
	}

	/** The program's loop goes on when the trace is delivered, or the time for that is over. */
	function finish(): Promise<void> {
		finished ??= deliver().catch(onBug).finally(done.resolve);
		return finished;
	}

	async function deliver(): Promise<void> {
		const ready = await pipeline;
		const { undelivered } = await ready.finish({ exitCode: failed ? 1 : 0 });
		if (undelivered !== undefined) diagnostics.say("warn", undelivered);
	}

	async function through(step: Promise<IteratorResult<SDKMessage, void>>): Promise<IteratorResult<SDKMessage, void>> {
		try {
			const result = await step;
			if (result.done) await finish();
			else note(result.value);
			return result;
		} catch (error) {
			failed = true;
			await finish();
			throw error;
		}
	}

	const steps = {
		next: () => through(query.next()),
		return: (value: void) => through(query.return(value)),
		throw: (error: unknown) => through(query.throw(error)),
	};
	const observed = new Proxy(query, {
		get(target, name) {
			if (name === "next" || name === "return" || name === "throw") return steps[name];
			if (name === Symbol.asyncIterator) return () => observed;
			const value: unknown = Reflect.get(target, name, target);
			return typeof value === "function" ? value.bind(target) : value;
		},
	});
	return { query: observed, done: done.promise };
}

async function startFor(options: ObserveOptions, observation: Observation): Promise<Pipeline> {
	const { config, diagnostics, runId, destination, onEpisode, events } = observation;
	const startedAt = systemClock();
	const { cwd = process.cwd() } = options;
	const { startPipeline } = await import("../pipeline.ts");
	return startPipeline({
		config,
		runId,
		context: {
			told: toldOf(config, false),
			redaction: redactionMark(config),
			startedAt,
			project: projectMark(cwd),
			claudeConfigDir: config.claudeConfigDir,
			sessionPersistence: options.transcript !== false,
			sessionSource: "startup",
			interactive: false,
			argsCount: 0,
			argsPreview: "",
			native: false,
		},
		token: newToken(),
		digestKey: randomBytes(DIGEST_KEY_BYTES),
		cwd,
		claudePid: undefined,
		diagnostics,
		writeAfter: (line) => diagnostics.say("info", line),
		destination,
		onEpisode,
		onFact: events.fact,
	});
}
