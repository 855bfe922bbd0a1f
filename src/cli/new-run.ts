// What a run needs before anything is started: its token, the trace that claude is told, and rules that can be used.
import { randomBytes } from "node:crypto";
import { isSampled } from "../config/sampled.ts";
import type { Config } from "../config.ts";
import { TOKEN_PREFIX } from "../intake/run-token.ts";
import { sessionTraceparent } from "../signals/ids.ts";

const TOKEN_BYTES = 24;

/** Opens this run's doors, and no others. */
export function newToken(): string {
	return TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
}

/** For claude: its commands join the session's span. */
export function traceparentOf(runId: string, { inbound, otel }: Config): string {
	return sessionTraceparent(runId, inbound.traceparent, (traceId, sampled) =>
		isSampled(otel.sampler, traceId, sampled),
	);
}

/** A bad pattern is told before claude is started; who has none pays nothing. */
export async function checkRedaction(config: Config): Promise<void> {
	if (config.redactPatterns.length + config.redactAllowlist.length === 0 && config.redactConfig === undefined) return;
	const { createRunPrivacy } = await import("../run-privacy.ts");
	createRunPrivacy(config, []);
}
