// All that `claude-otel check` can find: to which check it belongs, how bad it is, and one sentence with the cure. What
// is said elsewhere too comes in as it is said there.
import { keepingLines } from "../../errors.ts";
import type { Silence } from "../../launch/ask-claude.ts";
import type { Unfit } from "../../launch/run-directory.ts";
import type { Position } from "../read-json-tree.ts";
import { claudeSilent } from "../sentences.ts";
import type { CheckName, Finding, Outcome } from "./check.ts";
import type { UnfitFolder } from "./claude-files.ts";

const finding = (check: CheckName, outcome: Outcome) => (sentence: string) => ({ check, outcome, sentence });
const ok = (check: CheckName) => finding(check, "ok");
const warning = (check: CheckName) => finding(check, "warning");
const broken = (check: CheckName) => finding(check, "broken");

const TRANSCRIPT_ALONE = "set CLAUDE_OTEL_SOURCES=transcript,native if it is to stay so";

export const findings = {
	versions: (own: string, node: string) => ok("versions")(`claude-otel ${own} on Node ${node}.`),

	claude: (path: string, version: string) => ok("claude")(`${path}, ${version}.`),
	noClaude: (sentence: string) => broken("claude")(sentence),
	claudeSilent: (path: string, silence: Silence) => broken("claude")(`${claudeSilent(path, "--version", silence)}.`),

	settings: () => ok("configuration")("All settings can be read and go together."),
	unusable: (sentence: string) => broken("configuration")(sentence),
	odd: (sentence: string) => warning("configuration")(sentence),
	levelOff: () =>
		warning("configuration")(
			"CLAUDE_OTEL_LEVEL is off, so nothing is exported: set it to minimal, standard or full to change that.",
		),
	sdkDisabled: () =>
		warning("configuration")("OTEL_SDK_DISABLED is true, so nothing is exported: unset it to change that."),

	claudeFiles: (folder: string) => ok("claude-files")(`${folder} can be written, and claude's settings can be read.`),
	configDirUnfit: (folder: string, unfit: UnfitFolder) =>
		broken("claude-files")(
			`${folder} ${unfit === "no-folder" ? "is no folder" : "cannot be made or written"}, so claude reads no settings there and keeps no transcripts: move it away or give yourself the right to write there, or name another folder in CLAUDE_CONFIG_DIR.`,
		),
	settingsNotJson: (path: string, { line, column, problem }: Position & { problem: string }) =>
		broken("claude-files")(
			`${path}:${line}:${column}: ${problem}. Claude Code ignores such a file with all that stands in it: mend it.`,
		),
	settingsNoObject: (path: string) =>
		broken("claude-files")(
			`${path} is no object of JSON. Claude Code ignores such a file with all that stands in it: mend it.`,
		),
	settingsUnreadable: (path: string, reason: string) =>
		broken("claude-files")(
			`${path} cannot be read (${reason}), so Claude Code ignores all that stands in it: check the file and its rights.`,
		),

	hooksOverHttp: () => ok("hooks")("Nothing keeps hooks from reaching claude-otel on loopback."),
	hooksOverSocket: () => ok("hooks")("Hooks come over the Unix socket, as CLAUDE_OTEL_HOOK_TRANSPORT says."),
	hooksRestricted: (paths: readonly string[]) =>
		ok("hooks")(
			`${paths.join(" and ")} restrict${paths.length === 1 ? "s" : ""} http hooks: each run adds its own to the list.`,
		),
	hooksNotAsked: () => ok("hooks")("CLAUDE_OTEL_SOURCES leaves hooks out."),
	hooksDisabled: (path: string) =>
		broken("hooks")(
			`${path} sets disableAllHooks, so no hook reaches claude-otel and the transcript alone tells of tools: take it out there, or ${TRANSCRIPT_ALONE}.`,
		),
	hooksManaged: (path: string) =>
		broken("hooks")(
			`${path} sets allowManagedHooksOnly, so no hook reaches claude-otel and the transcript alone tells of tools: ask whoever manages this machine, or ${TRANSCRIPT_ALONE}.`,
		),
	hooksAroundProxy: (sentence: string) => warning("hooks")(sentence),
	hooksIntoProxy: (variable: string) =>
		broken("hooks")(
			`${variable} sends http hooks to the proxy, which cannot reach this machine's loopback: add 127.0.0.1 to NO_PROXY, or leave CLAUDE_OTEL_HOOK_TRANSPORT unset.`,
		),

	native: () => ok("native")("Claude Code's own telemetry can be had."),
	nativeNotAsked: () => ok("native")("CLAUDE_OTEL_SOURCES leaves Claude Code's own telemetry out."),
	nativeOdd: (sentence: string) => warning("native")(sentence),
	nativeLocked: (path: string, by: string, signals: readonly string[]) =>
		warning("native")(
			`${path} sets ${by}, so Claude Code's own ${signals.join(" and ")} go where that says and requests have list prices: whoever manages this machine can take it out.`,
		),

	runFolder: (path: string) => ok("run-folder")(`${path} is private, and a socket in it can be reached.`),
	runFolderUnfit: (path: string, unfit: Unfit, elsewhere: string) => {
		const { outcome, why, cure } = UNFIT[unfit];
		return finding("run-folder", outcome)(`${path} ${why}, so ${elsewhere} is used: ${cure}.`);
	},
	runFolderMissing: (path: string, reason: string) =>
		broken("run-folder")(
			`No socket could be laid in ${path} or the temporary folder (${reason}): set XDG_RUNTIME_DIR to a folder of yours that can be written.`,
		),

	store: (path: string, size: string, limitMb: number) =>
		ok("store")(`${path} can be written: ${size} of ${limitMb} MB.`),
	storeAbsent: (path: string) => ok("store")(`${path} will be made by the first run.`),
	storeOff: () => ok("store")("CLAUDE_OTEL_STORE is off: a killed session cannot be recovered."),
	storeUnusable: (path: string, reason: string) => broken("store")(keepingLines.noStore(path, reason)),
	killedRuns: (count: number) =>
		warning("store")(
			`${count} ${count === 1 ? "session waits" : "sessions wait"} there whose claude-otel was killed: \`claude-otel recover\` tells ${count === 1 ? "it" : "them"} to the end, and so does the next run.`,
		),
	spool: (path: string, size: string, limitMb: number) =>
		ok("spool")(`${path} can be written: ${size} of ${limitMb} MB, and nothing waits.`),
	spoolAbsent: (path: string) => ok("spool")(`${path} will be made when a collector does not take something.`),
	spoolOff: () => ok("spool")("CLAUDE_OTEL_SPOOL is off: what a collector does not take is lost."),
	spoolUnusable: (path: string, reason: string) => broken("spool")(keepingLines.noSpool(path, reason)),
	waiting: (items: number, size: string, destination: string) =>
		warning("spool")(
			`${items} spans, points or records (${size}) wait for ${destination}: \`claude-otel flush\` delivers them, and so does the next run that sends there.`,
		),
	stuck: (items: number, size: string, destination: string) =>
		warning("spool")(
			`${items} spans, points or records (${size}) wait for ${destination}, and this configuration does not deliver them: \`claude-otel flush\` says what to set.`,
		),
	damaged: (check: "store" | "spool", path: string) =>
		broken(check)(
			`${path} is damaged, and what is kept in it is lost: delete it, or leave it to the next run, which puts it aside and begins a new one.`,
		),
	busy: (check: "store" | "spool", path: string) =>
		warning(check)(`${path} is locked by another process: look again when that has ended.`),
	openToOthers: (check: "store" | "spool", path: string) =>
		warning(check)(`${path} can be read by others: \`chmod 600\` it, or leave that to the next run.`),
	slow: (check: "store" | "spool", sentence: string) => warning(check)(sentence),
	file: (path: string) => ok("file")(`${path} can be written.`),
	fileUnwritable: (path: string) =>
		broken("file")(`${path} cannot be written: let CLAUDE_OTEL_FILE name a file that can be, or unset it.`),

	arrived: (signals: string, destination: string, protocol: string | undefined) =>
		ok("collector")(`${destination} takes ${signals}${protocol === undefined ? "" : ` by ${protocol}`}.`),
	refused: (signals: string, destination: string, protocol: string | undefined, reason: string, cure: string) =>
		broken("collector")(
			`${destination} does not take ${signals}${protocol === undefined ? "" : ` by ${protocol}`} (${reason}): ${cure}.`,
		),
	sentNowhere: () =>
		warning("collector")(
			"No collector or back end is sent to: set OTEL_EXPORTER_OTLP_ENDPOINT or CLAUDE_OTEL_BACKEND, and none of OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER and OTEL_LOGS_EXPORTER to none.",
		),
	sentToFile: () => ok("collector")("None is sent to: CLAUDE_OTEL_FILE takes it all."),
	notAsked: (check: "collector" | "store" | "self-test", why: string) =>
		warning(check)(`Not looked at, because ${why}: mend that first.`),

	played: (version: string) => ok("self-test")(`A scripted turn of claude, ${version}, arrived whole.`),
	playFailed: (sentence: string) => broken("self-test")(sentence),
	noHome: (tmpDir: string, reason: string) =>
		broken("self-test")(
			`No temporary home could be made in ${tmpDir} (${reason}): set TMPDIR to a folder that can be written.`,
		),
	incomplete: (missing: readonly string[]) =>
		broken("self-test")(
			`Of a scripted turn no ${missing.join(", no ")} arrived: update claude with \`claude update\` and claude-otel with it, and report it if that does not help.`,
		),
	tokensDiffer: (billed: string, told: string) =>
		broken("self-test")(
			`The model billed ${billed} tokens, but the trace tells of ${told}: please report this, with the version of claude.`,
		),
} satisfies Record<string, (...facts: never[]) => Finding>;

const UNFIT: Record<Unfit, { outcome: Outcome; why: string; cure: string }> = {
	"too-long": {
		outcome: "warning",
		why: "is too long a path for a socket",
		cure: "set XDG_RUNTIME_DIR to a shorter path to avoid it",
	},
	"no-folder": {
		outcome: "broken",
		why: "is no folder, or a link to one",
		cure: "move it away, or set XDG_RUNTIME_DIR to a folder of yours",
	},
	anothers: {
		outcome: "broken",
		why: "belongs to another user, who could change what lies in it",
		cure: "set XDG_RUNTIME_DIR to a folder of yours",
	},
	unwritable: {
		outcome: "broken",
		why: "cannot be made or written",
		cure: "give yourself the right to write there, or set XDG_RUNTIME_DIR to a folder of yours",
	},
};
