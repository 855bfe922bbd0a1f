// The place in which a scripted session runs: a home of its own with the project's files, and an environment in which
// everything is exported into one file. In: the scene, where temporary folders go, where claude is and the model's URL.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestHome } from "../testing/test-home.ts";
import type { Scene } from "./scene.ts";

export interface DemoHome {
	/** Where claude works. */
	work: string;
	/** OTLP JSON lines. */
	exported: string;
	env: Record<string, string>;
	remove(): void;
}

export interface DemoHomeOptions {
	tmpDir: string;
	modelUrl: string;
	/** Where programs are looked for. */
	path: string;
	claude: string;
}

export function makeDemoHome({ name, files }: Scene, { tmpDir, modelUrl, path, claude }: DemoHomeOptions): DemoHome {
	const { home, work, env, remove } = createTestHome(modelUrl, path, { below: tmpDir, purpose: name, work: "shop" });
	for (const [file, text] of Object.entries(files)) writeFileSync(join(work, file), text);
	const exported = join(home, "exported.jsonl");
	return {
		work,
		exported,
		env: {
			...env,
			CLAUDE_BIN: claude,
			CLAUDE_OTEL_FILE: exported,
			OTEL_TRACES_EXPORTER: "none",
			OTEL_METRICS_EXPORTER: "none",
			OTEL_LOGS_EXPORTER: "none",
		},
		remove,
	};
}
