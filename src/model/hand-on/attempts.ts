// What was tried before an answer, a refusal or a final error → the attempts of its span.
import type { ChatEpisode } from "../episode.ts";
import type { Tried } from "../fact.ts";
import type { Stores } from "../stores.ts";

/** Attempts that native telemetry tells as requests of their own are none of the request that came after them. */
export function attemptsOf(
	stores: Stores,
	sessionId: string,
	all: Partial<Tried>,
	anew: Tried | undefined,
): Pick<ChatEpisode, "attempts" | "retryMs"> {
	const isToldApart = stores.sessions.get(sessionId)?.nativeSeen === true;
	const { failedAttempts, retryMs } = (isToldApart ? anew : undefined) ?? all;
	return { attempts: failedAttempts === undefined ? undefined : failedAttempts + 1, retryMs };
}
