// `claude-otel demo`.
import { UserMistake } from "../../errors.ts";
import type { OwnContext } from "../program.ts";

export async function demo(_context: OwnContext): Promise<number> {
	throw new UserMistake("The demo is not in this build: run `claude-otel` with a collector instead.");
}
