import type { ZodError } from "zod";

/** The first message for each field as a sentence, by the first part of its path. */
export function firstIssues(error: ZodError | undefined): Map<string, string> {
	const messages = new Map<string, string>();
	for (const { path, message } of error?.issues ?? []) {
		const field = String(path[0] ?? "");
		if (!messages.has(field)) messages.set(field, asSentence(message));
	}
	return messages;
}

/** "name is required" → "Name is required." */
export function asSentence(message: string): string {
	const text = message.charAt(0).toUpperCase() + message.slice(1);
	return /[.!?]$/.test(text) ? text : `${text}.`;
}
