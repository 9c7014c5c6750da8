import { describe, expect, it } from "vitest";
import type { CacheSummary } from "../../../server/contract/cache-view.ts";
import {
	exampleAccelerator,
	exampleCache,
	exampleHost,
	exampleSnapshot,
} from "../../../server/contract/testing/examples.ts";
import { rankEntries } from "./rank-entries.ts";
import {
	acceleratorActions,
	acceleratorEntry,
	cacheActions,
	cacheEntry,
	cacheTabs,
	hostActions,
	hostEntry,
	nodeEntries,
	snapshotActions,
	snapshotEntry,
} from "./resource-entries.ts";

function summary(overrides: Partial<CacheSummary>): CacheSummary {
	return {
		...exampleCache(),
		memoryUsedBytes: null,
		memoryMaxBytes: 1,
		opsPerSecond: null,
		hitRate: null,
		...overrides,
	};
}

const CACHES = [
	summary({
		name: "game-scores",
		endpoints: {
			primary: { host: "10.0.0.1", port: 6390 },
			reader: null,
			configuration: null,
			gateways: [],
			nodes: [
				{ node: "game-scores-001", host: "10.0.0.1", port: 17_004 },
				{ node: "game-scores-002", host: "10.0.0.2", port: 17_008 },
			],
			names: null,
		},
	}),
	summary({ name: "orders", replicasPerShard: 0 }),
	summary({ name: "carts", kind: "serverless", replicasPerShard: 1 }),
];
const SNAPSHOTS = [exampleSnapshot({ name: "before-release", cache: "orders" })];
const ACCELERATORS = [exampleAccelerator({ name: "shop", cache: "orders" })];
const HOSTS = [exampleHost({ id: "1", name: "rack-1", address: "10.0.0.7" })];

/** The address that Enter leads to. */
function firstFor(query: string): string | undefined {
	const entries = [
		...CACHES.map(cacheEntry),
		...nodeEntries(CACHES, query),
		...CACHES.flatMap(cacheActions),
		...CACHES.flatMap(cacheTabs),
		...SNAPSHOTS.map(snapshotEntry),
		...SNAPSHOTS.flatMap(snapshotActions),
		...ACCELERATORS.map(acceleratorEntry),
		...ACCELERATORS.flatMap(acceleratorActions),
		...HOSTS.map(hostEntry),
		...HOSTS.flatMap(hostActions),
	];
	return rankEntries(entries, query)[0]?.entries[0]?.href;
}

describe("the palette", () => {
	it.each([
		["fail over", "/caches/game-scores?dialog=failover"],
		["failover game", "/caches/game-scores?dialog=failover"],
		["delete game", "/caches/game-scores?dialog=delete"],
		["delete orders", "/caches/orders?dialog=delete"],
		["reboot orders", "/caches/orders?dialog=reboot"],
		["restart orders", "/caches/orders?dialog=reboot"],
		["modify limits", "/caches/carts?dialog=limits"],
		["serverless", "/caches/carts"],
		["drain", "/hosts?dialog=drain&host=rack-1"],
		["game-scores", "/caches/game-scores"],
		["10.0.0.1:6390", "/caches/game-scores"],
		["6390", "/caches/game-scores"],
		["game-scores-002", "/caches/game-scores?tab=nodes"],
		["10.0.0.2:17008", "/caches/game-scores"],
		["10.0.0.7", "/hosts#rack-1"],
		["gmae-scores", "/caches/game-scores"],
		["metrics game", "/caches/game-scores?tab=metrics"],
		["conect orders", "/caches/orders?tab=connect"],
		["backups game", "/caches/game-scores?tab=backups"],
		["snapshot of orders", "/caches/orders?dialog=snapshot"],
		["before-release", "/backups/before-release"],
		["restore orders", "/caches/create?snapshot=before-release"],
		["shop", "/accelerators/shop"],
		["dynamodb", "/accelerators/shop"],
		["modify shop", "/accelerators/shop?dialog=modify"],
		["delete accelerator", "/accelerators/shop?dialog=delete"],
		["game events", "/caches/game-scores?tab=events"],
	])("%j leads to %s", (query, href) => expect(firstFor(query)).toBe(href));

	it("offers no failover where there is no replica, nor where Larder decides alone", () => {
		expect(firstFor("fail over orders")).toBeUndefined();
		expect(firstFor("fail over carts")).toBeUndefined();
	});

	it("offers no restore of a snapshot that isn't available", () => {
		expect(snapshotActions(exampleSnapshot({ status: "failed" }))).toEqual([]);
	});

	it("offers to uncordon a host that is draining", () => {
		const [action] = hostActions(exampleHost({ name: "rack-1", draining: true }));
		expect(action?.title).toBe("Uncordon rack-1");
	});
});
