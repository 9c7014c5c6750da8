import { expect, it } from "vitest";
import { advanceMoves, moveStep, movesView } from "./move-progress.ts";
import { cache, host, NOW, node, running } from "./testing/models.ts";

const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const at = (seconds: number) => later(seconds).toISOString();
const asked = { moveTo: { hostId: null, zone: "b" } };
const steps = [moveStep("orders-002", "zone b"), moveStep("orders-001", "h9")];
const unknown = () => 0;

it("moves advance one after the other, as far as each node's new process has come", () => {
	const both = cache([node(1, running("primary"), asked), node(2, running("replica"), asked)]);
	const begun = { ...both, progress: advanceMoves(both, steps, at(0)) };
	expect(begun.progress.map(({ state }) => state)).toEqual(["running", "pending"]);
	// Three seconds for each, as measured elsewhere.
	expect(movesView(begun, "id", unknown, NOW)).toMatchObject({
		...{ percent: 0, startedAt: at(0), estimatedEndAt: at(6), cancellable: true },
	});
	expect(movesView(begun, "id", unknown, later(4))?.estimatedEndAt).toBeNull();

	const successor = { name: "orders-002", host: host(3), replacesNodeId: "n2" };
	const copying = node(3, running("replica", { linkUp: false }), successor);
	const copied = node(3, running("replica"), successor);
	for (const [incoming, percent] of [
		[copying, 16],
		[copied, 33],
	] as const) {
		const model = cache([...both.shards.flatMap(({ nodes }) => nodes), incoming]);
		expect(movesView({ ...model, progress: begun.progress }, "id", unknown, NOW)?.percent).toBe(
			percent,
		);
	}

	const half = cache([node(1, running("primary"), asked), node(3, running("replica"))]);
	expect(advanceMoves(half, begun.progress, at(5))).toMatchObject([
		{ state: "done", startedAt: at(0), finishedAt: at(5) },
		{ state: "running", startedAt: at(5) },
	]);
	const done = cache([node(1, running("primary")), node(3, running("replica"))]);
	const ended = advanceMoves(done, begun.progress, at(9));
	expect(ended.every(({ state }) => state === "done")).toBe(true);
	expect(movesView({ ...done, progress: ended }, "id", unknown, later(9))).toBeNull();
});
