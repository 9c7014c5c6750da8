/** Before that, a little more or less work done changes the estimate too much. */
const PERCENT_MIN = 2;

/** When work ends that goes on as fast as it has; null until that can be said. */
export function estimateEnd(work: { startedAt: Date; percent: number; now: Date }): Date | null {
	const { startedAt, percent, now } = work;
	const elapsedMs = now.getTime() - startedAt.getTime();
	if (percent < PERCENT_MIN || elapsedMs <= 0) return null;
	return new Date(now.getTime() + (elapsedMs * (100 - percent)) / percent);
}
