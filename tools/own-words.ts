// The program's command table → our words and flags as plain data, from which the manual page and the completions are made.
import type { Command } from "commander";
import { describeProgram } from "../src/cli/program.ts";
import { splitArgs } from "../src/cli/split-args.ts";

export interface OwnFlag {
	/** With its dashes. */
	name: string;
	/** What may follow it, as the help writes it. */
	value: string;
	description: string;
	/** It stands before other arguments; false: it is the whole command. */
	goesOn: boolean;
}

export interface OwnCommand {
	name: string;
	description: string;
	flags: Omit<OwnFlag, "goesOn">[];
}

export interface OwnWords {
	flags: OwnFlag[];
	commands: OwnCommand[];
}

export function ownWords(): OwnWords {
	const program = describeProgram();
	return {
		flags: flagsOf(program).map((flag) => ({ ...flag, goesOn: splitArgs([flag.name]).kind === "claude" })),
		commands: program
			.createHelp()
			.visibleCommands(program)
			.map((command) => ({
				name: command.name(),
				description: command.description(),
				flags: flagsOf(command).filter(({ name }) => name !== "--help"),
			})),
	};
}

function flagsOf(command: Command): OwnCommand["flags"] {
	return command
		.createHelp()
		.visibleOptions(command)
		.map(({ flags, description }) => {
			const [, name = "", value = ""] = /(--[a-z][a-z-]*)(.*)$/.exec(flags) ?? [];
			return { name, value, description };
		});
}
