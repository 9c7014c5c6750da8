/** Why an agent that stops ends what it is doing: another agent continues, so nothing is cleaned up. */
export const STOPPED = new Error("the agent stops");

interface TransferOptions {
	readonly signal: AbortSignal;
	readonly onProgress?: (done: number, total: number) => void;
}

/** What moves files between the host and stores (control/transfers.ts). Both continue an earlier attempt. */
export interface TransferDoor {
	/** `sha256` is of the whole file. */
	send(
		transferId: string,
		path: string,
		options: TransferOptions & { readonly sha256: string },
	): Promise<{ bytes: number; sha256: string }>;
	/**
	 * The file needn't be on the disk when this returns. With `callerVerifies`, its content may be another than the result
	 * says, unless the result is `verified`.
	 */
	fetch(
		transferId: string,
		path: string,
		options: TransferOptions & { readonly callerVerifies: boolean },
	): Promise<{ bytes: number; sha256: string; verified: boolean }>;
}
