/** The control plane said that sending it again is of no use. */
class UploadRefused extends Error {}

const ATTEMPTS = 8;
const PAUSE_MS = 1_000;

/**
 * Sends a file to an upload's address, and continues where it broke off. Rejects once the control plane refuses it, or
 * after several failures in a row.
 */
export async function sendFile(
	url: string,
	file: Blob,
	onProgress: (sentBytes: number) => void,
): Promise<void> {
	let furthest = 0;
	for (let attempt = 1; ; attempt += 1) {
		try {
			const offset = await offsetOf(url);
			if (offset === null) return onProgress(file.size);
			if (offset > furthest) attempt = 1;
			furthest = Math.max(furthest, offset);
			onProgress(offset);
			await put(`${url}&offset=${offset}`, file.slice(offset), (sent) => onProgress(offset + sent));
			return;
		} catch (error) {
			if (error instanceof UploadRefused || attempt >= ATTEMPTS) throw error;
			await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
		}
	}
}

/** How many bytes have arrived; null if all have. */
async function offsetOf(url: string): Promise<number | null> {
	const answer = await fetch(url);
	const body: unknown = await answer.json().catch(() => null);
	if (!answer.ok) throw failureOf(answer.status, body);
	const { offset, finished } = body as { offset: number; finished: object | null };
	return finished === null ? offset : null;
}

/** By XMLHttpRequest: fetch doesn't say how much of a body has been sent. */
function put(url: string, content: Blob, onSent: (bytes: number) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open("PUT", url);
		request.setRequestHeader("Content-Type", "application/octet-stream");
		request.responseType = "json";
		request.upload.onprogress = ({ loaded }) => onSent(loaded);
		request.onerror = () => reject(new Error("The connection to the control plane broke off."));
		request.onload = () =>
			request.status === 200 ? resolve() : reject(failureOf(request.status, request.response));
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
