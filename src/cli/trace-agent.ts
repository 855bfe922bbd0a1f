// Claude's arguments → the Agent SDK's query() on the user's own claude, traced as a run of the wrapper is: the same
// doors for Claude Code's own telemetry, the same transcript, the same pipeline; only the hooks come by the SDK, and with
// them its messages. Whoever starts it hears every message, sends prompts and answers permission questions.
import { randomUUID } from "node:crypto";
import { systemClock } from "../clock.ts";
import {
	type Agent,
	type AgentEnd,
	type AgentHook,
	type AgentOptions,
	type AgentSdk,
	type SDKMessage,
	startAgent,
	type TracedAgent,
} from "../launch/agent-runner.ts";
import { envForRun } from "../launch/child-env.ts";
import { type ClaudeArgs, readClaudeArgs } from "../launch/claude-args.ts";
import { eventsOf, matcherOf } from "../launch/hook-settings.ts";
import { parseClaudeArgs, type SdkArgs, type SdkOptions } from "../launch/sdk-args.ts";
import type { Json } from "../model/fact.ts";
import type { HistoryEntry } from "../model/history.ts";
import type { Pipeline, PipelineOptions } from "../pipeline.ts";
import { type HeldPrompt, holdForAgent } from "./hold-for-agent.ts";
import { inOrder, loadPipeline } from "./load-pipeline.ts";
import { checkRedaction, newToken, traceparentOf } from "./new-run.ts";
import { type NotedRun, noteRun } from "./note-run.ts";
import { type Doors, openDoors } from "./open-doors.ts";
import { type RunContext, tellBug } from "./run-context.ts";
import { cliMistakes, missingHooks } from "./sentences.ts";
import { locateClaude, startMistake } from "./start-claude.ts";
import { finishInTime, loadSummary, tellEnd } from "./tell-end.ts";

export interface TracedAgentOptions
	extends Pick<AgentOptions, "prompt" | "onMessage" | "canUseTool" | "partialMessages" | "signals" | "onStderr">,
		Pick<PipelineOptions, "onFact" | "onEpisode" | "destination"> {
	sdk: AgentSdk;
	/** As for claude, without the prompt or with it. */
	args: readonly string[];
	context: RunContext;
	/** What a program wants of the SDK beside what the arguments say. */
	sdkOptions?: SdkOptions;
	/** The claude to run, where the environment is not to be asked; `bundled`: the one that the SDK brings along. */
	claude?: { path: string } | "bundled";
	/** Of the run, where somebody knows it before. */
	runId?: string;
	/** A person sits before it: each turn is a trace of its own, unless the user wants it otherwise. */
	interactive?: boolean;
}

export async function traceAgent(options: TracedAgentOptions): Promise<TracedAgent> {
	const { args, context } = options;
	const { config } = context;
	const read = readClaudeArgs(args, false);
	if (read.bare !== undefined) throw cliMistakes.sdkNeedsPrompt();
	const command = commandOf(options);
	const held = holdForAgent(options);
	if (config.level === "off" || config.otel.disabled) return startBare(command, options, held);
	await checkRedaction(config);
	return startTraced(command, { ...read, interactive: options.interactive === true }, options, held);
}

function commandOf({ claude, context }: TracedAgentOptions): string | undefined {
	if (claude === undefined) return locateClaude(context);
	return claude === "bundled" ? undefined : claude.path;
}

async function startBare(
	command: string | undefined,
	options: TracedAgentOptions,
	held: HeldPrompt,
): Promise<TracedAgent> {
	const { env, cwd } = options.context;
	const agent = startAgent({
		...options,
		command,
		args: sdkArgsOf(options.args, options),
		env,
		cwd,
		prompt: held.prompt,
	});
	const traced = tracedAgent(agent, agent.ended.then(held.endOf).finally(agent.release), () => []);
	await held.release(agent);
	return traced;
}

/** What the program says goes over the arguments, but for the settings, in which ours are. */
function sdkArgsOf(args: readonly string[], { sdkOptions }: TracedAgentOptions): SdkArgs {
	const parsed = parseClaudeArgs(args);
	if (sdkOptions === undefined) return parsed;
	const { settings } = parsed.options;
	return { ...parsed, options: { ...sdkOptions, ...(settings === undefined ? {} : { settings }) } };
}

async function startTraced(
	command: string | undefined,
	claudeArgs: ClaudeArgs,
	options: TracedAgentOptions,
	held: HeldPrompt,
): Promise<TracedAgent> {
	const { context } = options;
	const { config, diagnostics, env, cwd } = context;
	const onBug = tellBug(diagnostics);
	const { runId = randomUUID(), onFact, destination } = options;
	const summary = context.embedded ? undefined : await loadSummary(config);
	const onEpisode: PipelineOptions["onEpisode"] = (episode, span) => {
		summary?.episode(episode);
		options.onEpisode?.(episode, span);
	};
	const token = newToken();
	const pipeline = Promise.withResolvers<Pipeline>();
	const whenReady = inOrder(pipeline.promise, onBug);
	const tell = (work: (ready: Pipeline) => void) => void whenReady(work);
	const doors = await openDoors({
		claudeArgs,
		config,
		diagnostics,
		env,
		cwd,
		packageRoot: context.packageRoot,
		runId,
		token,
		hooksBySdk: true,
		onHook: () => {},
		onOtlp: (request) => tell((ready) => ready.otlp(request)),
		onDropped: (source) => tell((ready) => ready.dropped(source)),
	});
	const traceparent = config.propagate ? traceparentOf(runId, config) : undefined;
	const { hooked } = doors;
	const native = doors.native?.destinations;
	const noted = noteRun({ claudeArgs, runId, native, startedAt: systemClock(), destination }, context);
	const sdkArgs = sdkArgsOf(doors.args, options);
	// Where no transcript will tell them, the stream must tell the answers of agents whole.
	if (!claudeArgs.sessionPersistence) sdkArgs.options.forwardSubagentText = true;
	const agent = await startOrClose(doors, noted, {
		...options,
		command,
		args: sdkArgs,
		prompt: held.prompt,
		env: envForRun(env, { runId, token, traceparent, native: doors.native?.processEnv }),
		cwd,
		hooks: config.sources.includes("hooks") ? hooksFor(claudeArgs) : [],
		// With the pieces of an answer comes what it used, which its blocks do not tell.
		partialMessages: true,
		onHook(json) {
			const at = systemClock();
			tell((ready) => ready.hook({ at, json, bytes: 0 }));
		},
		onMessage(message) {
			tell((ready) => ready.message(message as unknown as Json));
			if (options.partialMessages || !isPiece(message)) options.onMessage?.(message);
		},
	});
	// Where this is the program, a mistake of ours costs the trace, never the session.
	const isProgram = context.embedded !== true;
	if (isProgram) process.on("uncaughtException", onBug).on("unhandledRejection", onBug);
	pipeline.promise.catch(() => {});
	const { pid: claudePid } = agent;
	if (claudePid !== undefined) noted.started(claudePid);
	pipeline.resolve(
		loadPipeline(
			{
				runId,
				context: noted.context,
				token,
				hooked,
				native,
				claudePid,
				onFact,
				onEpisode,
				destination,
				keepHistory: true,
			},
			context,
		),
	);
	let loaded: Pipeline | undefined;
	tell((ready) => {
		loaded = ready;
	});
	doors.tidy();
	const traced = tracedAgent(agent, finish(), () => loaded?.history() ?? []);
	await held.release(agent);
	return traced;

	async function finish(): Promise<AgentEnd> {
		try {
			const end = held.endOf(await agent.ended);
			await deliver(end);
			return end;
		} catch (error) {
			throw startMistake(command ?? "The Agent SDK's claude", error);
		} finally {
			await doors.close(false);
			agent.release();
			if (isProgram) process.off("uncaughtException", onBug).off("unhandledRejection", onBug);
		}
	}

	async function deliver(end: AgentEnd): Promise<void> {
		try {
			await doors.close(false);
			const finished = await finishInTime(await pipeline.promise, end, config.exitGraceMs);
			if (finished !== undefined) tellEnd(finished, summary, context);
		} catch (error) {
			onBug(error);
			if (context.stderrIsTerminal) context.writeAfter(missingHooks.bug(error));
		}
	}
}

async function startOrClose(doors: Doors, noted: NotedRun, options: AgentOptions): Promise<Agent> {
	try {
		return startAgent(options);
	} catch (error) {
		noted.forget();
		await doors.close(false);
		throw error;
	}
}

/** What hooks tell of a run with prompts that can come while tools run, and of sessions that end while it goes on. */
export function hooksFor(claudeArgs: Pick<ClaudeArgs, "sessionPersistence" | "flags">): AgentHook[] {
	const events = [...eventsOf({ ...claudeArgs, interactive: true }), "SessionStart", "SessionEnd"];
	return events.map((event) => ({ event, matcher: matcherOf(event, claudeArgs) }));
}

/** What comes only with the pieces of answers. */
function isPiece(message: SDKMessage): boolean {
	if (message.type === "stream_event") return true;
	return message.type === "system" && message.subtype === "status" && message.status === "requesting";
}

function tracedAgent(agent: Agent, ended: Promise<AgentEnd>, history: () => HistoryEntry[]): TracedAgent {
	ended.catch(() => {});
	return {
		get pid() {
			return agent.pid;
		},
		send: agent.send,
		close: agent.close,
		interrupt: agent.interrupt,
		stop: agent.stop,
		query: agent.query,
		ended,
		history,
	};
}
