// Names and values → whether a request can carry them.
import { validateHeaderName, validateHeaderValue } from "node:http";

export function areHeaders(headers: Readonly<Record<string, string>>): boolean {
	try {
		for (const [name, value] of Object.entries(headers)) {
			validateHeaderName(name);
			validateHeaderValue(name, value);
		}
		return true;
	} catch {
		return false;
	}
}
