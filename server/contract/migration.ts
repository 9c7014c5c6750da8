import { z } from "zod";
import { cacheNameSchema } from "./cache.ts";
import { LIMITS } from "./limits.ts";
import { wholeNumber } from "./whole-number.ts";

/**
 *   replicate   copy the source's data, then follow its writes
 *   cut-over    hold the source's writes, and apply what is left
 *   lead        the cache leads: its clients may write
 *   cancel      empty the cache
 */
export const migrationPhaseSchema = z.enum(["replicate", "cut-over", "lead", "cancel"]);
export type MigrationPhase = z.infer<typeof migrationPhaseSchema>;

const hostSchema = z
	.string()
	.min(1)
	.max(253)
	.regex(/^[A-Za-z0-9._:-]+$/, "must be a host name or an IP address");

export const startMigrationInputSchema = z.strictObject({
	name: cacheNameSchema,
	host: hostSchema.describe("of the running Redis or Valkey, as the cache's hosts reach it"),
	port: wholeNumber("port", 1, LIMITS.portMax),
	username: z.string().min(1).max(128).optional().describe("default when absent"),
	password: z.string().min(1).max(512).optional(),
	tls: z.boolean().default(false).describe("the source's certificate is verified"),
	replaceData: z
		.literal(true, {
			error:
				"must be true: the migration deletes what the cache holds now, and puts the source's data in its place",
		})
		.describe("confirms that what the cache holds now is deleted"),
});
export type StartMigrationInput = z.output<typeof startMigrationInputSchema>;

/** A migration in the assignment of the cache's primary. */
export const migrationOrderSchema = z.object({
	id: z.string().max(128),
	host: z.string().max(253),
	port: z.int32(),
	username: z.string().nullable(),
	password: z.string().nullable(),
	tls: z.boolean(),
	phase: migrationPhaseSchema,
});
export type MigrationOrder = z.infer<typeof migrationOrderSchema>;

/**
 *   checking    the agent asks the source and the cache's engine whether the migration is possible
 *   copying     the source's data arrives, then goes into the engine
 *   following   the source's writes go into the engine as they happen
 *   caught-up   the source takes no writes, and the engine has all
 *   leading     the engine takes its clients' writes
 *   emptied     the engine holds nothing
 *   failed      `message` says why
 */
export const migrationReportSchema = z.object({
	id: z.string().max(128),
	phase: z.enum(["checking", "copying", "following", "caught-up", "leading", "emptied", "failed"]),
	bytes: z.number().describe("of the source's data that have arrived or, afterward, been loaded"),
	totalBytes: z.number().nullable(),
	lagBytes: z.number().nullable().describe("that the source has written and the engine hasn't"),
	lagSeconds: z.number().nullable().describe("how old the newest write is that the engine has"),
	pausedMs: z.number().nullable().describe("how long the source has taken no writes"),
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
	}),
	percent: z.number().describe("of the copy, 0 to 100"),
	bytes: z.number(),
	totalBytes: z.number().nullable(),
	lagBytes: z.number().nullable().describe("null until it is replicating"),
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
