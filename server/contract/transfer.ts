import { z } from "zod";

/**
 * A host moves snapshots into and out of stores through its control plane: it knows no store's credentials. Its permission
 * is a transfer, an id that the control plane gives it with the work.
 *
 *   POST transfer         the state of a transfer, below
 *   POST placed           a put's content is in the place that the state has named
 *   POST refuseTransfer  the host won't send what it was asked for
 *   PUT  transfers/<id>   with offset=<n>: the content from there on, then the 32 bytes of the whole content's SHA-256
 *   GET  transfers/<id>   the content, or the part of it that the Range header asks for
 */
const transferIdSchema = z.string().min(1).max(64);
/** Of a request for content. */
export const transferPathSchema = z.object({ transferId: transferIdSchema });

export const transferInputSchema = z.object({
	transferId: transferIdSchema,
	bootId: z
		.string()
		.max(64)
		.optional()
		.describe("of the host's machine: on the control plane's own, files needn't be sent"),
});

/** A file of the host that becomes part of a snapshot, if the host's operator allows agents to read it. */
export const fileImportSchema = z.object({
	transferId: z.string().max(128),
	path: z.string().max(4_096),
});
export type FileImport = z.infer<typeof fileImportSchema>;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
export const placedInputSchema = z.object({
	transferId: transferIdSchema,
	bytes: z.int().min(0),
	sha256: sha256Schema.describe("of the file in the place"),
});

export const refuseTransferInputSchema = z.object({
	transferId: transferIdSchema,
	message: z.string().min(1).max(2_000).describe("why, in sentences for people, with what to do"),
});

const contentSchema = z.object({ bytes: z.number(), sha256: z.string() });

export const transferStateSchema = z.discriminatedUnion("direction", [
	z.object({
		direction: z.literal("put"),
		/** From where the content must be sent; what comes before has arrived. */
		offset: z.number(),
		/** What the store holds; null until all of it has arrived. */
		finished: contentSchema.nullable(),
		place: z
			.string()
			.optional()
			.describe("where a host on the store's machine may link its file instead of sending it"),
	}),
	z.object({
		direction: z.literal("get"),
		/** What the host must receive. */
		expected: contentSchema,
		file: z
			.string()
			.optional()
			.describe("which a host on the store's machine may link instead of fetching the content"),
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
