// Our words → completions for bash, zsh and fish. Ours count only in front of the first argument that is not ours, so they
// are offered there alone; behind it stands whatever completes `claude`, if there is any, and else files.
import { type OwnWords, ownWords } from "./own-words.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Where each shell looks for it, below completions/. */
export const COMPLETION_FILES: Readonly<Record<Shell, string>> = {
	bash: "claude-otel.bash",
	zsh: "_claude-otel",
	fish: "claude-otel.fish",
};

export function completion(shell: Shell): string {
	const words = ownWords();
	switch (shell) {
		case "bash":
			return bash(words);
		case "zsh":
			return zsh(words);
		case "fish":
			return fish(words);
		default:
			return shell satisfies never;
	}
}

const MADE = "Made from the program's own table by `npm run docs`.";

function bash({ flags, commands }: OwnWords): string {
	const all = [...commands, ...flags].map(({ name }) => name);
	return `# Completion of claude-otel for bash. ${MADE}
# Source it, or put it as claude-otel into ~/.local/share/bash-completion/completions/.

_claude_otel() {
	local current=\${COMP_WORDS[COMP_CWORD]} index
	COMPREPLY=()
	for ((index = 1; index < COMP_CWORD; index++)); do
		case \${COMP_WORDS[index]} in
		${goingOn(flags).join(" | ")}) ;;
		# A path behind it: bash makes words of both.
		=) ((index++)) ;;
${commands
	.filter((command) => command.flags.length > 0)
	.map(
		(command) => `		${command.name})
			COMPREPLY=($(compgen -W "${command.flags.map(({ name }) => name).join(" ")}" -- "$current"))
			return
			;;`,
	)
	.join("\n")}
		${endings({ flags, commands }).join(" | ")})
			compopt +o default +o bashdefault
			return
			;;
		*)
			_claude_otel_claude
			return
			;;
		esac
	done
	[[ $current == = || \${COMP_WORDS[COMP_CWORD - 1]} == = ]] && return
	COMPREPLY=($(compgen -W "${all.join(" ")}" -- "$current"))
}

# What completes claude itself, where there is something.
_claude_otel_claude() {
	local entry
	entry=$(complete -p claude 2>/dev/null) || return 0
	[[ $entry =~ \\ -F\\ ([^ ]+) ]] && "\${BASH_REMATCH[1]}" claude "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
}

complete -o default -o bashdefault -F _claude_otel claude-otel
`;
}

function zsh({ flags, commands }: OwnWords): string {
	const described = ({ name, description }: { name: string; description: string }) =>
		`		${quoted(`${name}:${description}`)}`;
	return `#compdef claude-otel
# Completion of claude-otel for zsh. ${MADE}
# Put it into a folder of $fpath.

_claude-otel() {
	local -a commands flags
	local index
	commands=(
${commands.map(described).join("\n")}
	)
	flags=(
${flags.map(described).join("\n")}
	)
	for ((index = 2; index < CURRENT; index++)); do
		case $words[index] in
		${goingOn(flags).join("|")}) ;;
${commands
	.filter((command) => command.flags.length > 0)
	.map(
		(command) => `		${command.name})
			flags=(
${command.flags.map((flag) => `		${described(flag)}`).join("\n")}
			)
			_describe -o flag flags
			return
			;;`,
	)
	.join("\n")}
		${endings({ flags, commands }).join("|")}) return ;;
		*)
			words[1]=claude
			_normal -p claude
			return
			;;
		esac
	done
	# A path.
	[[ $PREFIX == --*=* ]] && compset -P '*=' && { _files; return }
	_describe -t commands command commands
	_describe -o flag flags
}

_claude-otel "$@"
`;
}

function fish({ flags, commands }: OwnWords): string {
	const line = (condition: string, what: string, description: string) =>
		`complete -c claude-otel -n ${quoted(condition)} ${what} -d ${quoted(description)}`;
	const long = (name: string) => `-l ${name.replace(/^--/, "")}`;
	return `# Completion of claude-otel for fish. ${MADE}
# Put it into ~/.config/fish/completions/.

# The first word that is no flag of ours behind which ours still count.
function __claude_otel_word
	for word in (commandline -opc)[2..]
		switch $word
			case ${goingOn(flags)
				.map((pattern) => `'${pattern}'`)
				.join(" ")}
			case '*'
				echo $word
				return
		end
	end
end

function __claude_otel_in_front
	test -z "$(__claude_otel_word)"
end

function __claude_otel_behind
	contains -- "$(__claude_otel_word)" $argv
end

complete -c claude-otel --wraps claude
# Ours take no files but behind an equals sign.
complete -c claude-otel -f -n '__claude_otel_in_front; and not string match -q -- "--*=*" (commandline -ct)'
complete -c claude-otel -f -n '__claude_otel_behind ${[...commands.filter((command) => command.flags.length > 0).map(({ name }) => name), ...endings({ flags, commands })].join(" ")}'
${commands.map(({ name, description }) => line("__claude_otel_in_front", `-a ${name}`, description)).join("\n")}
${flags.map(({ name, description }) => line("__claude_otel_in_front", long(name), description)).join("\n")}
${commands
	.flatMap((command) =>
		command.flags.map(({ name, description }) => line(`__claude_otel_behind ${command.name}`, long(name), description)),
	)
	.join("\n")}
`;
}

/** Patterns of the flags behind which ours still count. */
function goingOn(flags: OwnWords["flags"]): string[] {
	return flags
		.filter(({ goesOn }) => goesOn)
		.flatMap(({ name, value }) => (value.includes("=") ? [name, `${name}=*`] : [name]));
}

/** Words behind which nothing is to be said. */
function endings({ flags, commands }: OwnWords): string[] {
	const alone = commands.filter((command) => command.flags.length === 0);
	return [...alone, ...flags.filter(({ goesOn }) => !goesOn)].map(({ name }) => name);
}

function quoted(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}
