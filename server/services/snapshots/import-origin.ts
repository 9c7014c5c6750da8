import { z } from "zod";

/** Where an imported snapshot's files come from, beside its source in the same column; absent for other snapshots. */
const importOriginSchema = z.object({
	import: z.object({
		/** Null unless a store has them. */
		from: z.object({ storeId: z.string(), keys: z.array(z.string()) }).nullable(),
		/** Null unless a host has them. */
		host: z
			.object({ id: z.string(), name: z.string(), paths: z.array(z.string()) })
			.nullable()
			.default(null),
		/** The engine that the request named. */
		engine: z.string().nullable(),
	}),
});
export type ImportOrigin = z.infer<typeof importOriginSchema>["import"];

export function importOriginOf(source: unknown): ImportOrigin {
	return importOriginSchema.parse(source).import;
}

/** Whether its files are uploaded, because neither a store nor a host has them. */
export function isUploaded({ from, host }: ImportOrigin): boolean {
	return from === null && host === null;
}
