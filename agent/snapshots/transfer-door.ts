/** Why an agent that stops ends what it is doing: another agent continues, so nothing is cleaned up. */
export const STOPPED = new Error("the agent stops");

interface TransferOptions {
	readonly signal: AbortSignal;
	readonly onProgress?: (done: number, total: number) => void;
}

/** What moves files between the host and stores (control/transfers.ts). Both continue an earlier attempt. */
export interface TransferDoor {
	send(
		transferId: string,
		path: string,
		options: TransferOptions,
	): Promise<{ bytes: number; sha256: string }>;
	fetch(
		transferId: string,
		path: string,
		options: TransferOptions,
	): Promise<{ bytes: number; sha256: string }>;
}
