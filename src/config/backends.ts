// Comes in: CLAUDE_OTEL_BACKEND and the variables of the back ends. Goes out: which of them are to be sent to, each with
// its settings. What was chosen must be usable, or the program ends with a sentence; what was merely found (a variable
// that may be meant for another program) is told and passed over.
import { mistakes, UserMistake, warnings } from "../errors.ts";
import { BACKEND_TABLE } from "./backend-table.ts";
import { list } from "./parse.ts";
import { type Reader, type Row, variablesOf } from "./row.ts";

type Table = typeof BACKEND_TABLE;
export type BackendName = keyof Table;
export type BackendSettings<N extends BackendName> = { readonly [K in keyof Table[N]["needed"]]: string } & {
	readonly [K in keyof Table[N]["optional"]]?: string;
};

/** A back end that is to be sent to. With a name in place of N it is that one's. */
export type ChosenBackend<N extends BackendName = BackendName> = {
	[K in N]: {
		name: K;
		title: string;
		settings: BackendSettings<K>;
		/** The variable that said each setting, or would. */
		variables: Readonly<Record<string, string>>;
		/** What must be in no sentence and no telemetry. */
		secrets: readonly string[];
	};
}[N];

export const BACKEND_ROW: Row<readonly string[] | undefined> = {
	variable: "CLAUDE_OTEL_BACKEND",
	parse: list,
	expects: "names of back ends separated by commas, or none",
	initial: undefined,
	initialText: "those whose LOGFIRE_TOKEN or SENTRY_DSN is set",
	meaning: `Back ends to send to by their presets: some of ${names().join(", ")}, or \`none\`. docs/back-ends.md says what each takes. Without an OTLP endpoint of yours they take the place of the default one.`,
};

export function readBackends(reader: Reader): ChosenBackend[] {
	const variable = variablesOf(BACKEND_ROW)[0];
	const asked = reader.raw(variable);
	const chosen = asked === undefined ? findBackends(reader) : chooseBackends(variable, asked);
	reader.describe(variable, {
		value: chosen.map(({ name }) => name).join(", ") || "none",
		origin: asked === undefined ? chosen.map(({ by }) => by).join(", ") || undefined : variable,
	});
	return chosen.flatMap(({ name, by }) => {
		try {
			return [readBackend(reader, name)];
		} catch (error) {
			if (by === undefined || !(error instanceof UserMistake)) throw error;
			reader.problems.push(warnings.backendPassedOver(BACKEND_TABLE[name].title, error.message));
			return [];
		}
	});
}

interface Choice {
	name: BackendName;
	/** The variable that it was found by. */
	by?: string;
}

function findBackends(reader: Reader): Choice[] {
	return names().flatMap((name) => {
		const { foundBy, needed }: { foundBy?: string; needed: Record<string, Row<unknown>> } = BACKEND_TABLE[name];
		const row = foundBy === undefined ? undefined : needed[foundBy];
		const by = row && variablesOf(row).find((variable) => reader.raw(variable) !== undefined);
		return by === undefined ? [] : [{ name, by }];
	});
}

function chooseBackends(variable: string, asked: string): Choice[] {
	const wanted = [...new Set(asked.split(",").map((part) => part.trim().toLowerCase()))].filter((part) => part !== "");
	if (wanted.includes("none")) {
		if (wanted.length > 1) throw mistakes.noneBesideBackends(variable);
		return [];
	}
	return wanted.map((part) => {
		const name = names().find((known) => known === part);
		if (name === undefined) throw mistakes.unknownBackend(variable, part, names());
		return { name };
	});
}

function readBackend(reader: Reader, name: BackendName): ChosenBackend {
	const { title, needed, optional }: (typeof BACKEND_TABLE)[BackendName] = BACKEND_TABLE[name];
	const rows: Record<string, Row<string | undefined>> = { ...needed, ...optional };
	const settings: Record<string, string> = {};
	const variables: Record<string, string> = {};
	const secrets: string[] = [];
	for (const [key, row] of Object.entries(rows)) {
		const { value, origin } = reader.read(row);
		variables[key] = origin ?? variablesOf(row)[0];
		if (value === undefined) continue;
		settings[key] = value;
		if (row.secret) secrets.push(value);
	}
	const missing = Object.keys(needed).filter((key) => settings[key] === undefined);
	if (missing.length > 0) {
		throw mistakes.backendWithoutKey(
			name,
			missing.map((key) => variables[key] ?? key),
		);
	}
	// What was just read row by row is what the type says of this name.
	return { name, title, settings, variables, secrets } as unknown as ChosenBackend;
}

function names(): BackendName[] {
	return Object.keys(BACKEND_TABLE) as BackendName[];
}
