import { pause } from "../../platform/backoff.ts";
import type { Logger } from "../../platform/logger.ts";
import type { DesiredState, Notice, WatchResult } from "../../server/contract/desired-state.ts";
import { callBackoff } from "./call-backoff.ts";
import { type ControlClient, ControlPlaneRefusal } from "./control-client.ts";
import { HeldNotices } from "./held-notices.ts";

/**
 * How long to wait after an answer that can't be used: the control plane would give the same answer again
 * immediately.
 */
const REFUSED_STATE_MS = 1_000;

const ANSWERS = "control plane answers";
const UNKNOWN = "the control plane doesn't know this host; its engines keep running";
const DISK_FULL =
	"this host's disk is full, so the agent can't keep what the control plane wants; free some space";
const UNREACHABLE = "the control plane can't be reached; trying again";

interface WatchLoopOptions {
	readonly client: ControlClient;
	/** The state that the agent holds, with its routes and names; null for none. */
	held(): DesiredState | null;
	/** Accepts an answer's state, routes and names, whichever are newer. The next call acknowledges them. */
	take(result: NonNullable<WatchResult>): Promise<void>;
	/**
	 * Starts what a notice asks for. The next call reports the notice as held, so it waits until this returns:
	 * the control plane then considers it done.
	 */
	onNotice(notice: Notice): Promise<void>;
	/**
	 * The control plane can't be reached or refuses: one that comes back may have forgotten earlier reports.
	 */
	onLost(): void;
	/** The control plane doesn't know this host (401). */
	onUnknown(): Promise<void>;
	readonly logger: Logger;
	readonly signal: AbortSignal;
}

/**
 * Asks for the desired state and for notices until the agent stops. Refuses answers from an epoch older than the
 * newest seen: they come from a control plane that has been replaced.
 */
export async function runWatchLoop(options: WatchLoopOptions): Promise<void> {
	const { client, logger, signal } = options;
	const backoff = callBackoff();
	const notices = new HeldNotices();
	/** The outcome logged last; null before the first answer or failure. */
	let lastLogged: string | null = null;
	let confirmed = false;
	while (!signal.aborted) {
		const held = options.held();
		const epoch = Math.max(held?.epoch ?? -1, notices.epoch);
		// The first call asks for everything: only a state that this process has received may remove anything. The
		// same goes for the first call after a notice from a new epoch, which came without its state.
		const isCurrent = confirmed && held !== null && held.epoch === epoch;
		try {
			const result = await client.watch(
				{
					epoch,
					revision: isCurrent ? held.revision : -1,
					routeRevision: isCurrent ? (held.routeTable?.revision ?? -1) : -1,
					namesRevision: isCurrent ? (held.names?.revision ?? -1) : -1,
					notice: notices.newestOf(epoch),
				},
				signal,
			);
			if (lastLogged !== ANSWERS) logger.info(ANSWERS);
			lastLogged = ANSWERS;
			backoff.reset();
			if (result === null) continue;
			if (isOutdated(result, held)) {
				logger.warn(
					{ epoch: result.epoch, newestEpoch: epoch },
					"refused an answer from a control plane that has been replaced",
				);
				await pause(REFUSED_STATE_MS, signal);
				continue;
			}
			const { desired, routes, names } = result;
			if (desired !== null && held?.hostId !== desired.hostId) notices.forget();
			if (desired !== null || routes || names !== undefined) await options.take(result);
			if (desired !== null) confirmed = true;
			await Promise.all(notices.take(result).map((notice) => options.onNotice(notice)));
		} catch (error) {
			if (signal.aborted) return;
			const waitMs = backoff.next();
			const trouble = describeTrouble(error);
			if (trouble !== lastLogged) logger.warn({ err: error }, trouble);
			if (lastLogged === null || lastLogged === ANSWERS) options.onLost();
			lastLogged = trouble;
			if (trouble === UNKNOWN) await options.onUnknown();
			await pause(waitMs, signal);
		}
	}
}

function describeTrouble(error: unknown): string {
	const { code } = error as NodeJS.ErrnoException;
	if (code === "ENOSPC" || code === "EDQUOT") return DISK_FULL;
	if (!(error instanceof ControlPlaneRefusal)) return UNREACHABLE;
	return error.status === 401 ? UNKNOWN : (error.versionAdvice ?? UNREACHABLE);
}

/** Epochs of different control planes can't be compared, and the host may have joined another one. */
function isOutdated(
	{ epoch, desired }: NonNullable<WatchResult>,
	held: DesiredState | null,
): boolean {
	if (held === null) return false;
	const sameControlPlane = desired === null || desired.hostId === held.hostId;
	return sameControlPlane && epoch < held.epoch;
}
