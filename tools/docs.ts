// The configuration table → docs/configuration.md, so that the page cannot say anything else than the program does.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configurationTable } from "../src/config.ts";

export const CONFIGURATION_PAGE = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

const OPENING = `# Configuration

All settings are environment variables. \`claude-otel --config\` shows each of them with its value and where the value
comes from (credentials are masked), and what is odd about them.

A variable of ours (\`CLAUDE_OTEL_…\`) that cannot be read ends the program with one sentence and exit code 2, before
claude is started. A standard variable (\`OTEL_…\`) that cannot be read is told by \`--config\` and in the diagnostics, and
the default is used, as OpenTelemetry's specification asks; only an endpoint that is no URL
and the exporter prometheus stop it too. An empty variable counts as unset.

This page is made from the program's own table by \`npm run docs\`.

`;

export function configurationPage(): string {
	return `${OPENING}${configurationTable()}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CONFIGURATION_PAGE, configurationPage());
