import type { RateCard } from "./rate-card.ts";

/** On-demand prices of Redis OSS and Memcached nodes in us-east-1, in USD for an hour (docs/metering.md). */
const NODE_PRICES: Readonly<Record<string, readonly number[]>> = {
	"t4g micro small medium": [0.016, 0.032, 0.065],
	"t3 micro small medium": [0.017, 0.034, 0.068],
	"m7g large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge": [
		0.158, 0.315, 0.629, 1.257, 2.514, 3.771, 5.028,
	],
	"m6g large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge": [
		0.149, 0.297, 0.593, 1.186, 2.372, 3.557, 4.743,
	],
	"r7g large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge": [
		0.219, 0.437, 0.873, 1.746, 3.491, 5.237, 6.982,
	],
	"r6g large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge": [
		0.206, 0.411, 0.821, 1.642, 3.284, 4.925, 6.567,
	],
};

/** DynamoDB's on-demand price of a million read units in us-east-1, in USD. */
export const DYNAMODB_MILLION_READS = 0.125;

/** What AWS charges, near enough; an operator's own rate card replaces it. */
export const DEFAULT_RATE_CARD: RateCard = {
	currency: "USD",
	nodeTypes: Object.fromEntries(
		Object.entries(NODE_PRICES).flatMap(([names, prices]) => {
			const [family, ...sizes] = names.split(" ");
			return sizes.map((size, index) => [`cache.${family}.${size}`, prices[index] ?? 0]);
		}),
	),
	perGibHour: 0.025,
	perMillionDynamoDbReads: DYNAMODB_MILLION_READS,
	engines: {
		valkey: { nodePriceFactor: 0.8, perGbHour: 0.084, minimumGb: 0.1, perMillionEcpus: 0.0023 },
		redis: { nodePriceFactor: 1, perGbHour: 0.125, minimumGb: 1, perMillionEcpus: 0.0034 },
		memcached: { nodePriceFactor: 1, perGbHour: 0.125, minimumGb: 1, perMillionEcpus: 0.0034 },
	},
};
