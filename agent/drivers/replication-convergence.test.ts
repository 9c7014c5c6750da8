import { expect, test } from "vitest";
import { makeAssignment } from "../testing/assignments.ts";
import type { EngineState } from "./driver.ts";
import { ReplicationConvergence } from "./replication-convergence.ts";

const WANTED = { host: "10.0.0.1", port: 7_000 };
const OTHER = { host: "10.0.0.2", port: 7_000 };

/**
 * The commands for a replica that should follow WANTED and follows OTHER, if `leaders` say that they are
 * primaries.
 */
async function commandsTo(leaders: readonly { host: string }[], turnedLately: boolean) {
	const commands: string[] = [];
	const convergence = new ReplicationConvergence({
		command: async (...args) => {
			commands.push(args.join(" "));
			return "OK";
		},
		askNode: async ({ host }) => (leaders.some((each) => each.host === host) ? ["master"] : null),
		inTouch: () => true,
		turnedLately: () => turnedLately,
	});
	const assignment = makeAssignment({ port: 7_001, role: { kind: "replica", of: WANTED } });
	await convergence.converge(assignment, {
		...{ role: "replica", primaryHost: OTHER.host, primaryPort: OTHER.port, linkUp: true },
	} as EngineState);
	return commands;
}

test("a replica that has just been pointed at another primary keeps it until the control plane knows", async () => {
	expect(await commandsTo([WANTED, OTHER], true)).toEqual([]);
	expect(await commandsTo([WANTED, OTHER], false)).toEqual(["REPLICAOF 10.0.0.1 7000"]);
	expect(await commandsTo([WANTED], true)).toEqual(["REPLICAOF 10.0.0.1 7000"]);
});
