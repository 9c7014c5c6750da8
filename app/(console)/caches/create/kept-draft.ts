import { type Draft, EMPTY_DRAFT } from "./draft.ts";

/** One draft for each start that an address gives. */
const keyOf = (start: string) => `larder.draft:${start}`;

/** Keeps what was typed when the page is reloaded, until the tab is closed or the cache is created. */
export function keepDraft(start: string, draft: Draft | null): void {
	try {
		if (draft === null) window.sessionStorage.removeItem(keyOf(start));
		else window.sessionStorage.setItem(keyOf(start), JSON.stringify(draft));
	} catch {
		// Without storage, a reload starts from scratch.
	}
}

export function readKeptDraft(start: string): Draft | null {
	try {
		return parseDraft(window.sessionStorage.getItem(keyOf(start)));
	} catch {
		return null;
	}
}

/** Leaves out fields whose type isn't the form's: another version may have written them. */
export function parseDraft(text: string | null): Draft | null {
	if (text === null) return null;
	const kept: unknown = JSON.parse(text);
	if (typeof kept !== "object" || kept === null) return null;
	const fields = Object.entries(EMPTY_DRAFT).map(([name, initial]) => {
		const value: unknown = Reflect.get(kept, name);
		const isSame =
			typeof value === typeof initial && Array.isArray(value) === Array.isArray(initial);
		return [name, isSame ? value : initial];
	});
	return Object.fromEntries(fields);
}
