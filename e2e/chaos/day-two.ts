import { clusterModeKilled } from "./cluster-mode.ts";
import { dayTwoKilled } from "./day-two/killed.ts";
import { kinds, kindsKilled } from "./day-two/kinds.ts";
import { reshard, reshardCanceled, reshardFailovers, reshardKilled } from "./day-two/reshard.ts";
import { sizes, sizesKilled } from "./day-two/sizes.ts";
import type { Scenario } from "./scenario.ts";

/** Changes to caches in use. */
export const DAY_TWO: readonly Scenario[] = [
	...[sizes, sizesKilled, reshard, reshardKilled, reshardFailovers, reshardCanceled],
	...[kinds, kindsKilled, dayTwoKilled, clusterModeKilled],
];
