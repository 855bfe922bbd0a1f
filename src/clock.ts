// The wall clock as an argument, so that a test can decide what time it is. Goes out: milliseconds
// since the epoch, with a fraction.

export type Clock = () => number;

/** Follows the system clock, also when it is set, and keeps the fraction of the monotonic one. */
export const systemClock: Clock = () => {
	const steady = performance.timeOrigin + performance.now();
	// After a suspend, or when the clock was set, the two part: the wall clock is what everyone else writes down.
	return Math.abs(steady - Date.now()) < DRIFT_LIMIT_MS ? steady : Date.now();
};

const DRIFT_LIMIT_MS = 20;
