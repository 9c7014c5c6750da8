import type { Logger } from "../../platform/logger.ts";
import type { DesiredState } from "../../server/contract/agent.ts";
import { Backoff, pause } from "./backoff.ts";
import { type ControlClient, ControlPlaneRefusal } from "./control-client.ts";

/** How long an answer that can't be used is left alone: the control plane would give it again at once. */
const REFUSED_STATE_MS = 1_000;

/**
 * Asks for the desired state for as long as the agent runs. `held` is what the agent has; `take` gets a newer one and
 * stores it before it acts. States of an epoch older than the newest seen come from a control plane that has been
 * replaced, and are refused.
 */
export async function runWatchLoop(options: {
	client: ControlClient;
	held: () => DesiredState | null;
	/** Of the route table that is held; -1 for none. */
	heldRouteRevision: () => number;
	take: (desired: DesiredState) => Promise<void>;
	/** A connection was lost or refused: the control plane that comes back may have forgotten what it was told. */
	onLost: () => void;
	/** The control plane doesn't know this host (401). */
	onUnknown: () => Promise<void>;
	logger: Logger;
	signal: AbortSignal;
}): Promise<void> {
	const { client, logger, signal } = options;
	const backoff = new Backoff();
	let reachable: boolean | null = null;
	let confirmed = false;
	while (!signal.aborted) {
		const held = options.held();
		try {
			// The first call asks for everything: only a state given today may remove anything.
			const desired = await client.watch(
				confirmed && held !== null
					? {
							revision: held.revision,
							epoch: held.epoch,
							routeRevision: options.heldRouteRevision(),
						}
					: { revision: -1, epoch: held?.epoch ?? -1, routeRevision: -1 },
				signal,
			);
			if (reachable !== true) logger.info("control plane answers");
			reachable = true;
			backoff.reset();
			if (desired === null) continue;
			if (held !== null && held.hostId === desired.hostId && desired.epoch < held.epoch) {
				logger.warn(
					{ epoch: desired.epoch, newestEpoch: held.epoch },
					"a desired state of a control plane that has been replaced was refused",
				);
				await pause(REFUSED_STATE_MS, signal);
				continue;
			}
			await options.take(desired);
			confirmed = true;
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
