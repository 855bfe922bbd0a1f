// How claude ended → the words for it.
import type { FactOf } from "./fact.ts";

type RunEnd = FactOf<"run.ended"> | undefined;

/** Exit codes that stand for a signal that claude answered. */
const STOP_SIGNALS: Record<number, string> = { 129: "SIGHUP", 130: "SIGINT", 143: "SIGTERM" };

/** The signal that ended claude: it died by one, or left with the exit code that stands for it. */
function stopSignalOf(end: FactOf<"run.ended">): string | undefined {
	return end.signal ?? (end.exitCode === undefined ? undefined : STOP_SIGNALS[end.exitCode]);
}

/** The run ended by a signal that claude could still answer. */
export function wasStopped(end: RunEnd): boolean {
	return end !== undefined && stopSignalOf(end) !== undefined && end.signal !== "SIGKILL";
}

/** claude left by itself: its terminal was closed, say, or it had come to a limit. */
export function hasLeft(end: RunEnd): boolean {
	return end?.exitCode !== undefined && end.signal === undefined;
}

export function endReasonOf(end: RunEnd): string {
	if (!end) return "lost";
	const signal = stopSignalOf(end);
	return signal === undefined ? "exit" : `signal:${signal}`;
}
