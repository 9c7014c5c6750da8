interface Offer<T> {
	readonly value: T | null;
	acknowledge(): void;
	doubt(): void;
}

/** A part of the report that is sent only when it differs from what the control plane has stored. */
export class ReportedPart<T> {
	private acknowledged: string | null = null;

	/** Null stands for what isn't known yet, which is never news. */
	isNews(value: T | null): boolean {
		return value !== null && JSON.stringify(value) !== this.acknowledged;
	}

	/**
	 * What the next report should say, and how to note that the control plane has stored it, or that nobody knows whether it
	 * has.
	 */
	offer(value: T | null): Offer<T> {
		if (!this.isNews(value)) return { value: null, acknowledge: () => {}, doubt: () => {} };
		const text = JSON.stringify(value);
		return {
			value,
			acknowledge: () => {
				this.acknowledged = text;
			},
			doubt: () => this.forget(),
		};
	}

	forget(): void {
		this.acknowledged = null;
	}
}
