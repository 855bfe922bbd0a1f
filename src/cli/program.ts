// Our own words → the command that does them. Everything that is claude's has been taken away before.
import { Command, CommanderError } from "commander";
import type { Loaded } from "../config.ts";
import { cliMistakes } from "./sentences.ts";
import type { Scope } from "./settings-scope.ts";
import type { SplitArgs } from "./split-args.ts";

export interface OwnContext {
	process: NodeJS.Process;
	packageRoot: string;
	loaded: Loaded;
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
		throw cliMistakes.ownUsage(error.message.replace(/^error: /, ""));
	}
	return exitCode;
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
		.option("--use-sdk", "runs the prompt by the Agent SDK instead of `claude -p`")
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
		.command("demo")
		.description("a scripted session of the real claude, without account or network, and its trace as a tree")
		.action(async () => finish(await (await import("./commands/demo.ts")).demo(context)));
	return program;
}
