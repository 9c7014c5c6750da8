/** Repeats some work until stopped, with a pause after each round. The work must not fail. */
export class Rounds {
	private readonly work: () => Promise<void>;
	private readonly pauseMs: number;
	private timer: NodeJS.Timeout | null = null;
	private stopped = false;

	constructor(work: () => Promise<void>, pauseMs: number) {
		this.work = work;
		this.pauseMs = pauseMs;
	}

	/** The first round comes after the first pause. */
	start(): void {
		if (this.stopped) return;
		this.timer = setTimeout(() => void this.work().finally(() => this.start()), this.pauseMs);
		this.timer.unref();
	}

	stop(): void {
		this.stopped = true;
		if (this.timer !== null) clearTimeout(this.timer);
	}
}
