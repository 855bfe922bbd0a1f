// The signals of a run: while claude runs none of them ends us. What is meant for it is handed on, and we go when it has
// gone.

/** From here on these signals mean what they mean without us. */
export type Release = () => void;

/** Handed on. A terminal's Ctrl-C reaches claude by itself as well; it takes several within a moment as one. */
const FORWARDED: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
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
