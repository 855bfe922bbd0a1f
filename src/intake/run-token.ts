// The token that opens this run's doors.
import { timingSafeEqual } from "node:crypto";

export const TOKEN_HEADER = "x-claude-otel-token";
/** Shows that it is one: another process that tells the run again, and does not know it, still takes it for a secret. */
export const TOKEN_PREFIX = "cotel_";

/** Compares in constant time. */
export function tokenCheck(token: string): (given?: string) => boolean {
	const right = Buffer.from(token);
	return (given = "") => {
		const bytes = Buffer.from(given);
		return bytes.length === right.length && timingSafeEqual(bytes, right);
	};
}
