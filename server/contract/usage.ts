import { z } from "zod";
import { cacheNameSchema } from "./cache.ts";
import { COST_GROUPINGS, USAGE_UNITS } from "./choices.ts";
import { engineSchema } from "./enums.ts";
import { instantSchema } from "./instant.ts";
import { LIMITS } from "./limits.ts";

export const usageUnitSchema = z.enum(USAGE_UNITS);
export type UsageUnit = z.infer<typeof usageUnitSchema>;

const momentSchema = z
	.string()
	.refine(
		(text) => z.iso.date().safeParse(text).success || instantSchema.safeParse(text).success,
		"must be a time such as 2026-11-29T12:00:00Z, or a day such as 2026-11-29",
	);
const fromSchema = momentSchema.optional();
const toSchema = momentSchema.optional().describe("now if absent");

function isInOrder({ from, to }: { from?: string | undefined; to?: string | undefined }): boolean {
	return from === undefined || to === undefined || Date.parse(from) < Date.parse(to);
}
const ORDER = { path: ["to"], message: "to must be later than from" };

export const usageInputSchema = z
	.strictObject({
		cache: cacheNameSchema.describe("also of a deleted cache"),
		from: fromSchema.describe("rounded down to the unit; if absent, an hour, a day or a month ago"),
		to: toSchema,
		unit: usageUnitSchema
			.default("hour")
			.describe("minutes are kept for 2 days, hours for 35 days, days for 3 years"),
	})
	.refine(isInOrder, ORDER);
export type UsageInput = z.output<typeof usageInputSchema>;

const amountsSchema = z.object({
	dataStorageGbHours: z
		.number()
		.describe("data stored in primaries or Memcached nodes, in GB (10⁹ bytes) × hours"),
	ecpus: z
		.number()
		.describe(
			"1 for each KB in or out, at least 1 a request on average over a minute, so a mix of small and large requests counts less, by at most half (docs/metering.md)",
		),
	nodeHours: z.number(),
	cost: z.number(),
});
export type UsageAmounts = z.infer<typeof amountsSchema>;

export const usageItemSchema = amountsSchema.extend({
	at: z.string().describe("beginning of the minute, hour or day, in UTC"),
});
export type UsageItem = z.infer<typeof usageItemSchema>;
export const usageSchema = z.object({
	unit: usageUnitSchema,
	from: z.string(),
	to: z.string(),
	currency: z.string(),
	items: z.array(usageItemSchema).describe("oldest first; spans without usage are left out"),
});
export type Usage = z.infer<typeof usageSchema>;

const costGroupingSchema = z.enum(COST_GROUPINGS);
export type CostGrouping = z.infer<typeof costGroupingSchema>;

export const costsInputSchema = z
	.strictObject({
		groupBy: costGroupingSchema.default("cache"),
		tagKey: z
			.string()
			.min(1, "a tag key can't be empty")
			.max(LIMITS.tagKeyMaxLength)
			.optional()
			.describe("with groupBy tag: the key whose values to group by"),
		from: fromSchema.describe("rounded down to the hour; if absent, the beginning of the month"),
		to: toSchema,
	})
	.refine(({ groupBy, tagKey }) => (groupBy === "tag") === (tagKey !== undefined), {
		path: ["tagKey"],
		message: "tagKey is required with groupBy tag, and only then",
	})
	.refine(isInOrder, ORDER);
export type CostsInput = z.output<typeof costsInputSchema>;

export const costItemSchema = amountsSchema.extend({
	key: z
		.string()
		.nullable()
		.describe(
			"a cache's name, a tag's value, an engine, a day or a month; null for caches without the tag",
		),
	engine: engineSchema.nullable().describe("of a cache; null for other groups"),
	deletedAt: z.string().nullable().describe("of a deleted cache"),
});
export type CostItem = z.infer<typeof costItemSchema>;

export const monthSchema = z.object({
	month: z.string().describe("such as 2026-11, in UTC"),
	soFar: z.number(),
	forecast: z
		.number()
		.nullable()
		.describe(
			"for the whole month, if usage continues as in the last 24 hours. Caches younger than an hour aren't included; null if all are",
		),
});

export const costsSchema = z.object({
	currency: z.string(),
	from: z.string(),
	to: z.string(),
	total: z.number(),
	today: z.number().describe("since midnight UTC, whatever from and to are"),
	month: monthSchema.describe("the present month, whatever from and to are"),
	tagKeys: z.array(z.string()).describe("keys of all tags that caches have or had"),
	items: z.array(costItemSchema).describe("the most expensive first; days and months in order"),
});
export type Costs = z.infer<typeof costsSchema>;

const estimateSchema = z.object({
	monthlyCost: z.number().describe("for 730 hours"),
	what: z.string().describe("what is priced, in words"),
});
export type CostEstimate = z.infer<typeof estimateSchema>;

export const cacheCostsSchema = z.object({
	currency: z.string(),
	today: z.number().describe("since midnight UTC"),
	month: monthSchema,
	comparison: z.object({
		sampleHours: z.number().describe("hours of usage that this rests on, of the last 30 days"),
		reason: z.string().nullable().describe("why there are no estimates; null if there are"),
		present: estimateSchema.nullable().describe("as it is, at what it used"),
		serverless: estimateSchema.nullable(),
		provisioned: estimateSchema
			.nullable()
			.describe("the cheapest nodes that what it used fits on; null if none are large enough"),
		aws: estimateSchema
			.extend({ currency: z.string() })
			.nullable()
			.describe("the cache as it is, at AWS's prices (docs/metering.md)"),
		needs: z.string().nullable().describe("the size that it really needs, in words"),
	}),
});
export type CacheCosts = z.infer<typeof cacheCostsSchema>;
