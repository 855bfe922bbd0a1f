// Output or requests of one run of claude → the same with what differs from run to run replaced: ids, dates, durations and
// the run's own folder. What is left must be equal with and without claude-otel.
import type { ClaudeHome } from "./claude-home.ts";

export function normalize(text: string, home: ClaudeHome): string {
	return (
		text
			.replaceAll(home.home, "/HOME")
			// Claude Code names project folders after the path.
			.replaceAll(home.home.replaceAll(/[^A-Za-z0-9]/g, "-"), "-HOME")
			.replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UUID")
			.replaceAll(/\b[0-9a-f]{64}\b/g, "HASH")
			.replaceAll(/\b(msg|req|toolu)_\w+/g, "$1_ID")
			.replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, "DATE")
			.replaceAll(/("\w*(?:_ms|_at|Ms|At)":\s*)\d+(?:\.\d+)?/g, "$1N")
			.replaceAll(/\b1\d{12}\b/g, "MILLIS")
			.replaceAll(/duration_ms: \d+/g, "duration_ms: N")
			// Agents and their runs.
			.replaceAll(/\ba[0-9a-f]{16}\b/g, "AGENT")
			.replaceAll(/\b0m\w{7}-[0-9a-f]{8}\b/g, "RUN")
			.replaceAll(/cc-socks\/\d+/g, "cc-socks/PID")
	);
}

/** Where two texts begin to differ, with a little of what stands around; undefined: they are equal. */
export function firstDifference(one: string, other: string): string | undefined {
	if (one === other) return undefined;
	let at = 0;
	while (one[at] === other[at]) at++;
	const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 80), at + 80));
	return `at ${at}: ${around(one)} became ${around(other)}`;
}
