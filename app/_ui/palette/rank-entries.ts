import uFuzzy from "@leeoniya/ufuzzy";

export type PaletteGroup = "Actions" | "Caches" | "Snapshots" | "Accelerators" | "Hosts" | "Pages";

export interface Searchable {
	group: PaletteGroup;
	title: string;
	/** Other words that people type for it. */
	keywords?: string;
	/** Offered only once the user types something: there is one for every cache or host. */
	needsQuery?: boolean;
}

export interface RankedGroup<Entry extends Searchable> {
	group: PaletteGroup;
	entries: Entry[];
}

const MAX_IN_GROUP = 8;
const GROUPS: readonly PaletteGroup[] = [
	"Actions",
	"Caches",
	"Snapshots",
	"Accelerators",
	"Hosts",
	"Pages",
];

/** One letter of each word may be wrong, missing, extra, or swapped with its neighbor. */
const typoTolerant = new uFuzzy({ intraMode: 1 });
/** Shorter words match too much once a letter of them may be wrong. */
const MIN_TYPO_LENGTH = 4;
/** How many words of a query are tried in any order. */
const MAX_PERMUTED_WORDS = 3;

function wordsOf(text: string): string[] {
	return text
		.toLowerCase()
		.split(/[^\p{L}\p{N}]+/u)
		.filter(Boolean);
}

const wordsOfEntries = new WeakMap<Searchable, { title: string[]; keywords: string[] }>();

/** Split once per entry, not once per keystroke. */
function indexOf(entry: Searchable) {
	let words = wordsOfEntries.get(entry);
	if (words === undefined) {
		words = { title: wordsOf(entry.title), keywords: wordsOf(entry.keywords ?? "") };
		wordsOfEntries.set(entry, words);
	}
	return words;
}

/** 0 for no match; the better the match, the higher. Every word of the query has to be found. */
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
 * What to offer for a query, best first inside each group, groups by their best entry. A query that matches nothing
 * is tried again with a typo allowed in each word. Without a query: the entries that need none, in the given order.
 */
export function rankEntries<Entry extends Searchable>(
	entries: readonly Entry[],
	query: string,
): RankedGroup<Entry>[] {
	const text = query.trim().toLowerCase();
	const queryWords = wordsOf(text);
	if (queryWords.length === 0) {
		return grouped(
			entries.filter(({ needsQuery }) => needsQuery !== true).map((entry) => ({ entry, score: 1 })),
		);
	}
	const exact = entries
		.map((entry) => ({ entry, score: scoreOf(entry, text, queryWords) }))
		.filter(({ score }) => score > 0);
	return grouped(exact.length > 0 ? exact : despiteTypos(entries, queryWords));
}

interface Scored<Entry> {
	entry: Entry;
	score: number;
}

function despiteTypos<Entry extends Searchable>(
	entries: readonly Entry[],
	queryWords: readonly string[],
): Scored<Entry>[] {
	if (queryWords.every((word) => word.length < MIN_TYPO_LENGTH)) return [];
	const haystack = entries.map(({ title, keywords = "" }) => `${title} ${keywords}`.toLowerCase());
	const [found, info, order] = typoTolerant.search(
		haystack,
		queryWords.join(" "),
		MAX_PERMUTED_WORDS,
	);
	const ranked = info === null ? found : order.map((place) => info.idx[place] ?? -1);
	return (ranked ?? []).flatMap((index, rank) => {
		const entry = entries[index];
		return entry === undefined ? [] : [{ entry, score: 1 / (rank + 1) }];
	});
}

function grouped<Entry extends Searchable>(scored: readonly Scored<Entry>[]): RankedGroup<Entry>[] {
	const sorted = [...scored].sort((a, b) => b.score - a.score);
	return GROUPS.map((group) => {
		const own = sorted.filter(({ entry }) => entry.group === group);
		return { group, best: own[0]?.score ?? 0, entries: own.map(({ entry }) => entry) };
	})
		.filter(({ best }) => best > 0)
		.sort((a, b) => b.best - a.best)
		.map(({ group, entries: own }) => ({ group, entries: own.slice(0, MAX_IN_GROUP) }));
}
