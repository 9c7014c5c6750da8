import { z } from "zod";

/**
 * A host moves snapshots into and out of stores through its control plane: it knows no store's credentials. Its permission
 * is a transfer, an id that the control plane gives it with the work.
 *
 *   POST transfer         the state of a transfer, below
 *   PUT  transfers/<id>   with offset=<n>: the content from there on, then the 32 bytes of the whole content's SHA-256
 *   GET  transfers/<id>   the content, or the part of it that the Range header asks for
 */
export const transferInputSchema = z.object({ transferId: z.string().min(1).max(64) });

const contentSchema = z.object({ bytes: z.number(), sha256: z.string() });

export const transferStateSchema = z.discriminatedUnion("direction", [
	z.object({
		direction: z.literal("put"),
		/** From where the content must be sent; what comes before has arrived. */
		offset: z.number(),
		/** What the store holds; null until all of it has arrived. */
		finished: contentSchema.nullable(),
	}),
	z.object({
		direction: z.literal("get"),
		/** What the host must receive. */
		expected: contentSchema,
	}),
]);
export type TransferState = z.infer<typeof transferStateSchema>;

/** The answer to a PUT: what the store holds now. */
export const transferResultSchema = contentSchema;
export type TransferContent = z.infer<typeof contentSchema>;

/** Details of a refused transfer. `retry`: whether the same call may succeed later. */
export const transferRefusalSchema = z.object({
	retry: z.boolean(),
	/** Where to continue, if the offset was another. */
	offset: z.number().optional(),
});
