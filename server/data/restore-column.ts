import { z } from "zod";

/** What the primary of a new shard must load, as a column of the shard. */
export const restoreColumn = z
	.object({
		id: z.string(),
		snapshotId: z.string(),
		snapshotName: z.string(),
		storeId: z.string(),
		files: z.array(
			z.object({ key: z.string(), bytes: z.number(), sha256: z.string(), keys: z.number() }),
		),
		/** Whether only the keys of the shard's own slots are taken from the files. */
		selects: z.boolean(),
		/** Of the whole snapshot. */
		totalKeys: z.number(),
		/** The host that may fetch the files, and the transfers by which it does; null before it is known. */
		fetching: z.object({ hostId: z.string(), transferIds: z.array(z.string()) }).nullable(),
	})
	.nullable();
export type Restore = NonNullable<z.infer<typeof restoreColumn>>;

/** Null for a shard that has nothing to restore, or nothing any more. */
export function restoreOf({ restore }: { restore: unknown }): Restore | null {
	return restoreColumn.parse(restore);
}
