import { CHANGE_WORDS } from "../../../../server/contract/change-words.ts";

const FIELDS: Readonly<Record<string, string>> = CHANGE_WORDS;

/** The fields of a pending change in words, without confirmations. */
export function describeChanges(
	changes: Readonly<Record<string, unknown>>,
): { field: string; value: string }[] {
	return Object.entries(changes)
		.filter(([field]) => field in FIELDS)
		.map(([field, value]) => ({
			field: capitalized(FIELDS[field] ?? field),
			value: wordsFor(field, value),
		}));
}

function capitalized(words: string): string {
	return words.charAt(0).toUpperCase() + words.slice(1);
}

function wordsFor(field: string, value: unknown): string {
	if (field === "applyPending") return "applied, node by node";
	if (value === null) return "any";
	if (typeof value === "boolean") return value ? "on" : "off";
	if (!Array.isArray(value)) return String(value);
	return value.map((each) => (isRecord(each) ? recordWords(each) : String(each))).join(", ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

/** `{ shard, replicas }` or `{ node, host or zone }`. */
function recordWords({ shard, replicas, node, host, zone }: Record<string, unknown>): string {
	if (shard !== undefined) return `${shard}: ${replicas}`;
	return host === undefined ? `${node} to zone ${zone}` : `${node} to ${host}`;
}
