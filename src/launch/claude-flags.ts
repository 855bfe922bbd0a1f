// What Claude Code's command line knows, as far as a wrapper must know it to tell a flag's value from a prompt.
// Taken from the help text and the option table of 2.1.330; a flag that is missing here counts as one without a value.

/** Whether the next argument belongs to the flag: never, always, if it does not look like a flag, or as long as none does. */
export type Arity = "none" | "one" | "optional" | "many";

const NONE =
	"--agent-teams --allow-dangerously-skip-permissions --await-initialize --ax-screen-reader --bare --bg --background --brief --chrome " +
	"--cowork --dangerously-skip-permissions --desktop --disable-slash-commands --enable-auth-status --enable-auto-mode " +
	"--exclude-dynamic-system-prompt-sections --fork-session --forward-subagent-text --ide --include-hook-events " +
	"--include-partial-messages --init --init-only --maintenance --managed-settings-in-initialize --no-chrome " +
	"--no-session-persistence --plan-mode-required --replay-user-messages --restricted --safe-mode --session-mirror " +
	"--strict-mcp-config --tmux --verbose --web -d2e --debug-to-stderr -c --continue -h --help -p --print -v --version -V";
const ONE =
	"--advisor --agent --agent-color --agent-id --agent-name --agent-type --agents --append-subagent-system-prompt " +
	"--append-subagent-system-prompt-file --append-system-prompt --append-system-prompt-file --attach-serve --autocompact --debug-file " +
	"--effort --environment --fallback-model --fast-mode --inherit-permission-mode --initialize-fields --input-format --json-schema " +
	"--managed-settings --max-budget-usd --max-thinking-tokens --max-turns --messaging-socket-path --model -n --name --output-format " +
	"--parent-session-id --permission-mode --permission-prompt-tool --permission-prompts --plan-mode-instructions --plugin-dir " +
	"--plugin-dir-no-mcp --plugin-url --prefill --prefill-b64 --proactivity --remote-control-session-name-prefix " +
	"--resume-drops-turn --resume-session-at --rewind-files --sdk-url --session-id --setting-sources --settings --system-prompt " +
	"--system-prompt-file --system-prompt-snapshot --task-budget --team-name --teammate-mode --thinking --thinking-display --workload";
const OPTIONAL =
	"--cloud --remote -d --debug --from-pr --prompt-suggestions --remote-control --rc -r --resume --routine --teleport -w --worktree";
const MANY =
	"--add-dir --allowedTools --allowed-tools --betas --channels --dangerously-load-development-channels --disallowedTools " +
	"--disallowed-tools --file --mcp-config --tools";

export const FLAG_ARITY: ReadonlyMap<string, Arity> = new Map<string, Arity>([
	...NONE.split(" ").map((flag): [string, Arity] => [flag, "none"]),
	...ONE.split(" ").map((flag): [string, Arity] => [flag, "one"]),
	...OPTIONAL.split(" ").map((flag): [string, Arity] => [flag, "optional"]),
	...MANY.split(" ").map((flag): [string, Arity] => [flag, "many"]),
]);

/** Short names and older spellings → the name that the rest of the program uses. */
export const FLAG_NAMES: Readonly<Record<string, string>> = {
	"-c": "--continue",
	"-d": "--debug",
	"-h": "--help",
	"-n": "--name",
	"-p": "--print",
	"-r": "--resume",
	"-v": "--version",
	"-V": "--version",
	"-w": "--worktree",
	"--allowed-tools": "--allowedTools",
	"--disallowed-tools": "--disallowedTools",
};

/** First words that are no prompt: claude does something other than a session. */
export const SUBCOMMANDS: ReadonlySet<string> = new Set(
	(
		"agents apply-project-settings attach auth auto-mode bridge daemon design-login doctor edit-chrome-settings edit-hook " +
		"edit-memory-settings edit-permission-rules edit-sandbox-settings edit-skill-overrides gateway import import-conversations " +
		"install kill logs mcp plugin plugins project purge rc remote remote-control respawn rm sandbox self-hosted-runner " +
		"setup-token stop sync ultrareview update upgrade workspace-trust worktree-hook"
	).split(" "),
);

/** Sessions that go on when claude has returned, or run elsewhere. */
export const DETACHING_FLAGS: ReadonlySet<string> = new Set([
	"--attach-serve",
	"--background",
	"--bg",
	"--cloud",
	"--desktop",
	"--environment",
	"--rc",
	"--remote",
	"--remote-control",
	"--routine",
	"--teleport",
	"--tmux",
]);
export const DETACHING_SUBCOMMANDS: ReadonlySet<string> = new Set([
	"attach",
	"respawn",
	"remote-control",
	"rc",
	"daemon",
]);
