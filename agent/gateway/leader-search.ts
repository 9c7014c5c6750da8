import type { Route } from "../../server/contract/routes.ts";
import { saysPrimary } from "../drivers/ask-node.ts";
import { KeptQuestion } from "./kept-question.ts";

type Server = Route["servers"][number];

const ASK_EVERY_MS = 50;
/** A primary that is missing for longer than a failover takes is no longer worth asking for this often. */
const EAGER_FOR_MS = 10_000;
const PATIENT_EVERY_MS = 250;
/** Bounds the agent's time when hundreds of caches have no primary, as after the loss of a host. */
const SHARE_MS_PER_SERVER = 1;
const ANSWER_TIMEOUT_MS = 300;

interface Search {
	route: Route;
	readonly since: number;
	askAt: number;
	readonly servers: Map<string, ServerQuestion>;
}

/**
 * Asks the servers of caches whose primary endpoint leads nowhere which of them is primary, sooner than
 * HAProxy's checks do. So an endpoint follows a promotion that the agent gets no notice of, such as a
 * Sentinel's. It doesn't decide which one to prefer if two claim to be primary.
 */
export class LeaderSearch {
	private readonly searches = new Map<string, Search>();
	private timer: NodeJS.Timeout | null = null;
	private readonly onFound: (cacheId: string, nodeId: string) => void;

	constructor(onFound: LeaderSearch["onFound"]) {
		this.onFound = onFound;
	}

	/** Looks for the primaries of these caches from now on, and of no others. */
	lookFor(routes: readonly Route[]): void {
		const wanted = new Set(routes.map(({ cacheId }) => cacheId));
		for (const [cacheId, search] of this.searches) {
			if (wanted.has(cacheId)) continue;
			for (const question of search.servers.values()) question.close();
			this.searches.delete(cacheId);
		}
		const now = performance.now();
		for (const route of routes) {
			const search = this.searches.get(route.cacheId);
			if (search !== undefined) search.route = route;
			else {
				this.searches.set(route.cacheId, { route, since: now, askAt: now, servers: new Map() });
			}
		}
		this.ask();
	}

	stop(): void {
		this.lookFor([]);
	}

	private ask(): void {
		if (this.timer !== null) clearTimeout(this.timer);
		this.timer = null;
		if (this.searches.size === 0) return;
		const searches = [...this.searches.values()];
		const count = searches.reduce((sum, { route }) => sum + route.servers.length, 0);
		const now = performance.now();
		for (const search of searches) {
			if (now < search.askAt) continue;
			const everyMs = now - search.since < EAGER_FOR_MS ? ASK_EVERY_MS : PATIENT_EVERY_MS;
			search.askAt = now + Math.max(everyMs, count * SHARE_MS_PER_SERVER);
			for (const server of search.route.servers) void this.askServer(search, server);
		}
		const nextAt = Math.min(...searches.map(({ askAt }) => askAt));
		this.timer = setTimeout(() => this.ask(), nextAt - now);
	}

	private async askServer(search: Search, server: Server): Promise<void> {
		const { cacheId, check } = search.route;
		if (check === null) return;
		const key = `${server.nodeId} ${server.host}:${server.port}`;
		const question = search.servers.get(key) ?? new ServerQuestion(server, check);
		search.servers.set(key, question);
		const leads = await question.ask();
		if (leads && this.searches.get(cacheId) === search) this.onFound(cacheId, server.nodeId);
	}
}

/** A question to one server. */
class ServerQuestion {
	private readonly question: KeptQuestion;
	private asking = false;

	constructor({ host, port }: Server, check: { username: string; password: string }) {
		const engine = { host, port, ...check };
		this.question = new KeptQuestion({ engine, question: ["ROLE"], timeoutMs: ANSWER_TIMEOUT_MS });
	}

	/** Whether it says that it is a primary. Also false while the last question still waits for its answer. */
	async ask(): Promise<boolean> {
		if (this.asking) return false;
		this.asking = true;
		try {
			return saysPrimary(await this.question.ask());
		} catch {
			// Not there, or not ready: the search asks again soon.
			return false;
		} finally {
			this.asking = false;
		}
	}

	close(): void {
		this.question.close();
	}
}
