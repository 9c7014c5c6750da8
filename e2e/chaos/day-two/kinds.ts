import type { Cache } from "../../../server/contract/cache-view.ts";
import { withInstallation } from "../keep-evidence.ts";
import type { Scenario } from "../scenario.ts";
import { type Journey, kill, playAll } from "./sizes.ts";

const UP = { nodeType: "cache.t4g.small" };
const DOWN = { nodeType: "cache.t4g.micro" };
const VALKEY_9 = { engine: "valkey", engineVersion: "9", acceptIrreversible: true };

/** Moves the first shard's primary to a zone without a node of that shard. */
function movePrimary({ shards: [shard] }: Cache) {
	const used = new Set(shard?.nodes.map(({ zone }) => zone));
	const zone = ["local-a", "local-b", "local-c"].find((each) => !used.has(each));
	const node = shard?.nodes.find(({ role }) => role === "primary")?.id;
	return { moves: [{ node, zone }] };
}

const JOURNEYS: readonly Journey[] = [
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7" },
].flatMap(({ engine, engineVersion }) => [
	{
		body: { name: `${engine}-alone`, engine, engineVersion },
		changes: [UP, DOWN, movePrimary, VALKEY_9],
	},
	{
		body: { name: `${engine}-pair`, engine, engineVersion, replicasPerShard: 1 },
		changes: [UP, DOWN, movePrimary, VALKEY_9],
	},
	{
		body: {
			...{ name: `${engine}-on`, engine, engineVersion },
			...{ clusterMode: "enabled", shards: 2, replicasPerShard: 1 },
		},
		// The last change is all in one request: nodes change first, then slots move.
		changes: [UP, DOWN, movePrimary, { ...VALKEY_9, shards: 3, replicasPerShard: 2 }],
	},
]);

/** Clients write all the time, and every write that they retry succeeds. */
export const kinds: Scenario = {
	name: "kinds",
	description: "node types, engines and places change: no write is refused or lost",
	run: (options) => withInstallation({}, (larder) => playAll(larder, JOURNEYS, null, options)),
};

/** A program dies at a random moment of each change: a different kind each time. */
export const kindsKilled: Scenario = {
	name: "kinds-killed",
	description:
		"control plane, agent or a new node's engine killed amid such a change: it completes, nothing is lost",
	run: (options) => withInstallation({}, (larder) => playAll(larder, JOURNEYS, kill, options)),
};
