import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Files that PostgreSQL needs before it can itself say what is wrong, and how to check their content. */
const VITAL: readonly { path: string; isWhole(directory: string): boolean }[] = [
	{ path: "PG_VERSION", isWhole: (path) => /^\d\d\s*$/.test(readFileSync(path, "utf8")) },
	// PostgreSQL checks the rest itself.
	{ path: "global/pg_control", isWhole: (path) => isControlFile(readFileSync(path)) },
	{ path: "global/pg_filenode.map", isWhole: (path) => statSync(path).size > 0 },
	{ path: "base", isWhole: (path) => readdirSync(path).length > 0 },
	{ path: "pg_wal", isWhole: (path) => readdirSync(path).length > 0 },
	{ path: "pg_xact", isWhole: (path) => readdirSync(path).length > 0 },
];

/** Its size never changes, and its format's version, such as 1800, follows the database's identifier of 8 bytes. */
function isControlFile(bytes: Buffer): boolean {
	if (bytes.length !== 8_192) return false;
	const version = bytes.readUInt32LE(8);
	return version >= 1_000 && version < 10_000;
}

export type DataDirState =
	| { readonly kind: "absent" }
	| { readonly kind: "whole" }
	| { readonly kind: "damaged"; readonly what: string };

/**
 * Whether a directory contains a database. A database that has lost a file counts as damaged, never as
 * absent.
 */
export function inspectDataDir(directory: string): DataDirState {
	const entries = namesIn(directory);
	if (entries === null || entries.length === 0) return { kind: "absent" };
	for (const { path, isWhole } of VITAL) {
		const fullPath = join(directory, path);
		try {
			if (!isWhole(fullPath))
				return { kind: "damaged", what: `${fullPath} is truncated, empty or garbled` };
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
			return { kind: "damaged", what: `${fullPath} is missing` };
		}
	}
	return { kind: "whole" };
}

function namesIn(directory: string): string[] | null {
	try {
		return readdirSync(directory);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw error;
	}
}

/** The message for a person about a database that can't be opened. */
export function damagedText(directory: string, what: string): string {
	return `The database in ${directory} is damaged: ${what}. Nothing in it was changed. Restore it from a backup: larder restore <file> --replace, which keeps the damaged one as ${dirname(directory)}/database.before-<time>. Caches keep serving meanwhile.`;
}

/** Opening a database requires some room even if it is intact. */
export function fullText(directory: string): string {
	return `The database in ${directory} can't be opened: its disk is full. Caches keep serving and fail over. Free some space there; larder up tries again by itself.`;
}
