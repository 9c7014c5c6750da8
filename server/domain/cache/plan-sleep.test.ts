import { describe, expect, it } from "vitest";
import type { Observation } from "../../contract/host-report.ts";
import { FLOOR_BYTES, NO_LIMITS } from "../../contract/serverless.ts";
import { nodeBytesOf } from "../serverless/capacity.ts";
import type { ElasticModel, NodeModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import type { SleepModel } from "./sleep-model.ts";
import { AWAKE, cache, dead, host, NOW, node, running } from "./testing/models.ts";
import { zoneSpread } from "./zone-spread.ts";

const MINUTE_MS = 60_000;
const NAPPING: SleepModel = { ...AWAKE, afterMinutes: 10 };
const SIZE = { dataBytes: FLOOR_BYTES, memoryBytes: nodeBytesOf(FLOOR_BYTES) };
/** Ended with its data. */
const ASLEEP: Partial<Observation> = { phase: "rebooting", pid: null, asleep: true };

function modelOf(
	nodes: NodeModel[],
	sleep: Partial<SleepModel>,
	{ idleMs = 60 * MINUTE_MS, ...overrides }: Partial<ElasticModel> = {},
) {
	const elastic: ElasticModel = {
		...{ ...SIZE, protocol: "standard", limits: NO_LIMITS, shards: 1, load: null, idleMs },
		recent: { changedAt: null, shardsAt: null, shrunkAt: [] },
		evictionPolicy: "volatile-lru",
		...overrides,
	};
	const napping = { ...NAPPING, since: NOW.toISOString(), ...sleep };
	return cache(nodes, { elastic, sleep: napping, nodeType: "serverless", quietForMs: MINUTE_MS });
}

function plan(...parts: Parameters<typeof modelOf>) {
	return planCache(modelOf(...parts), NOW);
}

function told(index: number, observed: Partial<Observation>, asleep = true): NodeModel {
	const kind = { engine: "valkey", engineVersion: "9", nodeType: "serverless" } as const;
	return node(index, observed, { ...SIZE, kind, asleep });
}

const serving = [told(1, running("primary"), false), told(2, running("replica"), false)];
const stepsOf = ({ actions }: ReturnType<typeof plan>) =>
	actions.flatMap((action) => (action.kind === "sleep" ? action.step : []));

describe("a cache that may sleep", () => {
	it("keeps Multi-AZ while its nodes sleep in two zones", () => {
		const nodes = [told(1, ASLEEP), told(2, ASLEEP)].map((each, index) => ({
			...each,
			host: { ...each.host, zone: `zone-${index}` },
		}));
		const spread = (state: SleepModel["state"]) =>
			zoneSpread({ ...modelOf(nodes, { state }), multiAz: true }).status;
		expect(spread("asleep")).toBe("enabled");
		expect(spread(null)).toBe("degraded");
	});

	it("falls asleep, replicas first, once nobody has been connected for long enough", () => {
		expect(stepsOf(plan(serving, {}))).toEqual([{ to: "replicas" }]);
		for (const [sleep, elastic] of [
			[{ afterMinutes: null }, {}],
			[{ wakeReason: "a client is waiting for it" }, {}],
			[{}, { idleMs: 9 * MINUTE_MS }],
			[{}, { idleMs: null }],
		] as const) {
			expect(stepsOf(plan(serving, sleep, elastic))).toEqual([]);
		}
		const state = "falling-asleep";
		const one = [told(1, running("primary"), false), { ...told(2, running("replica")), reboot: 1 }];
		expect(plan(one, { state })).toMatchObject({ status: "modifying", actions: [] });
		const alone = [told(1, running("primary"), false), told(2, ASLEEP)];
		expect(stepsOf(plan(alone, { state }))).toEqual([{ to: "primaries" }]);
		expect(stepsOf(plan([told(1, ASLEEP), told(2, ASLEEP)], { state }))).toEqual([
			{ to: "asleep" },
		]);
	});

	it("sleeps without failovers or alarms, until someone needs it", () => {
		const nodes = [told(1, ASLEEP), told(2, ASLEEP)];
		const asleep = plan(nodes, { state: "asleep" });
		expect(asleep).toMatchObject({ status: "available", actions: [], events: [] });
		expect(asleep.statusReason).toContain("Asleep since 2026-01-01 00:00:00 UTC");
		const wakes = (sleep: Partial<SleepModel>, others = nodes) =>
			stepsOf(plan(others, { state: "asleep", ...sleep }));
		const reason = "a client is waiting for it";
		expect(wakes({ wakeReason: reason })).toEqual([{ to: "wake", reason }]);
		expect(wakes({ afterMinutes: null })).toEqual([
			{ to: "wake", reason: "scaleToZero was turned off" },
		]);
		const drained = { ...told(2, ASLEEP), host: host(2, { draining: true }) };
		expect(wakes({}, [told(1, ASLEEP), drained])).toEqual([
			{ to: "wake", reason: "orders-002 must leave h2" },
		]);
		expect(wakes({}, [told(1, ASLEEP), told(2, dead)])).toHaveLength(1);
	});

	it("wakes if a node refuses, can't save its data, or a client has come meanwhile", () => {
		const state = "falling-asleep";
		const refusing = { ...told(2, { ...running("replica"), reboot: 1 }), reboot: 1 };
		const alone = told(1, running("primary"), false);
		const reason = { code: "disk", message: "its saved data is damaged" } as const;
		for (const replica of [refusing, told(2, { phase: "rebooting", pid: null, reason })]) {
			expect(stepsOf(plan([alone, replica], { state }))).toMatchObject([{ to: "wake" }]);
		}
		expect(stepsOf(plan([alone, told(2, ASLEEP)], { state }, { idleMs: 0 }))).toMatchObject([
			{ to: "wake", reason: "a client has connected" },
		]);
	});

	it("is waking, not failing, while its nodes load; and awake once all serve", () => {
		const state = "waking";
		const loading = [
			told(1, { phase: "rebooting", pid: 1 }, false),
			told(2, { phase: "rebooting", pid: 2 }, false),
		].map((each) => ({ ...each, reboot: 1 }));
		const waking = plan(loading, { state });
		expect(waking).toMatchObject({ status: "modifying", events: [], actions: [] });
		expect(stepsOf(plan(serving, { state }))).toEqual([{ to: "awake" }]);
		const half = [told(1, running("primary"), false), told(2, ASLEEP)];
		expect(stepsOf(plan(half, { state }))).toMatchObject([{ to: "wake" }]);
	});
});
