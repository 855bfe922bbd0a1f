// Numbers that the parts of the store agree on.

/** A run that so many died of who told it is left alone, until somebody names it or it is pruned. */
export const RECOVERIES_MAX = 3;
/** Longest wait for other processes that write, where nothing goes on until it is written. */
export const WRITE_LIMIT_MS = 1_000;
/** Open runs that are read at once. */
export const ABANDONED_PORTION = 500;
