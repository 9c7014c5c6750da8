import { setTimeout as pause } from "node:timers/promises";
import type { NodeAddress } from "../drivers/replication-convergence.ts";
import type { HeldCache } from "./plan-watch.ts";
import type { Peer } from "./sentinel-answers.ts";
import { SentinelLink } from "./sentinel-link.ts";

const ANSWER_MS = 100;
/** Ahead of elections that may be in progress, each of which takes an epoch. */
const EPOCHS_AHEAD = 10;

interface Fellow {
	readonly address: NodeAddress;
	readonly link: SentinelLink;
	readonly held: HeldCache;
	/** Another Sentinel that it knows; null for none. */
	readonly peer: Peer | null;
	readonly runId: string;
}

/**
 * The Sentinels of all hosts, for an agent that promotes another node. Without notice they would stick to the
 * dead primary, and soon elect another replica. Their own agents tell them too, but only after the control
 * plane says so, and the control plane may die before that. This class asks them for their state from the
 * start, and leaves out those that don't answer.
 */
export class FellowSentinels {
	private readonly cacheId: string;
	private readonly asked: readonly Promise<void>[];
	private readonly found: Fellow[] = [];

	constructor(options: {
		sentinels: readonly NodeAddress[];
		/** Password of the Sentinels' own ports. */
		password: string;
		cacheId: string;
	}) {
		this.cacheId = options.cacheId;
		this.asked = options.sentinels.map(async (address) => {
			try {
				const link = await SentinelLink.open(address, options.password);
				const [known, runId] = await Promise.all([link.look(options.cacheId), link.runId()]).catch(
					(error: unknown) => {
						link.close();
						throw error;
					},
				);
				this.found.push({ address, link, runId, ...known });
			} catch {
				// It isn't there, or doesn't watch this cache.
			}
		});
	}

	/**
	 * A Sentinel that has begun a failover of its own; null for none. Sentinels that take longer than 100 ms don't count.
	 */
	async failingOver(): Promise<NodeAddress | null> {
		await Promise.race([Promise.all(this.asked), pause(ANSWER_MS, null, { ref: false })]);
		return this.found.find(({ held }) => held.failoverUnderWay)?.address ?? null;
	}

	/**
	 * Tells them the new primary. Sends it to those that have answered before this returns, and to others as
	 * soon as they answer. A Sentinel that has begun to elect another replica gives that up. Never throws.
	 */
	async tell(primary: NodeAddress): Promise<void> {
		const greeted = new Set<Fellow>();
		const tellOthers = async () => {
			const others = this.found.filter((fellow) => !greeted.has(fellow));
			// Newer than any of them knows, so that none spreads older information.
			const epoch = EPOCHS_AHEAD + Math.max(0, ...this.found.map(({ held }) => held.configEpoch));
			await Promise.all(
				others.map(async (fellow) => {
					const peer = this.peerOf(fellow);
					if (peer === null) return;
					greeted.add(fellow);
					await fellow.link.sayHello(peer, this.cacheId, primary, epoch).catch(() => {});
				}),
			);
		};
		const first = tellOthers();
		await Promise.all(this.asked);
		await Promise.all([first, tellOthers()]);
	}

	/**
	 * In whose name to tell it; null until another Sentinel has answered. One that has just started over knows no other yet,
	 * but believes any of them.
	 */
	private peerOf({ peer, address }: Fellow): Peer | null {
		const other = this.found.find((each) => each.address !== address);
		return peer ?? (other === undefined ? null : { ...other.address, runId: other.runId });
	}

	/** Ends the connections, once all have been asked. */
	close(): void {
		void Promise.all(this.asked).then(() => {
			for (const { link } of this.found) link.close();
		});
	}
}
