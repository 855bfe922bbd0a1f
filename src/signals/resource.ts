// Who sends: the resource of every signal. Never the machine, the process or the command line.
import type { Attributes } from "@opentelemetry/api";

export interface ResourceFacts {
	runId: string;
	version: string;
	userId?: string;
	team?: string;
	project?: string;
	repositoryUrl?: string;
	/** Redacts. */
	clean(text: string): string;
}

export function resourceOf({ runId, version, userId, team, project, repositoryUrl, clean }: ResourceFacts): Attributes {
	const told = { "user.id": userId, team, project, "vcs.repository.url.full": repositoryUrl };
	const texts = Object.entries(told).flatMap(([key, value]) => (value === undefined ? [] : [[key, clean(value)]]));
	// Two processes never write one series.
	return { "service.version": version, "service.instance.id": runId, ...Object.fromEntries(texts) };
}
