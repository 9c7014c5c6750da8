import { expect, it } from "vitest";
import { Notices } from "./notices.ts";

it("tells each host what is for it or for all, after the one that it holds, and not for long", () => {
	const time = { now: new Date(0) };
	const notices = new Notices({ now: () => time.now });
	const leader = { kind: "leader", cacheId: "c", nodeId: "n" } as const;
	notices.add(null, leader);
	notices.add("h1", { kind: "end-hung", assignmentId: "a", pid: 7 });
	expect(notices.newer("h1", -1).map(({ kind }) => kind)).toEqual(["leader", "end-hung"]);
	expect(notices.newer("h2", -1)).toEqual([{ ...leader, seq: 1 }]);
	expect(notices.newer("h2", 1)).toEqual([]);
	time.now = new Date(10_001);
	expect(notices.newer("h1", -1)).toEqual([]);
	// Numbers go on where they were.
	notices.add("h1", leader);
	expect(notices.newer("h1", 2)).toEqual([{ ...leader, seq: 3 }]);
});
