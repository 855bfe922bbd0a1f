// `claude-otel demo` → a scripted session of the real claude, run through claude-otel, and what was exported of it: the
// trace as a tree, the metrics as a table.
import { join } from "node:path";
import { Ansis } from "ansis";
import { showMetrics } from "../../demo/metric-view.ts";
import { play } from "../../demo/play.ts";
import { DEMO } from "../../demo/scenario.ts";
import { demoLines } from "../../demo/sentences.ts";
import { fitLines } from "../../demo/text.ts";
import { showTrace } from "../../demo/trace-view.ts";
import { askClaude } from "../../launch/ask-claude.ts";
import { findClaude } from "../../launch/find-claude.ts";
import { claudeMistake } from "../claude-mistake.ts";
import { colorLevelOf } from "../color-level.ts";
import type { OwnContext } from "../program.ts";
import { cliMistakes } from "../sentences.ts";

const WIDTH = { least: 80, most: 140, withoutTerminal: 100 };
const EXIT_TOKENS_DIFFER = 1;
/** What shells answer for a command that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

export async function demo(context: OwnContext): Promise<number> {
	const { process, packageRoot, loaded } = context;
	const { path, tmpDir } = loaded.config;
	const claude = locateClaude(context);
	const write = (...lines: string[]) => process.stdout.write(`${lines.join("\n")}\n`);
	const width = Math.min(WIDTH.most, Math.max(WIDTH.least, process.stdout.columns ?? WIDTH.withoutTerminal));
	const version = await askClaude(claude, ["--version"]);
	if (!("text" in version)) throw cliMistakes.claudeSilent(claude, version);
	write(...fitLines(demoLines.begins(version.text), width), "");

	const played = await play({ scene: DEMO, node: process.execPath, packageRoot, claude, path, tmpDir });
	if (played === undefined) return EXIT_INTERRUPTED;
	const color = new Ansis(colorLevelOf(process.stdout));
	write(...showTrace(played.spans, width, color, (text) => text.replaceAll(join(played.work, "/"), "")), "");
	write(...showMetrics(played.points, width, color), "");
	write(...fitLines(demoLines.exported(played.spans.length, [...played.records].toSorted()), width), "");
	const agree = played.told === played.billed;
	const [billedText, toldText] = [played.billed, played.told].map((tokens) => tokens.toLocaleString("en-US"));
	write(
		agree
			? color.green(demoLines.tokensAgree(billedText ?? ""))
			: demoLines.tokensDiffer(billedText ?? "", toldText ?? ""),
		"",
	);
	write(...fitLines(demoLines.next, width), demoLines.nextExample);
	return agree ? 0 : EXIT_TOKENS_DIFFER;
}

/** Of a checkout's own dependencies too: there the demo needs nothing that is not installed already. */
function locateClaude({ process, cwd, packageRoot, loaded }: OwnContext): string {
	const options = { ...loaded.config, cwd: cwd.path, packageRoot, platform: process.platform };
	const found = findClaude(options);
	if ("path" in found) return found.path;
	if ("notExecutable" in found) throw claudeMistake(found, options.claudeBin);
	const own = findClaude({ ...options, claudeBin: undefined, path: join(packageRoot, "node_modules", ".bin") });
	if (options.claudeBin === undefined && "path" in own) return own.path;
	throw claudeMistake(found, options.claudeBin);
}
