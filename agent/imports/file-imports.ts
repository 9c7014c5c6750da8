import { Backoff, pause } from "../../platform/backoff.ts";
import type { Logger } from "../../platform/logger.ts";
import { TransferRefused } from "../../platform/transfers/transfer-link.ts";
import type { FileImport } from "../../server/contract/transfer.ts";
import { ImportRefused, openAllowed, type ReadingRule } from "./open-allowed.ts";

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;

interface FileImportsOptions extends ReadingRule {
	/** Sends a file's content, and never links it: its owner may still change it. */
	send(transferId: string, path: string, options: { signal: AbortSignal }): Promise<unknown>;
	/** Tells the control plane why a file won't come. */
	refuse(transferId: string, message: string, signal: AbortSignal): Promise<void>;
	readonly logger: Logger;
}

/**
 * Sends files of this host that the control plane asks for, if the host's operator allows it. Nothing is remembered:
 * the store says how much has arrived, so another agent continues.
 */
export class FileImports {
	private readonly options: FileImportsOptions;
	private readonly running = new Map<string, { abort: AbortController; done: Promise<void> }>();

	constructor(options: FileImportsOptions) {
		this.options = options;
	}

	/** Begins what is new, and ends what is no longer wanted. */
	apply(wanted: readonly FileImport[]): void {
		for (const [transferId, { abort }] of this.running) {
			if (!wanted.some((each) => each.transferId === transferId)) {
				this.running.delete(transferId);
				abort.abort();
			}
		}
		for (const each of wanted) {
			if (this.running.has(each.transferId)) continue;
			const abort = new AbortController();
			this.running.set(each.transferId, { abort, done: this.send(each, abort.signal) });
		}
	}

	/** Ends what is under way. Another agent continues. */
	async stop(): Promise<void> {
		const all = [...this.running.values()];
		for (const { abort } of all) abort.abort();
		await Promise.all(all.map(({ done }) => done));
	}

	private async send({ transferId, path }: FileImport, signal: AbortSignal): Promise<void> {
		const { logger, hostName } = this.options;
		try {
			const file = await openAllowed(path, this.options);
			// The file that was checked, even if the path leads to another one by now.
			const opened = `/proc/self/fd/${file.fd}`;
			logger.info({ path }, "sending a file that is imported");
			try {
				await this.options.send(transferId, opened, { signal });
			} catch (error) {
				if (!(error instanceof TransferRefused)) throw error;
				const cause = error.message.replaceAll(opened, path);
				throw new ImportRefused(`Host ${hostName} couldn't send ${path}. ${cause}`, error);
			} finally {
				await file.close();
			}
		} catch (error) {
			if (signal.aborted) return;
			logger.warn({ err: error, path }, "a file wasn't sent");
			await this.refuse(transferId, error, signal);
		}
	}

	private async refuse(transferId: string, error: unknown, signal: AbortSignal): Promise<void> {
		const message = error instanceof Error ? error.message : String(error);
		const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
		while (!signal.aborted) {
			try {
				return await this.options.refuse(transferId, message.slice(0, 2_000), signal);
			} catch (failure) {
				this.options.logger.debug({ err: failure }, "a refusal wasn't delivered; trying again");
				await pause(backoff.next(), signal);
			}
		}
	}
}
