// The place in which a scripted session runs: a home, a configuration folder and a project of its own, so that nothing
// of the user's is read or changed. In: where temporary folders go, the project's files, where claude is and the model's
// URL. Out: folders, an environment without an account, and the file into which everything is exported.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scene } from "./scene.ts";

export interface DemoHome {
	/** Where claude works. */
	work: string;
	/** OTLP JSON lines. */
	exported: string;
	env(run: { path: string; claude: string; modelUrl: string }): Record<string, string>;
	remove(): void;
}

/** It opens nothing: the model behind it is ours. */
const API_KEY = "demo-key-that-opens-nothing";

export function makeDemoHome(tmpDir: string, { name, files }: Scene): DemoHome {
	// Claude Code names its folders after real paths.
	const home = realpathSync(mkdtempSync(join(tmpDir, `claude-otel-${name}-`)));
	const [config, temp, work] = [join(home, ".claude"), join(home, "tmp"), join(home, "shop")];
	for (const folder of [config, temp, work]) mkdirSync(folder);
	for (const [file, text] of Object.entries(files)) writeFileSync(join(work, file), text);
	const state = { hasCompletedOnboarding: true, projects: { [work]: { hasTrustDialogAccepted: true } } };
	writeFileSync(join(config, ".claude.json"), JSON.stringify(state));
	const exported = join(home, "exported.jsonl");
	return {
		work,
		exported,
		env: ({ path, claude, modelUrl }) => ({
			PATH: path,
			HOME: home,
			USERPROFILE: home,
			TMPDIR: temp,
			LANG: "C.UTF-8",
			CLAUDE_BIN: claude,
			CLAUDE_CONFIG_DIR: config,
			CLAUDE_CODE_TMPDIR: temp,
			ANTHROPIC_BASE_URL: modelUrl,
			ANTHROPIC_API_KEY: API_KEY,
			DISABLE_AUTOUPDATER: "1",
			DISABLE_TELEMETRY: "1",
			DISABLE_ERROR_REPORTING: "1",
			CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
			CLAUDE_OTEL_FILE: exported,
			OTEL_TRACES_EXPORTER: "none",
			OTEL_METRICS_EXPORTER: "none",
			OTEL_LOGS_EXPORTER: "none",
		}),
		remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
	};
}
