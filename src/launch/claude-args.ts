// claude's argument list → what a wrapper must know of the run: whether it is a session that we can watch, whether a
// person sits before it, which session it takes up, and where the user's own settings stand.
import { DETACHING_FLAGS, DETACHING_SUBCOMMANDS, SUBCOMMANDS } from "./claude-flags.ts";
import { type Arg, type ArgValue, parseArgs } from "./parse-args.ts";

export interface ClaudeArgs {
	args: readonly string[];
	parsed: readonly Arg[];
	/** Why claude is run bare; undefined: it is a session to watch. */
	bare?: "subcommand" | "detached" | "help";
	interactive: boolean;
	/** The user's own --settings; of several, claude takes the last. */
	settings?: ArgValue;
	sessionSource: "startup" | "resume" | "fork";
	/** By --session-id, or --resume with an id. */
	knownSessionId?: string;
	/** By --resume with an id and --fork-session: the session that this one goes on from. */
	forkedFrom?: string;
	sessionPersistence: boolean;
	/** Every flag that was given, by its long name. */
	flags: ReadonlySet<string>;
	/** --setting-sources, where given. */
	settingSources?: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function readClaudeArgs(args: readonly string[], stdoutIsTerminal: boolean): ClaudeArgs {
	const parsed = parseArgs(args);
	const flags = new Set(parsed.flatMap((arg) => (arg.kind === "flag" ? [arg.name] : [])));
	const lastValue = (name: string) =>
		parsed.findLast((arg) => arg.kind === "flag" && arg.name === name && arg.values.length > 0) as
			| Extract<Arg, { kind: "flag" }>
			| undefined;
	const value = (name: string) => lastValue(name)?.values.at(-1)?.text;

	const resumed = flags.has("--resume") || flags.has("--continue") || flags.has("--from-pr");
	const forked = resumed && flags.has("--fork-session");
	const resumedId = idOf(value("--resume"));
	const knownSessionId = idOf(value("--session-id")) ?? (forked ? undefined : resumedId);
	// As claude itself decides it.
	const interactive = stdoutIsTerminal && !flags.has("--print") && !flags.has("--init-only") && !flags.has("--sdk-url");
	return {
		args,
		parsed,
		bare: whyBare(parsed, flags),
		interactive,
		settings: lastValue("--settings")?.values.at(-1),
		sessionSource: forked ? "fork" : resumed ? "resume" : "startup",
		knownSessionId,
		forkedFrom: forked ? resumedId : undefined,
		sessionPersistence: !flags.has("--no-session-persistence"),
		flags,
		settingSources: value("--setting-sources"),
	};
}

function idOf(text: string | undefined): string | undefined {
	return text !== undefined && UUID.test(text) ? text : undefined;
}

function whyBare(parsed: readonly Arg[], flags: ReadonlySet<string>): ClaudeArgs["bare"] {
	if (flags.has("--help") || flags.has("--version")) return "help";
	for (const flag of flags) if (DETACHING_FLAGS.has(flag)) return "detached";
	const first = parsed.find((arg) => arg.kind === "operand");
	// With -p every word is a prompt: `claude -p doctor` asks the model.
	if (first !== undefined && !flags.has("--print") && SUBCOMMANDS.has(first.text)) {
		return DETACHING_SUBCOMMANDS.has(first.text) ? "detached" : "subcommand";
	}
	const onlyUpdates = parsed.length === 1 && (flags.has("--update") || flags.has("--upgrade"));
	return onlyUpdates ? "subcommand" : undefined;
}
