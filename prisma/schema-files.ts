import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export const MIGRATIONS_DIR = join(import.meta.dirname, "migrations");
/** The schema that the migrations lead to, from which the next one starts. */
export const MIGRATED_SCHEMA_FILE = join(MIGRATIONS_DIR, "schema.prisma");

/** The files of `prisma/schema` as one text. */
export async function readSchema(): Promise<string> {
	const directory = join(import.meta.dirname, "schema");
	const names = (await readdir(directory)).sort();
	const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
	return texts.join("\n");
}
