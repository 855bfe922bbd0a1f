// The text of a failed tool call → what kind of failure it is (`error.type`, a small closed set).

export interface ToolError {
	errorType: string;
	exitCode?: number;
	timeout?: boolean;
}

/**
 * Claude Code's own sentences, seen in version 2.1.330: `Exit code N` heads a failed command, schema errors
 * name InputValidationError, a tool that does not exist says so. Everything else is a plain `tool_error`.
 */
export function classifyToolError(text: string, toolName: string | undefined): ToolError {
	const exit = /^(?:Error: )?Exit code (\d{1,10})(?!\d)/.exec(text);
	const timeout = /\btimed out after\b|^(?:Error: )?Command timed out/i.test(text.slice(0, 400));
	if (exit) {
		const exitCode = Number(exit[1]);
		return timeout ? { errorType: "timeout", exitCode, timeout } : { errorType: "command_failed", exitCode };
	}
	if (timeout) return { errorType: "timeout", timeout };
	if (/No such tool available/.test(text)) return { errorType: "unknown_tool" };
	if (/InputValidationError/.test(text)) return { errorType: "invalid_input" };
	return { errorType: toolName?.startsWith("mcp__") ? "mcp_error" : "tool_error" };
}
