// The demo itself: the scripted model, a home of its own and our own program as a user would run it → what it exported
// and what the model was asked for. Leaves nothing behind.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { abortOnSignal, runSession } from "../launch/run-session.ts";
import { type ScriptUsage, startScriptedModel } from "../testing/scripted-model.ts";
import { makeDemoHome } from "./demo-home.ts";
import { type Exported, readExport } from "./read-export.ts";
import { CLAUDE_ARGS, scriptFor } from "./scenario.ts";
import { demoMistakes } from "./sentences.ts";

export interface PlayOptions {
	/** The Node that runs us, and our entry. */
	node: string;
	packageRoot: string;
	claude: string;
	path: string;
	tmpDir: string;
}

export interface Played extends Exported {
	/** Tokens of all answered requests. */
	billed: number;
	/** The folder in which claude worked. */
	work: string;
}

/** It takes five seconds; a machine that is busy gets its time. */
const LIMIT_MS = 60_000;
const WORDS_MAX = 200;

/** Undefined: the user had enough. */
export async function play({ node, packageRoot, claude, path, tmpDir }: PlayOptions): Promise<Played | undefined> {
	const stop = abortOnSignal();
	const home = makeDemoHome(tmpDir);
	const model = await startScriptedModel(scriptFor(home.work));
	try {
		const end = await runSession({
			command: node,
			args: [join(packageRoot, "bin", "claude-otel.js"), ...CLAUDE_ARGS],
			env: home.env({ path, claude, modelUrl: model.url }),
			cwd: home.work,
			limitMs: LIMIT_MS,
			cancel: stop.signal,
		});
		if (stop.signal.aborted) return undefined;
		if (end.timedOut) throw demoMistakes.tookTooLong(LIMIT_MS / 1000);
		if (end.exitCode !== 0) throw demoMistakes.sessionFailed(end.exitCode, lastWords(end.stderr || end.stdout));
		const exported = readExport(readExported(home.exported));
		return { ...exported, billed: sum(Object.values(model.billed())), work: home.work };
	} finally {
		await model.close();
		home.remove();
		stop.release();
	}
}

function readExported(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		throw demoMistakes.nothingExported();
	}
}

function lastWords(output: string): string {
	return output.trim().split("\n").at(-1)?.slice(0, WORDS_MAX) || "without a word";
}

function sum(usages: readonly ScriptUsage[]): number {
	return usages.flatMap((usage) => Object.values(usage)).reduce((total, tokens) => total + tokens, 0);
}
