// Plays a scenario through the real code: hook payloads and transcript files → intake → privacy → model → signals.
// Either all at once and then `settle`, or live: every 200 ms what was there by then, and `advance`.
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createHookBodyReader } from "../../src/intake/hook-body.ts";
import { readHookPayload } from "../../src/intake/hook-payload.ts";
import { createSessionFinder } from "../../src/intake/session-finder.ts";
import { createTranscriptTail } from "../../src/intake/transcript-file.ts";
import { previewArgs } from "../../src/launch/args-preview.ts";
import { readClaudeArgs } from "../../src/launch/claude-args.ts";
import { END_EVENT, eventsOf, matcherOf } from "../../src/launch/hook-settings.ts";
import type { ModelOutput } from "../../src/model/episode.ts";
import type { Fact, RawFact, Usage } from "../../src/model/fact.ts";
import { createModel } from "../../src/model/model.ts";
import { createOwnPrompts } from "../../src/model/own-prompts.ts";
import { createPricing } from "../../src/model/pricing.ts";
import { createPrivacy } from "../../src/privacy/privacy.ts";
import { createInMemorySignals, type Exported } from "../signals/in-memory.ts";

export interface ScenarioRun {
	args: string[];
	interactive: boolean;
	startedAt: number;
	endedAt: number;
	exitCode: number | null;
	signal: string | null;
}

interface Billed {
	input: number;
	output: number;
	cacheRead: number;
	cacheWrite5m: number;
	cacheWrite1h: number;
}

export interface Scenario {
	name: string;
	folder: string;
	about: string;
	runs: ScenarioRun[];
	/** What the scripted model answered to the end, over all runs, by model; and what it had begun before a cut. */
	billed: Record<string, Billed>;
	billedCut: Record<string, Billed>;
}

export interface PlayOptions {
	level?: "minimal" | "standard" | "full";
	live?: boolean;
	shape?: "session" | "turn";
	/** Every recorded hook, as installed hooks tell them; else those that a run of the wrapper registers. */
	allHooks?: boolean;
}

const HOME = "/home/dev";
const CWD = `${HOME}/project`;
const PROJECT_FOLDER = "-home-dev-project";
const FOLDER = import.meta.dirname;
const TICK_MS = 200;
/** Claude Code writes its transcript in batches, about so far behind. */
const FLUSH_LAG_MS = 100;
/** The answer of a local command is stamped up to so much later than claude's exit. */
const EXIT_SLACK_MS = 100;

export function scenarios(): Scenario[] {
	return readdirSync(FOLDER)
		.filter((name) => statSync(join(FOLDER, name)).isDirectory())
		.map((name) => {
			const folder = join(FOLDER, name);
			const told = JSON.parse(readFileSync(join(folder, "scenario.json"), "utf8")) as Omit<Scenario, "name" | "folder">;
			return { name, folder, ...told };
		});
}

export function runIdOf(index: number): string {
	return `00000000-0000-4000-8000-00000000000${index + 1}`;
}

export interface Played extends Exported {
	facts: Fact[];
	late: string[];
}

/** One run of a scenario; what the runs before it wrote is on disk when it begins. */
export async function playRun(scenario: Scenario, index: number, options: PlayOptions = {}): Promise<Played> {
	const run = scenario.runs[index] as ScenarioRun;
	const args = readClaudeArgs(run.args, run.interactive);
	const shape = options.shape ?? (run.interactive ? "turn" : "session");
	const signals = createInMemorySignals({ runId: runIdOf(index), level: options.level, shape });
	const privacy = createTestPrivacy(options.level);
	const late: string[] = [];
	const output: ModelOutput = {
		...signals.output,
		late(source) {
			late.push(source);
			signals.output.late(source);
		},
	};
	const model = createModel(
		{ price: createPricing().price, isExcluded: () => false, context: { windowOf: () => undefined, thresholds: [] } },
		output,
	);
	const own = createOwnPrompts(() => signals.metrics.dropped("transcript"));
	const facts: Fact[] = [];
	const disk = layTranscripts(scenario, run);
	const tail = createTranscriptTail(run.startedAt, take, args);
	const follow = (path: string) => tail.follow(path.replace(`${HOME}/.claude`, disk.configDir));
	const finder = createSessionFinder(
		{ ...run, ...args, config: { claudeConfigDir: disk.configDir }, cwd: CWD, claudePid: undefined },
		follow,
	);

	function take(raw: RawFact): void {
		for (const fact of own.admit(privacy.protect(raw))) apply(fact);
	}
	function apply(fact: Fact): void {
		facts.push(fact);
		signals.metrics.fact(fact.source);
		model.apply(fact);
	}
	const launch = { source: "launch" as const, sessionId: "" };
	take({
		...launch,
		kind: "run.started",
		at: run.startedAt,
		runId: runIdOf(index),
		sessionSource: args.sessionSource,
		interactive: run.interactive,
		argsCount: run.args.length,
		argsPreview: previewArgs(args.parsed),
		cwd: CWD,
	});
	const registered = [...eventsOf(args), ...(run.interactive ? [END_EVENT] : [])];
	const isRegistered = ({ payload }: Hook) => {
		if (options.allHooks === true) return true;
		const event = String(payload.hook_event_name);
		const matcher = matcherOf(event, args);
		return (
			registered.includes(event) && (matcher === undefined || new RegExp(matcher).test(String(payload.tool_name ?? "")))
		);
	};
	const hooks = readHooks(scenario, run).filter(isRegistered);
	const hook = ({ at, payload }: Hook) => {
		const reader = createHookBodyReader();
		reader.push(Buffer.from(JSON.stringify(payload)));
		const body = reader.read(at);
		if (!body || !finder.accepts(body.json)) throw new Error(`a hook of ${scenario.name} was not accepted`);
		for (const fact of readHookPayload(body, { digestKey: Buffer.from("key of the digests") })) take(fact);
	};
	try {
		if (options.live === true) {
			for (let now = run.startedAt + TICK_MS; now < run.endedAt; now += TICK_MS) {
				while (hooks[0] !== undefined && hooks[0].at <= now) hook(hooks.shift() as Hook);
				disk.growTo(now);
				finder.look();
				tail.poll();
				model.advance(now);
			}
		}
		for (const one of hooks) hook(one);
		disk.growTo(Number.POSITIVE_INFINITY);
		finder.lookLast();
		tail.poll();
		take({
			...launch,
			kind: "run.ended",
			at: run.endedAt,
			exitCode: run.exitCode ?? undefined,
			signal: run.signal ?? undefined,
		});
		for (const fact of own.rest()) apply(fact);
		model.settle();
		return { ...(await signals.exported()), facts, late };
	} finally {
		disk.remove();
	}
}

export function createTestPrivacy(level: PlayOptions["level"] = "standard") {
	const none = { patterns: [], allowlist: [], disableDefaults: false, config: undefined, literals: [] };
	return createPrivacy({ level, maxAttrLength: 256, maxPayloadBytes: 1024, ...none });
}

interface Hook {
	at: number;
	payload: Record<string, unknown>;
}

/** What every payload has in common is told by the scenario as a whole. */
function readHooks({ folder }: Scenario, { startedAt, endedAt }: ScenarioRun): Hook[] {
	const lines = readFileSync(join(folder, "hooks.jsonl"), "utf8").split("\n");
	return lines
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as { arrivedAt: number; payload: Record<string, unknown> })
		.filter(({ arrivedAt }) => arrivedAt >= startedAt && arrivedAt <= endedAt)
		.map(({ arrivedAt, payload }) => {
			const transcript = `${HOME}/.claude/projects/${PROJECT_FOLDER}/${String(payload.session_id)}.jsonl`;
			return { at: arrivedAt, payload: { cwd: CWD, transcript_path: transcript, ...payload } };
		});
}

interface Disk {
	configDir: string;
	/** Writes what was written by then. */
	growTo(now: number): void;
	remove(): void;
}

/** Claude's folder as it was: at first what earlier runs wrote, then line by line what this run wrote. */
function layTranscripts({ folder }: Scenario, run: ScenarioRun): Disk {
	const configDir = mkdtempSync(join(tmpdir(), "flows-"));
	const from = join(folder, "transcripts");
	const files = listFiles(from)
		.filter((path) => path.endsWith(".jsonl"))
		.map((path) => ({
			path: join(configDir, "projects", PROJECT_FOLDER, path.slice(from.length + 1)),
			meta: path.replace(".jsonl", ".meta.json"),
			lines: timedLines(path).filter(({ at }) => at <= run.endedAt + EXIT_SLACK_MS),
		}));
	const growTo = (now: number) => {
		for (const { path, meta, lines } of files) {
			const due = lines.filter(({ at }) => at + FLUSH_LAG_MS <= now);
			if (due.length === 0) continue;
			mkdirSync(dirname(path), { recursive: true });
			appendFileSync(path, due.map(({ text }) => `${text}\n`).join(""));
			const written = Math.max(...lines.splice(0, due.length).map(({ at }) => at)) / 1000;
			utimesSync(path, written, written);
			if (existsSync(meta)) writeFileSync(path.replace(".jsonl", ".meta.json"), readFileSync(meta));
		}
	};
	growTo(run.startedAt + FLUSH_LAG_MS - 1);
	return { configDir, growTo, remove: () => rmSync(configDir, { recursive: true, force: true }) };
}

/** A record without a time of its own was written right after the one before it. */
function timedLines(path: string): { at: number; text: string }[] {
	let at = 0;
	return readFileSync(path, "utf8")
		.split("\n")
		.filter((text) => text !== "")
		.map((text) => {
			const { timestamp } = JSON.parse(text) as { timestamp?: string };
			if (timestamp !== undefined) at = Math.max(at, Date.parse(timestamp));
			return { at, text };
		});
}

function listFiles(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		return statSync(path).isDirectory() ? listFiles(path) : [path];
	});
}

export function sumUsage(billed: Record<string, Billed>): Usage {
	const sum = { input: 0, output: 0, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };
	for (const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } of Object.values(billed)) {
		sum.input += input;
		sum.output += output;
		sum.cacheRead += cacheRead;
		sum.cacheCreation5m += cacheWrite5m;
		sum.cacheCreation1h += cacheWrite1h;
	}
	return sum;
}
