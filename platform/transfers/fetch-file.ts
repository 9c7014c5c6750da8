import { once } from "node:events";
import { mkdir, open, rename } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { FileHash } from "../files/file-hash.ts";
import { FileWriter } from "../files/file-writer.ts";
import { keepPace, readAnswer, SILENCE_MS, silent, untilDone } from "./attempts.ts";
import {
	type FetchLink,
	ownDiskFailure,
	type TransferContent,
	type TransferOptions,
	TransferRefused,
} from "./transfer-link.ts";

export interface FetchOptions extends TransferOptions {
	/** The file needn't survive a power failure. */
	readonly isTemporary?: boolean;
}

/**
 * Fetches content into a file, which appears whole, checked and durable. What an interrupted attempt left in
 * `<path>.part` is continued. Otherwise like `sendFile`.
 */
export async function fetchFile(
	link: FetchLink,
	path: string,
	options: FetchOptions,
): Promise<TransferContent> {
	const part = `${path}.part`;
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	return await untilDone(options, async (watched) => {
		const expected = await link.expected(options.signal);
		await fetchRest(link, part, expected, { ...options, ...watched });
		await rename(part, path);
		return expected;
	});
}

/** Completes the part file, and checks it as a whole. */
async function fetchRest(
	link: FetchLink,
	part: string,
	expected: TransferContent,
	options: FetchOptions,
): Promise<void> {
	const file = await open(part, "a+", 0o600).catch((error: unknown) => {
		throw ownDiskFailure(error);
	});
	const hash = new FileHash(part);
	try {
		let { size: held } = await file.stat();
		if (held > expected.bytes) {
			await file.truncate(0);
			held = 0;
		}
		const writer = new FileWriter(file, held, (bytes) => hash.grow(bytes));
		if (held < expected.bytes) await receive(link, writer, { held, expected }, options);
		const { position } = writer;
		if (position < expected.bytes) throw new Error("the content ended early");
		if (position === expected.bytes && (await hash.digest(position)) === expected.sha256) {
			if (options.isTemporary !== true) await file.sync();
			return;
		}
		await file.truncate(0);
		// What an earlier attempt left may have been what was wrong.
		if (held > 0) throw new Error("the content isn't what it should be; fetching all of it again");
		throw new TransferRefused(
			"The content isn't what it should be: its checksum differs, although it came whole. The store has damaged it.",
		);
	} finally {
		hash.close();
		await file.close();
	}
}

/** Appends what is missing. What has arrived when that fails stays. */
async function receive(
	link: FetchLink,
	writer: FileWriter,
	{ held, expected }: { held: number; expected: TransferContent },
	options: TransferOptions,
): Promise<void> {
	const startedAt = performance.now();
	const written = <T>(done: Promise<T>) =>
		done.catch((error: unknown) => {
			throw ownDiskFailure(error);
		});
	try {
		for await (const chunk of await contentFrom(link, held, options.signal)) {
			await written(writer.add(chunk));
			options.onProgress?.(writer.position, expected.bytes);
			await keepPace(writer.position - held, startedAt, options);
		}
	} finally {
		await written(writer.settle());
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
