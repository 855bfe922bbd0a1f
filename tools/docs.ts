// The program's own tables → the pages and files that say the same for people and shells: docs/configuration.md, the manual
// page and the completions. They cannot say anything else than the program does; a test compares them.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { configurationTable } from "../src/config.ts";
import { COMPLETION_FILES, completion, SHELLS } from "./completions.ts";
import { manPage } from "./man-page.ts";

const OPENING = `# Configuration

All settings are environment variables. \`claude-otel --config\` shows each of them with its value and where the value
comes from (credentials are masked), and what is odd about them.

A variable of ours (\`CLAUDE_OTEL_…\`) that cannot be read ends the program with one sentence and exit code 2, before
claude is started. A standard variable (\`OTEL_…\`) that cannot be read is told by \`--config\` and in the diagnostics, and
the default is used (of one signal's own what is set for all), as OpenTelemetry's specification asks; only an endpoint that is no URL
and the exporter prometheus stop it too. An empty variable counts as unset.

This page is made from the program's own table by \`npm run docs\`.

`;

export interface MadeFile {
	path: string;
	text: string;
}

export function madeFiles(): MadeFile[] {
	return [
		{ path: inProject("docs/configuration.md"), text: `${OPENING}${configurationTable()}` },
		{ path: inProject("docs/claude-otel.1"), text: manPage() },
		...SHELLS.map((shell) => ({
			path: inProject(`completions/${COMPLETION_FILES[shell]}`),
			text: completion(shell),
		})),
	];
}

function inProject(path: string): string {
	return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	for (const { path, text } of madeFiles()) {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text);
	}
}
