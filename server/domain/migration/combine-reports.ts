import type { MigrationReport } from "../../contract/migration.ts";

/** From the one that is least far. A shard whose engine is empty waits for the others. */
const PROGRESS = [
	...(["checking", "checked", "copying", "following"] as const),
	...(["caught-up", "leading", "emptied"] as const),
] as const;

/**
 * What the reports of all shards mean for the migration: it is as far as the shard that is least far, its lag is the
 * greatest, and it has failed if one has. Null while a shard hasn't reported.
 */
export function combineReports(
	reports: readonly (MigrationReport | null)[],
): MigrationReport | null {
	const known = reports.filter((report) => report !== null);
	const [first] = known;
	const failed = known.find(({ phase }) => phase === "failed");
	if (failed !== undefined) return failed;
	if (first === undefined || known.length < reports.length) return null;
	if (known.length === 1) return first;
	const phase = PROGRESS.find((each) => known.some((report) => report.phase === each));
	return {
		...{ id: first.id, phase: phase ?? first.phase },
		bytes: sum(known.map(({ bytes }) => bytes)) ?? 0,
		totalBytes: sum(known.map(({ totalBytes }) => totalBytes)),
		keys: sum(known.map(({ keys }) => keys)) ?? 0,
		totalKeys: sum(known.map(({ totalKeys }) => totalKeys)),
		lagBytes: greatest(known.map(({ lagBytes }) => lagBytes)),
		lagSeconds: greatest(known.map(({ lagSeconds }) => lagSeconds)),
		pausedMs: greatest(known.map(({ pausedMs }) => pausedMs)),
		holdsWrites: allOf(known.map(({ holdsWrites }) => holdsWrites)),
		checks: [...new Set(known.flatMap(({ checks }) => checks))],
		message: joined(known.flatMap(({ message }) => message ?? [])),
	};
}

function sum(values: readonly (number | null)[]): number | null {
	return values.reduce((all, value) => (all === null || value === null ? null : all + value), 0);
}

function greatest(values: readonly (number | null)[]): number | null {
	const known = values.filter((value) => value !== null);
	return known.length === 0 ? null : Math.max(...known);
}

function allOf(values: readonly (boolean | null)[]): boolean | null {
	if (values.includes(false)) return false;
	return values.includes(null) ? null : true;
}

function joined(messages: readonly string[]): string | null {
	return messages.length === 0 ? null : [...new Set(messages)].join(" ").slice(0, 2_000);
}
