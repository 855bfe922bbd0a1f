// A fact → what is known of its session, and of the turn and the agent that it names.
import type { Fact } from "../fact.ts";
import type { Where } from "../state.ts";
import type { Stores } from "../stores.ts";
import { HOOK_FIRST, NATIVE_LAST } from "../told.ts";
import { agentOf } from "./agents.ts";
import { merge } from "./merge.ts";
import { sessionOf } from "./sessions.ts";
import { turnOf } from "./turns.ts";

/** Notes what the fact says of its session, and of the turn that it names. */
export function noteSurroundings(stores: Stores, fact: Fact): void {
	if (fact.sessionId === "") return;
	const session = sessionOf(stores, fact);
	const timeless = fact.kind === "cost.state" || fact.kind === "agent.described";
	// Before it takes up an earlier session, claude tells of its start under an id that comes to nothing.
	const vague = fact.source === "native" && fact.promptId === undefined;
	// Told at an agent's end, in whatever session is current then.
	const before = fact.source === "native" && fact.kind === "agent.started";
	if (!timeless && !vague && !before) {
		session.firstAt = Math.min(session.firstAt, fact.at);
		session.lastAt = Math.max(session.lastAt, fact.at);
	}
	if (fact.source === "hook") session.hookSeen = true;
	if (fact.source === "transcript") session.transcriptSeen = true;
	if (fact.source === "native" && !vague) session.nativeSeen = true;
	if (fact.source === "agent") session.agentSeen = true;
	session.claudeVersion = merge(session.claudeVersion, fact, fact.claudeVersion, HOOK_FIRST);
	if (fact.agentId !== undefined) {
		const agent = agentOf(stores, fact, fact.agentId);
		if (fact.source !== "native") return;
		agent.nativeParent ??= fact.parentAgentId;
		agent.nativePrompt = merge(agent.nativePrompt, fact, fact.promptId, NATIVE_LAST);
		return;
	}
	session.where = merge(session.where, fact, whereOf(fact), HOOK_FIRST);
	session.permissionMode = merge(session.permissionMode, fact, fact.permissionMode, HOOK_FIRST);
	if (fact.promptId === undefined || timeless) return;
	const turn = turnOf(stores, fact, fact.promptId);
	turn.lastAt = Math.max(turn.lastAt, fact.at);
	turn.permissionMode = merge(turn.permissionMode, fact, fact.permissionMode, HOOK_FIRST);
	turn.where = merge(turn.where, fact, whereOf(fact), HOOK_FIRST);
}

/** At level minimal the directory is not told, only what is checked out there. */
function whereOf({ cwd, branch, revision }: Fact): Where | undefined {
	return cwd === undefined && branch === undefined && revision === undefined ? undefined : { cwd, branch, revision };
}
