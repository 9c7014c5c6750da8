/** The control plane said that sending it again is of no use. */
class UploadRefused extends Error {}

const ATTEMPTS = 8;
const PAUSE_MS = 1_000;

interface SendOptions {
	/** Ends it; what has arrived stays there. */
	readonly signal: AbortSignal;
	readonly onProgress: (sentBytes: number) => void;
	/** The connection broke off, and another attempt follows. */
	readonly onInterrupted: (reason: string) => void;
}

/**
 * Sends a file to an upload's address, and continues where it broke off. Rejects once the control plane refuses it, after
 * several failures in a row, or if `signal` aborts.
 */
export async function sendFile(
	url: string,
	file: Blob,
	{ signal, onProgress, onInterrupted }: SendOptions,
): Promise<void> {
	let furthest = 0;
	for (let attempt = 1; ; attempt += 1) {
		try {
			const offset = await offsetOf(url, signal);
			if (offset === null) return onProgress(file.size);
			if (offset > file.size) {
				throw new UploadRefused(
					"More has arrived than this file has. Choose the same file as before, or delete the snapshot.",
				);
			}
			if (offset > furthest) attempt = 1;
			furthest = Math.max(furthest, offset);
			onProgress(offset);
			await put(`${url}&offset=${offset}`, file.slice(offset), {
				signal,
				onSent: (sent) => onProgress(offset + sent),
			});
			return;
		} catch (error) {
			if (signal.aborted || error instanceof UploadRefused || attempt >= ATTEMPTS) throw error;
			onInterrupted(error instanceof Error ? error.message : String(error));
			await pause(PAUSE_MS * attempt, signal);
		}
	}
}

/** Waits, or rejects as soon as the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const stop = () => {
			clearTimeout(timer);
			reject(signal.reason);
		};
		const timer = setTimeout(() => {
			signal.removeEventListener("abort", stop);
			resolve();
		}, ms);
		signal.addEventListener("abort", stop, { once: true });
	});
}

const BROKEN = "The connection to the control plane broke off.";

/** How many bytes have arrived; null if all have. */
async function offsetOf(url: string, signal: AbortSignal): Promise<number | null> {
	const answer = await fetch(url, { signal }).catch((cause: unknown) => {
		throw new Error(BROKEN, { cause });
	});
	const body: unknown = await answer.json().catch(() => null);
	if (!answer.ok) throw failureOf(answer.status, body);
	const { offset, finished } = body as { offset: number; finished: object | null };
	return finished === null ? offset : null;
}

/** By XMLHttpRequest: fetch doesn't say how much of a body has been sent. */
function put(
	url: string,
	content: Blob,
	{ signal, onSent }: { signal: AbortSignal; onSent: (bytes: number) => void },
): Promise<void> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const stop = () => request.abort();
		signal.addEventListener("abort", stop, { once: true });
		request.open("PUT", url);
		request.setRequestHeader("Content-Type", "application/octet-stream");
		request.responseType = "json";
		request.upload.onprogress = ({ loaded }) => onSent(loaded);
		request.onabort = () => reject(signal.reason);
		request.onerror = () => reject(new Error(BROKEN));
		request.onload = () =>
			request.status === 200 ? resolve() : reject(failureOf(request.status, request.response));
		request.onloadend = () => signal.removeEventListener("abort", stop);
		request.send(content);
	});
}

interface Failure {
	error?: { message?: string; details?: { retry?: boolean } | null };
}

function failureOf(status: number, body: unknown): Error {
	const failure = (body as Failure | null)?.error;
	const message = failure?.message ?? `The control plane answered with HTTP status ${status}.`;
	const isWorthwhile = failure?.details?.retry ?? status >= 500;
	return isWorthwhile ? new Error(message) : new UploadRefused(message);
}
