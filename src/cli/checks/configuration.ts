// The settings → those that would stop a run, and those that are odd: a value that is ignored, a port that does not go
// with its protocol, a pattern that cannot be used.
import { UserMistake } from "../../errors.ts";
import type { Check } from "./check.ts";
import { findings } from "./findings.ts";

export const checkConfiguration: Check = async ({ config, problems, mistake }) => {
	const found = [mistake, await badPattern()].filter((sentence) => sentence !== undefined).map(findings.unusable);
	const odd = [...new Set(problems)].map(findings.odd);
	const silent = [
		...(config.level === "off" ? [findings.levelOff()] : []),
		...(config.otel.disabled ? [findings.sdkDisabled()] : []),
	];
	const all = [...found, ...odd, ...silent];
	return all.length > 0 ? all : [findings.settings()];

	/** Also of a redaction file that cannot be read. */
	async function badPattern(): Promise<string | undefined> {
		const { createRunPrivacy } = await import("../../run-privacy.ts");
		try {
			createRunPrivacy(config, []);
			return undefined;
		} catch (error) {
			if (error instanceof UserMistake) return error.message;
			throw error;
		}
	}
};
