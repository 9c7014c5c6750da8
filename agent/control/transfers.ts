import { mkdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hashFile } from "../../platform/files/file-hash.ts";
import { fetchFile } from "../../platform/transfers/fetch-file.ts";
import { type SendOptions, sendFile } from "../../platform/transfers/send-file.ts";
import {
	type TransferContent,
	type TransferOptions,
	TransferRefused,
} from "../../platform/transfers/transfer-link.ts";
import { transferRefusalSchema, transferResultSchema } from "../../server/contract/transfer.ts";
import { type ControlClient, ControlPlaneRefusal, refusalOf } from "./control-client.ts";
import { linkNear, unlinkNear } from "./near-files.ts";

/** Sends a file of this host to a store (platform/transfers/send-file.ts). The control plane gave the transfer's id. */
export function sendSnapshot(
	client: ControlClient,
	transferId: string,
	path: string,
	options: SendOptions,
): Promise<TransferContent> {
	/** Where the store takes the file itself, if it does. */
	let place: string | undefined;
	return sendFile(
		{
			sendsDigest: true,
			async state(signal) {
				const state = await asked(client.transfer(transferId, signal));
				if (state.direction !== "put") throw new TransferRefused("The transfer isn't a put.");
				place = state.place;
				return state.finished === null ? { offset: state.offset } : { finished: state.finished };
			},
			async handOver(from, content, signal) {
				const to = place;
				if (to === undefined || !(await linkNear(from, to))) return null;
				try {
					return await asked(client.placed({ transferId, ...content }, signal));
				} catch (error) {
					// It was linked where the store doesn't see it.
					if (!(error instanceof ControlPlaneRefusal) || error.status !== 409) throw error;
					await unlinkNear(from, to);
					return null;
				}
			},
			open: (offset, contentLength, signal) =>
				client.openTransfer("PUT", transferId, {
					...{ query: `?offset=${offset}`, signal },
					headers: { "content-type": "application/octet-stream", "content-length": contentLength },
				}),
			readAnswer(answer) {
				if (answer.status !== 200) throw finalOr(refusalOf(answer));
				return transferResultSchema.parse(answer.body);
			},
		},
		path,
		options,
	);
}

/**
 * Fetches an object of a store to this host (platform/transfers/fetch-file.ts), or links it if the store is on this machine;
 * what the engine loads of it is never written to. See TransferDoor.
 */
export async function fetchSnapshot(
	client: ControlClient,
	transferId: string,
	path: string,
	options: TransferOptions & { readonly callerVerifies: boolean },
): Promise<TransferContent & { verified: boolean }> {
	const near = await linkObject(client, transferId, path, options);
	if (near !== null) return near;
	const fetched = await fetchFile(
		{
			expected: async (signal) => (await stateOf(client, transferId, signal)).expected,
			open: (offset, signal) =>
				client.openTransfer("GET", transferId, {
					...{ headers: { range: `bytes=${offset}-` }, signal },
				}),
			refusal: (answer) => finalOr(refusalOf(answer)),
		},
		path,
		{ ...options, isTemporary: true },
	);
	return { ...fetched, verified: true };
}

/** Null if it must be fetched. */
async function linkObject(
	client: ControlClient,
	transferId: string,
	path: string,
	{ signal, callerVerifies }: TransferOptions & { readonly callerVerifies: boolean },
): Promise<(TransferContent & { verified: boolean }) | null> {
	const { expected, file } = await stateOf(client, transferId, signal).catch((error: unknown) => {
		// Fetching waits until the control plane answers.
		if (error instanceof TransferRefused || signal.aborted) throw error;
		return { expected: null, file: undefined };
	});
	if (expected === null || file === undefined) return null;
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	await rm(path, { force: true });
	if (!(await linkNear(file, path))) return null;
	const { size } = await stat(path);
	if (size === expected.bytes && callerVerifies) return { ...expected, verified: false };
	if (size === expected.bytes && (await hashFile(path, size, signal)) === expected.sha256) {
		return { ...expected, verified: true };
	}
	await rm(path, { force: true });
	throw new TransferRefused(
		"The content isn't what it should be: its checksum differs. The store has damaged it.",
	);
}

async function stateOf(client: ControlClient, transferId: string, signal: AbortSignal) {
	const state = await asked(client.transfer(transferId, signal));
	if (state.direction !== "get") throw new TransferRefused("The transfer isn't a get.");
	return state;
}

async function asked<T>(answer: Promise<T>): Promise<T> {
	try {
		return await answer;
	} catch (error) {
		throw error instanceof ControlPlaneRefusal ? finalOr(error) : error;
	}
}

/** A refusal that doesn't say whether it is final may be another later. */
function finalOr(refusal: ControlPlaneRefusal): Error {
	const isFinal = transferRefusalSchema.safeParse(refusal.details).data?.retry === false;
	return isFinal
		? new TransferRefused(refusal.message.replace(/^transfer: /, ""), refusal)
		: refusal;
}
