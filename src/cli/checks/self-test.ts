// The claude that was found → one scripted turn of it through claude-otel, in a home of its own, and whether all of it
// arrived: what each witness told, and the tokens that were billed. The user's store, spool and collector know nothing of it.
import { type Played, play } from "../../demo/play.ts";
import type { Point } from "../../demo/read-export.ts";
import { SELF_TEST } from "../../demo/self-test.ts";
import { UserMistake } from "../../errors.ts";
import { askClaude } from "../../launch/ask-claude.ts";
import { readClaudeArgs } from "../../launch/claude-args.ts";
import { planNative } from "../../launch/native-telemetry.ts";
import { planHooks } from "../../launch/plan-hooks.ts";
import { readRunSettings } from "../../launch/run-settings.ts";
import type { CheckContext, Finding } from "./check.ts";
import { findings } from "./findings.ts";

/** The keys are those of `--json`. */
export interface Arrived {
	spans: number;
	metricSeries: number;
	logRecords: number;
	hookFacts: number;
	transcriptFacts: number;
	nativeFacts: number;
	/** Of model requests, with the times of claude's own telemetry. */
	nativeRequests: number;
	tokensBilled: number;
	tokensTold: number;
}

export interface SelfTest {
	findings: Finding[];
	arrived?: Arrived;
}

/**
 * Undefined: the user had enough.
 * @param answers what claude did when it was asked for its version
 */
export async function runSelfTest(context: CheckContext, answers: boolean): Promise<SelfTest | undefined> {
	const { claude, config, node, packageRoot } = context;
	if (!("path" in claude && answers))
		return { findings: [findings.notAsked("self-test", "there is no claude to run")] };
	const { path, tmpDir } = config;
	try {
		const played = await play({ scene: SELF_TEST, node: node.path, packageRoot, claude: claude.path, path, tmpDir });
		if (played === undefined) return undefined;
		const arrived = countArrived(played);
		const version = await askClaude(claude.path, ["--version"]);
		const name = "text" in version ? version.text : claude.path;
		return { arrived, findings: judge(arrived, expectedOf(context), name) };
	} catch (error) {
		if (error instanceof UserMistake) return { findings: [findings.playFailed(error.message)] };
		if (!(error instanceof Error && "code" in error)) throw error;
		return { findings: [findings.noHome(tmpDir, String(error.code))] };
	}
}

function countArrived({ spans, points, records, billed, told }: Played): Arrived {
	return {
		spans: spans.length,
		metricSeries: points.length,
		logRecords: [...records.values()].reduce((sum, count) => sum + count, 0),
		hookFacts: factsOf("hook", points),
		transcriptFacts: factsOf("transcript", points),
		nativeFacts: factsOf("native", points),
		nativeRequests: spans.filter(({ attributes }) => attributes["times.source"] === "native").length,
		tokensBilled: billed,
		tokensTold: told,
	};
}

function factsOf(source: string, points: readonly Point[]): number {
	const counters = points.filter(({ metric, attributes }) => metric === FACTS && attributes.source === source);
	return counters.reduce((sum, { value }) => sum + value, 0);
}

const FACTS = "claude_otel.facts_total";

interface Expected {
	hooks: boolean;
	native: boolean;
}

/** In the home of the self-test managed settings alone can stand in the way; what they do is told by other checks. */
function expectedOf({ config, packageRoot }: CheckContext): Expected {
	const claudeArgs = readClaudeArgs(["-p", "--setting-sources", "none"], false);
	const settings = readRunSettings(claudeArgs, { claudeConfigDir: packageRoot }, packageRoot);
	const hooks = planHooks(claudeArgs, { hookTransport: "auto", sources: ["hooks"] }, {}, settings);
	const native = planNative({ env: {}, ranked: settings?.ranked ?? [], config });
	return { hooks: !("because" in hooks), native: "settingsEnv" in native };
}

export function judge(arrived: Arrived, expected: Expected, version: string): Finding[] {
	const wanted: [what: string, count: number, needed: boolean][] = [
		["span", arrived.spans, true],
		["metric", arrived.metricSeries, true],
		["log record", arrived.logRecords, true],
		["hook", arrived.hookFacts, expected.hooks],
		["line of the transcript", arrived.transcriptFacts, true],
		["request of claude's own telemetry", arrived.nativeRequests, expected.native],
	];
	const missing = wanted.flatMap(([what, count, needed]) => (needed && count === 0 ? [what] : []));
	if (missing.length > 0) return [findings.incomplete(missing)];
	const [billed, told] = [arrived.tokensBilled, arrived.tokensTold];
	if (billed !== told) return [findings.tokensDiffer(inWords(billed), inWords(told))];
	return [findings.played(version)];
}

function inWords(count: number): string {
	return count.toLocaleString("en-US");
}
