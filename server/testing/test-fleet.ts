import { createCacheInputSchema } from "../contract/create-cache.ts";
import { FailoverOrders } from "../data/failover-orders.ts";
import { FleetState } from "../data/fleet-state.ts";
import { Inventories } from "../data/inventories.ts";
import { Notices } from "../data/notices.ts";
import { RouteRegistry } from "../data/route-registry.ts";
import { expireLeases, restoreLeases } from "../fleet/lease-keeper.ts";
import { inTurn } from "../platform/in-turn.ts";
import { KeyedTurns } from "../platform/keyed-turns.ts";
import { lookAtCaches } from "../reconciler/look-at-cache.ts";
import { reconcileCache } from "../reconciler/reconcile-cache.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { getCache } from "../services/caches/get-cache.ts";
import { getHost } from "../services/hosts/get-host.ts";
import { markLostHosts } from "../services/hosts/mark-lost-hosts.ts";
import { settleRoutes } from "../services/route-hosts.ts";
import { asRunning, enrollTestHost, type TestHost } from "./test-host.ts";
import { openTestResources, type TestResources, testCaller } from "./test-resources.ts";

/** A control plane without timers, and hosts that obey: time passes when a test says so. */
export class TestFleet {
	readonly test: TestResources;
	readonly caller = testCaller();
	/** The hosts that report. */
	hosts: TestHost[] = [];
	/** Checks the state after each pass of the reconciler. */
	afterPass: () => Promise<void> = async () => {};
	readonly #answered = new Set<string>();
	readonly #placementLock = inTurn();
	readonly #turns = new KeyedTurns();

	private constructor(test: TestResources) {
		this.test = test;
	}

	/** With three hosts in as many zones. */
	static async open(): Promise<TestFleet> {
		const fleet = new TestFleet(await openTestResources());
		for (const zone of ["a", "b", "c"]) await fleet.join(zone);
		return fleet;
	}

	async join(zone: string): Promise<void> {
		this.hosts.push(await enrollTestHost(this.test, `h${this.hosts.length + 1}`, zone));
	}

	/** Creates the cache `orders`, and waits until it has come to rest. */
	async create(input: object): Promise<void> {
		const parsed = createCacheInputSchema.parse({ name: "orders", ...input });
		await createCache(this.test.resources, this.caller, parsed);
		await this.converge();
	}

	orders() {
		return getCache(this.test.resources, { name: "orders" });
	}

	host(name: string) {
		return getHost(this.test.resources, { name });
	}

	async members() {
		return (await this.orders()).shards.flatMap((shard) => shard.nodes);
	}

	async namesOf(): Promise<string[]> {
		return (await this.members()).map((node) => node.id).sort();
	}

	async leader() {
		return (await this.members()).find((node) => node.role === "primary");
	}

	async eventTypes(): Promise<string[]> {
		const events = await this.test.resources.db.event.findMany({ orderBy: { at: "asc" } });
		return events.map((event) => event.type);
	}

	/**
	 * Another control plane takes over, which knows only what the database and the hosts say. A host may have fetched
	 * its notices before.
	 */
	async restart({ forgetsNotices = false } = {}): Promise<void> {
		const { resources } = this.test;
		const { clock } = resources;
		Object.assign(resources, {
			...{ fleet: new FleetState(clock), orders: new FailoverOrders(clock) },
			...{ routes: new RouteRegistry(), inventories: new Inventories() },
			...(forgetsNotices && { notices: new Notices(clock) }),
		});
		await restoreLeases(resources);
		await settleRoutes(resources);
		await markLostHosts(resources);
	}

	/** As in the reconciler's queue, passes of one cache come one after another, and so do placements. */
	pass(cacheId: string): ReturnType<typeof reconcileCache> {
		return this.#turns.run(cacheId, () =>
			reconcileCache(this.test.resources, cacheId, this.#placementLock),
		);
	}

	/** Works like the reconciler's queue, except for caches that are checked again after a while. */
	async settle(): Promise<void> {
		for (const id of await this.#cacheIds()) await this.#rest(id);
	}

	/** The reconciler's periodic look, which finds what time alone has made due. */
	async look(): Promise<void> {
		const seen = await lookAtCaches(this.test.resources, await this.#cacheIds());
		for (const { cacheId, settled } of seen) if (!settled) await this.#rest(cacheId);
	}

	async #cacheIds(): Promise<string[]> {
		const caches = await this.test.resources.db.cache.findMany({ select: { id: true } });
		return caches.map(({ id }) => id);
	}

	async #rest(id: string): Promise<void> {
		let passes = 0;
		let again = true;
		while (again) {
			({ again } = await this.pass(id));
			await this.afterPass();
			passes += 1;
			if (passes > 20) throw new Error("the reconciler never rests");
		}
	}

	/** Carries out failover orders: the first candidate becomes primary, and the old primary follows it. */
	async obey(): Promise<void> {
		const given = this.hosts.flatMap((each) => each.notices());
		for (const each of this.hosts) await each.obey();
		for (const notice of given) {
			if (notice.kind !== "failover" || this.#answered.has(notice.order.id)) continue;
			this.#answered.add(notice.order.id);
			const { from, candidates } = notice.order;
			for (const each of this.hosts) {
				const { assignments, revision } = await each.state();
				const isHere = (nodeId: string | undefined) => assignments.some(({ id }) => id === nodeId);
				// The host of both has reported both.
				if (!isHere(from.nodeId) || isHere(candidates[0]?.nodeId)) continue;
				const observations = assignments.map((assignment) =>
					asRunning(
						assignment.id === from.nodeId && candidates[0] !== undefined
							? { ...assignment, role: { kind: "replica", of: candidates[0] } }
							: assignment,
						4_000,
					),
				);
				await each.report({ revision, observations });
			}
		}
		await this.settle();
	}

	/** Lets hosts carry out their desired state until nothing is left to do. */
	async converge(): Promise<void> {
		await this.settle();
		let before = await this.#snapshot();
		for (let round = 0; round < 40; round++) {
			await this.obey();
			for (const each of this.hosts) await each.converge();
			await this.settle();
			const after = await this.#snapshot();
			if (before === after) return;
			before = after;
		}
		throw new Error("the hosts don't come to rest");
	}

	async #snapshot(): Promise<string> {
		const { db } = this.test.resources;
		const states = await Promise.all(this.hosts.map((each) => each.state()));
		const shards = await db.shard.findMany({ orderBy: { id: "asc" } });
		const notices = this.hosts.map((each) => each.notices().length);
		return JSON.stringify([states, shards, notices, await db.node.count()]);
	}

	/** Lets time pass while only the remaining hosts report. */
	async silence(names: readonly string[], seconds = 11): Promise<void> {
		const gone = await Promise.all(names.map((name) => this.host(name)));
		this.hosts = this.hosts.filter((each) => !gone.some(({ id }) => id === each.hostId));
		await this.passSeconds(seconds);
	}

	async passSeconds(seconds: number): Promise<void> {
		for (let second = 0; second < seconds; second++) {
			this.test.time.now = new Date(this.test.time.now.getTime() + 1_000);
			for (const each of this.hosts) await each.report();
			if (second % 5 === 0 || second === seconds - 1) {
				await expireLeases(this.test.resources);
				await markLostHosts(this.test.resources);
			}
		}
	}
}
