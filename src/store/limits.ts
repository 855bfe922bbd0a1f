// Numbers that the parts of the store agree on.

/** A run of another machine or container counts as gone when it has said nothing for so long. */
export const FOREIGN_SILENCE_MS = 10 * 60_000;
/** A run that so many died of who told it is left alone, until somebody names it or it is pruned. */
export const RECOVERIES_MAX = 3;
/** Open runs that are read at once. */
export const ABANDONED_PORTION = 500;
