import { z } from "zod";

/** Where an imported snapshot's files come from, beside its source in the same column; absent for other snapshots. */
const importOriginSchema = z.object({
	import: z.object({
		/** Null if they are uploaded. */
		from: z.object({ storeId: z.string(), keys: z.array(z.string()) }).nullable(),
		/** The engine that the request named. */
		engine: z.string().nullable(),
	}),
});
export type ImportOrigin = z.infer<typeof importOriginSchema>["import"];

export function importOriginOf(source: unknown): ImportOrigin {
	return importOriginSchema.parse(source).import;
}
