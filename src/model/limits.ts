// Named limits of the session model.

/** How long after its end a turn waits for its transcript (milliseconds). */
export const TURN_QUIET_MS = 2000;
/** How long after /clear or /resume a session waits for what is still coming of it (milliseconds). */
export const SESSION_QUIET_MS = 10_000;
/** Tool calls that are held for their turn; beyond it the oldest complete ones are handed on early … */
export const HELD_CALLS_MAX = 1000;
/** … until so many are left. */
export const HELD_CALLS_TARGET = 500;
/** The same of answers, failures, requests, compactions, questions and moments, each: what still waits for a witness. */
export const HELD_OTHERS_MAX = 2000;
/** Requests of whose answers the length is held until they are handed on. */
export const HELD_SIZES_MAX = 4000;
/** Ids of things handed on that are remembered, to tell a late or repeated fact. */
export const REMEMBERED_IDS_MAX = 200_000;
/** Names of tools that a session span lists. */
export const TOOL_NAMES_MAX = 50;
/** By how much the stamp of a record and the arrival of its hook may be swapped by rounding (milliseconds). */
export const STAMP_SKEW_MS = 5;
/** Facts that wait until it is known whether their prompt is this run's. */
export const UNNAMED_FACTS_MAX = 20_000;
/** When the witnesses that name prompts went on for so long without naming one, it is another claude's (milliseconds). */
export const FOREIGN_AFTER_MS = 60_000;
/** By how much a record's stamp and what names its prompt may be apart (milliseconds). */
export const NAME_SKEW_MS = 1000;
/** By how much the begin of an agent's life and the call that revived it may be apart (milliseconds). */
export const REVIVAL_SKEW_MS = 2000;
/** By how much the record of a refused prompt and the hook that told of the prompt may be apart (milliseconds). */
export const REFUSAL_SKEW_MS = 2000;
