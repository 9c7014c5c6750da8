import type { Readable } from "node:stream";
import { AppError } from "../contract/errors.ts";

/** A host that sends nothing for this long has lost its connection, or can't read its disk. */
const SILENCE_MS = 30_000;

/**
 * A request's body, chunk by chunk. It throws at once if the signal aborts, and if the host falls silent. A reader that stops
 * early leaves the connection open, so that the host still gets an answer.
 */
export async function* watchedBody(
	body: Readable,
	signal: AbortSignal,
	silenceMs: number = SILENCE_MS,
): AsyncGenerator<Uint8Array> {
	const chunks = body[Symbol.asyncIterator]();
	const stop = () => body.destroy(signal.reason);
	signal.addEventListener("abort", stop);
	try {
		for (;;) {
			signal.throwIfAborted();
			// Not while the store works: how long that takes isn't the host's fault.
			const timer = setTimeout(() => body.destroy(silence(silenceMs)), silenceMs);
			const next = await chunks.next().finally(() => clearTimeout(timer));
			if (next.done) return;
			yield next.value;
		}
	} finally {
		signal.removeEventListener("abort", stop);
	}
}

function silence(silenceMs: number): AppError {
	return new AppError("unavailable", `The host has sent nothing for ${silenceMs / 1_000} s.`, {
		details: { retry: true },
	});
}
