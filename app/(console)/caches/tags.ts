import { LIMITS } from "../../../server/contract/limits.ts";

export interface DraftTag {
	/** Stable while the row is edited. */
	id: string;
	key: string;
	value: string;
}

/** Completely empty rows don't count. */
export function filledTags(tags: readonly DraftTag[]): DraftTag[] {
	return tags.filter(({ key, value }) => key !== "" || value !== "");
}

export function toTagRecord(tags: readonly DraftTag[]): Record<string, string> {
	return Object.fromEntries(filledTags(tags).map(({ key, value }) => [key.trim(), value]));
}

export function toDraftTags(tags: Readonly<Record<string, string>>): DraftTag[] {
	return Object.entries(tags).map(([key, value]) => ({ id: key, key, value }));
}

/** Problems that the schema can't see, because a record holds each key only once. */
export function tagProblem(tags: readonly DraftTag[]): string | null {
	const keys = filledTags(tags).map(({ key }) => key.trim());
	if (keys.includes("")) return "a tag needs a key";
	const twice = keys.find((key, index) => keys.indexOf(key) !== index);
	if (twice !== undefined) return `the tag “${twice}” appears twice`;
	return keys.length > LIMITS.tagsMax ? `a cache can have at most ${LIMITS.tagsMax} tags` : null;
}
