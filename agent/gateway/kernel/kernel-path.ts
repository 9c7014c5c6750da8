import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "../../../platform/logger.ts";
import type { Forwarding } from "../../../server/contract/host.ts";
import type { Route } from "../../../server/contract/routes.ts";
import type { EngineAnswer } from "../../instances/engine-provider.ts";
import { prepareToEndSockets } from "../../supervisor/cut-connections.ts";
import { planRoutes, portsOf } from "../route-plan.ts";
import {
	chooseLeads,
	everyLead,
	isFullyLed,
	type LocalView,
	type Strays,
	strays,
} from "./choose-leads.ts";
import { EngineRole, type LocalEngine } from "./engine-role.ts";
import { endForwarded, forgetForwarded } from "./forwarded-connections.ts";
import { KernelTable } from "./kernel-table.ts";
import { listeningPorts } from "./listening-ports.ts";
import { LocalAddresses } from "./local-addresses.ts";
import { type KernelMode, Permission } from "./permission.ts";
import { cutOff, type Leads, refuseFormer } from "./ruleset.ts";

type Server = Route["servers"][number];

/** A third of the time that the kernel leads without being told again. */
const RENEW_MS = 1_000;
const ASK_ROLES_MS = 1_000;

/**
 * Reading the kernel's list of connections holds up the agent, for a quarter of a second on a busy machine. A hand-over
 * needs the agent in that time, and ends most of these connections itself.
 */
const END_AFTER_MS = 250;

export interface ForwardingOptions {
	readonly mode: KernelMode;
	readonly advertisedAddress: string;
	/** The programs nft and conntrack; fetched in the background if they are missing. */
	readonly resolveTools: () => Promise<EngineAnswer>;
}

interface KernelPathOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly forwarding: ForwardingOptions;
	readonly logger: Logger;
	/** Ports that HAProxy holds. */
	readonly heldPorts: () => ReadonlySet<number>;
	/** Where the kernel leads, or the reason why it doesn't, has changed. */
	readonly onChange: () => void;
}

type StraysOfCache = Strays & { readonly cacheId: string };

/**
 * Lets the kernel forward connections to endpoints straight to engines of this machine
 * (docs/decisions/0031). HAProxy listens on the same ports, and gets whatever the kernel doesn't lead: no
 * endpoint depends on this class. Each turn, at least one a second:
 *
 *   may it? ─> where does each endpoint lead? ─> the kernel is told ─> connections to demoted engines end
 *
 * With the new rules the kernel lets nothing through to a demoted primary any more, so the end of its connections may
 * take its time. The hand-over ends them as well (docs/decisions/0025), and mostly first.
 *
 * The kernel forgets within three seconds what it isn't told again, so an agent that hangs or dies leaves
 * new connections to HAProxy.
 */
export class KernelPath {
	private readonly options: KernelPathOptions;
	private readonly table: KernelTable;
	private readonly permission: Permission;
	private routes: readonly Route[] = [];
	/** Routes whose ports no other program holds. */
	private planned: { from: readonly Route[]; routes: readonly Route[] } = { from: [], routes: [] };
	/** The routes that the kernel was last told about. */
	private heldFor: readonly Route[] = [];
	private local: LocalAddresses;
	private readonly engines = new Map<string, EngineRole>();
	/** Whether this agent's own rules are in effect, so that it knows where the kernel led before. */
	private led = false;
	/** By cache id, the leader for which strays were ended last. */
	private strayFree: ReadonlyMap<string, string> | null = null;
	/** By cache id, the leader that the rules in effect name; null before the first rules. */
	private leaders: ReadonlyMap<string, string> | null = null;
	/** Fulfilled once they have been ended. */
	private ending: Promise<void> = Promise.resolve();
	/** Fulfilled once the kernel has forgotten the ended ones, which only their own clients wait for. */
	private forgetting: Promise<void> = Promise.resolve();
	/** What is being ended and forgotten. */
	private readonly doomed = new Set<readonly StraysOfCache[]>();
	/** The program that lists the kernel's connections; null until the kernel is first used. */
	private conntrack: string | null = null;
	private refusal: string | null = "the kernel hasn't been checked yet";
	private stopped = false;
	private turn: Promise<void> = Promise.resolve();
	private nextTurn: Promise<void> | null = null;
	private timer: NodeJS.Timeout | null = null;
	private roles: NodeJS.Timeout | null = null;

	constructor(options: KernelPathOptions) {
		this.options = options;
		const { homeDir, bindAddress, forwarding } = options;
		this.table = new KernelTable(homeDir, bindAddress);
		this.permission = new Permission({ ...forwarding, bindAddress, table: this.table });
		this.local = new LocalAddresses(bindAddress, forwarding.advertisedAddress);
	}

	/** Whether the kernel forwards all of the route's endpoints, according to the newest routes. */
	serves(route: Route): boolean {
		return this.heldFor === this.routes && isFullyLed(route, this.table.leads, this.view);
	}

	/** Whether the kernel forwards all of the route's endpoints, or will once the engines report their roles. */
	willServe(route: Route): boolean {
		if (this.refusal !== null || route.check === null) return false;
		return route.servers.every((server) => this.local.locate(server) !== null);
	}

	/** For people: what forwards connections to the endpoints of these routes. */
	describe(routes: readonly Route[]): Forwarding {
		if (this.refusal !== null) return { by: "haproxy", note: this.refusal };
		const ports = routes.flatMap(portsOf);
		const led = ports.filter((port) => this.table.leads.has(port)).length;
		const note = `${led} of ${ports.length} endpoints. HAProxy forwards the others.`;
		return { by: "kernel", note: led === ports.length ? null : note };
	}

	start(): void {
		this.roles = setInterval(() => {
			for (const engine of this.engines.values()) void engine.ask();
		}, ASK_ROLES_MS);
		this.turn = this.table.releaseFormer();
		void this.look();
	}

	/**
	 * From now on, leads as these routes say, or nowhere. `promoted` is known to be a primary. Returns once the kernel lets
	 * nothing through to a demoted one. Connections to it end soon after.
	 */
	async lead(routes: readonly Route[], promoted: string | null = null): Promise<void> {
		this.routes = routes;
		const { bindAddress, forwarding } = this.options;
		this.local = new LocalAddresses(bindAddress, forwarding.advertisedAddress);
		const servers = routes.flatMap((route) => route.servers);
		const server = servers.find(({ nodeId }) => nodeId === promoted);
		if (server !== undefined) this.engineOf(server)?.note("primary");
		await this.look();
	}

	/** The kernel no longer leads anywhere; connections stay as they are. */
	async stop(): Promise<void> {
		this.stopped = true;
		if (this.roles !== null) clearInterval(this.roles);
		await this.look();
	}

	/** A turn that starts after this call. */
	private look(): Promise<void> {
		this.nextTurn ??= this.turn.then(async () => {
			this.nextTurn = null;
			if (this.timer !== null) clearTimeout(this.timer);
			await this.take();
			if (this.stopped) return;
			this.timer = setTimeout(() => void this.look(), RENEW_MS);
		});
		this.turn = this.nextTurn;
		return this.nextTurn;
	}

	private async take(): Promise<void> {
		const before = this.table.leads;
		const heldBefore = this.heldFor;
		const refusedBefore = this.refusal;
		try {
			await this.leadOn();
		} catch (error) {
			const { logger } = this.options;
			logger.warn({ err: error }, "forwarding by the kernel failed; HAProxy forwards instead");
			this.refusal = this.permission.revoke(error instanceof Error ? error.message : String(error));
			await this.release();
			this.endSoon(this.findStrays(this.routes));
		}
		if (this.refusal !== null && this.refusal !== refusedBefore) {
			this.options.logger.info({ reason: this.refusal }, "HAProxy forwards all connections");
		}
		const changed = before !== this.table.leads || heldBefore !== this.heldFor;
		if (changed || refusedBefore !== this.refusal) this.options.onChange();
	}

	private async leadOn(): Promise<void> {
		const wanted = this.stopped ? new Map<string, LocalEngine>() : this.localEngines();
		const answer = await this.permission.ask(wanted.size > 0);
		this.refusal = answer.kind === "refused" ? answer.reason : null;
		if (answer.kind === "refused" || wanted.size === 0) {
			this.watch(new Map());
			return await this.release();
		}
		this.watch(wanted);
		this.conntrack = answer.tools.conntrack;
		const routes = await this.plan();
		// An engine that leads again must not lose its new clients to a disconnection that was meant for its earlier ones.
		if (this.isDoomed(chooseLeads(routes, this.view))) {
			await this.ending;
			await this.forgetting;
		}
		// Both from the same view: which connections are strays depends on where the kernel leads.
		const leads = chooseLeads(routes, this.view);
		const found = this.findStrays(routes);
		const former = this.led ? null : everyLead(routes, this.view);
		const cut = this.newStrays(found, this.leaders);
		await this.table.hold(answer.tools.nft, leads, (table) => [
			...(former === null ? [] : refuseFormer(table, former, leads)),
			...cutOff(table, enginesOf(cut), leads),
		]);
		this.leaders = leadersOf(found);
		this.led = true;
		this.heldFor = this.planned.from;
		this.endSoon(found);
		prepareToEndSockets();
	}

	private async release(): Promise<void> {
		this.led = false;
		await this.table.release();
	}

	/** Another program's port isn't an endpoint, even if the route says so. */
	private async plan(): Promise<readonly Route[]> {
		const { planned, routes, options } = this;
		const complete = planned.routes.length === routes.length;
		if (planned.from === routes && complete) return planned.routes;
		const own = planned.routes.flatMap(portsOf);
		// Asked only about ports that are new: the kernel's list is long on a busy machine.
		let listening: Promise<Set<number>> | null = null;
		const isTaken = async (port: number) => {
			listening ??= listeningPorts(options.bindAddress);
			return (await listening).has(port);
		};
		const plan = await planRoutes({
			routes,
			bindAddress: options.bindAddress,
			heldPorts: new Set([...options.heldPorts(), ...own]),
			probe: async (_host, port) => ({ kind: (await isTaken(port)) ? "taken" : "free" }),
			refusal: () => null,
		});
		this.planned = { from: routes, routes: plan.routes };
		return plan.routes;
	}

	/** Connections that must end if the kernel leads as the view says now. */
	private findStrays(routes: readonly Route[]): StraysOfCache[] {
		return routes.flatMap((route) => {
			const found = strays(route, this.options.bindAddress, this.view);
			return found === null ? [] : [{ ...found, cacheId: route.cacheId }];
		});
	}

	/** Those of caches that had another leader, or, if `before` is null, of all. */
	private newStrays(
		found: readonly StraysOfCache[],
		before: ReadonlyMap<string, string> | null,
	): StraysOfCache[] {
		return found.filter(({ cacheId, key, engines }) => {
			const known = before === null ? null : (before.get(cacheId) ?? key);
			return known !== key && engines.length > 0;
		});
	}

	/** Whether an endpoint would lead to an engine whose former clients are being disconnected. */
	private isDoomed(leads: Leads): boolean {
		return [...this.doomed].flat().some(({ endpoint, engines }) => {
			const led = leads.get(endpoint.port) ?? [];
			return engines.some(({ host, port }) =>
				led.some((each) => each.host === host && each.port === port),
			);
		});
	}

	private endSoon(found: readonly StraysOfCache[]): void {
		const doomed = this.newStrays(found, this.strayFree);
		this.doomed.add(doomed);
		this.ending = this.ending.then(() => this.endStrays(found));
		void this.ending.then(async () => {
			await this.forgetting;
			this.doomed.delete(doomed);
		});
	}

	/** Connections that an earlier agent let in count too. */
	private async endStrays(found: readonly StraysOfCache[]): Promise<void> {
		const { conntrack, options } = this;
		if (conntrack === null || this.stopped) return;
		const doomed = this.newStrays(found, this.strayFree);
		if (doomed.length > 0) await pause(END_AFTER_MS);
		try {
			const ended = await endForwarded(conntrack, doomed);
			this.forgetting = this.forgetting.then(() => this.forget(conntrack, ended));
			this.strayFree = leadersOf(found);
		} catch (error) {
			// The next turn tries again.
			options.logger.warn({ err: error }, "connections to demoted engines can't be ended");
		}
	}

	private async forget(conntrack: string, ended: Parameters<typeof forgetForwarded>[1]) {
		try {
			await forgetForwarded(conntrack, ended);
		} catch (error) {
			// Their clients are refused until it forgets the connections by itself.
			this.options.logger.warn({ err: error }, "the kernel can't forget ended connections");
		}
	}

	private readonly view: LocalView = {
		here: (server) => this.local.locate(server),
		roleOf: (server) => this.engineOf(server)?.role ?? "none",
	};

	private engineOf(server: Server): EngineRole | undefined {
		return this.engines.get(keyOf(server));
	}

	private localEngines(): Map<string, LocalEngine> {
		const found = new Map<string, LocalEngine>();
		for (const { servers, check, ports } of this.routes) {
			for (const server of servers) {
				const address = this.local.locate(server);
				if (address === null || check === null) continue;
				const inCluster = ports.configuration !== null;
				found.set(keyOf(server), { ...address, ...check, inCluster });
			}
		}
		return found;
	}

	/** Keeps asking these engines for their roles, and no others. */
	private watch(wanted: ReadonlyMap<string, LocalEngine>): void {
		for (const [key, engine] of this.engines) {
			if (wanted.get(key)?.password === engine.password) continue;
			engine.close();
			this.engines.delete(key);
		}
		for (const [key, engine] of wanted) {
			if (this.engines.has(key)) continue;
			this.engines.set(key, new EngineRole(engine, () => void this.look()));
		}
	}
}

function leadersOf(found: readonly StraysOfCache[]): ReadonlyMap<string, string> {
	return new Map(found.map(({ cacheId, key }) => [cacheId, key]));
}

function enginesOf(found: readonly StraysOfCache[]): Leads {
	return new Map(found.map(({ endpoint, engines }) => [endpoint.port, engines]));
}

function keyOf({ nodeId, host, port }: Server): string {
	return `${nodeId} ${host}:${port}`;
}
