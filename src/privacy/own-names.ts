// The name of a tool or of an agent type comes in; out goes what may be told of it where a user's own names may not:
// Claude Code's names stay, all others become a word for their kind.

const TOOLS = new Set(
	"Agent Artifact AskUserQuestion Bash BashOutput Brief Config CronCreate CronDelete CronList Edit EnterPlanMode EnterWorktree ExitPlanMode ExitWorktree Glob Grep KillBash KillShell LS LSP ListAgents ListMcpResources ListMcpResourcesTool Monitor MultiEdit NotebookEdit NotebookRead PowerShell PushNotification Read ReadMcpResource ReadMcpResourceDir ReadMcpResourceTool RefreshMcpTools RemoteTrigger ReportFindings ScheduleWakeup SendMessage Skill SlashCommand StructuredOutput Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TeamCreate TeamDelete TodoRead TodoWrite ToolSearch WebFetch WebSearch Workflow Write".split(
		" ",
	),
);
const AGENT_TYPES = new Set([
	"general-purpose",
	"Explore",
	"Plan",
	"statusline-setup",
	"output-style-setup",
	"claude-code-guide",
	"claude",
]);

export function ownToolName(name: string): string {
	if (name.startsWith("mcp__")) return "mcp_tool";
	return TOOLS.has(name) || name === "mcp_tool" ? name : "custom";
}

/** An empty type is Claude Code's too: the agent that compacts the context has none. */
export function ownAgentType(type: string): string {
	return type === "" || AGENT_TYPES.has(type) ? type : "custom";
}
