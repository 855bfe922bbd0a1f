// What the session is and where its trace goes → the panel at the start.
import { showPanel, showRows } from "./panel.ts";
import { plainText } from "./plain-text.ts";
import { replWords } from "./sentences.ts";
import type { Theme } from "./theme.ts";
import { wrapWords } from "./wrap-words.ts";

export interface Banner {
	version: string;
	service: string;
	/** Undefined: what claude's settings say. */
	model?: string;
	/** Why nothing is told; undefined: it is. */
	off?: string;
	level: string;
	/** Where traces go. */
	endpoints: readonly string[];
}

export function showBanner(banner: Banner, theme: Theme, columns: number): string[] {
	const { service, model, off, level, endpoints } = banner;
	const { color } = theme;
	const rows: [string, string][] = [
		["service", plainText(service)],
		["endpoint", endpoints.length === 0 ? "none" : plainText(endpoints.join(", "))],
		["model", model === undefined ? "as claude's settings say" : plainText(model)],
		["telemetry", off === undefined ? `${color.green("on")}, level ${level}` : `${color.yellow("off")} (${off})`],
	];
	return [
		...showPanel(`${theme.icons.answer} claude-otel ${banner.version}`, showRows(rows, color), { columns, color }),
		...wrapWords(color.dim(replWords.hint()), columns),
	];
}
