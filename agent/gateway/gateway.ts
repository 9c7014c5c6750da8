import type { Logger } from "../../platform/logger.ts";
import type { GatewayObservation } from "../../server/contract/host-report.ts";
import type { Route, RouteTable } from "../../server/contract/routes.ts";
import type { EngineAnswer } from "../instances/engine-provider.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import type { GatewayLoad } from "./gateway-load.ts";
import { observeRoutes } from "./gateway-observation.ts";
import { openGatewayDirectory } from "./gateway-paths.ts";
import { HaproxyPath, type HaproxyState } from "./haproxy-path.ts";
import { type ForwardingOptions, KernelPath } from "./kernel/kernel-path.ts";
import { LeaderPreferences } from "./leader-preferences.ts";

export interface GatewayOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly cpus: number;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	/** HAProxy's program; fetched in the background if it is missing. */
	readonly resolveProgram: () => Promise<EngineAnswer>;
	/** Null if HAProxy alone forwards. */
	readonly forwarding: ForwardingOptions | null;
	/** Clients wait for a cache that may sleep. */
	readonly onWaiting: (cacheId: string) => void;
	/** The gateway's state has changed. */
	readonly onChange: () => void;
}

/**
 * The host's gateway: it connects the stable endpoints of all caches to their engines. HAProxy serves all of them
 * (HaproxyPath). In front of it, if asked for, the kernel forwards what it can by itself (KernelPath).
 */
export class Gateway {
	private readonly options: GatewayOptions;
	private readonly preferences = new LeaderPreferences();
	private haproxy: HaproxyPath | null = null;
	/** Null if HAProxy alone forwards. */
	private kernel: KernelPath | null = null;
	private table: RouteTable | null = null;
	private state: HaproxyState | null = null;
	private observed: GatewayObservation | null = null;

	constructor(options: GatewayOptions) {
		this.options = options;
	}

	/** Finds what an earlier agent left running, and starts to work. */
	async start(): Promise<void> {
		const { options, preferences } = this;
		const { forwarding } = options;
		const haproxy = new HaproxyPath({
			...{ ...options, preferences },
			paths: await openGatewayDirectory(options.homeDir),
			isOpenWithoutIt: (route) => this.kernel?.willServe(route) === true,
			onTurn: (state) => {
				this.state = state;
				return this.publish(state);
			},
		});
		this.kernel =
			forwarding &&
			new KernelPath({
				...{ ...options, forwarding },
				heldPorts: () => haproxy.ports,
				onChange: () => {
					// HAProxy may be reloading: an endpoint is open once the kernel leads there.
					if (this.state !== null) this.publish(this.state);
					haproxy.wake();
				},
			});
		await haproxy.start();
		this.kernel?.start();
		this.haproxy = haproxy;
	}

	/** Null while HAProxy doesn't run or answer. */
	async load(): Promise<GatewayLoad | null> {
		return (await this.haproxy?.load()) ?? null;
	}

	apply(table: RouteTable): void {
		this.table = table;
		void this.kernel?.lead(this.routesOf(table));
		this.haproxy?.apply(table);
	}

	/**
	 * A notice: this node is primary now. The agent tells the kernel and the running HAProxy at once. A notice
	 * outweighs route tables from before it. Returns once the endpoint leads no client elsewhere, or if
	 * the two can't be told.
	 */
	async prefer(cacheId: string, nodeId: string): Promise<void> {
		const { haproxy, kernel, table } = this;
		this.preferences.note(cacheId, nodeId, table, performance.now());
		if (table === null) return haproxy?.wake();
		await Promise.all([kernel?.lead(this.routesOf(table), nodeId), haproxy?.tell(table, cacheId)]);
	}

	/** Null until the gateway has been examined. */
	observation(): GatewayObservation | null {
		return this.observed;
	}

	wake(): void {
		this.haproxy?.wake();
	}

	/** Releases HAProxy, which keeps running. */
	async stop(): Promise<void> {
		await Promise.all([this.haproxy?.stop(), this.kernel?.stop()]);
	}

	/** Those that the kernel may lead, with the primaries that notices name. */
	private routesOf({ routes, revision }: RouteTable): readonly Route[] {
		return this.preferences.applyTo(routes.filter(isOfCache), revision, performance.now());
	}

	/** Returns whether every route is ready. */
	private publish({ shown, answer, phase, ...serving }: HaproxyState): boolean {
		const { kernel } = this;
		const { failure } = serving;
		const missing = answer.kind === "pending" ? answer.message : null;
		const observed: GatewayObservation = {
			phase,
			version: answer.kind === "ready" ? answer.engine.version : null,
			reason: phase === "off" ? missing : phase === "starting" ? null : failure,
			routeRevision: shown?.table.revision ?? -1,
			routes: [],
		};
		if (shown !== null) {
			const { table } = shown;
			observed.forwarding = kernel?.describe(table.routes.filter(isOfCache)) ?? {
				by: "haproxy",
				note: null,
			};
			observed.routes = observeRoutes({
				...{ ...shown, ...serving },
				kernelLeads: (route) => kernel?.serves(route) === true,
			});
		}
		const changed = JSON.stringify(observed) !== JSON.stringify(this.observed);
		this.observed = observed;
		if (changed) this.options.onChange();
		return observed.routes.every((route) => route.ready);
	}
}

/** Not an accelerator's, which HAProxy alone serves. */
function isOfCache({ http }: Route): boolean {
	return http !== true;
}
