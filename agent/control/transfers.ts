import { fetchFile } from "../../platform/transfers/fetch-file.ts";
import { sendFile } from "../../platform/transfers/send-file.ts";
import {
	type TransferContent,
	type TransferOptions,
	TransferRefused,
} from "../../platform/transfers/transfer-link.ts";
import { transferRefusalSchema, transferResultSchema } from "../../server/contract/transfer.ts";
import { type ControlClient, ControlPlaneRefusal, refusalOf } from "./control-client.ts";

/** Sends a file of this host to a store (platform/transfers/send-file.ts). The control plane gave the transfer's id. */
export function sendSnapshot(
	client: ControlClient,
	transferId: string,
	path: string,
	options: TransferOptions,
): Promise<TransferContent> {
	return sendFile(
		{
			sendsDigest: true,
			async state(signal) {
				const state = await asked(client.transfer(transferId, signal));
				if (state.direction !== "put") throw new TransferRefused("The transfer isn't a put.");
				return state.finished === null ? { offset: state.offset } : { finished: state.finished };
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

/** Fetches an object of a store to this host (platform/transfers/fetch-file.ts). */
export function fetchSnapshot(
	client: ControlClient,
	transferId: string,
	path: string,
	options: TransferOptions,
): Promise<TransferContent> {
	return fetchFile(
		{
			async expected(signal) {
				const state = await asked(client.transfer(transferId, signal));
				if (state.direction !== "get") throw new TransferRefused("The transfer isn't a get.");
				return state.expected;
			},
			open: (offset, signal) =>
				client.openTransfer("GET", transferId, {
					...{ headers: { range: `bytes=${offset}-` }, signal },
				}),
			refusal: (answer) => finalOr(refusalOf(answer)),
		},
		path,
		options,
	);
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
