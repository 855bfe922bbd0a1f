// A home for one claude in a test: folders of its own, no dialogs, no account, no network but the scripted model. In: the
// model's URL. Out: where claude works and the environment to run it in.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestHome {
	/** HOME */
	home: string;
	/** The folder in which claude works; empty. */
	work: string;
	/** For claude, with the PATH of this process; nothing of the user's is in it. */
	env: Record<string, string>;
	remove(): void;
}

/** It opens nothing: the model behind it is scripted. */
const API_KEY = "test-key-that-opens-nothing";

/** What a home can be called; the names stand in prompts and transcripts. */
export interface TestHomeNames {
	/** Where it is made; the system's folder for what is temporary. */
	below?: string;
	/** In its name; `test`. */
	purpose?: string;
	/** The folder in which claude works; `work`. */
	work?: string;
}

/** @param path where programs are looked for: the PATH of the test */
export function createTestHome(modelUrl: string, path: string, names: TestHomeNames = {}): TestHome {
	// Claude Code names its folders after real paths.
	const home = realpathSync(mkdtempSync(join(names.below ?? tmpdir(), `claude-otel-${names.purpose ?? "test"}-`)));
	const [config, work, temp] = [join(home, ".claude"), join(home, names.work ?? "work"), join(home, "tmp")];
	for (const folder of [config, work, temp]) mkdirSync(folder);
	const state = { hasCompletedOnboarding: true, projects: { [work]: { hasTrustDialogAccepted: true } } };
	writeFileSync(join(config, ".claude.json"), JSON.stringify(state));
	return {
		home,
		work,
		env: {
			PATH: path,
			HOME: home,
			USERPROFILE: home,
			TMPDIR: temp,
			LANG: "C.UTF-8",
			CLAUDE_CONFIG_DIR: config,
			CLAUDE_CODE_TMPDIR: temp,
			ANTHROPIC_BASE_URL: modelUrl,
			ANTHROPIC_API_KEY: API_KEY,
			DISABLE_AUTOUPDATER: "1",
			DISABLE_TELEMETRY: "1",
			DISABLE_ERROR_REPORTING: "1",
			CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
		},
		remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
	};
}
