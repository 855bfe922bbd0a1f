// For whoever has something to tidy up when a signal comes: instead of ending us, it aborts.
const ENDING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export function abortOnSignal(): { signal: AbortSignal; release(): void } {
	const stop = new AbortController();
	const onSignal = () => stop.abort();
	for (const name of ENDING) process.on(name, onSignal);
	return {
		signal: stop.signal,
		release() {
			for (const name of ENDING) process.off(name, onSignal);
		},
	};
}
