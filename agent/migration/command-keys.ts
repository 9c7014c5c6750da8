import type { RespValue } from "../drivers/resp-parser.ts";

/** A key that a command names. */
export interface CommandKey {
	readonly key: Buffer;
	readonly isWritten: boolean;
}

/** Where a command names keys, as the engine's COMMAND says (key specifications, since Redis 7). */
interface KeySpec {
	readonly isWritten: boolean;
	readonly begin:
		| { readonly kind: "index"; readonly index: number }
		| { readonly kind: "keyword"; readonly word: string; readonly from: number };
	readonly find:
		| {
				readonly kind: "range";
				readonly last: number;
				readonly step: number;
				readonly limit: number;
		  }
		| {
				readonly kind: "count";
				readonly countAt: number;
				readonly first: number;
				readonly step: number;
		  };
}

/** Their specification leaves out the key that SORT stores to. */
const STORES_AFTER_WORD: ReadonlySet<string> = new Set(["SORT"]);

/** The keys of any command, by the table of an engine that knows it. */
export class CommandKeys {
	private readonly specs: ReadonlyMap<string, readonly KeySpec[]>;

	private constructor(specs: ReadonlyMap<string, readonly KeySpec[]>) {
		this.specs = specs;
	}

	/** Reads the answer to COMMAND. */
	static of(answer: RespValue): CommandKeys {
		const specs = new Map<string, readonly KeySpec[]>();
		for (const entry of listOf(answer)) addEntry(specs, entry);
		return new CommandKeys(specs);
	}

	/** Null for a command that the engine doesn't know. */
	keysOf(args: readonly Buffer[]): CommandKey[] | null {
		const name = textOf(args[0]);
		const specs = this.specs.get(`${name}|${textOf(args[1])}`) ?? this.specs.get(name);
		if (specs === undefined) return null;
		const found = specs.flatMap((spec) => keysBy(spec, args));
		if (STORES_AFTER_WORD.has(name)) {
			const word = args.findIndex((arg, index) => index > 1 && textOf(arg) === "STORE");
			const key = word === -1 ? undefined : args[word + 1];
			if (key !== undefined) found.push({ key, isWritten: true });
		}
		return found;
	}
}

function addEntry(specs: Map<string, readonly KeySpec[]>, entry: RespValue): void {
	const fields = listOf(entry);
	const name = String(fields[0]).toUpperCase();
	specs.set(
		name,
		listOf(fields[8]).flatMap((spec) => parseSpec(mapOf(spec)) ?? []),
	);
	for (const subcommand of listOf(fields[9])) addEntry(specs, subcommand);
}

function parseSpec(spec: ReadonlyMap<string, RespValue>): KeySpec | null {
	const flags = new Set(listOf(spec.get("flags") ?? null).map(String));
	if (flags.has("not_key")) return null;
	const isWritten = ["RW", "OW", "RM"].some((flag) => flags.has(flag));
	const begin = mapOf(spec.get("begin_search") ?? null);
	const beginSpec = mapOf(begin.get("spec") ?? null);
	const find = mapOf(spec.get("find_keys") ?? null);
	const findSpec = mapOf(find.get("spec") ?? null);
	const number = (from: ReadonlyMap<string, RespValue>, name: string) => Number(from.get(name));
	const parsedBegin =
		begin.get("type") === "index"
			? { kind: "index" as const, index: number(beginSpec, "index") }
			: begin.get("type") === "keyword"
				? {
						...{ kind: "keyword" as const, from: number(beginSpec, "startfrom") },
						word: String(beginSpec.get("keyword")).toUpperCase(),
					}
				: null;
	const parsedFind =
		find.get("type") === "range"
			? {
					...{ kind: "range" as const, last: number(findSpec, "lastkey") },
					...{ step: number(findSpec, "keystep"), limit: number(findSpec, "limit") },
				}
			: find.get("type") === "keynum"
				? {
						...{ kind: "count" as const, countAt: number(findSpec, "keynumidx") },
						...{ first: number(findSpec, "firstkey"), step: number(findSpec, "keystep") },
					}
				: null;
	if (parsedBegin === null || parsedFind === null) return null;
	return { isWritten, begin: parsedBegin, find: parsedFind };
}

function keysBy({ isWritten, begin, find }: KeySpec, args: readonly Buffer[]): CommandKey[] {
	const first = begin.kind === "index" ? begin.index : indexAfter(begin, args);
	if (first === null) return [];
	const keys: CommandKey[] = [];
	const add = (index: number) => {
		const key = args[index];
		if (key !== undefined) keys.push({ key, isWritten });
	};
	const step = Math.max(1, find.step);
	if (find.kind === "count") {
		const count = Number(args[first + find.countAt]?.toString("latin1") ?? 0);
		for (let index = 0; index < count; index += 1) add(first + find.first + index * step);
		return keys;
	}
	// Relative to the first key, or to the end.
	const room =
		find.limit > 1 ? Math.floor((args.length - first) / find.limit) : args.length - first;
	const last = find.last >= 0 ? first + find.last : first + room + find.last;
	for (let index = first; index <= last && index < args.length; index += step) add(index);
	return keys;
}

function indexAfter(
	{ word, from }: { word: string; from: number },
	args: readonly Buffer[],
): number | null {
	const step = from < 0 ? -1 : 1;
	for (let at = from < 0 ? args.length + from : from; at > 0 && at < args.length; at += step) {
		if (textOf(args[at]) === word) return at + 1;
	}
	return null;
}

function textOf(arg: Buffer | undefined): string {
	return arg?.toString("latin1").toUpperCase() ?? "";
}

function listOf(value: RespValue | undefined): readonly RespValue[] {
	return Array.isArray(value) ? value : [];
}

function mapOf(value: RespValue): ReadonlyMap<string, RespValue> {
	const list = listOf(value);
	const entries = new Map<string, RespValue>();
	for (let index = 0; index + 1 < list.length; index += 2) {
		entries.set(String(list[index]), list[index + 1] ?? null);
	}
	return entries;
}
