import { MIB } from "../../server/contract/limits.ts";

/** How far back growth is measured: longer than one allocation of the engine takes, shorter than a load takes to begin. */
const MEASURED_OVER_MS = 500;
/** No load of one engine grows faster: it decides how soon a calm engine is looked at again. */
const FASTEST_BYTES_PER_SECOND = 512 * MIB;
const SOONEST_MS = 10;
const LATEST_MS = 500;
/** Below this, growth counts as calm. */
const CALM_BYTES_PER_SECOND = MIB;
const CALM_SOONEST_MS = 100;

/** How an engine's `used_memory` has changed lately. Times are `performance.now()`. */
export class Growth {
	private readonly samples: { at: number; bytes: number }[] = [];

	add(at: number, bytes: number): void {
		this.samples.push({ at, bytes });
		while (this.isOld(this.samples[1], at)) this.samples.shift();
	}

	/** Another process has the memory now. */
	forget(): void {
		this.samples.length = 0;
	}

	/** At least 0. */
	get bytesPerSecond(): number {
		const first = this.samples[0];
		const last = this.samples.at(-1);
		if (first === undefined || last === undefined || last.at === first.at) return 0;
		return Math.max(0, ((last.bytes - first.bytes) * 1_000) / (last.at - first.at));
	}

	/**
	 * When to look again: before the growth seen so far has covered half of the way to the next mark. While all is
	 * calm, before the fastest load could reach it.
	 */
	delayMs(usedBytes: number, marks: readonly number[]): number {
		const ahead = marks.filter((mark) => mark >= usedBytes).map((mark) => mark - usedBytes);
		const rate = this.bytesPerSecond;
		if (rate < CALM_BYTES_PER_SECOND) {
			const roomBytes = Math.min(...ahead, Number.POSITIVE_INFINITY);
			return clamp((roomBytes / FASTEST_BYTES_PER_SECOND) * 1_000, CALM_SOONEST_MS, LATEST_MS);
		}
		if (ahead.length === 0) return CALM_SOONEST_MS;
		return clamp(((Math.min(...ahead) / rate) * 1_000) / 2, SOONEST_MS, CALM_SOONEST_MS);
	}

	private isOld(sample: { at: number } | undefined, now: number): boolean {
		return sample !== undefined && now - sample.at >= MEASURED_OVER_MS;
	}
}

function clamp(value: number, min: number, max: number): number {
	return Math.min(max, Math.max(min, value));
}
