import type { ClientRequest } from "node:http";

/** At the end of what is sent: the SHA-256 of the whole content. */
export const DIGEST_BYTES = 32;

export interface TransferContent {
	readonly bytes: number;
	/** In lower-case hexadecimal. */
	readonly sha256: string;
}

/** An HTTP answer with its body as JSON; null if it isn't JSON. */
export interface TransferAnswer {
	readonly status: number;
	readonly body: unknown;
}

/** Where content is sent to, over HTTP. */
export interface SendLink {
	/** From where to send, or what has arrived if all of it has. */
	state(signal: AbortSignal): Promise<{ offset: number } | { finished: TransferContent }>;
	/**
	 * Gives the other end the file itself, if both are on one machine. Null if it must be sent. `content` is what the file holds.
	 */
	handOver?(
		path: string,
		content: TransferContent,
		signal: AbortSignal,
	): Promise<TransferContent | null>;
	/** Whether the content is followed by its digest, which the other end compares. */
	readonly sendsDigest: boolean;
	/** A PUT of the content from `offset` on, without a body yet. */
	open(offset: number, contentLength: number, signal: AbortSignal): ClientRequest;
	/** What arrived, according to the answer; throws what a refusal says. */
	readAnswer(answer: TransferAnswer): TransferContent;
}

/** Where content is fetched from, over HTTP. */
export interface FetchLink {
	expected(signal: AbortSignal): Promise<TransferContent>;
	/** A GET of the content from `offset` on. */
	open(offset: number, signal: AbortSignal): ClientRequest;
	/** What an answer other than 200 or 206 says. */
	refusal(answer: TransferAnswer): Error;
}

export interface TransferOptions {
	/** Ends the attempts. */
	readonly signal: AbortSignal;
	readonly onProgress?: (bytes: number, total: number) => void;
	/** Limits the load on disk and network; no limit if absent. */
	readonly bytesPerSecond?: number;
	/** Why an attempt failed that will be repeated. */
	readonly onRetry?: (error: Error) => void;
}

/** A transfer won't succeed, however often it is tried: it was withdrawn, its content is damaged, or this disk fails. */
export class TransferRefused extends Error {
	constructor(message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "TransferRefused";
	}
}

export function ownDiskFailure(error: unknown): unknown {
	if (!(error instanceof Error) || error instanceof TransferRefused) return error;
	return new TransferRefused(`This machine's own disk failed: ${error.message}`, error);
}
