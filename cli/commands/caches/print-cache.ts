import { cacheInterfaceSchema, rateCardViewSchema } from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import { print } from "../../command-context.ts";
import { describeCache } from "./describe-cache.ts";

/** Prints the API's JSON of a cache in readable form. */
export async function printCache(api: ApiClient, answer: unknown): Promise<void> {
	const rateCard = rateCardViewSchema.parse(await api.call({ method: "GET", path: "/rate-card" }));
	print(describeCache(cacheInterfaceSchema.parse(answer), rateCard.currency));
}
