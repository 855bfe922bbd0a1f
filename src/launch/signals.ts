// The signals of a run: while claude runs none of them ends us. What is meant for it is handed on, and we go when it has
// gone.
import { constants } from "node:os";

/** From here on these signals mean what they mean without us. */
export type Release = () => void;

/**
 * Handed on: what ends a process and can be listened for. A terminal's Ctrl-C reaches claude by itself as well; it takes
 * several within a moment as one. Not SIGPROF, by which V8 profiles, and not what the system says of a process's own
 * mistakes.
 */
const FORWARDED: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", ...moreSignals()];
/** The terminal sends it to claude too. */
const IGNORED: readonly NodeJS.Signals[] = process.platform === "win32" ? [] : ["SIGQUIT"];

export interface HeldSignals {
	/** What has come so far, and what comes from here on. */
	handTo(deliver: (signal: NodeJS.Signals) => void): void;
	release: Release;
}

export function holdSignals(): HeldSignals {
	let deliver: ((signal: NodeJS.Signals) => void) | undefined;
	const early: NodeJS.Signals[] = [];
	const forward = (signal: NodeJS.Signals) => (deliver === undefined ? early.push(signal) : deliver(signal));
	const ignore = () => {};
	for (const signal of FORWARDED) process.on(signal, forward);
	for (const signal of IGNORED) process.on(signal, ignore);
	return {
		handTo(target) {
			deliver = target;
			for (const signal of early.splice(0)) target(signal);
		},
		release() {
			for (const signal of FORWARDED) process.off(signal, forward);
			for (const signal of IGNORED) process.off(signal, ignore);
		},
	};
}

/** Not every system has them all. */
function moreSignals(): NodeJS.Signals[] {
	if (process.platform === "win32") return [];
	const asked: NodeJS.Signals[] = ["SIGABRT", "SIGUSR1", "SIGUSR2", "SIGIO", "SIGPWR", "SIGSTKFLT"];
	const clocks: NodeJS.Signals[] = ["SIGALRM", "SIGVTALRM", "SIGXCPU"];
	return [...asked, ...clocks].filter((signal) => signal in constants.signals);
}
