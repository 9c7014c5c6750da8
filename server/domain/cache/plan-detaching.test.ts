import { describe, expect, it } from "vitest";
import type { NodeModel, PlanAction } from "./model.ts";
import { detachFirst } from "./plan-detaching.ts";
import { cache, dead, host, NOW, node, running } from "./testing/models.ts";

const replica = (index: number, changes: Partial<NodeModel> = {}) =>
	node(index, running("replica"), changes);
const retire: PlanAction = { kind: "retire", nodeId: "n2" };

function after(others: NodeModel[], changes: Partial<NodeModel> = {}, actions = [retire]) {
	const nodes = [node(1, running("primary")), replica(2, changes), ...others];
	return detachFirst(cache(nodes), actions);
}

describe("a replica that is about to be removed", () => {
	it("is detached first, and removed once its host says that the others have all that it has", () => {
		expect(after([replica(3)])).toEqual([{ kind: "detach-node", nodeId: "n2" }]);
		expect(after([replica(3)], { detached: true, generation: 2 })).toEqual([]);
		expect(after([replica(3)], { detached: true })).toEqual([retire]);
	});

	it("is removed at once if no other replica could have more, or nothing can be heard of it", () => {
		expect(after([])).toEqual([retire]);
		expect(after([node(3, dead)])).toEqual([retire]);
		expect(after([replica(3, { detached: true })])).toEqual([retire, attach("n3")]);
		expect(after([replica(3)], { host: host(2, { suspect: true }) })).toEqual([retire]);
		expect(after([replica(3)], { hasSynced: false })).toEqual([retire]);
	});

	it("follows its primary again if nothing removes it any more", () => {
		expect(after([replica(3)], { detached: true }, [])).toEqual([attach("n2")]);
		expect(after([replica(3)], {}, [])).toEqual([]);
		// What still has to be known before it goes doesn't change that it goes.
		expect(after([replica(3)], { detached: true, leavingAt: NOW }, [])).toEqual([]);
	});
});

function attach(nodeId: string): PlanAction {
	return { kind: "attach-node", nodeId };
}
