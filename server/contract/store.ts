import { z } from "zod";

/** Settings as the database keeps them, by the store's kind. */
export const directorySettingsSchema = z.object({
	/** On the control plane's machine; absent for the local store, which is in its home. */
	path: z.string().optional(),
});
export const s3SettingsSchema = z.object({
	endpoint: z.string().nullable(),
	region: z.string(),
	bucket: z.string(),
	prefix: z.string(),
	pathStyle: z.boolean(),
	accessKeyId: z.string().nullable(),
});

export const storeNameSchema = z
	.string("a store name is required")
	.min(1, "a store name is required")
	.max(63, "a store name can have at most 63 characters")
	.regex(
		/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
		"a store name begins with a letter, and holds lower-case letters, digits and single hyphens",
	);

export const storeKindSchema = z.enum(["directory", "s3"]);

export const storeSchema = z.object({
	name: z.string(),
	kind: storeKindSchema,
	isDefault: z.boolean().describe("used where a request names no store; can't be deleted"),
	path: z
		.string()
		.nullable()
		.describe("a directory's path on the control plane's machine; null for another kind"),
	s3: s3SettingsSchema.nullable().describe("null for another kind; never with the secret"),
	encryption: z.enum(["none", "age"]),
	recipient: z.string().nullable().describe("the age public key; null without encryption"),
	createdAt: z.string(),
	snapshots: z.number().describe("kept in it, in any status"),
	bytes: z.number().describe("of their files, before encryption"),
	holdsBackups: z.boolean().describe("whether the control plane's scheduled backups go into it"),
	lastCheck: z
		.object({
			at: z.string(),
			ok: z.boolean(),
			message: z.string().nullable().describe("what is wrong and what to do; null if it works"),
		})
		.nullable()
		.describe(
			"Larder writes, reads and deletes a small object every 15 minutes; null until it first has",
		),
});
export type Store = z.infer<typeof storeSchema>;
export const storeListSchema = z.object({ items: z.array(storeSchema) });

/** The identity opens everything in the store, without Larder too. */
export const createdStoreSchema = storeSchema.extend({
	identity: z
		.string()
		.nullable()
		.describe("the age secret key that Larder made; shown once, null if none was made"),
});

const pathSchema = z
	.string()
	.max(1_024)
	.regex(/^\/(?!.*\0)/, "path must be absolute, such as /mnt/backup/larder");

const endpointSchema = z
	.url({
		protocol: /^https?$/,
		error: "endpoint must be an address such as https://s3.example.com",
	})
	.refine(
		(url) => !URL.canParse(url) || new URL(url).username === "",
		"endpoint can't contain credentials; use accessKeyId and secretAccessKey",
	);
const accessKeyIdSchema = z.string().min(1).max(256);
const secretAccessKeySchema = z.string().min(1).max(1_024);

const s3InputSchema = z.strictObject({
	bucket: z
		.string("bucket is required")
		.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "bucket must be the name of a bucket"),
	region: z.string().min(1).max(64).default("us-east-1"),
	endpoint: endpointSchema
		.optional()
		.describe("of a service other than AWS's; AWS's own for the region if absent"),
	prefix: z
		.string()
		.max(200)
		.regex(
			/^([A-Za-z0-9][A-Za-z0-9._-]*\/)*$/,
			"prefix must be empty, or end with a slash, such as larder/",
		)
		.default("")
		.describe("before the names of all objects"),
	pathStyle: z
		.boolean()
		.optional()
		.describe("bucket in the path instead of the host's name; if absent, true with an endpoint"),
	accessKeyId: accessKeyIdSchema
		.optional()
		.describe(
			"if absent, the credentials of the control plane's machine, such as an instance's role",
		),
	secretAccessKey: secretAccessKeySchema.optional(),
});

export const createStoreInputSchema = z
	.strictObject({
		name: storeNameSchema,
		path: pathSchema.optional().describe("for a directory on the control plane's machine"),
		s3: s3InputSchema.optional().describe("for an S3-compatible bucket"),
		encryption: z
			.enum(["none", "age"])
			.default("none")
			.describe("age: everything in the store is an age file; can't be changed later"),
		identity: z
			.string()
			.max(200)
			.regex(
				/^AGE-SECRET-KEY-1[0-9A-Z]+$/i,
				"identity must be an age secret key: AGE-SECRET-KEY-1…",
			)
			.optional()
			.describe("the age secret key to use; if absent, Larder makes one"),
	})
	.refine(({ path, s3 }) => (path === undefined) !== (s3 === undefined), {
		message: "send path for a directory or s3 for a bucket, and not both",
		path: ["path"],
	})
	.refine(({ encryption, identity }) => encryption === "age" || identity === undefined, {
		message: "identity needs encryption age",
		path: ["identity"],
	})
	.refine(({ s3 }) => (s3?.accessKeyId === undefined) === (s3?.secretAccessKey === undefined), {
		message: "accessKeyId and secretAccessKey belong together: send both or neither",
		path: ["s3", "secretAccessKey"],
	});
export type CreateStoreInput = z.output<typeof createStoreInputSchema>;

export const modifyStoreInputSchema = z.strictObject({
	name: storeNameSchema,
	path: pathSchema.optional().describe("where the directory with the store's files is now"),
	endpoint: endpointSchema.optional(),
	region: z.string().min(1).max(64).optional(),
	pathStyle: z.boolean().optional(),
	accessKeyId: accessKeyIdSchema.optional(),
	secretAccessKey: secretAccessKeySchema.optional(),
});
export type ModifyStoreInput = z.output<typeof modifyStoreInputSchema>;

export const storeRefSchema = z.strictObject({ name: storeNameSchema });

export const listObjectsInputSchema = z.strictObject({
	name: storeNameSchema,
	prefix: z
		.string()
		.max(512)
		.regex(
			/^([A-Za-z0-9][A-Za-z0-9._-]*\/)*$/,
			"prefix must be empty, or end with a slash, such as imports/",
		)
		.default("")
		.describe("only what is below it"),
	suffix: z.string().max(32).default("").describe("only what ends with it, such as .rdb"),
	limit: z.coerce
		.number()
		.int()
		.min(1, "limit must be 1 to 1000")
		.max(1_000, "limit must be 1 to 1000")
		.default(200),
});
export type ListObjectsInput = z.output<typeof listObjectsInputSchema>;

export const storeObjectsSchema = z.object({
	items: z.array(
		z.object({
			key: z.string().describe("below the store's path or prefix"),
			bytes: z.number().describe("as the store keeps it"),
			modifiedAt: z.string(),
		}),
	),
	isWhole: z.boolean().describe("false if there are more than limit"),
});

export const storeTestSchema = z.object({
	name: z.string(),
	ok: z.boolean(),
	message: z.string().describe("what is wrong and what to do, or what was tried"),
	milliseconds: z.number(),
});
