// Spooled bytes → one POST with the headers of today, and what the collector said of it.
import type { OtelConfig, OtlpTarget } from "../../config.ts";
import { describeFailure } from "../failure.ts";
import { createHttpPost } from "../http-post.ts";
import { retryAfterMs } from "../is-retryable.ts";
import { createAgent } from "../otlp-http.ts";
import { proxyFor } from "../proxy.ts";
import type { Exit, Outcome } from "./exit.ts";
import { isPermanent } from "./is-permanent.ts";
import { rejectedIn } from "./rejected-in.ts";

/** Throws where a certificate cannot be read. */
export function createHttpExit(target: OtlpTarget, proxies: OtelConfig["proxies"]): Exit {
	const agent = createAgent(target, proxyFor(target.url, target.protocol, proxies));
	const post = createHttpPost(target, agent);
	return {
		async send(body): Promise<Outcome> {
			try {
				return { kind: "taken", rejected: rejectedIn(await post(body), target.protocol === "http/json").count };
			} catch (error) {
				const failure = describeFailure(error);
				if (isPermanent(error)) return { kind: "refused", failure };
				return { kind: "later", failure, retryAfterMs: retryAfterMs(error) };
			}
		},
		close: () => agent.destroy(),
	};
}
