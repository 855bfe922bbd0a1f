// A lane of the spool → its way out: the bytes as they were written, once more to the same destination, with the headers
// of today. What comes back says whether they are taken, refused for good, or wanted later.
import type { Failure } from "../failure.ts";

export type Outcome =
	/** `rejected`: spans, records or points of it that the collector did not want. */
	| { kind: "taken"; rejected: number }
	| { kind: "refused"; failure: Failure }
	| { kind: "later"; failure: Failure; retryAfterMs?: number };

export interface Exit {
	send(body: Uint8Array): Promise<Outcome>;
	close(): void;
}
