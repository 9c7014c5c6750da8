import { AppError } from "../../contract/errors.ts";

const AT_ONCE_MAX = 8;

interface Running {
	readonly abort: AbortController;
	readonly ended: Promise<void>;
}

/** The transfers that run in this process: a bounded number, and one per id. */
export class TransferDesk {
	private readonly running = new Map<string, Running>();
	private readonly received = new Map<string, number>();

	/**
	 * Runs a transfer. An earlier one with the same id ends first: its host has lost the connection and tries again. Throws
	 * `unavailable` while too many run.
	 */
	async run<T>(
		id: string,
		work: (abort: AbortController, onProgress: (received: number) => void) => Promise<T>,
	): Promise<T> {
		await this.endEarlier(id);
		if (this.running.size >= AT_ONCE_MAX) {
			throw new AppError(
				"unavailable",
				`The control plane already runs ${AT_ONCE_MAX} transfers. The host tries again by itself.`,
				{ details: { retry: true } },
			);
		}
		const abort = new AbortController();
		const { promise: ended, resolve } = withResolvers();
		this.running.set(id, { abort, ended });
		try {
			return await work(abort, (received) => this.received.set(id, received));
		} finally {
			this.running.delete(id);
			this.received.delete(id);
			resolve();
		}
	}

	/** Ends the transfer with this id, if it runs, and waits until it has. */
	async endEarlier(id: string): Promise<void> {
		for (let earlier = this.running.get(id); earlier; earlier = this.running.get(id)) {
			const reason = "The host has begun this transfer again.";
			earlier.abort.abort(new AppError("conflict", reason, { details: { retry: true } }));
			await earlier.ended;
		}
	}

	/** Bytes of the whole that have arrived of a put that runs; null if none does. */
	progressOf(id: string): number | null {
		return this.received.get(id) ?? null;
	}

	/** Ends all transfers, which their hosts continue with the next control plane. */
	async close(): Promise<void> {
		const all = [...this.running.values()];
		for (const { abort } of all) {
			const reason = "The control plane is stopping.";
			abort.abort(new AppError("unavailable", reason, { details: { retry: true } }));
		}
		await Promise.all(all.map(({ ended }) => ended));
	}
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
	let resolve = () => {};
	const promise = new Promise<void>((done) => {
		resolve = done;
	});
	return { promise, resolve };
}
