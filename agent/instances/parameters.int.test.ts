import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.6");
	await host.plane.start();
	host.startAgent();
});
afterEach(() => host.dispose());

const ENGINES = [
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7" },
] as const;
const LIMITS = "normal 0 0 0 replica 268435456 67108864 60 pubsub 33554432 8388608 60";

const parameters = (values: Record<string, string>) =>
	Object.entries(values).map(([name, value]) => ({ name, value, live: name !== "databases" }));

async function configOf(assignment: Assignment, name: string): Promise<unknown> {
	const client = await host.connect(assignment.port, "larder");
	const answer = await client.command(["CONFIG", "GET", name], 20_000);
	client.close();
	return Array.isArray(answer) ? answer[1] : answer;
}

test.each(ENGINES)(
	"$engine $engineVersion starts with its parameters, takes live ones, keeps others pending",
	async (flavor) => {
		const node = makeAssignment({
			...flavor,
			port: await freePort(host.address),
			parameters: parameters({
				...{ "maxmemory-policy": "allkeys-lfu", timeout: "60", databases: "4", port: "1" },
				...{ "client-output-buffer-limit": LIMITS, "notify-keyspace-events": "AKE" },
			}),
		});
		const until = (assignment: Assignment) =>
			host.plane.until("it runs as assigned", () => {
				const seen = host.plane.observationOf(assignment.id);
				return seen?.phase === "running" && seen.generation === assignment.generation && seen;
			});
		host.plane.setAssignments([node]);
		const { pid, pendingParameters } = await until(node);
		expect(pendingParameters).toEqual([]);
		expect(await configOf(node, "maxmemory-policy")).toBe("allkeys-lfu");
		expect(await configOf(node, "databases")).toBe("4");
		expect(await configOf(node, "notify-keyspace-events")).toBe("AKE");
		expect(await configOf(node, "client-output-buffer-limit")).toBe(
			String(LIMITS).replace("replica", "slave"),
		);
		const changed: Assignment = {
			...node,
			generation: 2,
			parameters: parameters({
				...{ "maxmemory-policy": "noeviction", timeout: "0", databases: "8", port: "1" },
				...{ "client-output-buffer-limit": LIMITS, "notify-keyspace-events": "never" },
			}),
		};
		host.plane.setAssignments([changed]);
		const seen = await until(changed);
		expect(seen.pid).toBe(pid);
		expect(seen.pendingParameters).toEqual(["databases", "notify-keyspace-events"]);
		expect(await configOf(node, "maxmemory-policy")).toBe("noeviction");
		expect(await configOf(node, "timeout")).toBe("0");
		const event = await host.plane.until("the refusal is reported", () => {
			return host.plane.events.find(({ type }) => type === "parameter.refused");
		});
		expect(event).toMatchObject({ severity: "warning" });
		expect(event.message).toContain("notify-keyspace-events");
		// A reboot applies pending parameters, and leaves out those that the engine would refuse to start with.
		const rebooted = { ...changed, generation: 3, reboot: 1 };
		host.plane.setAssignments([rebooted]);
		const after = await until(rebooted);
		expect(after.pendingParameters).toEqual(["notify-keyspace-events"]);
		expect(await configOf(node, "databases")).toBe("8");
	},
);
