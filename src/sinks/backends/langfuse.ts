// Langfuse. It takes spans alone, and makes observations of them by what it reads in their attributes.
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BACKEND_ATTRIBUTES } from "../../signals/names.ts";
import { type Backend, isUndone, numberOf, operationOf, textOf } from "./backend.ts";
import { basicAuth } from "./basic-auth.ts";

type Names = Partial<Record<keyof (typeof BACKEND_ATTRIBUTES)["langfuse"], string>>;

const TYPES = { chat: "generation", invoke_agent: "agent", execute_tool: "tool" };

export const LANGFUSE: Backend<"langfuse"> = {
	connect: ({ publicKey, secretKey, baseUrl = "https://cloud.langfuse.com" }) => ({
		base: `${baseUrl}/api/public/otel`,
		// Without the version it may take ten minutes until a span is seen.
		headers: { authorization: basicAuth(publicKey, secretKey), "x-langfuse-ingestion-version": "4" },
		signals: { traces: {} },
	}),
	address: "baseUrl",
	key: "secretKey",
	attributesOf(span): Names {
		const operation = operationOf(span);
		const userId = span.resource.attributes["user.id"];
		return {
			"langfuse.observation.type": operation === undefined ? "span" : TYPES[operation],
			...(typeof userId === "string" ? { "langfuse.user.id": userId } : {}),
			...(isUndone(span) ? { "langfuse.observation.level": "WARNING" } : {}),
			...(operation === "chat" ? requestAttributes(span) : contentAttributes(span)),
		};
	},
};

/** Langfuse adds the kinds up, and `gen_ai.usage.input_tokens` has the cache in it. */
function requestAttributes(span: ReadableSpan): Names {
	const cost = numberOf(span, "claude.cost_usd");
	const kinds = {
		input: numberOf(span, "tokens.input"),
		output: numberOf(span, "tokens.output"),
		input_cache_read: numberOf(span, "tokens.cache_read"),
		input_cache_creation: numberOf(span, "tokens.cache_creation"),
	};
	return {
		...(kinds.input === undefined ? {} : { "langfuse.observation.usage_details": JSON.stringify(kinds) }),
		...(cost === undefined ? {} : { "langfuse.observation.cost_details": JSON.stringify({ total: cost }) }),
	};
}

function contentAttributes(span: ReadableSpan): Names {
	const input = fieldsOf(span, "tool.input.") ?? textOf(span, "input.summary") ?? textOf(span, "prompt.preview");
	const output = fieldsOf(span, "tool.response.");
	return {
		...(input === undefined ? {} : { "langfuse.observation.input": input }),
		...(output === undefined ? {} : { "langfuse.observation.output": output }),
	};
}

/** All attributes with a prefix, as JSON. */
function fieldsOf({ attributes }: ReadableSpan, prefix: string): string | undefined {
	const fields = Object.entries(attributes).filter(([name]) => name.startsWith(prefix));
	if (fields.length === 0) return undefined;
	return JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [name.slice(prefix.length), value])));
}
