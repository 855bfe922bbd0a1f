// Comes in: the text of a variable that says where a back end is. Goes out: its value, or undefined where it is none.
import type { Parse } from "./parse.ts";

/** Without a slash at its end: a path is put behind it. */
export const httpUrl: Parse<string> = (value) => {
	if (!/^https?:\/\//i.test(value) || /[?#\s]/.test(value) || !URL.canParse(value)) return undefined;
	return value.replace(/\/+$/, "");
};

/** `https://KEY@HOST/PROJECT`, with a path before the project where Sentry is hosted below one. */
export const dsn: Parse<string> = (value) =>
	/^https?:\/\/[^\s/:@]+(?::[^\s/@]*)?@[^\s/?#@]+\/(?:[^\s?#]+\/)?\d+\/?$/i.test(value) && URL.canParse(value)
		? value
		: undefined;

export const hostName: Parse<string> = (value) => (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(value) ? value : undefined);

/** The whole address of Grafana Cloud's OTLP gateway, or the zone that its name is made of. */
export const gatewayOrZone: Parse<string> = (value) =>
	/^[a-z0-9-]+$/i.test(value) ? `https://otlp-gateway-${value}.grafana.net/otlp` : httpUrl(value);
