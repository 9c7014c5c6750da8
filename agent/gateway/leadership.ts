import type { Logger } from "../../platform/logger.ts";
import type { Route } from "../../server/contract/routes.ts";
import { ContestedLeads } from "./contested-leads.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { backendName, leadersOf } from "./haproxy-config.ts";
import { type ServerStates, tellWorker } from "./haproxy-socket.ts";
import { LeaderMap } from "./leader-map.ts";
import type { LeaderPreferences } from "./leader-preferences.ts";
import { LeaderSearch } from "./leader-search.ts";
import type { OldWorkers } from "./old-workers.ts";

/** Routes of a table of that revision. */
interface Routes {
	readonly routes: readonly Route[];
	readonly revision: number;
}

/**
 * Keeps HAProxy informed about primaries, from the fastest source:
 *
 *   the route table   names one per cache; the map prefers it if two claim to be primary
 *   a notice          the same, sooner: it outweighs tables from before it
 *   the engines       asked while a primary endpoint leads nowhere; any that says it is primary is let in. If
 *                     two are primary and the preferred one is silent, the other gets the clients
 *
 * HAProxy's own checks confirm or correct each of them.
 */
export class Leadership {
	private readonly options: {
		paths: GatewayPaths;
		oldWorkers: OldWorkers;
		preferences: LeaderPreferences;
		logger: Logger;
		/** A primary has been marked up or down. */
		onNews: () => void;
	};
	private readonly map: LeaderMap;
	private readonly search: LeaderSearch;
	private readonly contested: ContestedLeads;

	constructor(options: Leadership["options"]) {
		this.options = options;
		this.map = new LeaderMap(options.paths);
		this.search = new LeaderSearch((cacheId, nodeId) => void this.setHealth(cacheId, nodeId, "up"));
		this.contested = new ContestedLeads(
			(cacheId, nodeId) => void this.setHealth(cacheId, nodeId, "down"),
		);
	}

	/** The table's routes, with the primaries that notices name. */
	private preferred({ routes, revision }: Routes): readonly Route[] {
		return this.options.preferences.applyTo(routes, revision, performance.now());
	}

	/** Tells the running worker what has changed, and always about the cache that a notice was about. */
	async tell(
		routes: Routes,
		{ servers }: ServerStates,
		announcedCacheId: string | null = null,
	): Promise<void> {
		const announced = announcedCacheId === null ? null : backendName("primary", announcedCacheId);
		const leaders = leadersOf(this.preferred(routes));
		await this.options.oldWorkers.endSessions(await this.map.tell(leaders, servers, announced));
	}

	/** The initial state for an HAProxy that doesn't run yet. */
	write(routes: Routes): Promise<void> {
		return this.map.write(leadersOf(this.preferred(routes)));
	}

	expectWorker(): void {
		this.map.expectWorker();
	}

	async tellNewWorker(): Promise<void> {
		await this.options.oldWorkers.endSessions(await this.map.tellNewWorker());
	}

	/**
	 * Looks for primaries of endpoints that, by these states, have none, and checks those that have several.
	 */
	lookFor(routes: Routes, states: ServerStates): void {
		const { backends, usableIn, occupied, usable } = states;
		const preferred = this.preferred(routes);
		const serversIn = (among: ReadonlySet<string>, { cacheId, servers }: Route) =>
			servers.filter(({ nodeId }) => among.has(`${backendName("primary", cacheId)}/${nodeId}`));
		this.search.lookFor(
			preferred.filter((route) => {
				const backend = backendName("primary", route.cacheId);
				if (!backends.has(backend) || usableIn.has(backend)) return false;
				return !serversIn(occupied, route).some((server) => server.leads);
			}),
		);
		this.contested.look(preferred.filter((route) => serversIn(usable, route).length > 1));
	}

	stop(): void {
		this.search.stop();
		this.contested.look([]);
	}

	private async setHealth(cacheId: string, nodeId: string, health: "up" | "down"): Promise<void> {
		const { paths, logger, onNews } = this.options;
		const server = `${backendName("primary", cacheId)}/${nodeId}`;
		try {
			await tellWorker(paths.statsSocket, [`set server ${server} health ${health}`]);
			onNews();
		} catch (error) {
			// The search finds it again in a moment.
			logger.debug({ err: error, server }, "couldn't tell HAProxy about a primary");
		}
	}
}
