// The shape that all checks share. In: what a run would go by. Out: findings, each one sentence with its cure. A check
// changes nothing of the user's, and what it finds is never an exception.
import type { Config } from "../../config.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import type { FoundClaude } from "../../launch/find-claude.ts";

export type Outcome = "ok" | "warning" | "broken";

export type CheckName =
	| "versions"
	| "claude"
	| "configuration"
	| "claude-files"
	| "hooks"
	| "native"
	| "run-folder"
	| "store"
	| "spool"
	| "file"
	| "collector"
	| "self-test";

export interface Finding {
	check: CheckName;
	outcome: Outcome;
	sentence: string;
}

export interface CheckContext {
	/** With a mistake: as if nothing of ours or OpenTelemetry's were set. */
	config: Config;
	/** Of the configuration: sentences that stop nothing. */
	problems: readonly string[];
	/** The sentence that would stop a run. */
	mistake?: string;
	claude: FoundClaude;
	env: NodeJS.ProcessEnv;
	cwd: string;
	packageRoot: string;
	platform: NodeJS.Platform;
	/** The Node that runs us, and its version. */
	node: { path: string; version: string };
	diagnostics: Diagnostics;
}

export type Check = (context: CheckContext) => Finding[] | Promise<Finding[]>;
