import type { Route } from "../../server/contract/routes.ts";
import { EngineCommandError, EngineConnection } from "../drivers/engine-connection.ts";

const ANSWER_TIMEOUT_MS = 300;
const ASK_EVERY_MS = 250;
/** As long as a control plane, a Sentinel or a vote tolerates a silent primary. */
const SILENT_FOR_MS = 2_000;

interface Contest {
	readonly leaderId: string;
	askedAt: number;
	silentSince: number | null;
}

/**
 * Caches with two engines that say they are primary. Usually that lasts for a moment, and the preferred one
 * gets the clients. But the preferred one may hang: HAProxy's check still waits for its answer, and without a
 * control plane the endpoint would stick to it although a Sentinel has promoted another. So this class asks
 * it, and gives it up once it has been silent for too long.
 */
export class ContestedLeads {
	private contests = new Map<string, Contest>();
	private readonly onSilent: (cacheId: string, nodeId: string) => void;

	constructor(onSilent: ContestedLeads["onSilent"]) {
		this.onSilent = onSilent;
	}

	/** Asks the preferred primaries of these caches and no others. Called repeatedly while there are any. */
	look(routes: readonly Route[]): void {
		const before = this.contests;
		this.contests = new Map();
		for (const route of routes) {
			const leader = route.servers.find((server) => server.leads);
			if (leader === undefined || route.check === null) continue;
			const known = before.get(route.cacheId);
			const fresh = {
				leaderId: leader.nodeId,
				askedAt: Number.NEGATIVE_INFINITY,
				silentSince: null,
			};
			const contest = known?.leaderId === leader.nodeId ? known : fresh;
			this.contests.set(route.cacheId, contest);
			const now = performance.now();
			if (now - contest.askedAt < ASK_EVERY_MS) continue;
			contest.askedAt = now;
			void this.ask(route.cacheId, contest, { ...leader, ...route.check });
		}
	}

	private async ask(
		cacheId: string,
		contest: Contest,
		address: Parameters<typeof EngineConnection.open>[0],
	): Promise<void> {
		const { askedAt } = contest;
		if (await answers(address)) {
			contest.silentSince = null;
			return;
		}
		contest.silentSince ??= askedAt;
		if (this.contests.get(cacheId) !== contest) return;
		if (performance.now() - contest.silentSince < SILENT_FOR_MS) return;
		this.contests.delete(cacheId);
		this.onSilent(cacheId, contest.leaderId);
	}
}

async function answers(address: Parameters<typeof EngineConnection.open>[0]): Promise<boolean> {
	let connection: EngineConnection | null = null;
	try {
		connection = await EngineConnection.open(address, ANSWER_TIMEOUT_MS);
		await connection.command(["PING"], ANSWER_TIMEOUT_MS);
		return true;
	} catch (error) {
		return error instanceof EngineCommandError;
	} finally {
		connection?.close();
	}
}
