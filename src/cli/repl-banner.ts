// The configuration and claude's arguments → what the conversation's banner says of itself and its telemetry.
import type { Config } from "../config.ts";
import { parseClaudeArgs } from "../launch/sdk-args.ts";
import { VERSION } from "../version.ts";
import type { Banner } from "../views/repl/banner.ts";

export function bannerOf(config: Config, args: readonly string[]): Banner {
	const { otel, level, backends, file } = config;
	const { traces } = otel;
	const off = level === "off" ? "CLAUDE_OTEL_LEVEL=off" : otel.disabled ? "OTEL_SDK_DISABLED" : undefined;
	const endpoints = [
		...(traces.exporters.includes("otlp") ? [traces.endpoint] : []),
		...(traces.exporters.includes("console") ? ["the console"] : []),
		...(traces.none ? [] : backends.map(({ title }) => title)),
		...(file === undefined ? [] : [file]),
	];
	return {
		version: VERSION,
		service: otel.serviceName,
		model: parseClaudeArgs(args).options.model,
		off,
		level,
		endpoints: off === undefined ? endpoints : [],
	};
}
