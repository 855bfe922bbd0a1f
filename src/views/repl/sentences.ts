// All that the conversation says by itself, beside what claude and its tools say.

export const replWords = {
	thinking: () => "thinking",
	preparing: (tool: string) => `preparing ${tool}`,
	compacting: () => "making room in the context",
	compacted: () => "The conversation was summed up, to make room in the context.",
	cleared: () => "Another session begins, which knows nothing of what was said.",
	cutOff: () => "The answer was cut off here.",
	background: () => "goes on in the background",
	retrying: (attempt: number, most: number, seconds: number) =>
		`the request failed, trying again in ${seconds} s (${attempt} of ${most})`,
	running: (tool: string, input: string, others: number, seconds: number) =>
		`${tool}${others > 0 ? ` and ${others} more` : ""} ${seconds} s ${input}`.trimEnd(),
	cancelling: () => "cancelling",
	cancelled: () => "The turn was cancelled.",
	cancelledCall: () => "cancelled",
	denied: () => "denied",
	failed: (subtype: string) =>
		({
			error_max_turns: "the limit of turns was reached",
			error_max_budget_usd: "the budget is used up",
			error_max_structured_output_retries: "no valid structured output",
		})[subtype] ?? "the turn failed",
	delivering: () => "delivering the trace",
	again: () => "Ctrl-C again leaves.",
	gone: () => "claude has ended by itself.",
	notKept: (reason: string) => `The prompts of this session are not kept (${reason}).`,
	help: (commands: string) => [
		"Enter sends; a line that ends in \\ goes on in the next one; what is pasted stays whole.",
		"Up and Down bring earlier prompts; Tab completes /commands.",
		"Ctrl-C cancels the turn; twice at the prompt, exit, quit, bye or Ctrl-D leave.",
		`Of claude-otel: ${commands}. All others are claude's.`,
	],
	hint: () => "/help tells the keys.",
	toolsUnknown: () => "claude tells its tools with the first answer.",
} as const;

export const permissionWords = {
	question: (tool: string) => `May claude use ${tool}?`,
	choices: (always: boolean) => (always ? "[y]es, [n]o, [a]lways" : "[y]es, [n]o"),
	alwaysMeans: (rules: string) => `always: ${rules}`,
	denied: () => "The user does not want this tool call.",
	cancelled: () => "The user cancelled the turn.",
} as const;

export const questionWords = {
	choices: (several: boolean) => (several ? "numbers, or words of your own:" : "a number, or words of your own:"),
} as const;
