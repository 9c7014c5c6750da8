import { beforeEach, expect, it } from "vitest";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import { type Observation, setAsideProofText } from "../contract/host-report.ts";
import { Inventories } from "../data/inventories.ts";
import { sha256Hex } from "../platform/secrets.ts";
import { reconcileCache } from "../reconciler/reconcile-cache.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { asRunning, enrollTestHosts, type TestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";

let test: TestResources;
let hosts: TestHost[];

/** A cache of a primary and a replica on two of three hosts, all of it as a restore leaves it. */
beforeEach(async () => {
	test = await openTestResources();
	hosts = await enrollTestHosts(test, "a", "b", "c");
	const input = createCacheInputSchema.parse({ name: "orders", replicasPerShard: 1 });
	await createCache(test.resources, testCaller(), input);
	for (let round = 0; round < 4; round++) {
		await reconcile();
		for (const host of hosts) await host.converge();
	}
	await test.resources.db.node.updateMany({ data: { unlocated: true } });
	test.resources.inventories = new Inventories();
});

async function reconcile() {
	for (const { id } of await test.resources.db.cache.findMany({ select: { id: true } })) {
		await reconcileCache(test.resources, id, (work) => work());
	}
}

const rows = () => test.resources.db.node.findMany({ orderBy: { name: "asc" } });
async function members() {
	const [primary, replica] = await rows();
	if (primary === undefined || replica === undefined) throw new Error("two nodes were expected");
	return { primary, replica };
}
const hostOf = ({ hostId }: { hostId: string }) => {
	const host = hosts.find((each) => each.hostId === hostId);
	if (host === undefined) throw new Error("no such host");
	return host;
};
const empty = async () => {
	const taken = new Set((await rows()).map(({ hostId }) => hostId));
	const host = hosts.find(({ hostId }) => !taken.has(hostId));
	if (host === undefined) throw new Error("every host has a node");
	return host;
};
const eventsOf = (type: string) => test.resources.db.event.findMany({ where: { type } });

/** Reports that the host has all its nodes except those named. */
async function tell(host: TestHost, ...without: string[]) {
	const { assignments, revision } = await host.state();
	const observations: Observation[] = assignments
		.filter(({ id }) => !without.includes(id))
		.map((assignment) => asRunning(assignment, 4_001));
	await host.report({ revision, observations });
}

const ASIDE_ID = "11111111-1111-4111-8111-111111111111";

/** A set-aside instance as reported by a host that once ran the node under another id. */
async function asideOf(node: { id: string; cacheId: string; hostId: string; name: string }) {
	const { assignments } = await hostOf(node).state();
	const own = assignments.find(({ id }) => id === node.id);
	const proof = sha256Hex(setAsideProofText(ASIDE_ID, own?.auth.systemPassword ?? ""));
	const was = { cacheId: node.cacheId, nodeName: node.name, port: 17_050, proof };
	return { assignmentId: ASIDE_ID, directory: "/x/y", pid: 4_999, was };
}

it("a node that its host has is where the backup says", async () => {
	const { primary } = await members();
	expect((await hostOf(primary).state()).unlocated).toEqual([primary.id]);
	await tell(hostOf(primary));
	expect((await hostOf(primary).state()).unlocated).toEqual([]);
	expect((await members()).replica.unlocated).toBe(true);
});

it("a node that has moved since is located where it runs, with the id that it has there", async () => {
	const { primary, replica } = await members();
	const aside = await asideOf(primary);
	const target = await empty();
	await tell(hostOf(primary), primary.id);
	await target.report({ observations: [], setAside: [aside] });
	expect((await members()).primary.id).toBe(primary.id);
	await tell(hostOf(replica));
	const now = await members();
	expect(now.primary).toMatchObject({
		...{ id: aside.assignmentId, hostId: target.hostId, port: 17_050, unlocated: false },
	});
	expect(now.replica.followsNodeId).toBe(aside.assignmentId);
	expect(await test.resources.db.shard.findFirst()).toMatchObject({
		primaryNodeId: aside.assignmentId,
	});
	expect((await target.state()).assignments).toMatchObject([{ id: aside.assignmentId }]);
	expect((await hostOf(primary).state()).assignments).toEqual([]);
	// Another report, from before the host learned of that, may have arrived meanwhile.
	await target.report({ observations: [], setAside: [aside] });
	expect((await members()).primary.port).toBe(17_050);
	expect(await eventsOf("node.located")).toHaveLength(1);
	expect(await eventsOf("node.set-aside")).toEqual([]);
});

it("a replica that has moved may lead, even if its primary was gone before it was found", async () => {
	const { primary, replica } = await members();
	const aside = await asideOf(replica);
	const target = await empty();
	await tell(hostOf(primary));
	await tell(hostOf(replica), replica.id);
	await target.report({ observations: [], setAside: [aside] });
	const [assignment] = (await target.state()).assignments;
	if (assignment === undefined) throw new Error("it wasn't located");
	const seen = asRunning(assignment, aside.pid);
	const engineState = seen.engineState && { ...seen.engineState, linkUp: false };
	await target.report({ observations: [{ ...seen, engineState }] });
	expect((await members()).replica.observation).toMatchObject({ pid: 4_999, hasSynced: true });
});

it("a node whose port a moved node uses gets another port", async () => {
	const { primary, replica } = await members();
	await test.resources.db.node.update({ where: { id: replica.id }, data: { port: 17_050 } });
	const aside = await asideOf(primary);
	await tell(hostOf(primary), primary.id);
	await hostOf(replica).report({ observations: [], setAside: [aside] });
	await (await empty()).report({ observations: [] });
	const now = await members();
	expect(now.primary.port).toBe(17_050);
	expect(now.replica.port).not.toBe(17_050);
});

it("a replica that no host has starts again, once all hosts have reported or the wait is over", async () => {
	const { primary, replica } = await members();
	await tell(hostOf(primary));
	await tell(hostOf(replica), replica.id);
	expect((await members()).replica.unlocated).toBe(true);
	test.time.now = new Date(test.time.now.getTime() + 5_000);
	await hostOf(primary).report();
	expect((await members()).replica.unlocated).toBe(false);
});

it("a primary that no host has doesn't start empty beside a replica: the replica leads first", async () => {
	const { primary, replica } = await members();
	for (const host of hosts) await tell(host, primary.id);
	expect((await members()).primary).toMatchObject({
		...{ unlocated: true, observation: { phase: "exited" } },
	});
	await reconcile();
	await hostOf(replica).obey();
	await reconcile();
	expect(await test.resources.db.shard.findFirst()).toMatchObject({ primaryNodeId: replica.id });
	await hostOf(primary).report();
	expect((await members()).primary.unlocated).toBe(false);
});

it("a shard that no host has any part of starts again", async () => {
	const { primary, replica } = await members();
	for (const host of hosts) await tell(host, primary.id, replica.id);
	expect((await rows()).map(({ unlocated }) => unlocated)).toEqual([false, false]);
});

it("a node of a host that doesn't report stays unlocated", async () => {
	const { primary, replica } = await members();
	await tell(hostOf(primary));
	test.time.now = new Date(test.time.now.getTime() + 60_000);
	await hostOf(primary).report();
	expect((await members()).replica.unlocated).toBe(true);
	await tell(hostOf(replica), replica.id);
	expect((await members()).replica.unlocated).toBe(false);
});

it("instances set aside under another control plane's state don't count", async () => {
	const { primary } = await members();
	await hostOf(primary).report({ epoch: 0, observations: [] });
	expect(test.resources.inventories.of(primary.hostId)).toBeNull();
});

it("an event reports, once, a set-aside node that the backup doesn't contain", async () => {
	for (const host of hosts) await tell(host);
	const { primary } = await members();
	const known = await asideOf(primary);
	const aside = { ...known, was: { ...known.was, cacheId: "deleted", nodeName: "later-001" } };
	for (let time = 0; time < 2; time++) await hosts[0]?.report({ setAside: [aside] });
	test.resources.inventories = new Inventories();
	await hosts[0]?.report({ setAside: [aside] });
	const events = await eventsOf("node.set-aside");
	expect(events).toHaveLength(1);
	expect(events[0]?.message).toContain("later-001 (11111111-1111-4111-8111-111111111111) on h1");
});
