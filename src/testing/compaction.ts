// Tells a request for a summary of the conversation (auto-compaction, /compact) from every other request.
// Claude Code sends it on the conversation's own lane with nothing but its last message to tell it by.

import { type MessagesBody, textOf } from "./script.ts";

export function isCompactionRequest(body: MessagesBody): boolean {
	// Reminders may follow the user's message in messages of role `system`.
	const last = body.messages.filter((message) => message.role !== "system").at(-1);
	if (last?.role !== "user") return false;
	const text = textOf(last.content);
	return text.includes("Your task is to create a detailed summary of") && text.includes("<summary>");
}
