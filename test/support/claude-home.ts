// A home of its own for one real Claude Code: temporary folders, no dialogs, no network, no credentials.
// In: the scripted model's URL. Out: folders and the environment to run `claude` in.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const BIN = join(PROJECT, "node_modules", ".bin");

/** The pinned Claude Code. */
export const CLAUDE = join(BIN, "claude");
/** Our own entry, to be run with the Node that runs the tests. */
export const CLAUDE_OTEL = join(PROJECT, "bin", "claude-otel.js");

const API_KEY = "test-key-not-real-0123456789abcdef";

export type ClaudeHome = {
	/** HOME */
	home: string;
	/** CLAUDE_CONFIG_DIR */
	config: string;
	/** The working directory, trusted by Claude Code. */
	work: string;
	env: Record<string, string>;
	/** Every transcript file below the home, main and subagents. */
	transcripts(): string[];
	/** Records of all transcript files, in file order. */
	records(): TranscriptRecord[];
	remove(): void;
};

export type TranscriptRecord = { file: string; type?: string; [field: string]: unknown };

export function makeClaudeHome(modelUrl: string, moreEnv: Record<string, string> = {}): ClaudeHome {
	// Claude Code names project folders after the real path, so a symbolic link in the way would hide them.
	const home = realpathSync(mkdtempSync(join(tmpdir(), "claude-home-")));
	const config = join(home, ".claude");
	const work = join(home, "work");
	const temp = join(home, "tmp");
	for (const folder of [config, work, temp]) mkdirSync(folder);
	writeFileSync(join(config, ".claude.json"), JSON.stringify(stateWithoutDialogs(work)));

	const env = {
		PATH: [BIN, dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
		HOME: home,
		CLAUDE_CONFIG_DIR: config,
		CLAUDE_CODE_TMPDIR: temp,
		TMPDIR: temp,
		ANTHROPIC_BASE_URL: modelUrl,
		ANTHROPIC_API_KEY: API_KEY,
		DISABLE_AUTOUPDATER: "1",
		CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
		DISABLE_TELEMETRY: "1",
		DISABLE_ERROR_REPORTING: "1",
		// As root, --dangerously-skip-permissions wants to be told that it runs in a sandbox.
		IS_SANDBOX: "1",
		LANG: "C.UTF-8",
		TERM: "xterm-256color",
		...moreEnv,
	};
	const transcripts = () => findTranscripts(config);
	return {
		home,
		config,
		work,
		env,
		transcripts,
		records: () => transcripts().flatMap(readRecords),
		remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
	};
}

function stateWithoutDialogs(work: string) {
	return {
		hasCompletedOnboarding: true,
		theme: "dark",
		projects: { [work]: { hasTrustDialogAccepted: true } },
		customApiKeyResponses: { approved: [API_KEY.slice(-20)], rejected: [] },
	};
}

function findTranscripts(config: string): string[] {
	try {
		return readdirSync(join(config, "projects"), { recursive: true, encoding: "utf8" })
			.filter((name) => name.endsWith(".jsonl"))
			.toSorted()
			.map((name) => join(config, "projects", name));
	} catch {
		return [];
	}
}

function readRecords(file: string): TranscriptRecord[] {
	return readFileSync(file, "utf8")
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => ({ ...(JSON.parse(line) as object), file }));
}

/** The client's own totals, in USD, in the order in which it wrote them; each goes on from the one before. */
export function ledgersUsd(home: ClaudeHome): number[] {
	return home.records().flatMap(({ type, totalCostUSD }) => (type === "cost-state" ? [Number(totalCostUSD)] : []));
}
