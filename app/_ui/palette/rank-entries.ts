export type PaletteGroup = "Actions" | "Caches" | "Hosts" | "Pages";

export interface Searchable {
	group: PaletteGroup;
	title: string;
	/** Other words that people type for it. */
	keywords?: string;
}

const MAX_IN_GROUP = 8;
const GROUPS: readonly PaletteGroup[] = ["Actions", "Caches", "Hosts", "Pages"];

function wordsOf(text: string): string[] {
	return text
		.toLowerCase()
		.split(/[^\p{L}\p{N}]+/u)
		.filter(Boolean);
}

const wordsOfEntries = new WeakMap<Searchable, { title: string[]; keywords: string[] }>();

/** Split once an entry, not once a keystroke. */
function indexOf(entry: Searchable) {
	let words = wordsOfEntries.get(entry);
	if (words === undefined) {
		words = { title: wordsOf(entry.title), keywords: wordsOf(entry.keywords ?? "") };
		wordsOfEntries.set(entry, words);
	}
	return words;
}

/** 0 for no match; the better the match the higher. Every word of the query has to be found. */
function scoreOf(entry: Searchable, query: string, queryWords: readonly string[]): number {
	const title = entry.title.toLowerCase();
	if (title === query) return 100;
	if (title.startsWith(query)) return 80;
	const { title: titleWords, keywords } = indexOf(entry);
	let score = 0;
	for (const word of queryWords) {
		if (titleWords.some((candidate) => candidate.startsWith(word))) score += 30;
		else if (keywords.includes(word)) score += 22;
		else if (keywords.some((candidate) => candidate.startsWith(word))) score += 16;
		else if (title.includes(word)) score += 12;
		else return 0;
	}
	return score / queryWords.length;
}

/**
 * What to offer for a query, best first inside each group, groups by their best entry.
 * Without a query: everything, in the order given.
 */
export function rankEntries<Entry extends Searchable>(
	entries: readonly Entry[],
	query: string,
): { group: PaletteGroup; entries: Entry[] }[] {
	const text = query.trim().toLowerCase();
	const queryWords = wordsOf(text);
	const scored = entries
		.map((entry) => ({
			entry,
			score: queryWords.length === 0 ? 1 : scoreOf(entry, text, queryWords),
		}))
		.filter(({ score }) => score > 0)
		.sort((a, b) => b.score - a.score);
	return GROUPS.map((group) => {
		const own = scored.filter(({ entry }) => entry.group === group);
		return { group, best: own[0]?.score ?? 0, entries: own.map(({ entry }) => entry) };
	})
		.filter(({ best }) => best > 0)
		.sort((a, b) => b.best - a.best)
		.map(({ group, entries: own }) => ({ group, entries: own.slice(0, MAX_IN_GROUP) }));
}
