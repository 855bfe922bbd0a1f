// Texts of the user's that stand under names (CLAUDE_OTEL_ATTRIBUTES, OTEL_RESOURCE_ATTRIBUTES, claude's own telemetry)
// → the same without secrets.
import type { Config } from "../config.ts";

export type CleanText = (text: string) => string;
export type CleanNamed = (text: string, name?: string) => string;

/** With its name before it: `password` says of any text that it is a secret. */
export function cleanNamed(clean: CleanText): CleanNamed {
	return (text, name) => {
		const named = name === undefined ? undefined : clean(`${name}=${text}`);
		return named?.startsWith(`${name}=`) ? named.slice(`${name}=`.length) : clean(text);
	};
}

export function cleanTexts(texts: Readonly<Record<string, string>>, clean: CleanNamed): Record<string, string> {
	return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, clean(value, name)]));
}

/** What goes to the sinks of the configuration: they put its resource attributes on every signal. */
export function cleanResource<C extends Pick<Config, "otel">>(config: C, clean: CleanNamed): C {
	const resourceAttributes = cleanTexts(config.otel.resourceAttributes, clean);
	return { ...config, otel: { ...config.otel, resourceAttributes } };
}
