// Configuration → the privacy of a run. Wiring like pipeline.ts, apart from it so that a bad pattern can be told
// before claude is started, without loading the rest.
import type { Config } from "./config.ts";
import { mistakes } from "./errors.ts";
import { isShallow } from "./nesting.ts";
import { PatternMistake } from "./privacy/pattern-mistake.ts";
import { createPrivacy, type Privacy } from "./privacy/privacy.ts";
import { readNamedFile } from "./read-plain-file.ts";

/** @param literals redacted whatever else is said: the run's token. Throws a UserMistake for a pattern or file that cannot be used. */
export function createRunPrivacy(config: Config, literals: readonly string[]): Privacy {
	try {
		return createPrivacy({
			level: config.level === "off" ? "minimal" : config.level,
			maxAttrLength: config.maxAttrLength,
			maxPayloadBytes: config.maxPayloadBytes,
			patterns: config.redactPatterns,
			allowlist: config.redactAllowlist,
			disableDefaults: config.redactDisableDefaults,
			config: readRedactionFile(config.redactConfig),
			// A key stands in the environment of claude's commands, so its value is a secret wherever it turns up.
			literals: [...literals, ...config.backends.flatMap(({ secrets }) => secrets)],
		});
	} catch (error) {
		if (error instanceof PatternMistake) throw mistakes.badPattern(error.message);
		throw error;
	}
}

function readRedactionFile(path: string | undefined): unknown {
	if (path === undefined) return undefined;
	try {
		const config: unknown = JSON.parse(readNamedFile(path).toString());
		if (!isShallow(config)) throw new RangeError("it is nested too deep");
		return config;
	} catch (error) {
		throw mistakes.badRedactionFile(path, error instanceof Error ? error.message : String(error));
	}
}
