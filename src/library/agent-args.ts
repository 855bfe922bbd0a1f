// Options of the Agent SDK → as much of them as claude's arguments as says what kind of run it is: which session it takes
// up, whether it writes a transcript, which settings count.
import type { SdkOptions } from "../launch/sdk-args.ts";

export function argsOf(options: SdkOptions): string[] {
	const { settings, settingSources, resume, sessionId, model, permissionMode } = options;
	const args: string[] = [];
	const add = (flag: string, value: string | undefined) => value !== undefined && args.push(flag, value);
	add("--settings", typeof settings === "object" ? JSON.stringify(settings) : settings);
	add("--setting-sources", settingSources?.join(","));
	add("--model", model);
	add("--permission-mode", permissionMode);
	add("--resume", resume);
	add("--session-id", sessionId);
	if (options.continue) args.push("--continue");
	if (options.forkSession) args.push("--fork-session");
	if (options.persistSession === false) args.push("--no-session-persistence");
	return args;
}
