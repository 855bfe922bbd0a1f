// What `--summary` loads when claude has been started. Comes in: the episodes of the run. Goes out: at its end, the panel.
import { Ansis } from "ansis";
import type { Episode } from "../model/episode.ts";
import { collectFigures } from "./run-figures.ts";
import { showPanel, type TraceTold } from "./summary-panel.ts";

export interface RunSummary {
	episode(episode: Episode): void;
	/** Undefined where there is nothing to tell. `colorLevel` 0: without a code of a terminal. `columns`: where it wraps. */
	show(traces: TraceSource, colorLevel: 0 | 1 | 2 | 3, columns?: number): string | undefined;
}

export interface TraceSource extends Omit<TraceTold, "ids"> {
	/** Of the n-th session of the run. */
	idOf(session: number): string;
}

export function createRunSummary(): RunSummary {
	const collector = collectFigures();
	return {
		episode: collector.episode,
		show({ idOf, ...told }, colorLevel, columns) {
			const figures = collector.figures();
			if (figures === undefined) return undefined;
			const ids = [...new Set(figures.sessionNumbers.map(idOf))];
			return `${showPanel(figures, { ids, ...told }, new Ansis(colorLevel), columns).join("\n")}\n`;
		},
	};
}
