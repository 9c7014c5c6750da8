import type { Fault, History } from "./history.ts";

/** Histories, shrunk to their shortest form, in which the model once found a bug. Each fault is [kind, which, ticks, pause]. */
export const FOUND: readonly { what: string; history: History }[] = [
	{
		what: "a live member was promoted while a new node started empty in the primary's place",
		history: historyOf({ cluster: true, shards: 1, replicas: 1, born: false }, [
			["control-plane-away", 0, 260, 0],
			["lose-identity", 0, 1, 0],
			["kill", 7, 1, 0],
			["kill", 0, 1, 2],
		]),
	},
	{
		what: "a failover order overlooked that Sentinel had promoted another replica",
		history: historyOf({ cluster: false, shards: 1, replicas: 2, born: true }, [
			["control-plane-away", 0, 8, 2],
			["kill", 0, 0, 0],
			["slow-reports", 1, 1, 4],
			["control-plane-away", 0, 10, 2],
			["hang", 0, 0, 8],
		]),
	},
	{
		what: "a failover order was reissued without the replica that the first order had promoted",
		history: historyOf({ cluster: true, shards: 2, replicas: 2, born: false }, [
			["hang", 3, 12, 8],
			["agent-down", 3, 20, 2],
			["kill", 4, 0, 11],
			["nothing", 0, 0, 1],
		]),
	},
	{
		what: "a primary started empty although its replica, which hadn't reported yet, had synced",
		history: historyOf({ cluster: false, shards: 1, replicas: 1, born: true }, [
			["control-plane-away", 0, 2, 0],
			["slow-reports", 0, 0, 2],
			["kill", 0, 0, 0],
			["cut", 1, 2, 0],
			["slow-reports", 0, 0, 1],
		]),
	},
	{
		what: "an order was carried out so late that another start was under way",
		history: historyOf({ cluster: true, shards: 2, replicas: 1, born: true }, [
			["agent-down", 0, 0, 4],
			["kill", 2, 0, 0],
			["agent-down", 2, 30, 2],
			["kill", 3, 0, 11],
			["kill", 0, 0, 7],
		]),
	},
	{
		what: "a synced replica was passed over for an empty one because its host's last report was old",
		history: {
			...historyOf({ cluster: false, shards: 1, replicas: 2, born: true }, [
				["slow-reports", 1, 4, 1],
				["host-off", 0, 0, 4],
				["kill", 0, 0, 0],
				["hang", 0, 0, 1],
			]),
			starts: [3, 2, 4],
		},
	},
];

function historyOf(
	shape: Pick<History, "cluster" | "shards" | "replicas" | "born">,
	faults: [Fault["kind"], which: number, ticks: number, pause: number][],
): History {
	return {
		...{ ...shape, starts: [] },
		faults: faults.map(([kind, which, ticks, pause]) => ({ kind, which, ticks, pause })),
	};
}
