import type { Logger } from "../../platform/logger.ts";
import type { Route, RouteTable } from "../../server/contract/agent.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { backendName, leadersOf } from "./haproxy-config.ts";
import { type ServerStates, tellWorker } from "./haproxy-socket.ts";
import { LeaderMap } from "./leader-map.ts";
import { LeaderPreferences } from "./leader-preferences.ts";
import { LeaderSearch } from "./leader-search.ts";
import type { OldWorkers } from "./old-workers.ts";

/** Routes of a table of that revision. */
interface Routes {
	readonly routes: readonly Route[];
	readonly revision: number;
}

/**
 * Sees to it that HAProxy knows who leads, from whoever knows it first:
 *
 *   the route table   names one a cache; the map prefers it when two claim to lead
 *   a notice          the same, sooner: it outweighs tables that don't know of it yet
 *   the engines       asked while a primary endpoint leads nowhere; then any that says it is a primary is let in
 *
 * HAProxy's own checks confirm each of them, or put it right.
 */
export class Leadership {
	private readonly options: {
		paths: GatewayPaths;
		oldWorkers: OldWorkers;
		logger: Logger;
		/** Servers may have come or gone. */
		onNews: () => void;
	};
	private readonly map: LeaderMap;
	private readonly preferences = new LeaderPreferences();
	private readonly search: LeaderSearch;

	constructor(options: Leadership["options"]) {
		this.options = options;
		this.map = new LeaderMap(options.paths);
		this.search = new LeaderSearch((cacheId, nodeId) => void this.letIn(cacheId, nodeId));
	}

	note(cacheId: string, nodeId: string, held: RouteTable | null): void {
		this.preferences.note(cacheId, nodeId, held, performance.now());
	}

	/** Tells the running worker of what has changed, and in any case of the cache that a notice was about. */
	async tell(
		{ routes, revision }: Routes,
		{ servers }: ServerStates,
		announcedCacheId: string | null = null,
	): Promise<void> {
		const announced = announcedCacheId === null ? null : backendName("primary", announcedCacheId);
		const leaders = leadersOf(this.preferences.applyTo(routes, revision, performance.now()));
		await this.options.oldWorkers.endSessions(await this.map.tell(leaders, servers, announced));
	}

	/** What a HAProxy that doesn't run yet is to begin with. */
	write({ routes, revision }: Routes): Promise<void> {
		return this.map.write(leadersOf(this.preferences.applyTo(routes, revision, performance.now())));
	}

	expectWorker(): void {
		this.map.expectWorker();
	}

	async tellNewWorker(): Promise<void> {
		await this.options.oldWorkers.endSessions(await this.map.tellNewWorker());
	}

	/** Looks for primaries where, by these states, an endpoint has none. */
	lookFor(routes: readonly Route[], { backends, usableIn }: ServerStates): void {
		this.search.lookFor(
			routes.filter(({ cacheId }) => {
				const backend = backendName("primary", cacheId);
				return backends.has(backend) && !usableIn.has(backend);
			}),
		);
	}

	stop(): void {
		this.search.stop();
	}

	private async letIn(cacheId: string, nodeId: string): Promise<void> {
		const { paths, logger, onNews } = this.options;
		const server = `${backendName("primary", cacheId)}/${nodeId}`;
		try {
			await tellWorker(paths.statsSocket, [`set server ${server} health up`]);
			onNews();
		} catch (error) {
			// It is found again in a moment.
			logger.debug({ err: error, server }, "HAProxy can't be told of a primary");
		}
	}
}
