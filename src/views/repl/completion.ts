// A line that begins a slash command → the commands that it can become, ours first.

export interface OwnCommand {
	name: string;
	description: string;
}

export const OWN_COMMANDS: readonly OwnCommand[] = [
	{ name: "/help", description: "the keys" },
	{ name: "/tools", description: "the tools that claude has, and how often each was used" },
	{ name: "/exit", description: "leaves" },
];

/** Words that leave, alone on their line. */
export const LEAVING: ReadonlySet<string> = new Set(["exit", "quit", "bye", "/exit", "/quit", "/bye"]);

/** As readline asks for it: what fits, and what of the line it replaces. */
export function completeCommand(line: string, commands: readonly string[]): [string[], string] {
	if (!line.startsWith("/") || /\s/.test(line)) return [[], line];
	const known = [...new Set([...OWN_COMMANDS.map(({ name }) => name), ...commands.map((name) => `/${name}`)])];
	const fitting = known.filter((name) => name.startsWith(line) && name !== line);
	return [fitting.length === 1 ? fitting.map((name) => `${name} `) : fitting, line];
}
