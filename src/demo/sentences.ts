// What the demo says besides its figures, and what is said where a scripted session fails.
import { UserMistake } from "../errors.ts";
import type { Scene } from "./scene.ts";

const EXIT_FAILED = 1;

export const demoMistakes = {
	tookTooLong: (scene: Scene["name"], seconds: number) =>
		new UserMistake(
			`The ${scene}'s session did not end within ${seconds} s: try again, and see with \`claude --version\` whether claude starts.`,
			EXIT_FAILED,
		),
	sessionFailed: (scene: Scene["name"], exitCode: number | undefined, words: string) =>
		new UserMistake(
			`The ${scene}'s session ended with exit code ${exitCode ?? "unknown"} (${words}): update claude with \`claude update\`, then try again.`,
			EXIT_FAILED,
		),
	nothingExported: (scene: Scene["name"]) =>
		new UserMistake(
			`The ${scene}'s session exported nothing: update claude with \`claude update\`, then try again.`,
			EXIT_FAILED,
		),
};

export const demoLines = {
	begins: (version: string) => `The real claude, ${version}, with a scripted model: no account, no network.`,
	exported: (spans: number, records: readonly (readonly [name: string, count: number])[]) =>
		`${spans} spans, and log records: ${records.map(([name, count]) => `${count} ${name}`).join(", ")}.`,
	tokensAgree: (tokens: string) => `The model billed ${tokens} tokens, and the trace tells of exactly as many.`,
	tokensDiffer: (billed: string, told: string) =>
		`The model billed ${billed} tokens, but the trace tells of ${told}: please report this, with the version of claude.`,
	next: "Next, with your own sessions: type claude-otel instead of claude. A collector on this machine (localhost:4317, grpc) gets them without further ado; for one elsewhere set, for example,",
	nextExample: "    OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.example:4318",
};
