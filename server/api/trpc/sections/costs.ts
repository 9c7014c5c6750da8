import { cacheRefSchema } from "../../../contract/cache.ts";
import { COST_COLUMNS, USAGE_COLUMNS } from "../../../contract/cost-columns.ts";
import { toCsv } from "../../../contract/csv.ts";
import {
	type Costs,
	cacheCostsSchema,
	costsInputSchema,
	costsSchema,
	type Usage,
	usageInputSchema,
	usageSchema,
} from "../../../contract/usage.ts";
import { getCacheCosts } from "../../../services/costs/get-cache-costs.ts";
import { getCosts } from "../../../services/costs/get-costs.ts";
import { getUsage } from "../../../services/costs/get-usage.ts";
import { requires, router } from "../trpc.ts";

export const usage = router({
	get: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/usage",
				status: 200,
				tag: "Costs",
				summary: "Get what a cache used, by minute, hour or day",
				description:
					"Also of a deleted cache. Usage of the last minute arrives up to a minute late. With Accept: text/csv, returns the items as CSV.",
				csv: (output) => toCsv(USAGE_COLUMNS, (output as Usage).items),
			},
		})
		.input(usageInputSchema)
		.output(usageSchema)
		.query(({ ctx, input }) => getUsage(ctx.resources, input)),
});

export const costs = router({
	get: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/costs",
				status: 200,
				tag: "Costs",
				summary: "Get what caches cost, by cache, tag, engine, day or month",
				description:
					"Includes deleted caches. For tags, tagKey names the tag; a cache counts with the tags that it has now, or had when it was deleted. With Accept: text/csv, returns the items as CSV.",
				csv: (output) => toCsv(COST_COLUMNS, (output as Costs).items),
			},
		})
		.input(costsInputSchema)
		.output(costsSchema)
		.query(({ ctx, input }) => getCosts(ctx.resources, input)),
	ofCache: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/caches/{name}/costs",
				status: 200,
				tag: "Costs",
				summary: "Get what a cache costs, and what it would cost in other forms",
				description:
					"Today, this month and its forecast; and by what the cache has used: its cost as serverless, as the cheapest nodes that it fits on, and on AWS.",
			},
		})
		.input(cacheRefSchema)
		.output(cacheCostsSchema)
		.query(({ ctx, input }) => getCacheCosts(ctx.resources, input)),
});
