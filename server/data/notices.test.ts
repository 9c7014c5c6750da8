import { expect, it } from "vitest";
import { Notices } from "./notices.ts";

it("gives each host, for a short time, its notices after the one that it holds", () => {
	const time = { now: new Date(0) };
	const notices = new Notices({ now: () => time.now });
	const leader = { kind: "leader", cacheId: "c", nodeId: "n" } as const;
	notices.add(["h1", "h2"], leader);
	notices.add(["h1"], { kind: "end-hung", assignmentId: "a", pid: 7 });
	expect(notices.newer("h1", -1).map(({ kind }) => kind)).toEqual(["leader", "end-hung"]);
	expect(notices.newer("h2", -1)).toEqual([{ ...leader, seq: 1 }]);
	expect(notices.newer("h2", 1)).toEqual([]);
	time.now = new Date(10_001);
	expect(notices.newer("h1", -1)).toEqual([]);
	// Numbering continues.
	notices.add(["h1"], leader);
	expect(notices.newer("h1", 2)).toEqual([{ ...leader, seq: 3 }]);
});

it("calls back once every host has acted on a notice, not just on an earlier one", () => {
	const time = { now: new Date(0) };
	const notices = new Notices({ now: () => time.now });
	const leader = { kind: "leader", cacheId: "c", nodeId: "n" } as const;
	const called: string[] = [];
	const first = notices.add(["h1", "h2"], leader);
	const second = notices.add(["h1", "h2"], leader);
	notices.onceHeld(second, ["h1", "h2"], () => called.push("both"));
	notices.onceHeld(second, [], () => called.push("nobody"));
	notices.noteHeld("h1", second);
	notices.noteHeld("h2", first);
	notices.noteHeld("h3", second);
	expect(called).toEqual(["nobody"]);
	notices.noteHeld("h2", second);
	notices.noteHeld("h2", second);
	expect(called).toEqual(["nobody", "both"]);
	// A host that never acts on it isn't waited for forever.
	notices.onceHeld(second + 1, ["h1"], () => called.push("late"));
	time.now = new Date(10_001);
	notices.onceHeld(second + 2, ["h2"], () => {});
	notices.noteHeld("h1", second + 1);
	expect(called).toEqual(["nobody", "both"]);
});
