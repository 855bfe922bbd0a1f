// One scripted session, of the demo or of the self-test: the scripted model, a home of its own and our own program as a
// user would run it → what it exported and what the model was asked for. Leaves nothing behind.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { abortOnSignal } from "../launch/abort-on-signal.ts";
import { runCommand } from "../launch/run-command.ts";
import { type ScriptUsage, startScriptedModel } from "../testing/scripted-model.ts";
import { makeDemoHome } from "./demo-home.ts";
import { type Exported, readExport, type Span } from "./read-export.ts";
import type { Scene } from "./scene.ts";
import { demoMistakes } from "./sentences.ts";

export interface PlayOptions {
	scene: Scene;
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
	/** Tokens of all requests in the trace. */
	told: number;
	/** The folder in which claude worked. */
	work: string;
}

/** It takes five seconds; a machine that is busy gets its time. */
const LIMIT_MS = 60_000;
const WORDS_MAX = 200;

/** Undefined: the user had enough. */
export async function play({
	scene,
	node,
	packageRoot,
	claude,
	path,
	tmpDir,
}: PlayOptions): Promise<Played | undefined> {
	const stop = abortOnSignal();
	const model = await startScriptedModel({ main: [] });
	const home = makeDemoHome(scene, { tmpDir, modelUrl: model.url, path, claude });
	model.setScript(scene.script(home.work));
	try {
		const end = await runCommand({
			command: node,
			args: [join(packageRoot, "bin", "claude-otel.js"), ...scene.args],
			env: home.env,
			cwd: home.work,
			limitMs: LIMIT_MS,
			cancel: stop.signal,
		});
		if (stop.signal.aborted) return undefined;
		if (end.timedOut) throw demoMistakes.tookTooLong(scene.name, LIMIT_MS / 1000);
		if (end.exitCode !== 0)
			throw demoMistakes.sessionFailed(scene.name, end.exitCode, lastWords(end.stderr || end.stdout));
		const exported = readExport(readExported(home.exported, scene));
		return { ...exported, billed: sum(Object.values(model.billed())), told: tokensOf(exported.spans), work: home.work };
	} finally {
		await model.close();
		home.remove();
		stop.release();
	}
}

function readExported(file: string, { name }: Scene): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		throw demoMistakes.nothingExported(name);
	}
}

function lastWords(output: string): string {
	return output.trim().split("\n").at(-1)?.slice(0, WORDS_MAX) || "without a word";
}

function sum(usages: readonly ScriptUsage[]): number {
	return usages.flatMap((usage) => Object.values(usage)).reduce((total, tokens) => total + tokens, 0);
}

function tokensOf(spans: readonly Span[]): number {
	const requests = spans.filter((span) => span.attributes["gen_ai.operation.name"] === "chat");
	return requests.reduce((total, { attributes }) => total + Number(attributes["tokens.total"] ?? 0), 0);
}
