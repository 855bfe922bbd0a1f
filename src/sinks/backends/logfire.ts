// Logfire. It takes all three signals by http/protobuf; its region is a part of the token.
import { createHash } from "node:crypto";
import { SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BACKEND_ATTRIBUTES } from "../../signals/names.ts";
import { type Backend, isUndone, numberOf, operationOf, textOf } from "./backend.ts";
import { withAttributes } from "./with-attributes.ts";

type Names = Partial<Record<keyof (typeof BACKEND_ATTRIBUTES)["logfire"], string | number>>;

/** Of OpenTelemetry's severities. */
const LEVELS = { warn: 13, error: 17 };
const NO_PARENT = "0".repeat(16);
const ID_DIGITS = 16;

export const LOGFIRE: Backend<"logfire"> = {
	connect: ({ token, baseUrl }) => ({
		base: baseUrl ?? `https://logfire-${regionOf(token)}.pydantic.dev`,
		headers: { authorization: token },
		signals: { traces: {}, metrics: {}, logs: {} },
	}),
	address: "baseUrl",
	key: "token",
	// What its own SDKs send.
	temporality: "delta",
	attributesOf(span): Names {
		const failed = span.status.code === SpanStatusCode.ERROR;
		const about = textOf(span, "input.summary") ?? textOf(span, "prompt.preview");
		return {
			...(about === undefined ? {} : { "logfire.msg": `${span.name}: ${about}` }),
			...(failed || isUndone(span) ? { "logfire.level_num": failed ? LEVELS.error : LEVELS.warn } : {}),
			...(operationOf(span) === "chat" ? requestAttributes(span) : {}),
		};
	},
	/** An empty child of the span, from which Logfire draws the span until it comes itself. */
	pendingOf(span) {
		const begun = span.spanContext();
		// No id of the generator's: it hands out those that were set for the next span.
		const spanId = createHash("sha256").update(`pending${begun.spanId}`).digest("hex").slice(0, ID_DIGITS);
		const names: Names = {
			"logfire.span_type": "pending_span",
			"logfire.pending_parent_id": span.parentSpanContext?.spanId ?? NO_PARENT,
		};
		return {
			...withAttributes(span, names),
			spanContext: () => ({ ...begun, spanId }),
			parentSpanContext: begun,
			endTime: span.startTime,
			duration: [0, 0],
			ended: true,
		};
	},
};

/** `pylf_v1_eu_…`; a token that names none, or one that is not known, is sent to the first region, as Logfire's own SDKs do. */
function regionOf(token: string): string {
	return /^pylf_v\d+_(us|eu)_/.exec(token)?.[1] ?? "us";
}

function requestAttributes(span: ReadableSpan): Names {
	const cost = numberOf(span, "claude.cost_usd");
	const read = numberOf(span, "tokens.cache_read");
	const written = numberOf(span, "tokens.cache_creation");
	return {
		...(cost === undefined ? {} : { "operation.cost": cost }),
		...(read === undefined ? {} : { "gen_ai.usage.details.cache_read_tokens": read }),
		...(written === undefined ? {} : { "gen_ai.usage.details.cache_write_tokens": written }),
	};
}
