import { z } from "zod";

/**
 * A dump is the database as lines of JSON:
 *
 *   {"kind":"dump", …}                     what it was made from
 *   {"kind":"table","name","columns"}      then its rows, each an array with a column's text as PostgreSQL writes it, or null
 *   …                                      tables come after those that they refer to
 *   {"kind":"end","rows","sha256"}         rows by table, and the checksum of all lines before it, line ends included
 */
export const DUMP_FORMAT = 1;

export const dumpHeaderSchema = z.object({
	kind: z.literal("dump"),
	format: z.literal(DUMP_FORMAT),
	/** Larder's version. */
	version: z.string(),
	createdAt: z.iso.datetime(),
	/** Applied to the database, oldest first. */
	migrations: z.array(z.string()),
	leftOut: z.array(z.string()),
});
export type DumpHeader = z.infer<typeof dumpHeaderSchema>;

export const tableLineSchema = z.object({
	kind: z.literal("table"),
	name: z.string(),
	columns: z.array(z.string()),
});
export type TableLine = z.infer<typeof tableLineSchema>;

export const endLineSchema = z.object({
	kind: z.literal("end"),
	rows: z.record(z.string(), z.int()),
	sha256: z.string(),
});
export type EndLine = z.infer<typeof endLineSchema>;

/** Sign-ins and stored answers for repeated calls: both are short-lived, and nothing depends on them. */
export const TABLES_LEFT_OUT = ["session", "verification", "IdempotencyKey"] as const;
/** By far the largest, and nothing depends on it. */
export const METRICS_TABLE = "MetricSample";
