// The signals of a run: while claude runs none of them ends us. What is meant for it is handed on, and we go when it has
// gone.
import { constants } from "node:os";

/** From here on these signals mean what they mean without us. */
export type Release = () => void;

/**
 * Handed on: every signal that ends a process and can be listened for. A terminal sends Ctrl-C and Ctrl-\ to claude by
 * itself as well; it takes several within a moment as one, and dies but once. Not SIGPROF, by which V8 profiles, and not
 * what the system says of a process's own mistakes.
 */
const FORWARDED: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", ...moreSignals()];

export interface HeldSignals {
	/** What has come so far, and what comes from here on. */
	handTo(deliver: (signal: NodeJS.Signals) => void): void;
	release: Release;
}

export function holdSignals(): HeldSignals {
	let deliver: ((signal: NodeJS.Signals) => void) | undefined;
	const early: NodeJS.Signals[] = [];
	const forward = (signal: NodeJS.Signals) => (deliver === undefined ? early.push(signal) : deliver(signal));
	for (const signal of FORWARDED) process.on(signal, forward);
	return {
		handTo(target) {
			deliver = target;
			for (const signal of early.splice(0)) target(signal);
		},
		release() {
			for (const signal of FORWARDED) process.off(signal, forward);
		},
	};
}

/** Not every system has them all. */
function moreSignals(): NodeJS.Signals[] {
	if (process.platform === "win32") return [];
	const asked: NodeJS.Signals[] = ["SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGIO", "SIGPWR", "SIGSTKFLT"];
	const clocks: NodeJS.Signals[] = ["SIGALRM", "SIGVTALRM", "SIGXCPU"];
	return [...asked, ...clocks].filter((signal) => signal in constants.signals);
}
