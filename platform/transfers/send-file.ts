import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { ClientRequest } from "node:http";
import { Readable } from "node:stream";
import { CHUNK_BYTES, keepPace, readAnswer, SILENCE_MS, silent, untilDone } from "./attempts.ts";
import {
	DIGEST_BYTES,
	ownDiskFailure,
	type SendLink,
	type TransferAnswer,
	type TransferContent,
	type TransferOptions,
	TransferRefused,
} from "./transfer-link.ts";

export interface SendOptions extends TransferOptions {
	/** Of the whole file, if it is known: otherwise all of it is read, whatever has arrived already. */
	readonly sha256?: string;
}

/**
 * Sends a whole file, and returns what has arrived. Repeats failed attempts from where the last one ended, until `signal`
 * aborts; then it throws why the last one failed. Throws TransferRefused if there is no use in trying. Safe to call again.
 */
export async function sendFile(
	link: SendLink,
	path: string,
	options: SendOptions,
): Promise<TransferContent> {
	const { sha256: known } = options;
	return await untilDone(options, async (watched) => {
		const state = await link.state(options.signal);
		if ("finished" in state) return state.finished;
		const { offset } = state;
		const { size } = await stat(path).catch((error: unknown) => {
			throw ownDiskFailure(error);
		});
		if (known !== undefined) {
			const taken = await link.handOver?.(path, { bytes: size, sha256: known }, options.signal);
			if (taken) return taken;
		}
		if (offset > size) {
			throw new TransferRefused(`${offset} bytes have arrived, but ${path} has only ${size}.`);
		}
		const end = link.sendsDigest ? DIGEST_BYTES : 0;
		const request = link.open(offset, size - offset + end, options.signal);
		let sha256 = "";
		const body = bodyOf(path, { offset, size, known }, watched, (digest) => {
			sha256 = digest.toString("hex");
			return link.sendsDigest;
		});
		const answer = await exchange(request, Readable.from(body, { objectMode: false }));
		const arrived = link.readAnswer(answer);
		if (arrived.sha256 !== sha256) throw new TransferRefused("The content changed on its way.");
		return arrived;
	});
}

/** The file from `offset` on, and the digest of all of it if `endsWith` says so. */
async function* bodyOf(
	path: string,
	{ offset, size, known }: { offset: number; size: number; known: string | undefined },
	options: TransferOptions,
	endsWith: (digest: Buffer) => boolean,
): AsyncGenerator<Uint8Array> {
	const hash = known === undefined ? createHash("sha256") : null;
	const startedAt = performance.now();
	const start = hash === null ? offset : 0;
	let position = start;
	try {
		for await (const chunk of createReadStream(path, { start, highWaterMark: CHUNK_BYTES })) {
			hash?.update(chunk);
			position += chunk.length;
			if (position <= offset) continue;
			yield chunk.subarray(Math.max(0, chunk.length - (position - offset)));
			options.onProgress?.(position, size);
			await keepPace(position - offset, startedAt, options);
		}
	} catch (error) {
		throw ownDiskFailure(error);
	}
	if (position !== size) throw new TransferRefused(`${path} changed while it was being sent.`);
	const digest = hash?.digest() ?? Buffer.from(known ?? "", "hex");
	if (endsWith(digest)) yield digest;
}

/** Sends the body and reads the answer, which may come before all of the body was sent. */
function exchange(request: ClientRequest, body: Readable): Promise<TransferAnswer> {
	return new Promise((resolve, reject) => {
		const fail = (error: Error) => {
			body.destroy();
			request.destroy();
			reject(error);
		};
		request.once("error", fail);
		body.once("error", fail);
		request.setTimeout(SILENCE_MS, () => fail(silent()));
		request.once("response", (response) => {
			const isEarly = !body.readableEnded;
			body.unpipe(request);
			readAnswer(response)
				.then(resolve, reject)
				.finally(() => {
					if (!isEarly) return;
					body.destroy();
					request.destroy();
				});
		});
		body.pipe(request);
	});
}
