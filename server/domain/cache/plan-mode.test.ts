import { expect, it } from "vitest";
import type { Observation } from "../../contract/host-report.ts";
import { modeSteps, modeView } from "./mode-progress.ts";
import type { CacheModel, NodeModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import type { SleepModel } from "./sleep-model.ts";
import { AWAKE, CALM, cache, dead, gateway, host, NOW, node, running } from "./testing/models.ts";

const ENDED: Partial<Observation> = {
	phase: "rebooting",
	pid: null,
	asleep: true,
	fitsCluster: true,
};
const CHANGE = {
	...{ id: "change", startedAt: NOW.toISOString() },
	...{ notBefore: null, interruptions: 0, parameterGroup: null },
};
const DAMAGED = { code: "disk", message: "its saved data is damaged" } as const;
const FALLING: Partial<SleepModel> = { state: "falling-asleep", becomesCluster: true };

function told(index: number, observed: Partial<Observation>): NodeModel {
	return node(index, observed, { asleep: true, reboot: 1 });
}

const primary = node(1, running("primary"));
const replica = node(2, running("replica"));

function modelOf(
	nodes: NodeModel[],
	sleep: Partial<SleepModel>,
	overrides: Partial<CacheModel> = {},
): CacheModel {
	return cache(nodes, {
		modeChange: CHANGE,
		sleep: { ...AWAKE, since: NOW.toISOString(), ...sleep },
		progress: modeSteps(),
		...overrides,
	});
}

function plan(...parts: Parameters<typeof modelOf>) {
	return planCache(modelOf(...parts), NOW);
}

const stepsOf = ({ actions }: ReturnType<typeof plan>) =>
	actions.flatMap((action) => (action.kind === "sleep" ? action.step : []));

it("begins once nothing else is to be done, although the cache has clients", () => {
	expect(stepsOf(plan([primary, replica], {}))).toEqual([{ to: "prepare" }]);
	const notBefore = new Date(NOW.getTime() + 1).toISOString();
	const early = { modeChange: { ...CHANGE, notBefore } };
	expect(stepsOf(plan([primary, replica], {}, early))).toEqual([]);
	expect(stepsOf(plan([primary, node(2, dead)], {}))).toEqual([]);
	// What the same request asked for besides comes after it.
	const first = plan([primary, replica], {}, { pending: ["next"] });
	expect(stepsOf(first)).toEqual([{ to: "prepare" }]);
	expect(first.actions.map(({ kind }) => kind)).not.toContain("start-pending");
});

it("ends primaries once clients can wait and no Sentinel watches, and only then replicas", () => {
	const both = [primary, replica];
	expect(stepsOf(plan(both, FALLING, { mayBeWatched: true }))).toEqual([]);
	expect(stepsOf(plan(both, FALLING, { gateways: [{ ...gateway, informed: false }] }))).toEqual([]);
	expect(stepsOf(plan(both, FALLING))).toEqual([{ to: "primaries" }]);
	const ending = told(1, { ...running("primary"), phase: "rebooting" });
	expect(stepsOf(plan([ending, replica], FALLING))).toEqual([]);
	expect(stepsOf(plan([told(1, ENDED), replica], FALLING))).toEqual([{ to: "replicas" }]);
	expect(stepsOf(plan([told(1, ENDED), told(2, { ...ENDED, pid: 9 })], FALLING))).toEqual([]);
	expect(stepsOf(plan([told(1, ENDED), told(2, ENDED)], FALLING))).toEqual([{ to: "cluster" }]);
});

it("starts its nodes as they were if something happens to one, and tries again", () => {
	for (const nodes of [
		[told(1, ENDED), node(2, dead)],
		[told(1, { phase: "rebooting", pid: null, reason: DAMAGED }), replica],
		[told(1, { ...dead, reason: { code: "exited", message: "killed" } }), replica],
		[node(1, running("primary"), { host: host(1, { suspect: true }) }), replica],
		[node(1, running("replica")), node(2, running("primary"))],
		[node(1, running("primary"), { rebootPending: true }), replica],
	]) {
		const step = { to: "wake", reason: expect.any(String) };
		expect(stepsOf(plan(nodes, FALLING))).toEqual([step]);
	}
});

it("gives up if the data doesn't fit, an agent can't do it, or the change was canceled", () => {
	const reason = { code: "other-databases", message: "it has keys in database 3" } as const;
	const refusing = { ...told(1, { ...running("primary"), reboot: 1 }) };
	const { fitsCluster: _, ...ofOldAgent } = ENDED;
	const late = new Date(NOW.getTime() - 61_000).toISOString();
	for (const [nodes, sleep, overrides] of [
		[[told(1, { phase: "rebooting", pid: null, reason }), replica], FALLING, {}],
		[[refusing, replica], FALLING, {}],
		[[told(1, ofOldAgent), replica], FALLING, {}],
		[[primary, replica], { ...FALLING, since: late }, { mayBeWatched: true }],
		[[told(1, ENDED), replica], FALLING, { modeChange: null }],
	] as const) {
		expect(stepsOf(plan([...nodes], sleep, overrides))).toMatchObject([
			{ to: "wake", dropsChange: true },
		]);
	}
});

it("starts replicas in cluster mode once their primaries serve, or can't", () => {
	const slots = "0-16383";
	const woken = (observed: Partial<Observation>) => {
		const nodes = [node(1, observed), told(2, ENDED)];
		const shards = [{ ...CALM, id: "s1", index: 0, slots, primaryNodeId: "n1", nodes }];
		return stepsOf(plan(nodes, { state: "waking" }, { clusterMode: "enabled", shards }));
	};
	const cluster = { nodeId: "c1", view: "", primaryNodeId: null, slots };
	expect(woken({ phase: "rebooting", pid: 7 })).toEqual([]);
	expect(woken(running("primary", { cluster: { ...cluster, ok: false } }))).toEqual([]);
	for (const observed of [dead, running("primary", { cluster: { ...cluster, ok: true } })]) {
		expect(woken(observed)).toMatchObject([{ to: "wake" }]);
	}
});

it("shows how far it has come", () => {
	const running = (nodes: NodeModel[], sleep: Partial<SleepModel>, more?: Partial<CacheModel>) => {
		const model = modelOf(nodes, sleep, more);
		const { progress } = planCache(model, NOW);
		return modeView({ ...model, progress })?.steps.find(({ state }) => state === "running")?.step;
	};
	expect(running([primary, replica], FALLING)).toBe("Prepare the endpoints");
	expect(running([told(1, ENDED), replica], FALLING)).toBe("Save the data and stop the nodes");
	const woken = [told(1, ENDED), told(2, ENDED)].map((each) => ({ ...each, asleep: false }));
	const waking = { state: "waking", becomesCluster: false } as const;
	expect(running(woken, waking, { clusterMode: "enabled" })).toBe(
		"Start the nodes in cluster mode",
	);
});
