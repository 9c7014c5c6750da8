import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeAssignment } from "../testing/assignments.ts";
import type { EngineState } from "./driver.ts";
import { ReplicationConvergence } from "./replication-convergence.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const WANTED = { host: "10.0.0.1", port: 7_000 };
const OTHER = { host: "10.0.0.2", port: 7_000 };

/** A replica that is to follow WANTED, and who says that it leads. */
function makeReplica(leaders: readonly { host: string }[]) {
	const asked: string[] = [];
	const convergence = new ReplicationConvergence({
		command: async (...args) => {
			asked.push(args.join(" "));
			return "OK";
		},
		askNode: async ({ host }) => (leaders.some((each) => each.host === host) ? ["master"] : null),
		inTouch: () => true,
		promotedLately: () => false,
	});
	const assignment = makeAssignment({ port: 7_001, role: { kind: "replica", of: WANTED } });
	const follows = ({ host, port }: typeof WANTED) =>
		convergence.converge(assignment, {
			...{ role: "replica", primaryHost: host, primaryPort: port, linkUp: true },
		} as EngineState);
	return { asked, follows };
}

test("a replica that was turned to another primary is turned back only if that stays unknown", async () => {
	const { asked, follows } = makeReplica([WANTED, OTHER]);
	await follows(WANTED);
	await follows(OTHER);
	vi.advanceTimersByTime(2_900);
	await follows(OTHER);
	expect(asked).toEqual([]);
	vi.advanceTimersByTime(200);
	await follows(OTHER);
	expect(asked).toEqual(["REPLICAOF 10.0.0.1 7000"]);
});

test("one that follows nobody who leads is turned at once, and so is one whose primary is no longer wanted", async () => {
	const stray = makeReplica([WANTED]);
	await stray.follows(WANTED);
	await stray.follows(OTHER);
	expect(stray.asked).toHaveLength(1);
	const before = makeReplica([WANTED, OTHER]);
	await before.follows(OTHER);
	expect(before.asked).toHaveLength(1);
});
