import type { Logger } from "../../platform/logger.ts";
import type { DesiredState, Notice, WatchResult } from "../../server/contract/agent.ts";
import { Backoff, pause } from "./backoff.ts";
import { type ControlClient, ControlPlaneRefusal } from "./control-client.ts";
import { HeldNotices } from "./held-notices.ts";

/** How long an answer that can't be used is left alone: the control plane would give it again at once. */
const REFUSED_STATE_MS = 1_000;

interface WatchLoopOptions {
	readonly client: ControlClient;
	/** What the agent has; null for nothing. */
	held(): DesiredState | null;
	/** Of the route table that is held; -1 for none. */
	heldRouteRevision(): number;
	/** Takes over a newer state, which is stored before it is acted on. */
	take(desired: DesiredState): Promise<void>;
	/** Begins what a notice asks for. The loop doesn't wait for the end of it. */
	onNotice(notice: Notice): void;
	/** A connection was lost or refused: the control plane that comes back may have forgotten what it was told. */
	onLost(): void;
	/** The control plane doesn't know this host (401). */
	onUnknown(): Promise<void>;
	readonly logger: Logger;
	readonly signal: AbortSignal;
}

/**
 * Asks for the desired state, and for notices, for as long as the agent runs. Answers of an epoch older than the newest
 * seen come from a control plane that has been replaced, and are refused.
 */
export async function runWatchLoop(options: WatchLoopOptions): Promise<void> {
	const { client, logger, signal } = options;
	const backoff = new Backoff();
	const notices = new HeldNotices();
	let reachable: boolean | null = null;
	let confirmed = false;
	while (!signal.aborted) {
		const held = options.held();
		const epoch = Math.max(held?.epoch ?? -1, notices.epoch);
		// The first call asks for everything: only a state given today may remove anything. So does the first after a
		// notice of a new epoch, which came without its state.
		const isCurrent = confirmed && held !== null && held.epoch === epoch;
		try {
			const result = await client.watch(
				{
					epoch,
					revision: isCurrent ? held.revision : -1,
					routeRevision: isCurrent ? options.heldRouteRevision() : -1,
					notice: notices.newestOf(epoch),
				},
				signal,
			);
			if (reachable !== true) logger.info("control plane answers");
			reachable = true;
			backoff.reset();
			if (result === null) continue;
			if (isOutdated(result, held)) {
				logger.warn(
					{ epoch: result.epoch, newestEpoch: epoch },
					"the word of a control plane that has been replaced was refused",
				);
				await pause(REFUSED_STATE_MS, signal);
				continue;
			}
			if (result.desired !== null) {
				if (held?.hostId !== result.desired.hostId) notices.forget();
				await options.take(result.desired);
				confirmed = true;
			}
			for (const notice of notices.take(result)) options.onNotice(notice);
		} catch (error) {
			if (signal.aborted) return;
			const waitMs = backoff.next();
			if (error instanceof ControlPlaneRefusal && error.status === 401) {
				if (reachable !== false) {
					logger.warn("the control plane doesn't know this host; its engines are left as they are");
				}
				await options.onUnknown();
			} else if (reachable !== false) {
				logger.warn({ err: error }, "the control plane can't be reached; trying again");
			}
			if (reachable !== false) options.onLost();
			reachable = false;
			await pause(waitMs, signal);
		}
	}
}

/** A host that joined another control plane counts its epochs from the start. */
function isOutdated(
	{ epoch, desired }: NonNullable<WatchResult>,
	held: DesiredState | null,
): boolean {
	if (held === null) return false;
	const sameControlPlane = desired === null || desired.hostId === held.hostId;
	return sameControlPlane && epoch < held.epoch;
}
