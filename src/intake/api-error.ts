// What the Messages API or the client calls a failed request → `error.type`, a small closed set.

const BY_API_TYPE: ReadonlyMap<string, string> = new Map([
	["rate_limit_error", "rate_limit"],
	["overloaded_error", "overloaded"],
	["api_error", "server_error"],
	["timeout_error", "timeout"],
	["authentication_error", "authentication_failed"],
	["permission_error", "permission_denied"],
	["billing_error", "billing_error"],
	["invalid_request_error", "invalid_request"],
	["not_found_error", "model_not_found"],
	["request_too_large", "request_too_large"],
]);

/** By the API's own error type, else by HTTP status, else by what the client says (the words of StopFailure). */
export function classifyApiError(
	apiType: string | undefined,
	status: number | undefined,
	clientWord: string | undefined,
): string {
	const told = BY_API_TYPE.get(apiType ?? "");
	if (told !== undefined) return told;
	if (status !== undefined) return classifyStatus(status);
	return clientWord ?? "unknown";
}

export function classifyStatus(status: number | undefined): string {
	if (status === undefined) return "connection_error";
	if (status === 401) return "authentication_failed";
	if (status === 403) return "permission_denied";
	if (status === 404) return "model_not_found";
	if (status === 413) return "request_too_large";
	if (status === 429) return "rate_limit";
	if (status === 529) return "overloaded";
	if (status >= 500) return "server_error";
	return status >= 400 ? "invalid_request" : "unknown";
}
