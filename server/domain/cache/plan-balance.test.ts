import fc from "fast-check";
import { expect, it } from "vitest";
import { BALANCE_AFTER_MS } from "../../contract/limits.ts";
import type { CacheModel, NodeModel, ShardModel } from "./model.ts";
import { planBalance } from "./plan-balance.ts";
import { CALM, cache, host, node, running } from "./testing/models.ts";

const VIEW = "whole";
/** The zone of each host. Zones have different sizes. */
const ZONES = ["a", "a", "a", "b", "c"];

/** A shard with a node on each of these hosts; the first leads. */
function shardOn(index: number, hosts: readonly number[]): ShardModel {
	const slots = `${index}-${index}`;
	const nodes = hosts.map((at, position): NodeModel => {
		const leads = position === 0;
		const state = running(leads ? "primary" : "replica", {
			cluster: {
				...{ nodeId: "", ok: true, view: VIEW, slots: leads ? slots : "" },
				primaryNodeId: leads ? null : `c${index * 10}`,
			},
		});
		const place = { ...host(at), zone: ZONES[at] ?? "a" };
		return node(index * 10 + position, state, { host: place });
	});
	return { ...CALM, id: `s${index}`, index, slots, primaryNodeId: nodes[0]?.id ?? null, nodes };
}

function clustered(shards: ShardModel[]): CacheModel {
	return cache([], {
		...{ clusterMode: "enabled", expectedView: VIEW, quietForMs: BALANCE_AFTER_MS, shards },
	});
}

function cacheOf(layout: readonly (readonly number[])[]): CacheModel {
	return clustered(layout.map((hosts, index) => shardOn(index, hosts)));
}

/** Hands over until no hand-over is left to make, and returns the layout, leaders first. */
function rest(layout: readonly (readonly number[])[]): number[][] {
	let now = layout.map((hosts) => [...hosts]);
	for (let step = 0; step < 100; step++) {
		const shards = cacheOf(now).shards;
		const [action] = planBalance(cacheOf(now));
		if (action?.kind !== "request-failover") return now;
		const index = shards.findIndex(({ id }) => id === action.shardId);
		const to = shards[index]?.nodes.findIndex(({ id }) => id === action.toNodeId) ?? 0;
		now = now.map((hosts, each) => (each === index ? withLeader(hosts, to) : hosts));
	}
	throw new Error(`hand-overs never end: ${JSON.stringify(layout)}`);
}

function withLeader(hosts: readonly number[], position: number): number[] {
	const leader = hosts[position] ?? 0;
	return [leader, ...hosts.filter((_, index) => index !== position)];
}

it("spreads primaries that have gathered in one zone, one at a time, while all is well", () => {
	const slots = ["0-4095", "4096-8191", "8192-12287", "12288-16383"];
	const member = (index: number, role: "primary" | "replica", zone: string, shardIndex: number) =>
		node(
			index,
			running(role, {
				cluster: {
					...{ nodeId: "", ok: true, view: VIEW },
					slots: role === "primary" ? (slots[shardIndex] ?? "") : "",
					primaryNodeId: role === "primary" ? null : `c${shardIndex * 2 + 1}`,
				},
			}),
			{ host: host(index, { zone }) },
		);
	const three = (zones: [string, string][]) =>
		zones.map(([primary, replica], index) => ({
			...{ ...CALM, id: `s${index}`, index, slots: slots[index] ?? null },
			primaryNodeId: `n${index * 2 + 1}`,
			nodes: [
				member(index * 2 + 1, "primary", primary, index),
				member(index * 2 + 2, "replica", replica, index),
			],
		}));
	const gathered = three([
		["a", "b"],
		["a", "c"],
		["b", "a"],
	]);
	const balance = (shards: ShardModel[], overrides: Partial<CacheModel> = {}) =>
		planBalance({ ...clustered(shards), ...overrides });
	expect(balance(gathered)).toMatchObject([
		{ kind: "request-failover", shardId: "s1", toNodeId: "n4" },
	]);
	// The cause of the gathering may not be over.
	expect(balance(gathered, { quietForMs: BALANCE_AFTER_MS - 1 })).toEqual([]);
	expect(balance(gathered, { primariesChosen: true })).toEqual([]);
	// A difference of one can't be evened out.
	const spread = three([
		["a", "b"],
		["c", "a"],
		["b", "a"],
	]);
	expect(balance(spread)).toEqual([]);
	// No zone has most of them, and yet a zone that was drained leads nothing.
	const lopsided = three([
		["a", "b"],
		["a", "c"],
		["b", "c"],
		["b", "a"],
	]);
	expect(balance(lopsided)).toMatchObject([{ kind: "request-failover", toNodeId: "n4" }]);
	const troubled = gathered.map((each) => ({ ...each, failoverTroubled: true }));
	expect(balance(troubled)).toEqual([]);
	// In a single zone, hosts are the units of failure.
	const inOneZone = three([
		["a", "a"],
		["a", "a"],
		["a", "a"],
	]);
	expect(balance(inOneZone)).toEqual([]);
	for (const { nodes } of inOneZone.slice(0, 2))
		Object.assign(nodes[0] ?? {}, { host: host(1, { zone: "a" }) });
	expect(balance(inOneZone)).toMatchObject([{ kind: "request-failover", shardId: "s0" }]);
});

it("a zone that leads nothing after a drain leads its share again", () => {
	// Host 0 came back with replicas alone.
	const leaders = rest([
		[3, 0],
		[3, 0],
		[3, 4],
		[4, 0],
		[4, 0],
		[4, 3],
	]).map(([leader]) => leader);
	for (const at of [0, 3, 4]) expect(leaders.filter((leader) => leader === at)).toHaveLength(2);
});

it("hand-overs end for every layout, and leave no better one", () => {
	const shard = fc.uniqueArray(fc.nat({ max: ZONES.length - 1 }), { minLength: 2, maxLength: 3 });
	fc.assert(
		fc.property(fc.array(shard, { minLength: 2, maxLength: 8 }), (layout) => {
			const after = rest(layout);
			expect(rest(after)).toEqual(after);
			expect(after.map((hosts) => [...hosts].sort())).toEqual(
				layout.map((hosts) => [...hosts].sort()),
			);
		}),
		{ numRuns: 200 },
	);
});
