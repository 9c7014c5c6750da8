import { expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { whyOpen } from "./bus-guard.ts";
import { changeBusRules, rulesFor } from "./bus-rules.ts";

type Member = NonNullable<Assignment["cluster"]>["shards"][number]["members"][number];

/** A node of a cluster with these members; null for one without cluster mode. */
function node(port: number, hosts: Partial<Member>[] | null): Assignment {
	const members = (hosts ?? []).map((each) => ({
		nodeId: "a".repeat(40),
		host: "",
		port,
		...each,
	}));
	const cluster = hosts && {
		...{ nodeId: "a".repeat(40), former: [] },
		shards: [{ slots: [], primary: "a".repeat(40), members }],
	};
	return makeAssignment({ port, cluster });
}

const resolve = async (host: string) => (host === "named.example" ? "10.0.0.7" : host);

test("the hosts of a cluster's members may connect to its bus ports, from their own address and from the advertised one", async () => {
	const rules = await rulesFor(
		[
			node(17_000, [
				{ host: "10.0.0.1", connectsFrom: "10.0.0.1" },
				{ host: "named.example", connectsFrom: "192.168.0.7" },
				// An older control plane doesn't say.
				{ host: "10.0.0.3" },
			]),
			node(17_001, null),
		],
		resolve,
	);
	expect([...rules].map(([port, sources]) => [port, [...sources].sort()])).toEqual([
		[27_000, ["10.0.0.1", "10.0.0.3", "10.0.0.7", "192.168.0.7"]],
	]);
});

test("ports stay open if a member's connections may come from anywhere", async () => {
	const assignments = [node(17_000, [{ host: "10.0.0.2", connectsFrom: "0.0.0.0" }])];
	await expect(rulesFor(assignments, resolve)).rejects.toThrow(
		"the agent at 10.0.0.2, which runs nodes of orders",
	);
});

test("only a difference changes the rules, in one transaction", () => {
	const before = new Map([[27_000, new Set(["10.0.0.1", "10.0.0.2"])]]);
	const same = new Map([[27_000, new Set(["10.0.0.2", "10.0.0.1"])]]);
	expect(changeBusRules("t", before, same)).toEqual([]);
	expect(changeBusRules("t", before, new Map([[27_001, new Set(["10.0.0.1"])]]))).toEqual([
		"flush set ip t guarded",
		"flush set ip t members",
		"add element ip t members { 10.0.0.1 . 27001 }",
		"add element ip t guarded { 27001 }",
	]);
});

test.each([
	["10.0.0.1", true, true, null],
	["10.0.0.1", false, true, "LARDER_BUS_GUARD=off"],
	["127.0.0.1", true, true, "loopback"],
	["0.0.0.0", true, true, "listens on all addresses"],
	["10.0.0.1", true, false, "CAP_NET_ADMIN"],
])(
	"on %s (wanted: %s, allowed: %s) what keeps the ports open is %s",
	(address, wanted, allowed, why) => {
		const found = whyOpen(wanted, address, allowed);
		if (why === null) expect(found).toBeNull();
		else expect(found).toContain(why);
	},
);
