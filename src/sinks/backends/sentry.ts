// Sentry. It takes spans and log records, no metrics; where and with what key stands in the project's DSN.
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BACKEND_ATTRIBUTES } from "../../signals/names.ts";
import { type Backend, numberOf, operationOf, textOf } from "./backend.ts";

type Names = Partial<Record<keyof (typeof BACKEND_ATTRIBUTES)["sentry"], string | number>>;

export const SENTRY: Backend<"sentry"> = {
	connect({ dsn }) {
		const { protocol, host, username, pathname } = new URL(dsn);
		const [, before = "", project = ""] = /^(.*)\/(\d+)\/?$/.exec(pathname) ?? [];
		return {
			base: `${protocol}//${host}${before}/api/${project}/integration/otlp`,
			headers: { "x-sentry-auth": `sentry sentry_key=${username}` },
			signals: { traces: {}, logs: {} },
		};
	},
	address: "dsn",
	key: "dsn",
	attributesOf(span): Names {
		const operation = operationOf(span);
		if (operation === undefined) return {};
		return { "sentry.op": `gen_ai.${operation}`, ...(operation === "chat" ? requestAttributes(span) : {}) };
	},
};

function requestAttributes(span: ReadableSpan): Names {
	const read = numberOf(span, "tokens.cache_read");
	const written = numberOf(span, "tokens.cache_creation");
	const total = numberOf(span, "tokens.total");
	return {
		...(textOf(span, "query_source") === "main" ? { "gen_ai.agent.name": "claude-code" } : {}),
		...(read === undefined ? {} : { "gen_ai.usage.input_tokens.cached": read }),
		...(written === undefined ? {} : { "gen_ai.usage.input_tokens.cache_write": written }),
		...(total === undefined ? {} : { "gen_ai.usage.total_tokens": total }),
	};
}
