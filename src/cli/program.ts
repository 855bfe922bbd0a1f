// Our own words → the command that does them. Everything that is claude's has been taken away before.
import { Command, CommanderError } from "commander";
import type { Loaded } from "../config.ts";
import { cliMistakes } from "./sentences.ts";
import type { Scope } from "./settings-scope.ts";
import type { SplitArgs } from "./split-args.ts";
import type { WorkingDirectory } from "./working-directory.ts";

export interface OwnContext {
	process: NodeJS.Process;
	env: NodeJS.ProcessEnv;
	cwd: WorkingDirectory;
	packageRoot: string;
	loaded: Loaded;
	/** Why the settings could not be read, where the word works without them. */
	mistake?: string;
}

type OwnWords = Extract<SplitArgs, { kind: "own" }>;

export async function runOwnCommand(words: OwnWords, context: OwnContext): Promise<number> {
	switch (words.command) {
		case "config":
			return (await import("./commands/config.ts")).showConfig(context);
		case "version":
			return (await import("./commands/version.ts")).showVersion(context);
		case "help":
			return (await import("./commands/help.ts")).showHelp(
				buildProgram(context).helpInformation(),
				words.args,
				context,
			);
		default:
			return runSubcommand([words.command, ...words.args], context);
	}
}

async function runSubcommand(args: string[], context: OwnContext): Promise<number> {
	let exitCode = 0;
	const program = buildProgram(context, (code) => {
		exitCode = code;
	});
	try {
		await program.parseAsync(args, { from: "user" });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		// It has shown the help that was asked for.
		if (error.exitCode === 0) return 0;
		throw cliMistakes.ownUsage(error.message.replace(/^error: /, "").replace(/\. Expected .*$/s, ""));
	}
	return exitCode;
}

/** Its words and flags alone, for the manual page and the completions: no command of it is ever run. */
export function describeProgram(): Command {
	return buildProgram({} as OwnContext);
}

function buildProgram(context: OwnContext, finish: (exitCode: number) => void = () => {}): Command {
	const program = new Command("claude-otel");
	program
		.usage("[claude's arguments]")
		.description("Runs claude with these arguments and exports its session as OpenTelemetry.")
		.helpOption("--help", "this text, then claude's own")
		.helpCommand(false)
		.option("--config", "the effective configuration, each value with its origin")
		.option("--version", "the versions of claude-otel and of claude")
		.option("--summary", "before claude's arguments: what the session took, when claude has left the terminal")
		.option("--use-sdk", "runs the prompt by the Agent SDK instead of `claude -p`; without one, a conversation")
		.option("--no-emoji", "with --use-sdk, before claude's arguments: plain signs in the conversation")
		.option("--claude-otel-debug[=PATH]", "diagnostics into a file, or to stderr when claude has left")
		.exitOverride()
		.configureOutput({ writeErr: () => {} })
		.addHelpText(
			"after",
			"\nThese words count only before the first argument that is not ours; all else is claude's.\n",
		);

	const scoped = (name: string, summary: string, action: (scope: Scope) => Promise<number>) =>
		program
			.command(name)
			.description(summary)
			.option("--project", "in this project's .claude/settings.json instead of the user's")
			.option("--local", "in this project's .claude/settings.local.json")
			.action(async (scope: Scope) => finish(await action(scope)));
	scoped(
		"install-hooks",
		"also trace sessions that are started without claude-otel, once a service listens",
		async (scope) => (await import("./commands/install-hooks.ts")).installHooks(scope, context),
	);
	scoped("uninstall-hooks", "take exactly that out again", async (scope) =>
		(await import("./commands/uninstall-hooks.ts")).uninstallHooks(scope, context),
	);
	program
		.command("recover")
		.description("tell sessions to their end whose claude-otel was killed, and export what was not delivered")
		.argument("[RUN]", "the id of a run that was given up: tries that one once more")
		.action(async (run?: string) => finish(await (await import("./commands/recover.ts")).recover(run, context)));
	program
		.command("flush")
		.description("deliver what waits because a collector did not take it")
		.action(async () => finish(await (await import("./commands/flush.ts")).flush(context)));
	program
		.command("demo")
		.description("a scripted session of the real claude, without account or network, and its trace as a tree")
		.action(async () => finish(await (await import("./commands/demo.ts")).demo(context)));
	program
		.command("check")
		.description("try everything that a run needs, and tell what is broken and how to mend it")
		.option("--json", "the same as data")
		.action(async ({ json }: { json?: true }) =>
			finish(await (await import("./commands/check.ts")).check(json === true, context)),
		);
	return program;
}
