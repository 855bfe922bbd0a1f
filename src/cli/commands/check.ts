// `claude-otel check` → everything that a run needs is tried, and what was found is told, with the cure: line by line for
// a person, or as data with --json. One scripted turn of the real claude comes last.
import { Ansis } from "ansis";
import { systemClock } from "../../clock.ts";
import { createDiagnostics } from "../../diagnostics.ts";
import { findClaude } from "../../launch/find-claude.ts";
import type { Check, CheckContext, Finding } from "../checks/check.ts";
import { checkClaude } from "../checks/claude.ts";
import { checkClaudeFiles } from "../checks/claude-files.ts";
import { checkCollector } from "../checks/collector.ts";
import { checkConfiguration } from "../checks/configuration.ts";
import { checkHooks } from "../checks/hooks.ts";
import { checkKeeping } from "../checks/keeping.ts";
import { checkNative } from "../checks/native.ts";
import { type Page, showArrived, showFinding, showSum } from "../checks/report.ts";
import { checkRunFolder } from "../checks/run-folder.ts";
import { runSelfTest } from "../checks/self-test.ts";
import { checkVersions } from "../checks/versions.ts";
import { colorLevelOf } from "../color-level.ts";
import type { OwnContext } from "../program.ts";

const CHECKS: readonly Check[] = [
	checkVersions,
	checkClaude,
	checkConfiguration,
	checkClaudeFiles,
	checkHooks,
	checkNative,
	checkRunFolder,
	checkKeeping,
	checkCollector,
];

const EXIT_BROKEN = 1;
/** What shells answer for a command that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

export async function check(asData: boolean, own: OwnContext): Promise<number> {
	const { stdout } = own.process;
	const page: Page = { width: stdout.isTTY ? stdout.columns : undefined, color: new Ansis(colorLevelOf(stdout)) };
	const write = (lines: readonly string[]) => stdout.write(lines.map((line) => `${line}\n`).join(""));
	const context = contextOf(own);
	const findings: Finding[] = [];
	const tell = (found: readonly Finding[]) => {
		findings.push(...found);
		if (!asData) write(found.flatMap((finding) => showFinding(finding, page)));
	};
	for (const look of CHECKS) tell(await look(context));
	const answers = findings.some(({ check, outcome }) => check === "claude" && outcome === "ok");
	const selfTest = await runSelfTest(context, answers);
	if (selfTest === undefined) return EXIT_INTERRUPTED;
	tell(selfTest.findings);
	const { arrived } = selfTest;
	const isBroken = findings.some(({ outcome }) => outcome === "broken");
	if (asData) {
		const data = { broken: isBroken, findings, selfTest: arrived ?? null };
		write([JSON.stringify(data, undefined, 2)]);
	} else write([...(arrived === undefined ? [] : showArrived(arrived)), "", showSum(findings, page)]);
	return isBroken ? EXIT_BROKEN : 0;
}

function contextOf({ process, env, cwd: { path: cwd }, packageRoot, loaded, mistake }: OwnContext): CheckContext {
	const { config, problems } = loaded;
	const { platform } = process;
	const diagnostics = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	diagnostics.release((line) => process.stderr.write(line));
	return {
		config,
		problems,
		mistake,
		claude: findClaude({ ...config, cwd, packageRoot, platform }),
		env,
		cwd,
		packageRoot,
		platform,
		node: { path: process.execPath, version: process.versions.node },
		diagnostics,
	};
}
