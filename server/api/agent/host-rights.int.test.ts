import { beforeEach, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../../contract/agent.ts";
import { createCacheInputSchema } from "../../contract/create-cache.ts";
import type { AlertMessage } from "../../contract/host-alert.ts";
import type { ReportMessage } from "../../contract/host-report.ts";
import { reconcileCache } from "../../reconciler/reconcile-cache.ts";
import { bumpRoutes } from "../../services/bump-hosts.ts";
import { createCache } from "../../services/caches/create-cache.ts";
import { agentCaller } from "../../testing/agent-caller.ts";
import { asRunning, enrollTestHosts, TEST_EPOCH, type TestHost } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { agentCalls } from "./agent-calls.ts";

let test: TestResources;
let primary: TestHost;
let replica: TestHost;
/** Has joined like the others, but has no node of the cache. */
let intruder: TestHost;

beforeEach(async () => {
	test = await openTestResources();
	const hosts = await enrollTestHosts(test, "a", "b", "c");
	const input = createCacheInputSchema.parse({ name: "orders", replicasPerShard: 1 });
	await createCache(test.resources, testCaller(), input);
	for (let round = 0; round < 4; round++) {
		await reconcile();
		for (const host of hosts) await host.converge();
	}
	await reconcile();
	const find = async (kind: string | undefined) => {
		for (const host of hosts) {
			if ((await host.state()).assignments[0]?.role.kind === kind) return host;
		}
		throw new Error(`no host has a ${kind}`);
	};
	primary = await find("primary");
	replica = await find("replica");
	intruder = await find(undefined);
});

async function reconcile() {
	for (const { id } of await test.resources.db.cache.findMany({ select: { id: true } })) {
		let again = true;
		while (again) {
			({ again } = await reconcileCache(test.resources, id, (work) => work()));
		}
	}
}

/** Calls as the host does, with its credential. */
function as(host: TestHost) {
	return agentCaller(test.resources, host.enrollment.credential);
}
const reportOf = (what: Partial<ReportMessage>): ReportMessage => ({
	...{ protocol: AGENT_PROTOCOL_VERSION, epoch: TEST_EPOCH, revision: 1, facts: null },
	...{ observations: null, setAside: [], gateway: null, sentinel: null, warnings: null },
	...{ orders: [], events: [], metrics: [], usage: [], clock: "2026-01-01T00:00:00Z" },
	...what,
});
const alertOf = (what: Partial<AlertMessage>): AlertMessage => ({
	...{ protocol: AGENT_PROTOCOL_VERSION, ended: [], orders: [] },
	...what,
});
async function assignmentOf(host: TestHost) {
	const [assignment] = (await host.state()).assignments;
	if (assignment === undefined) throw new Error("the host has no node");
	return assignment;
}
const failoverOrders = () =>
	[primary, replica, intruder].flatMap((host) =>
		host.notices().flatMap((notice) => (notice.kind === "failover" ? [notice.order] : [])),
	);
async function death() {
	const assignment = await assignmentOf(primary);
	return {
		...asRunning(assignment, 1),
		...{ phase: "exited" as const, pid: null, engineState: null, silentForMs: null },
	};
}

it("each call has a rule (server/fleet/host-scope.test.ts)", () => {
	expect(Object.keys(agentCalls).sort()).toEqual([
		...["alert", "enrol", "placed", "refuseTransfer", "report", "transfer", "watch"],
	]);
});

it("a host can't declare another host's primary dead, or end another host's failover", async () => {
	const ended = await death();
	await as(intruder).alert(alertOf({ ended: [ended] }));
	await as(intruder).report(reportOf({ observations: [ended] }));
	await reconcile();
	expect(failoverOrders()).toEqual([]);
	expect(test.resources.fleet.observation(ended.assignmentId, null)?.phase).toBe("running");

	await as(primary).alert(alertOf({ ended: [ended] }));
	await reconcile();
	const [order] = failoverOrders();
	if (order === undefined) throw new Error("the report of the primary's own host was ignored");
	const done = {
		...{ id: order.id, outcome: "done" as const, message: "", writesUnavailableMs: null },
		leaderNodeId: order.candidates[0]?.nodeId ?? null,
	};
	await as(intruder).alert(alertOf({ orders: [done] }));
	await as(primary).report(reportOf({ orders: [done] }));
	const leaders = () => primary.notices().filter(({ kind }) => kind === "leader");
	expect(leaders()).toEqual([]);
	await as(replica).alert(alertOf({ orders: [done] }));
	expect(leaders()).toHaveLength(1);
});

it("a host can't report metrics or events of another host's node, or from another time", async () => {
	const { db } = test.resources;
	const foreign = (await assignmentOf(primary)).id;
	const own = (await assignmentOf(replica)).id;
	const metrics = {
		...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
		...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
		replicationLagBytes: null,
	};
	await as(replica).report(
		reportOf({
			metrics: [
				...[foreign, own].map((assignmentId) => ({ assignmentId, ageMs: 0, metrics })),
				{ assignmentId: own, ageMs: 7 * 86_400_000, metrics },
			],
			events: [
				{
					...{ id: crypto.randomUUID(), ageMs: 0, severity: "error", type: "node.exited" },
					...{ message: "forged", assignmentId: foreign },
				},
			],
		}),
	);
	const stored = await db.metricSample.findMany({ where: { resolutionSeconds: 5 } });
	expect(stored.map(({ nodeId }) => nodeId)).toEqual([own]);
	expect(test.resources.fleet.metrics(foreign)).toBeNull();
	expect(await db.event.count({ where: { message: "forged" } })).toBe(0);
});

it("a host's Sentinel that shouldn't watch a cache can't hold up its failover", async () => {
	const { cacheId } = await assignmentOf(primary);
	const table = (await intruder.state()).routeTable;
	const watchers = table?.routes[0]?.sentinel?.hosts ?? [];
	expect(watchers).toHaveLength(3);
	// Without automatic failover no Sentinel should watch it.
	await test.resources.db.$transaction(async (tx) => {
		await tx.cache.updateMany({ data: { automaticFailover: false } });
		await bumpRoutes(tx, [cacheId]);
	});
	await as(intruder).report(
		reportOf({
			sentinel: {
				...{ phase: "running", version: null, reason: null, port: 26_379 },
				caches: [{ cacheId, primary: { host: "h", port: 1 }, peers: 2, failoverUnderWay: true }],
			},
		}),
	);
	expect(test.resources.fleet.sentinelsOf(cacheId)).toEqual([]);
});

it("a host's reports about other hosts are audited, and an event says so once", async () => {
	const { db } = test.resources;
	const ended = await death();
	for (let time = 0; time < 3; time++) await as(intruder).alert(alertOf({ ended: [ended] }));
	expect(await db.auditEntry.findMany({ where: { action: "host.report" } })).toMatchObject([
		{
			actor: `host:${intruder.hostId}`,
			target: intruder.enrollment.name,
			details: { "ended[].assignmentId": ended.assignmentId },
		},
	]);
	const events = await db.event.findMany({ where: { type: "host.report-refused" } });
	expect(events.map(({ hostName }) => hostName)).toEqual([intruder.enrollment.name]);
});

it("a host without a node of a cache learns only the cache's gateway password", async () => {
	const { auth } = await assignmentOf(primary);
	const learned = await intruder.state();
	expect(learned.assignments).toEqual([]);
	const text = JSON.stringify(learned);
	for (const secret of [
		auth.systemPassword,
		auth.clientPasswordSha256,
		auth.gatewayPasswordSha256,
	]) {
		if (secret !== null) expect(text).not.toContain(secret);
	}
	expect(learned.routeTable?.routes[0]?.check?.username).toBe(auth.gatewayUsername);
	// Orders with the addresses of a shard's members go to the host that carries them out.
	await as(primary).alert(alertOf({ ended: [await death()] }));
	await reconcile();
	const kinds = (host: TestHost) => host.notices().map(({ kind }) => kind);
	expect(kinds(replica)).toContain("failover");
	expect(kinds(intruder)).toEqual([]);
});
