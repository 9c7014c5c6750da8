import { z } from "zod";
import { cacheNameSchema } from "./cache.ts";
import { LIMITS } from "./limits.ts";
import { wholeNumber } from "./whole-number.ts";

/**
 *   check       find out whether the migration is possible; the cache keeps its data
 *   replicate   empty the cache, copy the source's data, then follow its writes
 *   cut-over    hold the source's writes, and apply what is left
 *   lead        the cache leads: its clients may write
 *   cancel      empty the cache
 */
export const migrationPhaseSchema = z.enum(["check", "replicate", "cut-over", "lead", "cancel"]);
export type MigrationPhase = z.infer<typeof migrationPhaseSchema>;

const hostSchema = z
	.string()
	.min(1)
	.max(253)
	.regex(/^[A-Za-z0-9._:-]+$/, "must be a host name or an IP address");

const CA_BYTES_MAX = 64 * 1024;
const certificateSchema = z
	.string()
	.max(CA_BYTES_MAX)
	.regex(
		/^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/,
		"must be one or more certificates in PEM format, from -----BEGIN CERTIFICATE-----",
	);

const startFieldsSchema = z.strictObject({
	name: cacheNameSchema,
	host: hostSchema.describe(
		"of the running Redis or Valkey, as the cache's hosts reach it; of a cluster, any node",
	),
	port: wholeNumber("port", 1, LIMITS.portMax),
	username: z.string().min(1).max(128).optional().describe("default when absent"),
	password: z.string().min(1).max(512).optional(),
	tls: z.boolean().default(false).describe("the source speaks TLS"),
	tlsCa: certificateSchema
		.optional()
		.describe(
			"certificates, in PEM format, of the authority that signed the source's; the usual public authorities when absent",
		),
	tlsVerify: z
		.boolean()
		.default(true)
		.describe(
			"false accepts any certificate: then whoever can redirect the connection can read the password and the data",
		),
	replaceData: z
		.literal(true, {
			error:
				"must be true: the migration deletes what the cache holds now, and puts the source's data in its place",
		})
		.describe("confirms that what the cache holds now is deleted"),
});
export const startMigrationInputSchema = startFieldsSchema.superRefine((input, context) => {
	if (input.tls) return;
	const refuse = (field: "tlsCa" | "tlsVerify") =>
		context.addIssue({
			...{ code: "custom", path: [field] },
			message: "has a meaning only with tls; set tls to true, or leave it out",
		});
	if (input.tlsCa !== undefined) refuse("tlsCa");
	if (!input.tlsVerify) refuse("tlsVerify");
});
export type StartMigrationInput = z.output<typeof startMigrationInputSchema>;

/** A migration in the assignment of each primary of the cache. */
export const migrationOrderSchema = z.object({
	id: z.string().max(128),
	host: z.string().max(253),
	port: z.int32(),
	username: z.string().nullable(),
	password: z.string().nullable(),
	tls: z.boolean(),
	tlsCa: z.string().nullable().default(null),
	tlsVerify: z.boolean().default(true),
	phase: migrationPhaseSchema,
});
export type MigrationOrder = z.infer<typeof migrationOrderSchema>;

/**
 *   checking    the agent asks the source and the cache's engine whether the migration is possible
 *   checked     it is: `checks` says what was found
 *   copying     the source's data arrives and goes into the engine
 *   following   the source's writes go into the engine as they happen
 *   caught-up   the source takes no writes, and the engine has all
 *   leading     the engine takes its clients' writes
 *   emptied     the engine holds nothing
 *   failed      `message` says why
 */
const MAX_CHECKS = 500;
export const migrationReportSchema = z.object({
	id: z.string().max(128),
	phase: z.enum([
		...(["checking", "checked", "copying", "following"] as const),
		...(["caught-up", "leading", "emptied", "failed"] as const),
	]),
	bytes: z.number().describe("of the source's data that have arrived"),
	totalBytes: z.number().nullable().describe("null if the source doesn't say"),
	keys: z
		.number()
		.default(0)
		.describe(
			"of the source that have been copied, estimated where its slots are divided in another way",
		),
	totalKeys: z.number().nullable().default(null),
	lagBytes: z.number().nullable().describe("that the source has written and the engine hasn't"),
	lagSeconds: z
		.number()
		.nullable()
		.describe("how long ago the oldest write arrived that the engine hasn't"),
	pausedMs: z.number().nullable().describe("how long the source has taken no writes"),
	holdsWrites: z
		.boolean()
		.nullable()
		.default(null)
		.describe("the source lets Larder hold its writes; null before that is known"),
	checks: z.array(z.string().max(600)).max(MAX_CHECKS).default([]),
	message: z.string().max(2_000).nullable(),
});
export type MigrationReport = z.infer<typeof migrationReportSchema>;

export const migrationSchema = z.object({
	cache: z.string(),
	status: z
		.enum([
			...(["checking", "copying", "replicating", "completing"] as const),
			...(["canceling", "completed", "canceled", "failed"] as const),
		])
		.describe("complete it once it is replicating and the lag is small"),
	statusReason: z.string().nullable(),
	source: z.object({
		host: z.string(),
		port: z.number(),
		username: z.string().nullable(),
		tls: z.boolean(),
		tlsVerify: z.boolean(),
	}),
	checks: z
		.array(z.string())
		.describe("what was found at the source before the cache was emptied, for each of its shards"),
	holdsWrites: z
		.boolean()
		.nullable()
		.describe(
			"false if the source doesn't let Larder hold its writes: stop its writers before you complete the migration. Null before that is known",
		),
	percent: z.number().describe("of the copy, 0 to 100"),
	bytes: z.number().describe("of the source's data that have arrived"),
	totalBytes: z.number().nullable(),
	keys: z.number(),
	totalKeys: z.number().nullable(),
	lagBytes: z
		.number()
		.nullable()
		.describe("the greatest of all shards; null until it is replicating"),
	lagSeconds: z.number().nullable(),
	pauseMs: z
		.number()
		.nullable()
		.describe("of a completed one: how long neither the source nor the cache took writes"),
	startedAt: z.string(),
	endedAt: z.string().nullable(),
});
export type Migration = z.infer<typeof migrationSchema>;

export const migrationRefSchema = z.strictObject({ name: cacheNameSchema });
