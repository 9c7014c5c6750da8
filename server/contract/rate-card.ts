import { z } from "zod";
import { nodeTypeNameSchema } from "./node-type.ts";

const MOST = 1_000_000;

function price(name: string) {
	return z
		.number(`${name} must be a number`)
		.min(0, `${name} can't be negative`)
		.max(MOST, `${name} can be at most ${MOST}`);
}

const engineRatesSchema = z.strictObject({
	nodePriceFactor: price("nodePriceFactor").describe(
		"a node costs its type's price times this factor",
	),
	perGbHour: price("perGbHour").describe("serverless: for each GB (10⁹ bytes) stored for an hour"),
	minimumGb: price("minimumGb").describe("serverless: the least that is billed as stored"),
	perMillionEcpus: price("perMillionEcpus").describe("serverless"),
});

const NODE_TYPES_MOST = 1_000;

export const rateCardSchema = z.strictObject({
	currency: z
		.string("currency is required")
		.regex(/^[A-Z]{3}$/, "currency must be a currency code such as USD"),
	nodeTypes: z
		.record(nodeTypeNameSchema, price("a node type's price"))
		.refine(
			(types) => Object.keys(types).length <= NODE_TYPES_MOST,
			`nodeTypes can have at most ${NODE_TYPES_MOST} entries`,
		)
		.describe("price of a node for an hour, by node type"),
	perGibHour: price("perGibHour").describe(
		"for each GiB of memory of a node whose type has no price of its own, for an hour",
	),
	perMillionDynamoDbReads: price("perMillionDynamoDbReads")
		.optional()
		.describe(
			"for a million read units of DynamoDB, to show what accelerators save; if absent, DynamoDB's on-demand price in us-east-1",
		),
	engines: z.strictObject({
		valkey: engineRatesSchema,
		redis: engineRatesSchema,
		memcached: engineRatesSchema,
	}),
});
export type RateCard = z.infer<typeof rateCardSchema>;

/** As the API shows it. */
export const rateCardViewSchema = rateCardSchema.extend({
	version: z.int().describe("rises with each change"),
});
export type RateCardView = z.infer<typeof rateCardViewSchema>;

export const setRateCardInputSchema = rateCardSchema.extend({
	version: z
		.int()
		.optional()
		.describe(
			"the version that you have changed: if another person has saved the rate card since, Larder refuses yours; if absent, it replaces any",
		),
	exchangeRate: z
		.number()
		.positive("exchangeRate must be more than 0")
		.max(MOST)
		.optional()
		.describe(
			"required with a new currency: what one unit of the present currency is in the new one; costs so far are converted",
		),
});
export type SetRateCardInput = z.output<typeof setRateCardInputSchema>;
