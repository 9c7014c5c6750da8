import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { AGENT_PROTOCOL_VERSION } from "../../contract/agent.ts";
import { failoverCache } from "../../services/caches/failover-cache.ts";
import { agentCaller } from "../../testing/agent-caller.ts";
import { TestFleet } from "../../testing/test-fleet.ts";
import { HOLDS_NOTHING, TEST_EPOCH, type TestHost } from "../../testing/test-host.ts";

let fleet: TestFleet;
beforeEach(async () => {
	fleet = await TestFleet.open();
});

const FOREIGN = [AGENT_PROTOCOL_VERSION - 2, AGENT_PROTOCOL_VERSION + 1] as const;

/** Calls as the host's agent would if it spoke that version. */
function callerFor({ enrollment }: TestHost, protocol: number) {
	const caller = agentCaller(fleet.test.resources, enrollment.credential);
	return {
		watch: (epoch = -1) => caller.watch({ ...HOLDS_NOTHING, epoch, notice: -1, protocol }),
		enrol: () => caller.enrol({ ...enrollment, protocol }),
	};
}

const refused = {
	code: "invalid_argument",
	field: "protocol",
	details: { oldest: AGENT_PROTOCOL_VERSION - 1, newest: AGENT_PROTOCOL_VERSION },
};

/** From now on the primary's host only calls in a version that isn't understood. */
async function makeForeign(protocol: number): Promise<TestHost> {
	const leader = await fleet.leader();
	const index = fleet.hosts.findIndex(({ enrollment }) => enrollment.name === leader?.host);
	const host = fleet.hosts[index];
	if (host === undefined) throw new Error("no primary");
	fleet.hosts[index] = {
		...host,
		report: () => expect(callerFor(host, protocol).watch()).rejects.toMatchObject(refused),
	};
	return host;
}

describe("a host whose agent speaks a version that the control plane doesn't", () => {
	const protocol = FOREIGN[0];

	it.each(FOREIGN)("is refused and named, and keeps its nodes: %i", async (version) => {
		await fleet.create({ replicasPerShard: 1 });
		const [before, names] = [await fleet.leader(), await fleet.namesOf()];
		const { enrollment } = await makeForeign(version);
		await fleet.passSeconds(65);
		await fleet.settle();
		const host = await fleet.host(enrollment.name);
		expect(host).toMatchObject({ status: "online", lost: false, gateway: { status: "unknown" } });
		const title =
			version < AGENT_PROTOCOL_VERSION ? "needs an upgrade" : "is newer than the control plane";
		expect(host.warnings).toMatchObject([{ code: "agent-upgrade", title }]);
		const cache = await fleet.orders();
		expect(cache.status).toBe("degraded");
		expect(cache.statusReason).toContain(
			`The agent on host ${enrollment.name} and the control plane have incompatible versions`,
		);
		expect(await fleet.namesOf()).toEqual(names);
		expect((await fleet.members()).map(({ id }) => id)).toContain(before?.id);
		expect(await fleet.test.resources.db.node.count()).toBe(2);
		expect(fleet.hosts.flatMap((each) => each.notices())).toEqual([]);
		expect(await fleet.eventTypes()).not.toContain("host.silent");
		expect(await fleet.eventTypes()).toContain("host.needs-upgrade");
	});

	it("is lost like any other once it stops calling", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const { enrollment } = await makeForeign(protocol);
		await fleet.passSeconds(30);
		await fleet.silence([enrollment.name], 4);
		await fleet.settle();
		expect(fleet.hosts.flatMap((each) => each.notices())).toMatchObject([
			{ kind: "failover", order: { fromState: "silent" } },
		]);
		await fleet.obey();
		await fleet.passSeconds(65);
		expect(await fleet.host(enrollment.name)).toMatchObject({ lost: true, warnings: [] });
	});

	it("is seen again after its upgrade", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const host = await makeForeign(protocol);
		await fleet.passSeconds(30);
		const upgraded = await callerFor(host, AGENT_PROTOCOL_VERSION).watch();
		expect(upgraded?.desired?.assignments).toHaveLength(1);
		fleet.hosts = fleet.hosts.map((each) => (each.hostId === host.hostId ? host : each));
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect((await fleet.host(host.enrollment.name)).warnings).toEqual([]);
	});

	it("takes no nodes, and keeps no cache from becoming available", async () => {
		const [host] = fleet.hosts;
		if (host === undefined) throw new Error("no host");
		await expect(callerFor(host, protocol).watch()).rejects.toMatchObject(refused);
		fleet.hosts = fleet.hosts.slice(1);
		await fleet.create({ replicasPerShard: 1 });
		expect(await fleet.orders()).toMatchObject({ status: "available" });
		expect((await fleet.members()).map((node) => node.host)).not.toContain(host.enrollment.name);
	});

	it("doesn't join", async () => {
		const [host] = fleet.hosts;
		if (host === undefined) throw new Error("no host");
		await expect(callerFor(host, protocol).enrol()).rejects.toMatchObject(refused);
	});
});

describe("a host whose agent speaks the version before this one", () => {
	const protocol = AGENT_PROTOCOL_VERSION - 1;
	/** What such an agent accepts as an answer (`npm run record:formats`). */
	const path = "server/contract/testing/formats/watch.schema.json";
	const answerSchema = z.fromJSONSchema(JSON.parse(readFileSync(path, "utf8")));

	it("shows that it should be upgraded", async () => {
		const [host] = fleet.hosts;
		if (host === undefined) throw new Error("no host");
		await callerFor(host, protocol).watch();
		const { warnings } = await fleet.host(host.enrollment.name);
		expect(warnings).toMatchObject([{ code: "agent-older", severity: "info" }]);
	});

	it("understands its state and its notices, whatever it runs", async () => {
		await fleet.create({ replicasPerShard: 2 });
		await fleet.create({ name: "carts", clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
		await fleet.create({ name: "pages", engine: "memcached", nodes: 3 });
		for (const host of fleet.hosts) {
			const answer = await callerFor(host, protocol).watch();
			expect(answer?.desired?.assignments).toHaveLength(4);
			expect(answer?.routes?.routes).toHaveLength(3);
			expect(() => answerSchema.parse(wire(answer))).not.toThrow();
		}
		await failoverCache(fleet.test.resources, fleet.caller, { name: "orders" });
		await fleet.settle();
		const [order] = fleet.hosts.filter((host) => host.notices().length > 0);
		if (order === undefined) throw new Error("no order");
		const { notices } = (await callerFor(order, protocol).watch(TEST_EPOCH)) ?? {};
		expect(notices).toMatchObject([{ kind: "failover" }]);
		expect(() => answerSchema.parse(wire({ epoch: 1, desired: null, notices }))).not.toThrow();
		expect(() => answerSchema.parse({ epoch: 1, desired: {}, notices })).toThrow();
	});
});

const wire = (answer: unknown): unknown => JSON.parse(JSON.stringify(answer));
