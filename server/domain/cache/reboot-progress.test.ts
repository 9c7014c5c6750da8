import { describe, expect, it } from "vitest";
import { operationSteps } from "../operation/operation-progress.ts";
import type { CacheModel, NodeModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { advance, creationSteps } from "./progress.ts";
import { rebootSteps } from "./reboot-progress.ts";
import { cache, dead, NOW, node, running } from "./testing/models.ts";

const NO_SLOTS = { before: {}, after: {}, added: [], removed: [], shardsBefore: 2 };
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const primary = node(1, running("primary"));
const turn = { rebootPending: true };
const ordered = { reboot: 1 };
const copying = running("replica", { linkUp: false });

/** What the planner makes of the nodes, with the steps as the previous pass left them. */
function pass(
	before: Pick<CacheModel, "status" | "progress">,
	nodes: NodeModel[],
	seconds: number,
) {
	const { status, progress } = before;
	return planCache(cache(nodes, { status, progress }), later(seconds));
}

describe("a reboot that was asked for", () => {
	const asked = { status: "available" as const, progress: rebootSteps([], ["orders-002"]) };

	it("keeps the cache rebooting until its node is in sync again, and shows the time that it took", () => {
		const begun = pass(asked, [primary, node(2, { phase: "rebooting" }, ordered)], 1);
		expect(begun).toMatchObject({
			status: "rebooting",
			statusReason: "Rebooting orders-002.",
			progress: [{ step: "Reboot orders-002", state: "running", finishedAt: null }],
			events: [],
		});
		// Its process is there, and copies what it has missed: the reboot has neither failed nor ended.
		const back = pass(begun, [primary, node(2, { ...copying, reboot: 1 }, ordered)], 3);
		expect(back).toMatchObject({
			status: "rebooting",
			progress: [{ state: "running" }],
			events: [],
		});
		const done = pass(back, [primary, node(2, { ...running("replica"), reboot: 1 }, ordered)], 5);
		expect(done).toMatchObject({
			status: "available",
			statusReason: null,
			progress: [
				{ state: "done", startedAt: later(1).toISOString(), finishedAt: later(5).toISOString() },
			],
			events: [{ severity: "info", message: "The reboot of cache orders is done." }],
		});
		// What happens to the node later is another matter.
		const broken = pass(done, [primary, node(2, { ...copying, reboot: 1 }, ordered)], 60);
		expect(broken).toMatchObject({ status: "degraded", progress: done.progress });
	});

	it("takes one node after another; a replica that follows the new primary meanwhile is part of it", () => {
		const steps = { ...asked, progress: rebootSteps([], ["orders-002", "orders-001"]) };
		const first = pass(
			steps,
			[node(1, running("primary"), turn), node(2, { phase: "rebooting" }, ordered)],
			1,
		);
		expect(first).toMatchObject({
			status: "rebooting",
			statusReason: "Rebooting orders-002. 1 more is waiting.",
			progress: [{ state: "running" }, { state: "pending", startedAt: null }],
		});
		const others = [node(2, { ...copying, reboot: 1 }, ordered), node(3, copying)];
		expect(pass(first, [node(1, running("primary"), turn), ...others], 2).status).toBe("rebooting");
	});

	it("doesn't hide another change that is under way", () => {
		const nodes = [primary, node(2, { phase: "rebooting" }, ordered)];
		const changing = cache(nodes, { status: "modifying", resizing: true, nodesPerShard: 3 });
		const { status, statusReason } = planCache(changing, later(1));
		expect(status).toBe("modifying");
		expect(statusReason).toMatch(/.+ Rebooting orders-002\.$/);
	});

	it("isn't blamed for other failures", () => {
		const begun = pass(asked, [primary, node(2, { phase: "rebooting" }, ordered)], 1);
		const gone = [primary, node(2, { phase: "rebooting" }, ordered), node(3, dead)];
		expect(pass(begun, gone, 2)).toMatchObject({ status: "degraded" });
		const failed = {
			...dead,
			reboot: 1,
			reason: { code: "launch-failed" as const, message: "no" },
		};
		expect(pass(begun, [primary, node(2, failed, ordered)], 2)).toMatchObject({
			status: "degraded",
			progress: [{ state: "waiting" }],
		});
	});

	it("is added to one that is under way", () => {
		const [running, pending] = rebootSteps([], ["orders-002", "orders-001"]);
		if (running === undefined || pending === undefined) throw new Error("two steps");
		const now = [{ ...running, state: "done" as const }, pending];
		expect(rebootSteps(now, ["orders-003"]).map(({ node: name }) => name)).toEqual([
			"orders-001",
			"orders-003",
		]);
		const shape = { engine: "valkey", clusterMode: "disabled", replicasPerShard: 1 } as const;
		expect(rebootSteps(creationSteps(shape, ""), ["orders-001"])).toHaveLength(1);
		// Slots that are moving keep all of their steps.
		const moving = operationSteps({ ...NO_SLOTS, added: ["s3"] }, false);
		const begun = moving.map((step, index) =>
			index === 0 ? { ...step, state: "done" as const } : step,
		);
		expect(rebootSteps(begun, ["orders-001"])).toEqual([
			...begun,
			expect.objectContaining({ step: "Reboot orders-001" }),
		]);
	});
});

it("a step that has to be done again ends when it is done for the last time", () => {
	const shape = { engine: "valkey", clusterMode: "disabled", replicasPerShard: 0 } as const;
	const at = (seconds: number) => later(seconds).toISOString();
	const started = advance(creationSteps(shape, at(0)), 2, "running", at(1));
	expect(started[1]).toMatchObject({ state: "done", finishedAt: at(1) });
	const again = advance(started, 1, "running", at(5));
	expect(again[1]).toMatchObject({ state: "running", finishedAt: null });
	expect(again[2]).toMatchObject({ state: "pending", finishedAt: null });
	const done = advance(again, 3, "done", at(9));
	expect(done[1]).toMatchObject({ startedAt: at(1), finishedAt: at(9) });
});
