import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Backoff, pause } from "../backoff.ts";
import { type TransferAnswer, type TransferOptions, TransferRefused } from "./transfer-link.ts";

/** A connection over which nothing moves for this long is given up. Longer than the control plane waits for a host. */
export const SILENCE_MS = 60_000;
export const CHUNK_BYTES = 1024 * 1024;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
const PACE_STEP_MS = 20;

/**
 * Repeats attempts with growing pauses, which begin anew after any progress, until `signal` aborts: then it throws why the
 * last one failed. Throws TransferRefused at once.
 */
export async function untilDone<T>(
	options: TransferOptions,
	attempt: (options: TransferOptions) => Promise<T>,
): Promise<T> {
	const { signal, onProgress, onRetry } = options;
	const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
	const watched: TransferOptions = {
		...options,
		onProgress(bytes, total) {
			backoff.reset();
			onProgress?.(bytes, total);
		},
	};
	for (;;) {
		try {
			return await attempt(watched);
		} catch (error) {
			if (!(error instanceof Error) || error instanceof TransferRefused || signal.aborted)
				throw error;
			onRetry?.(error);
			await pause(backoff.next(), signal);
			if (signal.aborted) throw error;
		}
	}
}

/** Waits until no more than what the limit allows has moved. */
export async function keepPace(
	moved: number,
	startedAt: number,
	{ bytesPerSecond, signal }: TransferOptions,
): Promise<void> {
	if (bytesPerSecond === undefined) return;
	const aheadMs = (moved / bytesPerSecond) * 1_000 - (performance.now() - startedAt);
	if (aheadMs > PACE_STEP_MS) await pause(aheadMs, signal);
}

/** Throws if the answer is cut off. */
export async function readAnswer(response: IncomingMessage): Promise<TransferAnswer> {
	return { status: response.statusCode ?? 0, body: parseOrNull(await text(response)) };
}

function parseOrNull(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		return null;
	}
}

export function silent(): Error {
	return new Error(`nothing moved for ${SILENCE_MS / 1_000} s`);
}
