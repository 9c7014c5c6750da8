import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AGENT_PROTOCOL_VERSION, enrollInputSchema } from "../contract/agent.ts";
import { watchInputSchema } from "../contract/desired-state.ts";
import { type AlertInput, alertMessageSchema } from "../contract/host-alert.ts";
import {
	type Observation,
	type ReportInput,
	reportMessageSchema,
} from "../contract/host-report.ts";
import { HostRule, type HostScope } from "./host-scope.ts";

const NOW = new Date("2026-01-01T12:00:00Z");
const OWN = "own-node";
const FOREIGN = "foreign-node";
const GONE = "deleted-node";
const OWN_ORDER = "00000000-0000-4000-8000-000000000001";
const FOREIGN_ORDER = "00000000-0000-4000-8000-000000000002";
const UNKNOWN_ORDER = "00000000-0000-4000-8000-000000000003";

const scope: HostScope = {
	hostId: "own-host",
	now: NOW,
	ownerOf: (nodeId) => ({ [OWN]: "own-host", [FOREIGN]: "other-host" })[nodeId] ?? null,
	orderOf: (id) => {
		if (id === UNKNOWN_ORDER) return null;
		const executor = id === OWN_ORDER ? "own-host" : "other-host";
		return { executor: executor === "own-host" ? OWN : FOREIGN, members: [OWN, FOREIGN] };
	},
	hasCache: (cacheId) => cacheId !== "no-cache",
	serves: (cacheId) => cacheId === "served-cache",
	watches: (cacheId) => cacheId === "watched-cache",
	isProven: ({ was }) => was?.proof === "good",
};

const observation = (assignmentId: string): Observation => ({
	...{ assignmentId, generation: 1, phase: "exited", reason: null, pid: null, startedAt: null },
	...{ silentSince: null, busy: false, launchPermit: 1, restarts: 0, port: 17_000, reboot: 0 },
	...{ pendingParameters: [], clientLimit: null, keptData: false, engineState: null },
});
const result = (id: string, leaderNodeId: string | null) => ({
	...{ id, outcome: "done" as const, message: "", leaderNodeId, writesUnavailableMs: null },
});
const event = (assignmentId: string | null, at = NOW.toISOString()) => ({
	...{ id: OWN_ORDER, at, severity: "info" as const, type: "node.exited", message: "m" },
	assignmentId,
});
const sample = (assignmentId: string, at = NOW.toISOString()) => ({
	...{ assignmentId, at },
	metrics: {
		...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
		...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
		replicationLagBytes: null,
	},
});
const none = { calls: 0, usec: 0 };
const reading = (assignmentId: string, at = NOW.toISOString()) => ({
	...{ assignmentId, at, process: "boot/1/1", storedBytes: 1 },
	counters: {
		...{ uptimeSeconds: 1, bytes: { total: 1, clients: 1 }, cpuUsec: 1 },
		requests: { direct: 1, replicable: null },
		...{ simple: none, heavy: { direct: none, replicable: none } },
	},
});
const growth = (assignmentId: string) => ({
	...{ assignmentId, generation: 1, usedBytes: 1, bytesPerSecond: 0 },
});
const aside = (assignmentId: string, cacheId: string, proof: string) => ({
	...{ assignmentId, directory: "/x", pid: null },
	was: { cacheId, nodeName: "n", port: 17_000, proof },
});
const gateway = (cacheId: string) => ({
	...{ phase: "running" as const, version: null, reason: null, routeRevision: 1 },
	routes: [{ cacheId, ready: true, problem: null }],
});
const sentinel = (cacheId: string) => ({
	...{ phase: "running" as const, version: null, reason: null, port: 26_379 },
	caches: [{ cacheId, primary: { host: "h", port: 1 }, peers: 0, failoverUnderWay: true }],
});
const report = (what: Partial<ReportInput>): ReportInput => ({
	...{ protocol: AGENT_PROTOCOL_VERSION, epoch: 1, revision: 1, facts: null },
	...{ observations: null, setAside: [], gateway: null, sentinel: null, warnings: null },
	...{ orders: [], events: [], metrics: [], usage: [], clockAheadMs: 0 },
	...what,
});
const alert = (what: Partial<AlertInput>): AlertInput => ({
	...{ protocol: AGENT_PROTOCOL_VERSION, ended: [], orders: [] },
	...what,
});

/**
 * Every field of every procedure that names a node, cache, host or order: what is kept when it is the host's own, what
 * is refused when it is another host's, and what is dropped silently because it no longer exists.
 */
const said = {
	"report.observations[].assignmentId": (id: string) => report({ observations: [observation(id)] }),
	"report.setAside[].assignmentId": (id: string) =>
		report({ setAside: [aside(id, "any-cache", "good")] }),
	"report.events[].assignmentId": (id: string) => report({ events: [event(id)] }),
	"report.metrics[].assignmentId": (id: string) => report({ metrics: [sample(id)] }),
	"report.usage[].assignmentId": (id: string) => report({ usage: [reading(id)] }),
	"report.orders[].id": (id: string) => report({ orders: [result(orderFor(id), null)] }),
	"alert.ended[].assignmentId": (id: string) => alert({ ended: [observation(id)] }),
	"alert.growing[].assignmentId": (id: string) => alert({ growing: [growth(id)] }),
	"alert.orders[].id": (id: string) => alert({ orders: [result(orderFor(id), null)] }),
};
const orderFor = (nodeId: string) =>
	({ [OWN]: OWN_ORDER, [FOREIGN]: FOREIGN_ORDER })[nodeId] ?? UNKNOWN_ORDER;

/** Fields whose rules the tests below check one by one. */
const others = [
	"report.orders[].leaderNodeId",
	"alert.orders[].leaderNodeId",
	"report.setAside[].was.cacheId",
	"report.gateway.routes[].cacheId",
	"report.sentinel.caches[].cacheId",
];

/** Rules that apply where the report is taken: take-accelerators.ts, and the tests of services/accelerators. */
const ofAccelerators = [
	"report.accelerators.endpoints[].acceleratorId",
	"report.accelerators.instances[].id",
];

/** What a host reports about its own nodes, engines and settings: if that is wrong, it harms only itself. */
const itsOwn = [
	"report.accelerators.instances[].state.processId",
	"report.facts.bootId",
	"report.events[].id",
	"report.observations[].engineState.primaryHost",
	"report.observations[].engineState.cluster.nodeId",
	"report.observations[].engineState.cluster.primaryNodeId",
	"report.observations[].engineState.cluster.moves[].id",
	"report.observations[].snapshot.id",
	"report.observations[].restore.id",
	"report.observations[].migration.id",
	"report.sentinel.caches[].primary.host",
	"alert.ended[].engineState.primaryHost",
	"alert.ended[].engineState.cluster.nodeId",
	"alert.ended[].engineState.cluster.primaryNodeId",
	"alert.ended[].engineState.cluster.moves[].id",
	"alert.ended[].snapshot.id",
	"alert.ended[].restore.id",
	"alert.ended[].migration.id",
	"enrol.agentId",
	"enrol.facts.bootId",
];

function judge(what: ReportInput | AlertInput) {
	const rule = new HostRule(scope);
	const kept = "ended" in what ? rule.alert(what) : rule.report(what);
	return { kept, refused: rule.refused.map(({ field, id }) => `${field} ${id}`) };
}

describe.each(Object.entries(said))("%s", (path, make) => {
	const field = path.slice(path.indexOf(".") + 1);
	it("is accepted from the node's own host", () => {
		expect(judge(make(OWN))).toEqual({ kept: make(OWN), refused: [] });
	});
	it("is refused, and named, when the node is another host's", () => {
		const { kept, refused } = judge(make(FOREIGN));
		expect(JSON.stringify(kept)).not.toContain(FOREIGN);
		expect(JSON.stringify(kept)).not.toContain(FOREIGN_ORDER);
		expect(refused).toEqual([`${field} ${FOREIGN}`]);
	});
	it("is ignored when the node is gone", () => {
		expect(judge(make(GONE)).refused).toEqual([]);
	});
});

describe("an order's result", () => {
	it.each(["report", "alert"])(
		"in %s may name only a member of that order as the leader, or none",
		(door) => {
			const orders = [result(OWN_ORDER, "stranger")];
			const { kept, refused } = judge(door === "report" ? report({ orders }) : alert({ orders }));
			expect(kept.orders).toEqual([]);
			expect(refused).toEqual(["orders[].leaderNodeId stranger"]);
			expect(judge(report({ orders: [result(OWN_ORDER, FOREIGN)] })).kept.orders).toHaveLength(1);
		},
	);
});

describe("a node that was set aside", () => {
	it("counts as a cache's only with proof that its host was given it", () => {
		const forged = judge(report({ setAside: [aside(GONE, "orders", "bad")] }));
		expect(forged.kept).toMatchObject({ setAside: [{ assignmentId: GONE, was: null }] });
		expect(forged.refused).toEqual(["setAside[].was orders"]);
		const honest = report({ setAside: [aside(GONE, "orders", "good")] });
		expect(judge(honest)).toEqual({ kept: honest, refused: [] });
	});
});

describe("a gateway and a Sentinel", () => {
	it("may report only on the caches that this host should serve and watch", () => {
		const own = report({ gateway: gateway("served-cache"), sentinel: sentinel("watched-cache") });
		expect(judge(own).kept).toEqual(own);
		const { kept } = judge(
			report({ gateway: gateway("unserved-cache"), sentinel: sentinel("unwatched-cache") }),
		);
		expect(kept).toMatchObject({ gateway: { routes: [] }, sentinel: { caches: [] } });
	});
});

describe("times", () => {
	it.each([
		["9999-12-31T23:59:59Z", 0],
		["2026-01-01T12:02:00Z", 0],
		["2026-01-01T12:00:30Z", 1],
		["2026-01-01T00:00:00Z", 1],
		["2025-12-30T00:00:00Z", 0],
		["0001-01-01T00:00:00Z", 0],
	])("a metric of %s at noon: %d kept", (at, count) => {
		expect(judge(report({ metrics: [sample(OWN, at)] })).kept).toMatchObject({
			metrics: { length: count },
		});
	});
	it("no event is later than its arrival", () => {
		const { kept } = judge(report({ events: [event(OWN, "9999-12-31T23:59:59Z")] }));
		expect(kept).toMatchObject({ events: [{ at: NOW.toISOString() }] });
	});
});

it("covers every field of every procedure that can name something", () => {
	const inputs = {
		enrol: enrollInputSchema,
		watch: watchInputSchema,
		report: reportMessageSchema,
		alert: alertMessageSchema,
	};
	const found = Object.entries(inputs).flatMap(([name, schema]) => namingFields(schema, name));
	const covered = [...Object.keys(said), ...others, ...ofAccelerators, ...itsOwn];
	expect(found.sort()).toEqual(covered.sort());
});

function namingFields(schema: z.core.$ZodType, path: string): string[] {
	if (
		schema instanceof z.ZodNullable ||
		schema instanceof z.ZodOptional ||
		schema instanceof z.ZodDefault
	) {
		return namingFields(schema.unwrap(), path);
	}
	if (schema instanceof z.ZodArray) return namingFields(schema.element, `${path}[]`);
	if (!(schema instanceof z.ZodObject)) return [];
	return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, inner]) =>
		/(^id|Id|Ids|^host|Host)$/.test(key)
			? [`${path}.${key}`]
			: namingFields(inner, `${path}.${key}`),
	);
}
