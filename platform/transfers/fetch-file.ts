import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { keepPace, readAnswer, SILENCE_MS, silent, untilDone } from "./attempts.ts";
import {
	type FetchLink,
	ownDiskFailure,
	type TransferContent,
	type TransferOptions,
	TransferRefused,
} from "./transfer-link.ts";

/**
 * Fetches content into a file, which appears whole, checked and durable. What an interrupted attempt left in
 * `<path>.part` is continued. Otherwise like `sendFile`.
 */
export async function fetchFile(
	link: FetchLink,
	path: string,
	options: TransferOptions,
): Promise<TransferContent> {
	const part = `${path}.part`;
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	return await untilDone(options, async (watched) => {
		const expected = await link.expected(options.signal);
		await fetchRest(link, part, expected, watched);
		await rename(part, path);
		return expected;
	});
}

/** Completes the part file, and checks it as a whole. */
async function fetchRest(
	link: FetchLink,
	part: string,
	expected: TransferContent,
	options: TransferOptions,
): Promise<void> {
	const hash = createHash("sha256");
	const file = await open(part, "a+", 0o600).catch((error: unknown) => {
		throw ownDiskFailure(error);
	});
	try {
		let { size: position } = await file.stat();
		if (position > expected.bytes) {
			await file.truncate(0);
			position = 0;
		}
		const held = position;
		if (held > 0) for await (const chunk of createReadStream(part)) hash.update(chunk);
		const startedAt = performance.now();
		if (held < expected.bytes) {
			for await (const chunk of await contentFrom(link, held, options.signal)) {
				hash.update(chunk);
				await file.appendFile(chunk).catch((error: unknown) => {
					throw ownDiskFailure(error);
				});
				position += chunk.length;
				options.onProgress?.(position, expected.bytes);
				await keepPace(position - held, startedAt, options);
			}
		}
		if (position < expected.bytes) throw new Error("the content ended early");
		if (position === expected.bytes && hash.digest("hex") === expected.sha256) {
			return await file.sync();
		}
		await file.truncate(0);
		// What an earlier attempt left may have been what was wrong.
		if (held > 0) throw new Error("the content isn't what it should be; fetching all of it again");
		throw new TransferRefused(
			"The content isn't what it should be: its checksum differs, although it came whole. The store has damaged it.",
		);
	} finally {
		await file.close();
	}
}

async function contentFrom(
	link: FetchLink,
	start: number,
	signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
	const request = link.open(start, signal);
	request.setTimeout(SILENCE_MS, () => request.destroy(silent()));
	request.end();
	const [response] = (await once(request, "response")) as [IncomingMessage];
	// A cut connection fails the response, which the caller reads; without a listener the error would be uncaught.
	request.on("error", (error) => response.destroy(error));
	const isRest = response.statusCode === (start === 0 ? 200 : 206);
	if (!isRest) throw link.refusal(await readAnswer(response));
	return response;
}
