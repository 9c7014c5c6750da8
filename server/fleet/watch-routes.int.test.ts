import { beforeAll, describe, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import { FULL_CACHE } from "../data/cache-mapping.ts";
import { RouteRegistry } from "../data/route-registry.ts";
import { adoptPrimaries } from "../reconciler/steps/adopt-primaries.ts";
import { failoverCache } from "../services/caches/failover-cache.ts";
import type { Resources } from "../services/context.ts";
import { settleRoutes } from "../services/route-hosts.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { TEST_EPOCH, type TestHost } from "../testing/test-host.ts";
import { watchHost } from "./watch-host.ts";

let fleet: TestFleet;
let resources: Resources;

/** Fourteen hosts in three zones, and a cache with two replicas, which ten of them serve. */
beforeAll(async () => {
	fleet = await TestFleet.open();
	resources = fleet.test.resources;
	for (let index = 3; index < 14; index++) await fleet.join(["a", "b", "c"][index % 3] ?? "a");
	await fleet.create({ replicasPerShard: 2 });
});

const cacheRow = () => resources.db.cache.findFirstOrThrow({ where: { name: "orders" } });
const namesOf = (hosts: readonly TestHost[]) =>
	hosts.map(({ enrollment }) => enrollment.name).sort();

async function servingHosts(): Promise<TestHost[]> {
	const { servedByHostIds } = await cacheRow();
	return fleet.hosts.filter(({ hostId }) => servedByHostIds.includes(hostId));
}

/** What a host that holds these revisions would receive now; null for nothing. */
function ask(host: TestHost, held: { revision: number; routeRevision: number }) {
	const notice = host.notices().at(-1)?.seq ?? -1;
	return watchHost(
		resources,
		TEST_EPOCH,
		host.hostId,
		{ protocol: AGENT_PROTOCOL_VERSION, epoch: TEST_EPOCH, notice, ...held },
		AbortSignal.abort(),
	);
}

async function holdings(host: TestHost) {
	const { revision, routeTable } = await host.state();
	return { revision, routeRevision: routeTable?.revision ?? -1 };
}

describe("the routes of a fleet with more than ten hosts", () => {
	it("go to the hosts with the cache's nodes and to others up to ten, which the API names as gateways", async () => {
		const serving = await servingHosts();
		expect(serving).toHaveLength(10);
		const own = new Set((await fleet.members()).map((node) => node.host));
		expect(namesOf(serving)).toEqual(expect.arrayContaining([...own]));
		for (const host of fleet.hosts) {
			const routes = (await host.state()).routeTable?.routes ?? [];
			expect(routes).toHaveLength(serving.includes(host) ? 1 : 0);
		}
		const { gateways } = (await fleet.orders()).endpoints;
		const addresses = serving.map(({ enrollment }) => enrollment.facts.advertisedAddress);
		expect(gateways.toSorted()).toEqual(addresses.toSorted());
		const owners = (await fleet.members()).map((node) => node.address);
		expect(gateways.slice(0, 3).sort()).toEqual(owners.toSorted());
	});

	it("carry the log-in of Sentinels only to the five hosts that watch the cache", async () => {
		const { sentinelHostIds } = await cacheRow();
		expect(sentinelHostIds).toHaveLength(5);
		for (const host of fleet.hosts) {
			const text = JSON.stringify((await host.state()).routeTable);
			expect(text.includes("larder-sentinel")).toBe(sentinelHostIds.includes(host.hostId));
		}
	});

	it("change after a failover only for the hosts that serve the cache, as a difference", async () => {
		const serving = await servingHosts();
		const others = fleet.hosts.filter((host) => !serving.includes(host));
		const wakeUps = () =>
			others.map(({ hostId }) =>
				["host", "notices"].map((key) => resources.signals.count(`${key}:${hostId}`)),
			);
		const before = wakeUps();
		await failoverCache(resources, fleet.caller, { name: "orders" });
		await fleet.settle();
		await fleet.obey();
		for (const host of serving) expect(host.notices().map(({ kind }) => kind)).toContain("leader");
		for (const host of others) expect(host.notices()).toEqual([]);
		await fleet.converge();

		const held = new Map<TestHost, Awaited<ReturnType<typeof holdings>>>();
		for (const host of fleet.hosts) held.set(host, await holdings(host));
		const cache = await resources.db.cache.findFirstOrThrow({ include: FULL_CACHE });
		const replica = cache.shards[0]?.nodes.find((node) => node.followsNodeId !== null);
		const cause = "a Sentinel promoted it";
		await adoptPrimaries(resources, [{ cache, nodeId: replica?.id ?? "", cause }]);
		for (const [host, holds] of held) {
			const news = await ask(host, holds);
			if (!serving.includes(host)) expect(news).toBeNull();
			else expect(news?.routes).toMatchObject({ whole: false, gone: [], routes: [{}] });
			const owns = cache.shards[0]?.nodes.some((node) => node.hostId === host.hostId) === true;
			expect(news?.desired != null).toBe(owns);
		}
		expect(wakeUps()).toEqual(before);
	});

	it("are waited for by a cache that is being changed, which wakes when a host that serves it has them", async () => {
		const { id } = await cacheRow();
		await resources.db.cache.update({ where: { id }, data: { status: "modifying" } });
		const serving = await servingHosts();
		const { woken } = fleet.test;
		for (const host of fleet.hosts) {
			const known = resources.fleet.gateway(host.hostId);
			if (known === null) throw new Error("no gateway");
			const { hostName: _, address: __, routes, ...gateway } = known;
			woken.length = 0;
			const routeRevision = gateway.routeRevision + 1;
			await host.report({ gateway: { ...gateway, routeRevision, routes: [...routes.values()] } });
			expect(woken).toEqual(serving.includes(host) ? [id] : []);
		}
		await resources.db.cache.update({ where: { id }, data: { status: "available" } });
	});

	it("are the same after a restart of the control plane, which writes nothing for them", async () => {
		const before = await cacheRow();
		const restarted = { ...resources, routes: new RouteRegistry() };
		await settleRoutes(restarted);
		expect(await cacheRow()).toEqual(before);
		for (const { hostId } of fleet.hosts) {
			expect(restarted.routes.newer(hostId, -1)).toEqual(resources.routes.newer(hostId, -1));
		}
	});

	it("move from a host that is lost to one other, and back when it returns; other choices stay", async () => {
		const before = await cacheRow();
		const own = new Set((await fleet.members()).map((node) => node.host));
		const lost = (await servingHosts()).find(
			({ enrollment, hostId }) =>
				!own.has(enrollment.name) && before.sentinelHostIds.includes(hostId),
		);
		if (lost === undefined) throw new Error("no host without nodes watches the cache");
		await fleet.silence([lost.enrollment.name], 65);
		const after = await cacheRow();
		const rest = (ids: string[]) => ids.filter((id) => id !== lost.hostId);
		expect(after.servedByHostIds).toHaveLength(10);
		expect(after.servedByHostIds).toEqual(expect.arrayContaining(rest(before.servedByHostIds)));
		expect(after.sentinelHostIds).toHaveLength(5);
		expect(after.sentinelHostIds).toEqual(expect.arrayContaining(rest(before.sentinelHostIds)));
		await lost.report();
		expect((await cacheRow()).servedByHostIds.toSorted()).toEqual(
			before.servedByHostIds.toSorted(),
		);
		// It keeps serving what it had, and gets the same again.
		expect((await lost.state()).routeTable?.routes).toHaveLength(1);
	});
});
