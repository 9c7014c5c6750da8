import type { Cache, RebalanceInput, SetSlotsInput } from "../../contract/index.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { refuseBeforeNext } from "./change-nodes.ts";
import { refuseServerless } from "./change-serverless.ts";
import { findCache, lockStayingCache } from "./find-cache.ts";
import { type ReshardRequest, reshard } from "./reshard-cache.ts";

/** Moves slots between the shards, to where the caller wants them. */
export async function setSlots(
	resources: Resources,
	caller: Caller,
	{ name, slots }: SetSlotsInput,
): Promise<Cache> {
	return moveSlots(resources, caller, "cache.set-slots", { name, request: { slots } });
}

/** Moves slots until all shards have the same number of slots, or hold about the same amount of data. */
export async function rebalanceCache(
	resources: Resources,
	caller: Caller,
	{ name, weightBy }: RebalanceInput,
): Promise<Cache> {
	return moveSlots(resources, caller, "cache.rebalance", { name, request: { weightBy } });
}

async function moveSlots(
	resources: Resources,
	caller: Caller,
	action: string,
	input: { name: string; request: ReshardRequest },
): Promise<Cache> {
	return mutate(resources, caller, {
		...{ action, target: input.name, input },
		run: async (tx, after) => {
			const row = await lockStayingCache(tx, input.name, { tellsHosts: false });
			refuseServerless(row, "slots" in input.request ? "slots" : "weightBy");
			refuseBeforeNext(row);
			await reshard(resources, caller, tx, row, input.request);
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}
