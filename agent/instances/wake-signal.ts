/** Lets a loop sleep until its time is up or it is notified. A notification during its work isn't lost. */
export class WakeSignal {
	private pending = false;
	private wakeUp: (() => void) | null = null;

	notify(): void {
		this.pending = true;
		this.wakeUp?.();
	}

	async wait(forMs: number): Promise<void> {
		if (!this.pending) {
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, forMs);
				this.wakeUp = () => {
					clearTimeout(timer);
					resolve();
				};
			});
			this.wakeUp = null;
		}
		this.pending = false;
	}
}
